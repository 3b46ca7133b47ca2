"""A night operator's day in virtual time: maintenance every hour on 500 accounts with 1 % faults, in one process.

Client and vendor share the process and its clock, so what grows in either shows.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import sqlite3
import time
from collections import Counter
from pathlib import Path

import attrs
import pytest

import bulkops
from bulkops.operations import UpgradePlan
from bulkops.outcome import Outcome
from bulkops.sandbox import Faults, Sandbox, SandboxSettings
from bulkops.settings import Tuning
from bulkops.testing import VirtualClock
from tests.chaos.tally import Trials

HOUR_S = 3600.0
FAULTS = "error=0.01"
PLANS = ("oem_enterprise", "oem_plan")

TICK_S = 1.0
"""Coarse: each tick in which something happens costs a real millisecond."""

ROWS = ("runs", "accounts", "steps", "facts", "processes")


@attrs.frozen
class Held:
    """What the process holds between two runs."""

    memory_mb: float
    objects: int
    tasks: int
    handles: int
    rows: Counter[str]
    events: Counter[str]
    """Rows of the table of events, by run."""


def held(journal: Path) -> Held:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    with sqlite3.connect(f"file:{journal}/journal.sqlite3?mode=ro", uri=True) as connection:
        rows = Counter({name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ROWS})
        events = Counter(dict(connection.execute("SELECT run_id, count(*) FROM events GROUP BY run_id")))
    connection.close()
    return Held(
        memory_mb=pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        objects=len(gc.get_objects()),
        tasks=len(asyncio.all_tasks()),
        handles=len(os.listdir("/proc/self/fd")),
        rows=rows,
        events=events,
    )


class Day:
    """`hours` of it on `customers` accounts. `marks`: what was held after each hour."""

    def __init__(self, journal: Path, customers: int, hours: int) -> None:
        self.journal = journal
        self.hours = hours
        self.accounts = [str(4100231 + number) for number in range(customers)]
        self.marks: list[Held] = []
        self.outcomes: Counter[Outcome] = Counter()
        self.twice = 0

    async def live(self) -> None:
        settings = SandboxSettings(customers=len(self.accounts), time_scale=1, faults=Faults.parse(FAULTS))
        async with Sandbox(settings) as vendor:
            tuning = attrs.evolve(Tuning.from_toml(vendor.client_file, source="client file"), max_rate=None)
            async with bulkops.Workato(token=vendor.token, host=vendor.url, tuning=tuning) as workato:
                clock = asyncio.get_running_loop().time
                for hour in range(self.hours):
                    began = clock()
                    await self._maintain(vendor, workato, PLANS[hour % 2])
                    await asyncio.sleep(max(0.0, began + HOUR_S - clock()))
                    self.marks.append(held(self.journal))

    async def _maintain(self, vendor: Sandbox, workato: bulkops.Workato, plan: str) -> None:
        # Few at a time: the pool has as many connections after the first hour as it ever needs.
        report = await bulkops.run(
            UpgradePlan(plan_id=plan),
            accounts=self.accounts,
            workato=workato,
            policy=bulkops.Policy(concurrency=8),
            journal=self.journal,
        )
        self.outcomes.update(report.outcomes)
        done = Counter((effect["account"], effect["kind"], effect["key"]) for effect in vendor.effects())
        self.twice += sum(count - 1 for count in done.values())
        vendor._service.state.ledger._effects.clear()  # the vendor's books may grow by what happens


@pytest.mark.timeout(900)
@pytest.mark.fault("24 hours of maintenance, 500 accounts, 1 % faults")
@pytest.mark.parametrize(
    ("customers", "hours"),
    [pytest.param(50, 8, marks=pytest.mark.slow), pytest.param(500, 24, marks=pytest.mark.chaos)],
)
def test_nothing_grows(tmp_path: Path, trials: Trials, customers: int, hours: int) -> None:
    day = Day(tmp_path, customers, hours)
    began = time.monotonic()
    VirtualClock(tick_s=TICK_S).run(day.live())
    for hour, mark in enumerate(day.marks):
        print(hour, f"{mark.memory_mb:.1f} MB", mark.objects, mark.tasks, mark.handles, mark.rows, mark.events.total())
    print({str(outcome): count for outcome, count in day.outcomes.items() if count})
    print(f"{hours} hours in {time.monotonic() - began:.0f} s")
    lost = customers * hours - day.outcomes.total()
    trials.add(hours, twice=day.twice, lost=lost)
    assert (day.twice, lost) == (0, 0)
    assert day.outcomes[Outcome.CHANGED] == customers * hours

    settled, last = day.marks[3], day.marks[-1]  # caches are filled and garbage is collected by then
    assert last.tasks <= max(mark.tasks for mark in day.marks[: hours // 2])
    assert last.handles <= max(mark.handles for mark in day.marks[: hours // 2]) + 2
    assert last.memory_mb - settled.memory_mb < 8
    assert last.objects - settled.objects < 0.02 * settled.objects
    later = hours - 4
    grown = {name: last.rows[name] - settled.rows[name] for name in ROWS}
    assert grown["runs"] == grown["processes"] == later
    assert grown["accounts"] == grown["steps"] == later * customers
    assert grown["facts"] == 0
    for before, after in itertools.pairwise(day.marks):
        (newest,) = after.events - before.events  # no run adds to what another one told
        # how much it tells is chance: a write without an answer is waited for, and something is told every second
        assert after.events[newest] < 3 * customers
