"""Locks of runs in PostgreSQL: a lock is held while the heartbeats of its process go on."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio
import attrs

from bulkops.errors import JournalError
from bulkops.journal.base import Reading, Worker
from bulkops.journal.postgres import writes
from bulkops.journal.reader import Reader
from bulkops.journal.writer import Writer

_HOLDERS: Final = """
SELECT l.run_id, p.process_id, p.pid, p.host, p.place FROM locks l JOIN processes p USING (process_id)
WHERE is_alive(p)
"""


@attrs.frozen
class _Holder:
    run_id: str
    process_id: int
    pid: int
    host: str
    place: str

    def is_gone(self, here: str) -> bool:
        """Whether it is known to be dead before its lease ends: it was on this machine, and its pid is free."""
        if not here or self.place != here:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass
        return False


@attrs.frozen
class PostgresLocks:
    reader: Reader
    writer: Writer | None
    place: str
    """As of `committer.this_place`."""
    name: str

    @asynccontextmanager
    async def run(self, run_id: str) -> AsyncIterator[None]:
        """Hold the run's lock. Raises: RunLocked naming run and process; JournalError."""
        writer = self.writer
        if writer is None:
            raise JournalError(f"the journal {self.name} is open for reading only", remedy="open it for writing")
        holder = await self._holder(run_id)
        gone = holder.process_id if holder is not None and holder.is_gone(self.place) else None
        await writer.durable(writes.take_lock(run_id, gone))
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True), contextlib.suppress(JournalError):  # without it, the lease ends
                await writer.durable(writes.give_lock(run_id))

    async def worker(self, run_id: str) -> Worker | None:
        holder = await self._holder(run_id)
        if holder is None or holder.is_gone(self.place):
            return None
        return Worker(holder.pid, None if holder.host == platform.node() else holder.host)

    async def held_runs(self) -> list[str]:
        holders = await self.reader.ask(_holders)
        return sorted(holder.run_id for holder in holders if not holder.is_gone(self.place))

    async def _holder(self, run_id: str) -> _Holder | None:
        return next(iter(await self.reader.ask(_holders, run_id)), None)


def _holders(reading: Reading, run_id: str | None = None) -> list[_Holder]:
    if run_id is None:
        return [_Holder(*row) for row in reading.execute(_HOLDERS)]
    return [_Holder(*row) for row in reading.execute(f"{_HOLDERS} AND l.run_id = ?", (run_id,))]
