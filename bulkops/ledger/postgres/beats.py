"""Heartbeats of a process whose event loop is blocked: it is at work, and others must not declare it dead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from typing import Final

from bulkops.clock import BEAT_S, Clock
from bulkops.ledger.postgres.database import LedgerDatabase

_LATE_S: Final = 1.25 * BEAT_S
"""Seconds without an exchange after which the thread sends a heartbeat."""


@contextmanager
def beating(database: LedgerDatabase, executor: Executor, clock: Clock) -> Iterator[None]:
    """While inside, a thread sends the heartbeats that the event loop does not.

    `executor`: where the database is used.
    """
    over = threading.Event()

    def beat() -> None:
        if not over.is_set():  # else the connection may be closed already
            database.beat()

    def watch() -> None:
        while not over.wait(BEAT_S / 2):
            if clock.boot_time_s() > database.beat_boot_s + _LATE_S:
                with suppress(RuntimeError):  # the executor has just been shut down
                    executor.submit(beat).exception()  # an error shows in the next exchange too

    thread = threading.Thread(target=watch, name="bulkops-ledger-beats", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
