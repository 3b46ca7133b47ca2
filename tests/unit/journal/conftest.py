"""A journal of the test's own: directory, host locks and, where time matters, clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import pytest
from blockbuster import blockbuster_ctx

from bulkops.journal import Instant, InventoryRow, RunRecord
from tests.records import run_record

HOST = "http://127.0.0.1:8080"
Make: TypeAlias = Callable[..., RunRecord]


@attrs.define
class StepClock:
    """Clocks that move when told to."""

    boot_id: str = "boot-a"
    boot_s: float = 1000.0
    wall_s: float = 1_700_000_000.0

    def now(self) -> Instant:
        return Instant(self.boot_id, self.boot_s, self.wall_s)

    def boot_time_s(self) -> float:
        return self.boot_s

    def pass_s(self, seconds: float) -> None:
        self.boot_s += seconds
        self.wall_s += seconds


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
