"""Several machines on one credential: together they never exceed a quota, use nearly all of it, and share it fairly.

Their small siblings are in virtual time: tests/unit/ledger/test_ledger_postgres_proof.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.machines import Machine, Quota, Seen, play

ALWAYS = [(0.0, 100.0)]


def check(seen: Seen) -> None:
    """No window of the server saw more than the quota."""
    assert seen.refused == 0
    assert seen.max_in_window <= seen.quota.requests


@pytest.mark.slow
@pytest.mark.measures
@pytest.mark.parametrize("kind", ["sliding", "fixed", "bucket"])
def test_four_machines_through_a_stormy_minute(tmp_path: Path, postgres: str, kind: Any) -> None:
    """Equal, one idle, demand swapped, one late, one killed, one stopped beyond its lease."""
    machines = [
        Machine(busy=[(0.0, 8.0), (16.0, 44.0)]),
        Machine(busy=ALWAYS, killed_at=20.0),
        Machine(busy=[(8.0, 44.0)], stopped=(22.0, 34.0)),
        Machine(busy=ALWAYS, begins_at=16.0),
    ]
    seen = play(tmp_path, postgres, Quota(kind=kind), machines, lasts_s=44.0)
    uses = {f"{since}-{until} s": seen.use(since, until) for since, until in [(4, 20), (20, 36), (36, 44)]}
    print(f"{kind}: at most {seen.max_in_window} in a window; use {uses}; statements {seen.statements}")
    check(seen)
    assert uses["4-20 s"] >= 0.97
    assert uses["20-36 s"] >= 0.90, "while the slots of the killed and of the stopped one are held"
    assert uses["36-44 s"] >= 0.97


@pytest.mark.slow
@pytest.mark.measures
def test_two_runs_at_once_share_fairly(tmp_path: Path, postgres: str) -> None:
    machines = [
        *(Machine(busy=ALWAYS, label="r1"), Machine(busy=ALWAYS, label="r1")),
        *(Machine(busy=ALWAYS, label="r2"), Machine(busy=ALWAYS, label="r2")),
    ]
    seen = play(tmp_path, postgres, Quota(), machines, lasts_s=24.0)
    first = seen.share(0, 8.0, 24.0) + seen.share(1, 8.0, 24.0)
    print(f"the first run had {first:.1%}; use {seen.use(4, 24):.1%}; statements {seen.statements}")
    check(seen)
    assert 0.45 <= first <= 0.55
    assert seen.use(4, 24) >= 0.97
    assert max(seen.statements) <= 9.0
