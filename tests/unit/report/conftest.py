"""Reports made of rows, without a journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bulkops.journal import AccountRow, RunState
from bulkops.outcome import Outcome
from bulkops.report import Report


@pytest.fixture
def row() -> Callable[..., AccountRow]:
    def make(seq: int = 0, outcome: Outcome = Outcome.FAILED, **members: Any) -> AccountRow:
        return AccountRow(**{"seq": seq, "account": str(4_100_000 + seq), "params": {}, "outcome": outcome} | members)

    return make


@pytest.fixture
def report() -> Callable[..., Report]:
    def make(*accounts: AccountRow, **members: Any) -> Report:
        defaults = {
            "run_id": "20260102-101530-k3f",
            "state": RunState.FINISHED,
            "reason": None,
            "title": "import crm.zip (5 recipes) into folder 'CRM'",
            "host": "https://www.workato.com",
            "created_at": 1_767_348_930.0,
            "ended_at": 1_767_349_053.0,
            "as_of": 1_767_350_000.0,
        }
        return Report(**defaults | members, accounts=list(accounts))

    return make
