"""Imports over time: accepted at once, one at a time in a workspace, taking effect when they are done.

The effect comes at the end of the import's time, whether or not anybody polls or the sender is still there.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from typing import Final

from bulkops.sandbox.clock import Clock
from bulkops.sandbox.faults import Faults
from bulkops.sandbox.installing import RecipesRunningError, install
from bulkops.sandbox.ledger import Ledger
from bulkops.sandbox.package_zip import ParsedPackage
from bulkops.sandbox.seeded_random import draws
from bulkops.sandbox.workspace import Import, Workspace

_SHORT_S: Final = (2.0, 20.0)
_LONG_S: Final = (20.0, 60.0)
_LONG_PART: Final = 0.06
FOLDER_GONE: Final = "Import failed: the folder was deleted meanwhile"
DOOM: Final = "Import failed: an internal error occurred, please try again"


def import_time_s(numbers: Sequence[float]) -> float:
    """Vendor seconds that an import takes, from draws: mostly 2 to 20, with a long tail to 60."""
    if numbers[0] < _LONG_PART:
        return _LONG_S[0] + (_LONG_S[1] - _LONG_S[0]) * numbers[1]
    return _SHORT_S[0] + (_SHORT_S[1] - _SHORT_S[0]) * float(numbers[1] ** 2)


class Importer:
    """Owns the timers of running imports; `close` ends them."""

    def __init__(self, clock: Clock, ledger: Ledger, *, seed: int) -> None:
        self._clock = clock
        self._ledger = ledger
        self._seed = seed
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._others: list[asyncio.TimerHandle] = []
        self._closed = False

    def accept(
        self,
        workspace: Workspace,
        package: ParsedPackage,
        *,
        folder_id: int,
        home_folder_id: int,
        restart_recipes: bool,
        faults: Faults,
        at_once: bool = False,
        lacks: str | None = None,
    ) -> Import:
        """Take a package in; it runs now, or after those before it in the same workspace.

        `at_once`: it is over when this returns, unless another one runs; `lacks`: why it will fail.
        """
        numbers = draws(self._seed, "import", workspace.owner, len(workspace.imports))
        accepted = Import(
            id=workspace.new_id("package"),
            folder_id=folder_id,
            home_folder_id=home_folder_id,
            package=package,
            restart_recipes=restart_recipes,
            duration_s=0.0 if at_once else self._clock.scaled(import_time_s(numbers)),
            doom=lacks or (DOOM if numbers[2] < faults.import_failed else None),
        )
        workspace.imports[accepted.id] = accepted
        workspace.queue.append(accepted)
        if len(workspace.queue) == 1:
            self._begin(workspace)
            if at_once and accepted.id in self._timers:
                self._timers[accepted.id].cancel()
                self._end(workspace)
        return accepted

    def drop(self, workspace: Workspace) -> None:
        """What is on its way into a workspace that is gone never takes effect."""
        for job in workspace.queue:
            timer = self._timers.pop(job.id, None)
            if timer is not None:
                timer.cancel()
        workspace.queue.clear()

    def later(self, delay_s: float, fn: Callable[[], None]) -> None:
        """Call `fn` in `delay_s` real seconds, unless the sandbox ends before."""
        if not self._closed:
            self._others = [each for each in self._others if each.when() > asyncio.get_running_loop().time()]
            self._others.append(self._clock.call_after(delay_s, fn))

    def close(self) -> None:
        """Stop everything still running, and what a late request may yet bring; it never takes effect."""
        self._closed = True
        for timer in (*self._timers.values(), *self._others):
            timer.cancel()
        self._timers.clear()

    def _begin(self, workspace: Workspace) -> None:
        if self._closed:
            return
        running = workspace.queue[0]
        self._timers[running.id] = self._clock.call_after(running.duration_s, lambda: self._end(workspace))

    def _end(self, workspace: Workspace) -> None:
        ended = workspace.queue.popleft()
        del self._timers[ended.id]
        key = f"{workspace.path(ended.folder_id)}:{ended.package.sha256}"
        ended.error = ended.package.error or ended.doom
        if ended.error is None:
            ended.error = self._install(workspace, ended)
        ended.status = "failed" if ended.error else "completed"
        self._ledger.note(workspace.owner, f"import.{ended.status}", key)
        if workspace.queue:
            self._begin(workspace)

    def _install(self, workspace: Workspace, job: Import) -> str | None:
        """Apply the package; why it could not be, if it could not."""
        if not {job.folder_id, job.home_folder_id} <= workspace.folders.keys():
            return FOLDER_GONE
        note = functools.partial(self._ledger.note, workspace.owner)
        try:
            job.recipe_status = install(workspace, job, now=self._clock.stamp(), note=note)
        except RecipesRunningError as error:
            return str(error)
        return None
