"""`Writer`: a thread that puts many writes into one commit.

A commit waits for the disk, whatever is in it. The thread takes all that has queued up meanwhile into the next
transaction and wakes those who wait for it together: 8 to 14 times the steps a second of a commit each, the more the
slower the disk. The writes of one turn of the event loop are handed over together: a thread that is woken takes the
interpreter's lock away from the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import queue
import threading
import time
from collections.abc import Awaitable, Sequence
from typing import TypeAlias

import anyio

from bulkops.clock import BEAT_S
from bulkops.errors import JournalError
from bulkops.journal.base import CommitFailed, Committing, Write

_Waiter: TypeAlias = asyncio.Future[None]
_Write: TypeAlias = tuple[Write, _Waiter | None]
_Settled: TypeAlias = tuple[_Waiter, JournalError | None]


class Writer:
    """Owns the thread; made and closed on the event loop.

    `commits`: transactions so far. While this process has a record, a heartbeat is written every `beat_s`, also while
    the event loop is blocked.
    """

    def __init__(self, committing: Committing, name: str, *, beat_s: float = BEAT_S) -> None:
        self.commits = 0
        self._committing = committing
        self._name = name
        self._beat_s = beat_s
        self._beat_due = 0.0
        self._turn: list[_Write] = []
        """Of this turn of the loop."""
        self._queue: queue.SimpleQueue[list[_Write] | None] = queue.SimpleQueue()
        self._broken: JournalError | None = None
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._main, name="bulkops-journal-writer", daemon=True)
        self._thread.start()

    @property
    def current_process(self) -> int | None:
        return self._committing.current_process

    @property
    def signed_boot_s(self) -> float:
        """Boot-clock time of the newest durable heartbeat."""
        return self._committing.signed_boot_s

    def durable(self, job: Write) -> Awaitable[None]:
        """Queue the job at once. The wait ends when the job, and all that was queued before it, is on the disk.

        Raises: JournalError when it is not, and when an earlier queued write failed, because later ones would follow a
        gap.
        """
        waiter = self._loop.create_future()
        self._put((job, waiter))
        return waiter  # a coroutine around it would be one more frame for each write

    def queue(self, job: Write) -> None:
        """Write soon, in order. Raises: JournalError when an earlier write failed."""
        self._put((job, None))

    def check(self) -> None:
        """Raises: JournalError when nothing can be written any more."""
        if self._broken is not None:
            raise again(self._broken)

    async def close(self, last: Write | None = None) -> None:
        """Write the queue and the `last` write, and end the thread."""
        if last is not None:
            self._turn.append((last, None))
        self._hand_over()
        self._closed = True
        self._queue.put(None)
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._thread.join)

    def _put(self, write: _Write) -> None:
        if self._broken is not None:
            self.check()
        if self._closed:
            raise JournalError(f"the journal {self._name} is closed", remedy="use it inside `async with`")
        if not self._turn:
            self._loop.call_soon(self._hand_over)
        self._turn.append(write)

    def _hand_over(self) -> None:
        writes, self._turn = self._turn, []
        if writes:
            self._queue.put(writes)
            if self._broken is not None:  # the thread may have ended, with what was queued before
                _settle(self._refuse(self._take_all()))

    # What follows runs in the thread.

    def _main(self) -> None:
        batch: Sequence[_Write] = ()
        try:
            more = True
            while more:
                batch, more = self._take()
                settled = self._commit(batch)
                if self._is_beat_due():  # the disk was slow: no step may begin with an old heartbeat
                    self._commit(())
                self._wake(settled)
                batch = ()
                self._committing.tidy()
        finally:  # wake all waiting callers, whatever ended the loop
            self._broken = self._broken or self._committing.ended()
            self._wake(self._refuse([*batch, *self._take_all()]))
            self._committing.close()

    def _take(self) -> tuple[list[_Write], bool]:
        """All queued writes; waits for the first until the next heartbeat is due. False: the queue has ended."""
        timeout = None if self.current_process is None else max(0.0, self._beat_due - time.monotonic())
        try:
            first = self._queue.get(timeout=timeout)
        except queue.Empty:
            return [], True
        turns = [first, *(self._queue.get_nowait() for _ in range(self._queue.qsize()))]
        return _writes(turns), turns[-1] is not None

    def _take_all(self) -> list[_Write]:
        turns = []
        with contextlib.suppress(queue.Empty):
            while True:
                turns.append(self._queue.get_nowait())
        return _writes(turns)

    def _commit(self, batch: Sequence[_Write]) -> list[_Settled]:
        """One transaction; when something in it fails each write gets its own, so that none fails for another."""
        if self._broken is not None:
            return self._refuse(batch)
        now = time.monotonic()
        beats = now >= self._beat_due
        try:
            self._committing.commit([job for job, _ in batch], beats=beats)
        except CommitFailed as failed:
            if len(batch) > 1:
                return [settled for write in batch for settled in self._commit([write])]
            waiters = [waiter for _, waiter in batch if waiter is not None]
            if not waiters or failed.spoils:
                self._broken = failed.failure
            return [(waiter, failed.failure) for waiter in waiters]
        finally:
            if beats and self.current_process is not None:
                self._beat_due = now + self._beat_s
        self.commits += 1
        return [(waiter, None) for _, waiter in batch if waiter is not None]

    def _is_beat_due(self) -> bool:
        return self.current_process is not None and time.monotonic() >= self._beat_due

    def _refuse(self, batch: Sequence[_Write]) -> list[_Settled]:
        assert self._broken is not None  # noqa: S101 - tells the type checker
        return [(waiter, again(self._broken)) for _, waiter in batch if waiter is not None]

    def _wake(self, settled: Sequence[_Settled]) -> None:
        if settled:
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: no caller waits any more
                self._loop.call_soon_threadsafe(_settle, settled)


def _writes(turns: Sequence[list[_Write] | None]) -> list[_Write]:
    return [write for turn in turns if turn is not None for write in turn]


def _settle(settled: Sequence[_Settled]) -> None:
    for waiter, failure in settled:
        if waiter.done():  # cancelled meanwhile
            continue
        if failure is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(failure)


def again(failure: JournalError) -> JournalError:
    """The same failure for another caller: one exception raised in many places would collect all their frames."""
    fresh = copy.copy(failure)
    fresh.__cause__ = failure.__cause__
    return fresh
