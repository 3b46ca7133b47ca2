"""Files of runs: packages, by the sha256 of their content. Both databases take the same SQL.

A file is one row, written in one piece and read in parts: a process needs up to three times its size in memory. Writes
take a connection of their own, so that heartbeats go on. Code is never stored: write access to a database must not
give the right to run code on a worker.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, TypeVar

import anyio
import attrs

from bulkops.errors import JournalCorrupt, JournalError
from bulkops.journal.base import Queried, Reading
from bulkops.journal.reader import Reader
from bulkops.journal.store import Store

T = TypeVar("T")

UNUSED_S: Final = 7 * 86400.0
"""Seconds for which a file stays that no run names: a saved plan may name it, or a run that begins just now."""

_PART_BYTES: Final = 8_000_000
"""Read at once: a driver has an answer several times in memory."""

_IS_NAMED: Final = """(
  replace(runs.operation, files.digest, '') <> runs.operation
  OR EXISTS (SELECT 1 FROM steps
    WHERE steps.run_id = runs.run_id AND replace(steps.result, files.digest, '') <> steps.result)
)"""
"""Whether a run names the file: its digest is in the description of the operation, or in the result of a step."""
_IS_UNUSED: Final = f"stored_at < ? AND NOT EXISTS (SELECT 1 FROM runs WHERE {_IS_NAMED})"  # noqa: S608 - constants
_DELETE: Final = "DELETE FROM files WHERE digest = ? AND stored_at < ? RETURNING 1"


@attrs.frozen
class Files:
    """The files of a journal. Every method raises JournalError, in words, when the database fails."""

    store: Store
    reader: Reader

    async def put(self, digest: str, content: bytes) -> None:
        """Durable. `digest`: sha256 of the content, hex. A file that is there already is not sent again."""
        await self._write(lambda connection: _put(connection, digest, content, self.store.clock.now().wall_s))

    async def get(self, digest: str) -> bytes | None:
        """The content, None without one. Raises: JournalCorrupt when its sha256 is another."""
        return await self.reader.ask(_get, digest)

    async def of_run(self, run_id: str) -> list[str]:
        """Digest of each file that the run names."""
        return await self.reader.ask(_of_run, run_id)

    async def delete_unused(self) -> int:
        """Durable. Deletes the files that no run names, a week after they were stored last; returns their number."""
        return await self._write(lambda connection: _delete_unused(connection, self.store.clock.now().wall_s))

    async def _write(self, write: Callable[[Queried], T]) -> T:
        if self.store.committing is None:
            raise JournalError(f"the journal {self.store.name} is open for reading only", remedy="open it for writing")
        return await anyio.to_thread.run_sync(self._written, write)

    def _written(self, write: Callable[[Queried], T]) -> T:
        try:
            with self.store.connect() as connection:
                return write(connection)
        except Exception as error:
            failure = self.store.reading.described(error)
            if failure is None:
                raise
            raise failure from error


def _put(connection: Queried, digest: str, content: bytes, now_s: float) -> None:
    if connection.execute("UPDATE files SET stored_at = ? WHERE digest = ? RETURNING 1", (now_s, digest)).fetchall():
        return
    connection.execute(
        "INSERT INTO files (digest, content, stored_at) VALUES (?, ?, ?) "
        "ON CONFLICT (digest) DO UPDATE SET stored_at = excluded.stored_at",
        (digest, content, now_s),
    )


def _get(connection: Reading, digest: str) -> bytes | None:
    row = connection.execute("SELECT length(content) FROM files WHERE digest = ?", (digest,)).fetchone()
    if row is None:
        return None
    part = "SELECT substr(content, ?, ?) FROM files WHERE digest = ?"
    places = range(1, row[0] + 1, _PART_BYTES)
    content = b"".join(bytes(connection.execute(part, (at, _PART_BYTES, digest)).fetchone()[0]) for at in places)
    if hashlib.sha256(content).hexdigest() != digest:
        raise JournalCorrupt(
            f"the content of file {digest} in the journal has another sha256",
            remedy="restore the journal from a backup, or start a new run",
        )
    return content


def _of_run(connection: Reading, run_id: str) -> list[str]:
    statement = f"SELECT digest FROM files JOIN runs ON {_IS_NAMED} WHERE run_id = ? ORDER BY digest"  # noqa: S608 - constants
    return [digest for (digest,) in connection.execute(statement, (run_id,))]


def _delete_unused(connection: Queried, now_s: float) -> int:
    before = now_s - UNUSED_S
    unused = connection.execute(f"SELECT digest FROM files WHERE {_IS_UNUSED}", (before,)).fetchall()  # noqa: S608 - constants
    return sum(
        len(connection.execute(_DELETE, (digest, before)).fetchall())  # what was stored again meanwhile stays
        for (digest,) in unused
    )
