"""Ctrl-C and SIGTERM: the first halts the run, the second stops it now, the third has its usual effect."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stoppable(Protocol):
    """The stop signal of a run: `bulkops.runs.StopSignal`."""

    def drain(self) -> None: ...

    def abort(self) -> None: ...


@contextmanager
def listening(stop_signal: Stoppable, say: Callable[[str], None]) -> Iterator[None]:
    """While inside, signals reach the run; after it, or after the second one, they have their usual effect again.

    To be entered inside a running event loop of the main thread.
    """
    loop = asyncio.get_running_loop()
    heard = 0

    def on_signal() -> None:
        nonlocal heard
        heard += 1
        if heard == 1:
            say("accounts that have begun an effect finish; press Ctrl-C again to stop now")
            stop_signal.drain()
        else:
            release()  # before the words, after which a signal has its usual effect
            say("stopping now; resume settles the accounts in progress")
            stop_signal.abort()

    def release() -> None:
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        release()
