"""One process of a trial: begins or continues the run, and is killed or leaves a result."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import attrs

from bulkops.client import Workato
from bulkops.journal import Journal
from bulkops.operations import Operation
from bulkops.report import Report, load_report
from bulkops.runs import Fleet, Policy, run
from bulkops.settings import Settings
from bulkops.testing._points import Points

DEADLINE_S: Final = 60
"""A process that takes longer hangs."""

ERROR: Final = 70


@attrs.frozen(kw_only=True)
class Work:
    """What all trials do. `source`: FILE.py:NAME of an operation from Python; `columns`: of each account."""

    operation: Operation
    source: str | None
    settings: Settings
    columns: Mapping[str, str]


@attrs.frozen(kw_only=True)
class Place:
    """Where one trial lives: its own accounts, journal and locks."""

    home: Path
    accounts: Sequence[str]

    @property
    def journal(self) -> Path:
        return self.home / "journal"

    @property
    def result(self) -> Path:
        return self.home / "result.json"

    @property
    def log(self) -> Path:
        return self.home / "log.txt"

    def note(self, data: dict[str, Any]) -> None:
        """Replace the result atomically: a reader never sees half of it."""
        part = self.result.with_suffix(".part")
        part.write_text(json.dumps(data))
        part.replace(self.result)


def fork(work: Work, place: Place, points: Points, *, prepare: Callable[[], object] | None = None) -> int:
    """Start one process on the trial; its pid. Only from a process without threads."""
    place.home.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        _live(work, place, points, prepare)
    return pid


def _live(work: Work, place: Place, points: Points, prepare: Callable[[], object] | None) -> NoReturn:
    code = ERROR
    try:
        signal.alarm(DEADLINE_S)
        _redirect(place.log)
        os.environ["XDG_STATE_HOME"] = str(place.home)
        points.told = lambda name: place.note({"killed": name})
        points.install()
        if prepare is not None:
            prepare()
        report = asyncio.run(_carry_on(work, place))
        place.note({"outcomes": _counts(report), "code": report.exit_code, "points": points.names})
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, it is the trial's result
        place.note({"error": traceback.format_exc()})
    finally:
        os._exit(code)


def _redirect(log: Path) -> None:
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)


async def _carry_on(work: Work, place: Place) -> Report:
    """Begin the run when the journal has none, else resume it."""
    async with Workato.from_settings(work.settings) as workato:
        if not await _has_run(place.journal):
            return await run(
                work.operation,
                accounts=[{**work.columns, "id": account} for account in place.accounts],
                workato=workato,
                policy=Policy(breaker=None),
                journal=place.journal,
                source=work.source,
            )
        report = await Fleet(workato, journal=place.journal).resume()
    if report is not None:
        return report
    async with Journal.open(place.journal, read_only=True) as journal:
        return await load_report(journal, (await journal.get_run()).run_id)


async def _has_run(directory: Path) -> bool:
    async with Journal.open(directory) as journal:
        return bool(await journal.list_runs())


def _counts(report: Report) -> dict[str, int]:
    return {outcome.value: count for outcome, count in report.outcomes.items() if count}
