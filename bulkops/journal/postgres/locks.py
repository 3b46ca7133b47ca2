"""Locks of runs in PostgreSQL: a lock is held while the heartbeats of its process go on."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

import anyio
import attrs

from bulkops.errors import JournalError
from bulkops.journal.base import Reading, Worker
from bulkops.journal.postgres import writes
from bulkops.journal.postgres.writes import storable
from bulkops.journal.reader import Reader
from bulkops.journal.writer import Writer

_HOLDERS: Final = """
SELECT l.run_id, p.process_id, p.pid, p.host, p.place FROM locks l JOIN processes p USING (process_id)
WHERE is_alive(p)
"""

_FIRST: Final = """
SELECT s.ticket, p.process_id IS NOT NULL AND is_alive(p) FROM sections s LEFT JOIN processes p USING (process_id)
WHERE s.name = ? ORDER BY s.number LIMIT 1
"""
_LOOK_EVERY_S: Final = 0.2


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
    async def run(self, run_id: str, *, coordinates: bool = False) -> AsyncIterator[None]:
        """Hold the run's lock. `coordinates`: for the workers, to which it was handed over.

        Raises: RunLocked naming run and process; JournalError.
        """
        writer = self._writing()
        holder = await self._holder(run_id)
        gone = holder.process_id if holder is not None and holder.is_gone(self.place) else None
        await writer.durable(writes.take_lock(run_id, gone, coordinates=coordinates))
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True), contextlib.suppress(JournalError):  # without it, the lease ends
                await writer.durable(writes.give_lock(run_id))

    async def worker(self, run_id: str) -> Worker | None:
        holder = await self._holder(run_id)
        if holder is None or holder.is_gone(self.place):
            return WORKERS if await self.reader.ask(_is_handed_over, run_id) else None
        return Worker(holder.pid, None if holder.host == platform.node() else holder.host)

    async def held_runs(self) -> list[str]:
        holders = await self.reader.ask(_holders)
        return sorted(holder.run_id for holder in holders if not holder.is_gone(self.place))

    @asynccontextmanager
    async def exclusive(self, name: str, *, within_s: float) -> AsyncIterator[bool]:
        """In the order of arrival. A dead process is passed over when its lease has ended."""
        writer, ticket, name = self._writing(), uuid4().hex, storable(name)
        end = anyio.current_time() + within_s
        try:
            await writer.durable(writes.join_section(name, ticket))
            while True:
                first, is_alive = await self.reader.ask(_first, name)
                if first == ticket or anyio.current_time() > end:
                    break
                if not is_alive:
                    await writer.durable(writes.clear_section(name))  # or not yet: this process is not steady
                await anyio.sleep(_LOOK_EVERY_S)
            yield first == ticket
        finally:
            with anyio.CancelScope(shield=True), contextlib.suppress(JournalError):  # without it, the lease ends
                await writer.durable(writes.leave_section(name, ticket))

    def _writing(self) -> Writer:
        if self.writer is None:
            raise JournalError(f"the journal {self.name} is open for reading only", remedy="open it for writing")
        return self.writer

    async def _holder(self, run_id: str) -> _Holder | None:
        return next(iter(await self.reader.ask(_holders, run_id)), None)


def _first(reading: Reading, name: str) -> tuple[str | None, bool]:
    """Ticket of the first in a section, and whether its process is alive."""
    row = reading.execute(_FIRST, (name,)).fetchone()
    return (None, False) if row is None else (row[0], bool(row[1]))


WORKERS: Final = Worker(None)
"""Of a run that was handed over, while no worker coordinates it yet."""


def _is_handed_over(reading: Reading, run_id: str) -> bool:
    """Whether the run waits for a worker that lives."""
    row = reading.execute(
        """SELECT 1 FROM runs WHERE run_id = ? AND request IS NOT NULL
           AND EXISTS (SELECT 1 FROM processes p WHERE p.worker IS NOT NULL AND is_alive(p))""",
        (run_id,),
    ).fetchone()
    return row is not None


def _holders(reading: Reading, run_id: str | None = None) -> list[_Holder]:
    if run_id is None:
        return [_Holder(*row) for row in reading.execute(_HOLDERS)]
    return [_Holder(*row) for row in reading.execute(f"{_HOLDERS} AND l.run_id = ?", (run_id,))]
