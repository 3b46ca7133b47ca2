"""Locks of runs: one process per run."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

import anyio
import anyio.to_thread

from bulkops.errors import RunLocked
from bulkops.journal.base import Worker
from bulkops.locks import held, holder_at, process_words, state_directory

_LOOK_EVERY_S: Final = 0.05


class Locks:
    """The locks of a journal's runs. Taking one blocks for microseconds (local files), a refusal for 0.1 s."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @asynccontextmanager
    async def run(self, run_id: str) -> AsyncIterator[None]:
        """Take the run's lock. Raises: RunLocked naming run and process; JournalError."""
        with held(self._run_file(run_id), run_id) as holder:
            if holder is not None:
                raise RunLocked(
                    f"run {run_id} is already in progress in {process_words(holder[1])}",
                    run_id=run_id,
                    pid=holder[1],
                    remedy="wait until it ends, or stop it with Ctrl-C",
                )
            yield

    @asynccontextmanager
    async def exclusive(self, name: str, *, within_s: float) -> AsyncIterator[bool]:
        """By a kernel lock in the state directory, which all journals of this user share."""
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
        path = state_directory() / f"resource-{digest}.lock"
        end = anyio.current_time() + within_s
        while True:
            with held(path, name, patience_s=-1) as holder:
                if holder is None or anyio.current_time() > end:
                    yield holder is None
                    return
            await anyio.sleep(_LOOK_EVERY_S)

    async def worker(self, run_id: str) -> Worker | None:
        """The process that holds the run's lock. Does not take the lock."""
        holder = holder_at(self._run_file(run_id))
        return None if holder is None else Worker(holder[1])

    async def held_runs(self) -> list[str]:
        """Ids of the runs that a process works on or waits to, in the order of their ids."""
        return await anyio.to_thread.run_sync(self._held_runs)

    def _held_runs(self) -> list[str]:
        holders = (holder_at(path) for path in sorted(self._directory.glob("run-*.lock")))
        return [unquote(holder[0]) for holder in holders if holder is not None and holder[0]]

    def _run_file(self, run_id: str) -> Path:
        return self._directory / f"run-{quote(run_id, safe='', errors='replace')}.lock"
