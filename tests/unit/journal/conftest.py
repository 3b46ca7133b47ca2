"""A journal of the test's own: directory, host locks and, where time matters, clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from blockbuster import blockbuster_ctx

from bulkops.journal import InventoryRow, RunRecord
from tests.clocks import StepClock
from tests.records import run_record

HOST = "http://127.0.0.1:8080"
Make: TypeAlias = Callable[..., RunRecord]


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Not there yet."""
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(runtime))
    return tmp_path / "journal"


@pytest.fixture
def nothing_blocks() -> Iterator[None]:
    """A blocking call on the event loop fails the test."""
    with blockbuster_ctx():
        yield


@pytest.fixture
def record() -> Make:
    def make(run_id: str = "20261122-101530-k3f", **members: Any) -> RunRecord:
        known = {
            "operation": {"name": "import-package", "parameters": {"folder": "CRM"}, "digest": "d1"},
            "host": HOST,
            "inventory_count": 3,
            "policy": {"concurrency": 200},
            "tuning": {"share": 0.5},
        }
        return run_record(run_id, **(known | members))

    return make


@pytest.fixture
def inventory() -> list[InventoryRow]:
    return [InventoryRow(seq=seq, account=f"E{seq}", params={"plan": "pro"}) for seq in range(3)]
