"""Rows and reports as a journal gives them, without a journal."""

from __future__ import annotations

from typing import Any

from bulkops.journal import AccountRow, RunRecord, RunState
from bulkops.outcome import Outcome
from bulkops.report import Report

RUN = "20260102-101530-k3f"
BEGAN = 1_767_348_930.0


def run_record(run_id: str = RUN, **members: Any) -> RunRecord:
    known = {
        "created_at": BEGAN,
        "title": "tidy up",
        "operation": {"name": "tidy"},
        "host": "https://www.workato.com",
        "inventory_hash": "0" * 64,
        "inventory_count": 1,
        "policy": {},
        "tuning": {},
    }
    return RunRecord(run_id=run_id, **known | members)


def account_row(seq: int = 0, outcome: Outcome = Outcome.FAILED, **members: Any) -> AccountRow:
    return AccountRow(**{"seq": seq, "account": str(4_100_000 + seq), "params": {}, "outcome": outcome} | members)


def report_of(*accounts: AccountRow, **members: Any) -> Report:
    known = {
        "run_id": RUN,
        "state": RunState.FINISHED,
        "reason": None,
        "title": "import crm.zip (5 recipes) into folder 'CRM'",
        "host": "https://www.workato.com",
        "created_at": BEGAN,
        "ended_at": BEGAN + 123,
        "as_of": BEGAN + 1070,
    }
    return Report(**known | members, accounts=list(accounts))
