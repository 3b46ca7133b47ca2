"""`python -m bulkops.testing._driver`: a scenario as JSON on stdin, one line of JSON per trial on stdout.

A process of its own, without threads and with everything imported once: each start of the client is a fork of it, a
real process with a real death, at a tenth of the price of a new interpreter.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import attrs

from bulkops.runs import load_job
from bulkops.settings import Settings, Tuning
from bulkops.testing._points import Mode, Points
from bulkops.testing._process import DEADLINE_S, Place, Work, fork

MOST_STARTS: Final = 8
"""Maximum number of starts: a run that is not done by then never will be."""

_MARGIN: Final = 1.05
"""No two runs pass quite as many points: the numbers go a little beyond those of the uninterrupted one."""


@attrs.frozen(kw_only=True)
class Scenario:
    """What to do; `bulkops.testing.crashing.Kit` explains the fields. `accounts`: enough for all trials."""

    job: str
    accounts: Sequence[str]
    per_trial: int
    home: str
    client_file: str
    mode: Mode
    only: str
    hold_s: float
    every: int
    kills: int
    seed: int
    parallel: int
    prepare: str | None
    columns: Mapping[str, str]


@attrs.define(kw_only=True)
class Trial:
    """`deaths`: the fatal point of each start to come; a start beyond them is left to live."""

    place: Place
    deaths: list[int]
    starts: int = 0
    killed: list[str] = attrs.field(factory=list)
    ended: str = "done"

    def told(self) -> str:
        result = json.loads(self.place.result.read_text()) if self.place.result.exists() else {}
        said = {
            "accounts": list(self.place.accounts),
            "home": str(self.place.home),
            "starts": self.starts,
            "killed": self.killed,
            "ended": self.ended,
            "error": result.get("error"),
            "outcomes": result.get("outcomes", {}),
        }
        return json.dumps(said)


class Driver:
    """Forks, waits, forks again."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._accounts = iter(scenario.accounts)
        self._homes = iter(range(len(scenario.accounts) + 1))
        self._prepare = _load(scenario.prepare) if scenario.prepare else None
        job = load_job(scenario.job)
        settings = Settings.from_env(tuning=Tuning.from_file(scenario.client_file))
        self._work = Work(operation=job.operation, source=job.source, settings=settings, columns=scenario.columns)
        self._alive: dict[int, Trial] = {}

    def run(self) -> Iterator[Trial]:
        """The uninterrupted run first, then a trial for each point."""
        measured = self._trial([])
        yield from self._through(iter([measured]))
        if measured.ended == "done":
            count = len(json.loads(measured.place.result.read_text())["points"])
            yield from self._through(map(self._trial, self._deaths(count)))

    def _deaths(self, count: int) -> Iterator[list[int]]:
        draw = random.Random(self._scenario.seed)  # noqa: S311 - a test's draws
        for point in range(1, int(count * _MARGIN) + 1, self._scenario.every):
            yield [point, *(draw.randint(1, count) for _ in range(self._scenario.kills - 1))]

    def _trial(self, deaths: list[int]) -> Trial:
        accounts = [account for _, account in zip(range(self._scenario.per_trial), self._accounts, strict=False)]
        home = Path(self._scenario.home, f"trial-{next(self._homes)}")
        return Trial(place=Place(home=home, accounts=accounts), deaths=deaths)

    def _through(self, trials: Iterator[Trial]) -> Iterator[Trial]:
        """Every trial to its end, several at once: most of their time is waiting."""
        while True:
            while len(self._alive) < self._scenario.parallel and (trial := next(trials, None)) is not None:
                self._start(trial)
            if not self._alive:
                return
            done = self._wait()
            if done is not None:
                yield done

    def _start(self, trial: Trial) -> None:
        fatal = trial.deaths.pop(0) if trial.deaths else None
        points = Points(mode=self._scenario.mode, only=self._scenario.only, fatal=fatal, hold_s=self._scenario.hold_s)
        trial.starts += 1
        self._alive[fork(self._work, trial.place, points, prepare=self._prepare)] = trial

    def _wait(self) -> Trial | None:
        """The next trial that is over; None when it goes on in a new process."""
        pid, status = os.wait()
        trial = self._alive.pop(pid)
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if number == signal.SIGKILL:
            trial.killed.append(json.loads(trial.place.result.read_text())["killed"])
        elif number == signal.SIGALRM:
            trial.ended = f"hangs: not done within {DEADLINE_S} s"
            return trial
        elif number or os.waitstatus_to_exitcode(status):
            trial.ended = "error"
            return trial
        elif self._is_done(trial):
            return trial
        if trial.starts >= MOST_STARTS:
            trial.ended = f"not done after {MOST_STARTS} starts"
            return trial
        self._start(trial)
        return None

    def _is_done(self, trial: Trial) -> bool:
        """Every account has its final answer; a point that was not reached any more ends a trial as well."""
        outcomes = json.loads(trial.place.result.read_text())["outcomes"]
        trial.deaths.clear()
        return not set(outcomes) & {"unknown", "cancelled", "not_attempted"}


def _load(function: str) -> Callable[[], object]:
    module, _, name = function.partition(":")
    found: Callable[[], object] = getattr(import_module(module), name)
    return found


def main() -> int:
    driver = Driver(Scenario(**json.load(sys.stdin)))
    for trial in driver.run():
        sys.stdout.write(trial.told() + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
