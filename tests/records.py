"""Rows and reports as a journal gives them, without a journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from bulkops.journal import AccountRow, RunRecord, RunState
from bulkops.outcome import Outcome
from bulkops.report import Report

RUN = "20260102-101530-k3f"
BEGAN = 1_767_348_930.0

any_text = st.text(st.characters())
any_texts = st.lists(any_text, min_size=10, max_size=10)
"""For `report_saying`."""


def run_record(run_id: str = RUN, **members: Any) -> RunRecord:
    known: dict[str, Any] = {
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
    known: dict[str, Any] = {"seq": seq, "account": str(4_100_000 + seq), "params": {}, "outcome": outcome}
    return AccountRow(**known | members)


def report_of(*accounts: AccountRow, **members: Any) -> Report:
    known: dict[str, Any] = {
        "run_id": RUN,
        "state": RunState.FINISHED,
        "reason": None,
        "title": "import crm.zip (5 recipes) into folder 'CRM'",
        "host": "https://www.workato.com",
        "workspace": "17293",
        "created_at": BEGAN,
        "ended_at": BEGAN + 123,
        "as_of": BEGAN + 1070,
    }
    return Report(**known | members, accounts=list(accounts))


def report_saying(texts: Sequence[str], *, copies: int = 1, state: RunState = RunState.HALTED, **row: Any) -> Report:
    """A report in which these texts stand wherever one from elsewhere can stand; `copies` of one account, `row`."""
    account, name, failure_class, cause, reason, remedy, run_id, why, title, host = texts
    said = account_row(
        account=account, name=name, failure_class=failure_class, cause=cause, reason=reason, remedy=remedy, **row
    )
    return report_of(*[said] * copies, run_id=run_id, state=state, reason=why, title=title, host=host)
