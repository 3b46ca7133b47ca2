"""`Worker`: the process behind `bulkops worker`: joins the runs that are handed over, and takes their accounts."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs

from bulkops.errors import (
    BulkopsError,
    JournalError,
    JournalMismatch,
    RateLimited,
    RunLocked,
    ServerError,
    TransportError,
)
from bulkops.events import Observer
from bulkops.journal import Journal, RunState
from bulkops.journal.event_kinds import CANNOT_WORK
from bulkops.journal.location import DatabaseLocation
from bulkops.journal.postgres.shared_runs import WAITS, HandedOver
from bulkops.logs import get_logger, neutral
from bulkops.masking import masked
from bulkops.models.text import one_line
from bulkops.runs.hand_over import Request
from bulkops.workers.coordinator import Coordinator
from bulkops.workers.dispatch import Dispatcher, QueueDispatcher
from bulkops.workers.environment import WORKER_STOPS, RunEnvironment

log = get_logger("bulkops.workers")

_LOOK_S: Final = 0.5
"""Seconds between two looks at the runs. A stop reaches every worker within it."""
_BURY_S: Final = 1.0
_AGAIN_S: Final = 5.0
_LONGEST_AGAIN_S: Final = 60.0
"""Seconds until a run is tried again that this worker could not join because the vendor or the ledger was out of
reach: twice as long each time, up to the longest."""

_END_S: Final = 30.0
"""Seconds for the tasks of a worker that ends, after its grace."""


@attrs.define(eq=False)
class _Joined:
    """A run that this worker works on. `requested_at`: time of the request; `leaving`: the run has ended, or the worker
    stops."""

    task: asyncio.Task[None]
    requested_at: float
    leaving: asyncio.Event
    environment: RunEnvironment | None = None
    coordinator: Coordinator | None = None
    coordinating: asyncio.Task[None] | None = None

    def leave_coordination(self) -> None:
        """Let another worker take the run over."""
        if self.coordinator is not None:
            self.coordinator.leave()
        if self.coordinating is not None:
            self.coordinating.cancel()


@attrs.frozen
class Waiting:
    """A run that this worker cannot join yet, for this reason, and the pause before it tries again."""

    reason: str
    pause_s: float = _AGAIN_S

    def again(self, reason: str) -> Waiting:
        """After one more failure."""
        return Waiting(reason, min(2 * self.pause_s, _LONGEST_AGAIN_S))


@attrs.define(eq=False, kw_only=True)
class Worker:
    """See the module.

    `concurrency`: accounts at once, over all runs; `code`: directory with the Python files of operations, None: none;
    `grace_s`: seconds to finish what has begun an effect when the worker stops; `say`: told in one line what happens.
    """

    location: DatabaseLocation
    concurrency: int
    code: Path | None
    grace_s: float
    observe: Observer
    say: Callable[[str], object]
    _journal: Journal = attrs.field(init=False)
    _dispatcher: Dispatcher = attrs.field(init=False)
    _slots: asyncio.Semaphore = attrs.field(init=False)
    _failed: asyncio.Future[None] = attrs.field(init=False)
    """Gets an error after which this process cannot go on."""
    _stopping: asyncio.Event = attrs.field(factory=asyncio.Event)
    _now: asyncio.Event = attrs.field(factory=asyncio.Event)
    _runs: dict[str, _Joined] = attrs.field(factory=dict)
    _waiting: dict[str, Waiting] = attrs.field(factory=dict)
    _refused: dict[str, float] = attrs.field(factory=dict)
    """By run that this worker cannot work on: the time of the request."""

    def drain(self, _: str = "") -> None:
        """Take nothing new, finish what has begun an effect within the grace, give the rest back, and end."""
        self._stopping.set()

    def abort(self) -> None:
        """Do not wait for the grace."""
        self._stopping.set()
        self._now.set()

    async def work(self) -> None:
        """Work until `drain`. Raises: JournalError when the database is away for too long, or when others have declared
        this worker dead; ConfigError.
        """
        self._slots = asyncio.Semaphore(self.concurrency)
        self._failed = asyncio.get_running_loop().create_future()
        async with Journal.open(self.location) as journal, QueueDispatcher.open(self.location.url) as dispatcher:
            self._journal, self._dispatcher = journal, dispatcher
            await journal.shared_runs.begin_worker({"concurrency": self.concurrency})
            self.say(f"worker on {self.location} begins, with up to {self.concurrency} accounts at once")
            burying = self._task(self._bury, "bulkops.bury")
            why: BulkopsError | None = None
            try:
                while not self._stopping.is_set():
                    await self._look()
                    await self._sleep()
                await self._hand_back()
                if self._failed.done():
                    self._failed.result()
            except BulkopsError as error:
                why = error
                raise
            finally:
                burying.cancel()
                await self._leave_all(why)
                self._failed.cancel()
        self.say("worker ended")

    async def _sleep(self) -> None:
        """Until the next look, or until the worker is to stop. Raises: what a task has failed with."""
        stopping = asyncio.ensure_future(self._stopping.wait())
        ends: list[asyncio.Future[Any]] = [stopping, self._failed]
        await asyncio.wait(ends, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if self._failed.done():
            self._failed.result()

    def _task(self, work: Callable[[], Awaitable[None]], name: str) -> asyncio.Task[None]:
        """A task whose error ends the worker."""

        async def guarded() -> None:
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - raised by `_sleep`
                if not self._failed.done():
                    self._failed.set_exception(error)

        return asyncio.create_task(guarded(), name=name)

    # -- runs ---------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        """Join runs and leave them, as the journal says."""
        found = {one.run_id: one for one in await self._journal.shared_runs.handed_over()}
        for run_id, one in found.items():
            joined = self._runs.get(run_id)
            if joined is not None:
                self._follow(one, joined)
            elif self._refused.get(run_id) != one.request["at"]:
                leaving = asyncio.Event()
                task = self._task(partial(self._join, one, leaving), f"bulkops.run {run_id}")
                self._runs[run_id] = _Joined(task, one.request["at"], leaving)
            else:
                await self._pause_if_none_can(one)
        self._waiting = {run_id: waiting for run_id, waiting in self._waiting.items() if run_id in found}
        for run_id, joined in self._runs.items():
            if run_id not in found or found[run_id].request["at"] != joined.requested_at:
                joined.leaving.set()

    def _follow(self, one: HandedOver, joined: _Joined) -> None:
        """Learn that a run is stopping, and coordinate it if no worker does."""
        if joined.environment is None:
            return
        if one.stop is not None:
            joined.environment.stop(one.stop)
        if joined.leaving.is_set():
            return
        if not one.is_coordinated and (joined.coordinating is None or joined.coordinating.done()):
            joined.coordinator = joined.coordinator or Coordinator(joined.environment, self._dispatcher, self.observe)
            joined.coordinating = self._task(partial(_soon, joined.coordinator), f"bulkops.coordinator {one.run_id}")

    async def _join(self, one: HandedOver, leaving: asyncio.Event) -> None:
        """Work on a run until it ends or the worker stops."""
        run_id, shared = one.run_id, self._journal.shared_runs
        try:
            Request.from_mapping(one.request)
            async with RunEnvironment.open(
                run_id, self._journal, code=self.code, slots=self._slots, failed=self._failed, observe=self.observe
            ) as environment:
                await shared.join(run_id)
                if self._waiting.pop(run_id, None) is not None:
                    log.warning("worker.goes_on", run=run_id)
                self.say(f"joined run {run_id}: {neutral(environment.record.title)}")
                self._runs[run_id].environment = environment
                await self._serve(run_id, environment, leaving)
                await shared.leave(run_id)
        except Exception as error:
            is_ours = isinstance(error, BulkopsError)
            has_joined = self._runs[run_id].environment is not None
            if has_joined and (not is_ours or _is_of_the_journal(error)):
                raise
            words = one_line(masked(str(error) if is_ours else f"{type(error).__name__}: {error}"))
            if _may_pass(error):
                await self._wait(run_id, words, leaving, is_stuck=_is_of_the_journal(error))
                return
            if not is_ours:  # a run of a newer bulkops, or a mistake in an operation's file
                log.exception("worker.cannot", run=run_id)
            self._refused[run_id] = one.request["at"]
            self.say(f"cannot work on run {run_id}: {words}")
            self._journal.add_event(run_id, CANNOT_WORK, {"reason": words})
            await shared.join(run_id, words)
        finally:
            self._runs.pop(run_id, None)

    async def _wait(self, run_id: str, reason: str, leaving: asyncio.Event, *, is_stuck: bool) -> None:
        """Until the run is tried again. Each reason is told once; `is_stuck`: in `bulkops workers` too."""
        before = self._waiting.get(run_id)
        now = self._waiting[run_id] = Waiting(reason) if before is None else before.again(reason)
        if before is None or before.reason != reason:
            log.warning("worker.waits", run=run_id, reason=reason)
            if is_stuck:
                await self._journal.shared_runs.join(run_id, f"{WAITS}{reason}")
            else:  # the reason that it showed before is over
                await self._journal.shared_runs.leave(run_id)
        with suppress(TimeoutError):
            async with asyncio.timeout(now.pause_s):
                await leaving.wait()

    async def _serve(self, run_id: str, environment: RunEnvironment, leaving: asyncio.Event) -> None:
        delivering = asyncio.create_task(self._dispatcher.deliver(run_id, environment.take))
        try:
            await leaving.wait()
        finally:
            delivering.cancel()
            await asyncio.wait([delivering])
            await environment.wait_idle()

    async def _pause_if_none_can(self, one: HandedOver) -> None:
        """Pause a run when every live worker lacks something for it."""
        if one.is_coordinated:
            return
        live = [worker for worker in await self._journal.shared_runs.workers() if worker.state == "alive"]
        problems = [worker.problems.get(one.run_id, WAITS) for worker in live]
        if problems and not any(problem.startswith(WAITS) for problem in problems):
            await self._journal.set_state(one.run_id, RunState.PAUSED, f"no worker can work on it: {problems[0]}")

    # -- the end ------------------------------------------------------------------------------------------------

    async def _hand_back(self) -> None:
        """Give accounts back, and wait up to the grace for those that have begun an effect."""
        self.say(f"worker stops: what has begun an effect has {self.grace_s:g} s to finish")
        for joined in self._runs.values():
            joined.leave_coordination()
            if joined.environment is not None:
                joined.environment.give_back()
            joined.leaving.set()
        busy = [joined.task for joined in self._runs.values()]
        following = self._task(self._follow_stops, "bulkops.stops")
        now = asyncio.ensure_future(self._now.wait())
        idle = asyncio.ensure_future(asyncio.wait(busy)) if busy else None
        if idle is not None:
            await asyncio.wait([idle, now], timeout=self.grace_s, return_when=asyncio.FIRST_COMPLETED)
            idle.cancel()
        now.cancel()
        following.cancel()
        for joined in self._runs.values():
            if joined.environment is not None:
                joined.environment.abort(WORKER_STOPS)

    async def _follow_stops(self) -> None:
        """An account of a run that is stopped at once has no grace."""
        while True:
            for one in await self._journal.shared_runs.handed_over():
                if one.run_id in self._runs:
                    self._follow(one, self._runs[one.run_id])
            await asyncio.sleep(_LOOK_S)

    async def _leave_all(self, why: BulkopsError | None) -> None:
        tasks = []
        for joined in list(self._runs.values()):
            joined.leaving.set()
            if joined.environment is not None:
                joined.environment.give_back()
                joined.environment.abort(WORKER_STOPS)
            tasks.append(joined.task)
            if joined.coordinating is not None:
                tasks.append(joined.coordinating)
                joined.leave_coordination()
        _, stuck = await asyncio.wait(tasks, timeout=_END_S) if tasks else (set(), set())
        if stuck:
            # A process that beats and does nothing would hold its accounts for ever; a dead one loses them to others.
            log.error("worker.stuck", tasks=sorted(task.get_name() for task in stuck))
            self.say(f"worker ends: {why or f'its runs did not end within {_END_S:g} s'}")
            os._exit(2)

    async def _bury(self) -> None:
        while True:
            await self._journal.shared_runs.bury()
            await asyncio.sleep(_BURY_S)


def _may_pass(error: Exception) -> bool:
    """Whether a run can be tried again soon: the vendor is out of reach, too many processes use the credential, or the
    ledger cannot be opened. The worker's own connections tell whether the database is gone."""
    return _is_of_the_journal(error) or isinstance(error, RunLocked | TransportError | ServerError | RateLimited)


def _is_of_the_journal(error: Exception) -> bool:
    return isinstance(error, JournalError) and not isinstance(error, JournalMismatch | RunLocked)


async def _soon(coordinator: Coordinator) -> None:
    """A short while later: several workers see at once that a run has no coordinator."""
    await asyncio.sleep(random.uniform(0, 0.2))  # noqa: S311 - no secret
    with suppress(asyncio.CancelledError):
        await coordinator.run()
