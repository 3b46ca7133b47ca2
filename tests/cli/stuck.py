"""What a process has before it begins, in the tests of interrupts (`tests.processes.PREPARE`)."""

from __future__ import annotations

import os
import threading

FIFO = "TESTS_FIFO"
"""Environment variable: a named pipe. A test holds its other end, so that a read of it does not end."""


def read_stdin_from_fifo() -> None:
    os.dup2(os.open(os.environ[FIFO], os.O_RDONLY), 0)


def with_a_thread_that_never_ends() -> None:
    """As an interrupt can leave one while the event loop closes. It reads from a pipe that nobody writes to."""
    reading, _ = os.pipe()
    threading.Thread(target=os.read, args=(reading, 1)).start()
    read_stdin_from_fifo()
