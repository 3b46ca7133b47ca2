"""SIGSTOP of workers for 2.5 leases at each point of an account: others go on with it, and nothing happens twice. A
worker whose event loop is blocked for 1.5 leases keeps its accounts.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from bulkops.journal.postgres.shared_runs import MOST_LOST
from tests.chaos.tally import Trials
from tests.chaos.test_kills import of_each, undisturbed
from tests.crew import LEASE_S, crew
from tests.processes import PREPARE

FIRST, LAST = 4, 93
"""Points of an account; those before are of a worker that joins a run. An account that is polled less often has fewer:
its worker stops in the next one."""
AT_ONCE = 10
SOME = (4, 11, 19, 20, 23, 38, 60, 84)
"""The claim, the start, around the import, a connection, a recipe, the end."""


def passed(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def stop_at(home: Path, database: str, points: Sequence[int], trials: Trials) -> None:
    """A worker for each point stops there. Then one comes that does not, and they continue when it has the accounts."""
    expected = undisturbed(home / "undisturbed")
    customers = 3 * len(points)
    with crew(home, database, customers=customers, time_scale=20, quotas="off") as played:
        files = {at: home / f"point-{at}" for at in points}
        for at, file in files.items():
            environment = {PREPARE: "tests.chaos.stopping:install", "STOP_AT": str(at), "STOP_FILE": str(file)}
            played.start_worker("--concurrency", "1", **environment)
        stopped = list(played.workers)
        submitted = played.submit(*played.main_job())
        played.wait(lambda: all(len(passed(files[at])) >= at for at in points), "each comes to its point", for_s=200)
        since = time.monotonic()
        played.start_worker()
        dead = "SELECT count(*) FROM processes WHERE worker IS NOT NULL AND dead"
        played.wait(lambda: played.ask(dead) == [(len(points),)], "all are declared dead", for_s=200)
        time.sleep(max(0.0, since + 2.5 * LEASE_S - time.monotonic()))
        for worker in stopped:
            worker.send_signal(signal.SIGCONT)
        codes = [worker.wait(60) for worker in stopped]
        out, err = submitted.communicate(timeout=300)
        outcomes = {name: count for name, count in json.loads(out)["outcomes"].items() if count}
        happened = of_each(played.vendor)
        [(unlucky,)] = played.ask(f"SELECT count(*) FROM accounts WHERE claims_lost >= {MOST_LOST}")
    twice = sum((effects - expected).total() for effects in happened.values())
    missing = sum((expected - effects).total() for effects in happened.values())
    names = [passed(files[at])[at - 1] for at in points]
    # On a busy machine one account may meet that many stopped workers: then nobody tries it again.
    likely = {name: count for name, count in (("changed", customers - unlucky), ("unknown", unlucky)) if count}
    lost = customers - sum(outcomes.values()) + (missing if not unlucky else 0)
    survived = not twice and not lost and outcomes == likely
    trials.add(len(points), survived=len(points) if survived else 0, twice=twice, lost=lost)
    print(f"{names}: {outcomes}, {twice} effects twice, {missing} missing, {unlucky} met stopped workers only")
    assert (outcomes, twice, lost) == (likely, 0, 0), err
    assert codes == [2] * len(points), "each has learned that it was replaced, and ended"


@pytest.mark.slow
@pytest.mark.fault("SIGSTOP of a worker at each point of an account")
def test_stopped_at_some_points(tmp_path: Path, postgres: str, trials: Trials) -> None:
    stop_at(tmp_path, postgres, SOME, trials)


@pytest.mark.chaos
@pytest.mark.fault("SIGSTOP of a worker at each point of an account")
@pytest.mark.parametrize("first", range(FIRST, LAST, AT_ONCE))
def test_stopped_at_each_point(tmp_path: Path, postgres: str, trials: Trials, first: int) -> None:
    stop_at(tmp_path, postgres, range(first, first + AT_ONCE), trials)


BLOCKING = """
import time
async def block(ctx):
    await ctx.account.folders.find("A")
    time.sleep({seconds})
"""


@pytest.mark.slow
@pytest.mark.fault("an event loop blocked for longer than a lease")
@pytest.mark.parametrize("lease_s", [LEASE_S, pytest.param(10.0, marks=pytest.mark.chaos)])
def test_a_blocked_event_loop_loses_nothing(tmp_path: Path, postgres: str, lease_s: float) -> None:
    """Also that of the coordinator, which is one of the workers."""
    (tmp_path / "blocking.py").write_text(BLOCKING.format(seconds=1.5 * lease_s))
    with crew(tmp_path, postgres, lease_s=lease_s, customers=4, time_scale=100) as played:
        for _ in range(2):
            played.start_worker("--code", str(tmp_path))
        ended = played.run("run", str(tmp_path / "blocking.py:block"), "--accounts", "all")
        assert (ended.code, ended.outcomes) == (0, {"unchanged": 4}), ended.err
        assert played.ask("SELECT max(claims_lost) FROM accounts") == [(0,)]
        assert not played.ask("SELECT 1 FROM processes WHERE dead")
        assert len(played.events("coordinates")) == 1
        assert [worker.poll() for worker in played.workers] == [None, None]
