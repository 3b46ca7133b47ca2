"""What adaptation costs on every kind of server: time / bound and the share refused, a line for each, many seeds.

The real `Quota` (windows, opening, closing, narrowing) with a clock of its own: 200 workers, requests that take 20 to
100 ms, a server that counts when half of that has passed, 20 windows of work. Documented are 600 a minute (and 60); the
server allows that, or half, or that with bursts of a tenth only; in fixed windows (a phase by seed), sliding ones and
token buckets; with and without `Retry-After`; it refuses 0, 1 or 5 % at random besides; the client stalls 100 to 200
ms at random, or not. `bound`: good answers at the true limit, of which random refusals take their share.

    python -m benchmarks.adaptation_grid                     the whole grid, 30 seeds
    python -m benchmarks.adaptation_grid --against FILE      beside the figures of an earlier one
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import math
import os
import statistics
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any, Final, cast

import attrs

from benchmarks.kit.harness import RESULTS
from benchmarks.kit.windows import WINDOWS, Bucket, Window
from bulkops.pacing.key_queue import Waiter
from bulkops.pacing.quota import Quota
from bulkops.rate_limit import Limit

WINDOW_S: Final = 60.0
WINDOWS_OF_WORK: Final = 20
WORKERS: Final = 200
LATENCY_S: Final = (0.02, 0.1)
STALL_S: Final = (0.1, 0.2)
STALL_EACH_S: Final = 1.0
SEEDS: Final = 30
WORST: Final = 0.9
"""Beside the median stands what nine of ten seeds stay below, and the worst."""


@attrs.frozen
class Cell:
    """One server and client. `limit` is documented."""

    limit: int
    server: str
    window: str
    says_when: bool
    at_random: float
    stalls: bool

    def __str__(self) -> str:
        return ", ".join(
            [
                f"{self.limit} a minute",
                self.server,
                self.window,
                "Retry-After" if self.says_when else "no Retry-After",
                f"{self.at_random:.0%} at random",
                *(["stalls"] if self.stalls else []),
            ]
        )

    @property
    def true_limit(self) -> int:
        return self.limit // 2 if self.server == "half" else self.limit

    def serving(self) -> Window:
        if self.server == "burst":
            return Bucket(self.limit, WINDOW_S, burst=self.limit // 10)
        return WINDOWS[self.window](self.true_limit, WINDOW_S)


def cells() -> Iterator[Cell]:
    kinds = [*itertools.product(("right", "half"), WINDOWS), ("burst", "token bucket")]
    for limit, (server, window), stalls in itertools.product((600, 60), kinds, (False, True)):
        for says_when, at_random in itertools.product((True, False), (0.0, 0.01, 0.05)):
            yield Cell(limit, server, window, says_when, at_random, stalls)


class _Nobody:
    """In place of a waiter's future: there is always one who waits."""

    def done(self) -> bool:
        return False


@attrs.define
class World:
    """One run of one cell. Times are seconds of a clock that jumps from event to event."""

    cell: Cell
    seed: int
    chance: Random = attrs.field(init=False)
    quota: Quota = attrs.field(init=False)
    server: Window = attrs.field(init=False)
    phase_s: float = attrs.field(init=False)
    good: int = 0
    refused: int = 0
    _stall: tuple[float, float] = (0.0, 0.0)
    _numbers: Iterator[int] = attrs.field(factory=itertools.count)

    def __attrs_post_init__(self) -> None:
        self.chance = Random(self.seed)
        limit = Limit(self.cell.limit, WINDOW_S)
        self.quota = Quota("q", [limit], base_s=1.0, cap_s=60.0, rng=Random(self.seed + 1_000))
        self.quota.queue.push(Waiter(0, 0, 0, 0, cast("Any", _Nobody()), None, 0.0), 0.0)
        self.server = self.cell.serving()
        self.phase_s = self.chance.uniform(0, WINDOW_S)

    def run(self) -> tuple[float, float]:
        """Returns time / bound, and the share refused."""
        work = self.cell.true_limit * WINDOWS_OF_WORK
        arriving: list[tuple[float, int, float, float]] = []
        replying: list[tuple[float, int, float, float | None]] = []
        now = 0.0
        in_flight = 0
        while self.good < work:
            while in_flight < min(WORKERS, work - self.good) and self.quota.best(now) is not None:
                self.quota.take(None, now)
                in_flight += 1
                half_s = self.chance.uniform(*LATENCY_S) / 2
                heapq.heappush(arriving, (now + half_s, next(self._numbers), now, half_s))
            wake = self.quota.next_at(now) if in_flight < min(WORKERS, work - self.good) else math.inf
            arrival = arriving[0][0] if arriving else math.inf
            reply = replying[0][0] if replying else math.inf
            if arrival <= min(wake, reply):
                at, number, sent_at, half_s = heapq.heappop(arriving)
                heapq.heappush(replying, (self._awake(at + half_s), number, sent_at, self._answer(at)))
            elif reply <= wake:
                now, _, sent_at, retry_after_s = heapq.heappop(replying)
                in_flight -= 1
                self._end(sent_at, now, retry_after_s)
            else:
                now = self._awake(max(wake, now + 1e-6))
        bound_s = self.good / (self.cell.true_limit / WINDOW_S)
        return now / bound_s, self.refused / (self.good + self.refused)

    def _answer(self, at: float) -> float | None:
        """None: good; else seconds to wait, infinity for one that does not say."""
        if self.chance.random() < self.cell.at_random:
            wait_s: float | None = 0.01
        else:
            wait_s = self.server.take(at + self.phase_s)
        if wait_s is None:
            return None
        return math.ceil(wait_s) if self.cell.says_when else math.inf

    def _end(self, sent_at: float, now: float, retry_after_s: float | None) -> None:
        self.quota.shortest_window.give_back(now)
        if retry_after_s is None:
            self.good += 1
            self.quota.was_answered(sent_at, now)
        else:
            self.refused += 1
            self.quota.was_refused(sent_at, now, retry_after_s if retry_after_s < math.inf else None)

    def _awake(self, at: float) -> float:
        """When the client does what is due at `at`: it may be stalled."""
        if not self.cell.stalls:
            return at
        while self._stall[1] < at:
            begins = self._stall[1] + self.chance.expovariate(1 / STALL_EACH_S)
            self._stall = begins, begins + self.chance.uniform(*STALL_S)
        return self._stall[1] if self._stall[0] <= at else at


def played(job: tuple[Cell, int]) -> tuple[float, float]:
    return World(*job).run()


def measured(chosen: Sequence[Cell], seeds: int) -> dict[str, dict[str, float]]:
    jobs = [(cell, seed) for cell in chosen for seed in range(seeds)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        results = iter(list(pool.map(played, jobs, chunksize=seeds)))
    found = {}
    for cell in chosen:
        runs = [next(results) for _ in range(seeds)]
        times = sorted(one[0] for one in runs)
        found[str(cell)] = {
            "time": statistics.median(times),
            "time_90": times[math.ceil(WORST * len(times)) - 1],
            "time_worst": times[-1],
            "refused": statistics.median(one[1] for one in runs),
        }
    return found


def told(figures: dict[str, float]) -> str:
    return f"{figures['time']:.3f} {figures['time_90']:.3f} {figures['time_worst']:.3f} {figures['refused']:6.2%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="small and quick: checks the script")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--only", default="", metavar="WORDS", help="cells that have all these words")
    parser.add_argument("--out", type=Path, default=RESULTS / "adaptation_grid.json")
    parser.add_argument("--against", type=Path, help="figures of an earlier grid, to stand first")
    asked = parser.parse_args()
    if asked.smoke:
        asked.seeds, asked.only, asked.out = 1, "60 a minute;half;sliding;1%", RESULTS / "adaptation_grid.smoke.json"
    chosen = [cell for cell in cells() if all(word.strip() in f"{cell}" for word in asked.only.split(";"))]
    before = json.loads(asked.against.read_text()) if asked.against else {}
    found = measured(chosen, asked.seeds)
    for name, figures in found.items():
        print(f"{name:62} {told(before[name]) + ' | ' if name in before else ''}{told(figures)}")
    asked.out.parent.mkdir(exist_ok=True)
    asked.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
