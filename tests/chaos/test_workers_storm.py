"""Several workers through a storm: kills, a stopped worker, the database away, coordinators killed at each job.

Every account is answered, no effect happens twice or is lost, no request is refused, and each wave and gate comes once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from tests.chaos.tally import Trials
from tests.chaos.test_kills import of_each, undisturbed
from tests.crew import Crew, crew
from tests.fleet import caught, kill
from tests.postgres import Server, own_server

WORKERS = 4
FIRST, SECOND = 20, 30
"""Accounts of the first two waves."""


@attrs.frozen(kw_only=True)
class Storm:
    """`outages_s`: each with an orderly shutdown of the database; `stop_s`: SIGSTOP of a worker, in leases 2.5."""

    accounts: int
    time_scale: float
    lease_s: float
    outages_s: tuple[float, ...]

    @property
    def stop_s(self) -> float:
        return 2.5 * self.lease_s


SLICE = Storm(accounts=150, time_scale=30, lease_s=3.0, outages_s=(3.0,))
WHOLE = Storm(accounts=3000, time_scale=60, lease_s=10.0, outages_s=(3.0, 60.0))


@attrs.define
class Weather:
    played: Crew
    server: Server
    draw: random.Random
    faults: int = 0

    def replace(self, worker: object) -> None:
        """Another worker starts, as an orchestrator would have it."""
        self.faults += 1
        self.played.workers = [one for one in self.played.workers if one is not worker]
        self.played.start_worker()

    def kill_coordinator(self, moment: Callable[[], object] = lambda: True) -> None:
        """At a moment that does not pass while the coordinator stands still."""
        self.played.wait(lambda: self.played.coordinator() is not None, "a worker coordinates")
        coordinator = self.played.coordinator()
        assert coordinator is not None
        with caught(moment, coordinator):
            kill(coordinator)
        self.replace(coordinator)

    def other(self) -> int:
        """Place of a worker that does not coordinate."""
        coordinator = self.played.coordinator()
        others = [place for place, one in enumerate(self.played.workers) if one is not coordinator]
        return self.draw.choice(others)

    def kill_worker(self) -> None:
        worker = self.played.workers[self.other()]
        kill(worker)
        self.replace(worker)

    def stop_worker(self, seconds: float) -> None:
        worker = self.played.workers[self.other()]
        os.kill(worker.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(worker.pid, signal.SIGCONT)
        assert worker.wait(60) == 2, "it was declared dead, and ends"
        worker.communicate()
        self.replace(worker)

    def database_away(self, seconds: float) -> None:
        self.server.stop("fast")
        time.sleep(seconds)
        self.server.start()
        self.faults += 1


def play(home: Path, storm: Storm, trials: Trials) -> None:
    trials.seed = 20261130
    expected = undisturbed(home / "undisturbed")
    home = home / "storm"
    home.mkdir()
    with (
        own_server() as server,
        crew(home, server.url, customers=storm.accounts, time_scale=storm.time_scale) as played,
    ):
        played.ask("UPDATE store SET lease_s = %s", storm.lease_s)
        for _ in range(WORKERS):
            played.start_worker()
        submitted = played.submit(*played.main_job("--waves", f"{FIRST},{SECOND},rest", "--soak", "3"))
        weather = Weather(played, server, random.Random(trials.seed))

        def until(ended: int, what: str) -> None:
            played.wait(lambda: played.ended() >= ended, what, for_s=600)

        until(FIRST // 4, "the first wave is at work")
        weather.kill_coordinator()
        played.wait(lambda: played.events("soak"), "the first soak begins", for_s=120)
        weather.kill_coordinator(lambda: not played.events("gate"))
        played.wait(lambda: len(played.events("gate")) == 2, "the second gate was judged", for_s=120)
        weather.kill_coordinator()
        rest, steps = storm.accounts - FIRST - SECOND, 4 + len(storm.outages_s)
        marks = iter(FIRST + SECOND + rest * step // (steps + 2) for step in range(1, steps + 1))
        until(next(marks), "the last wave is at work")
        weather.kill_coordinator()
        until(next(marks), "it goes on")
        weather.kill_worker()
        until(next(marks), "it goes on")
        weather.stop_worker(storm.stop_s)
        for seconds in storm.outages_s:
            until(next(marks), "it goes on")
            weather.database_away(seconds)
        until(next(marks), "it goes on")
        weather.kill_worker()
        out, err = submitted.communicate(timeout=600)
        assert out, err
        report = json.loads(out)
        outcomes = {name: count for name, count in report["outcomes"].items() if count}
        others = [row for row in report["accounts"] if row["outcome"] != "changed"]
        happened, refused = of_each(played.vendor), played.vendor.refused()
        waves = [wave["wave"] for wave in played.events("wave")]
        gates = [(gate["wave"], gate["verdict"]) for gate in played.events("gate")]
    accounts = sorted({*happened})
    twice = sum((happened[account] - expected).total() for account in accounts)
    missing = sum((expected - happened.get(account, Counter())).total() for account in accounts)
    lost = storm.accounts - outcomes.get("changed", 0) + storm.accounts - len(accounts)
    trials.add(weather.faults, survived=weather.faults if not (twice or missing or lost) else 0, twice=twice, lost=lost)
    print(f"{weather.faults} faults, {outcomes}, {twice} effects twice, {missing} missing, {refused} refused")
    assert outcomes == {"changed": storm.accounts}, others
    assert (twice, missing, lost, refused) == (0, 0, 0, 0)
    assert waves == [1, 2, 3]
    assert gates == [(1, "pass"), (2, "pass")]


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.fault("several workers: kills, SIGSTOP, database away")
def test_a_storm_over_four_workers(tmp_path: Path, trials: Trials) -> None:
    play(tmp_path, SLICE, trials)


@pytest.mark.chaos
@pytest.mark.timeout(1500)
@pytest.mark.fault("several workers: kills, SIGSTOP, database away")
def test_a_long_storm_over_four_workers(tmp_path: Path, trials: Trials) -> None:
    play(tmp_path, WHOLE, trials)
