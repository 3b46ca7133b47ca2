"""Ctrl-C, SIGTERM and SIGHUP in a run: the first halts it, the second stops it now, the third has its usual effect:
it ends the command (`bulkops.__main__`).
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Stoppable(Protocol):
    """The stop signal of a run: `bulkops.runs.StopSignal`."""

    def drain(self, reason: str, /) -> None: ...

    def abort(self) -> None: ...


def ignore_hangup() -> None:
    """From now on SIGHUP has no effect. To be called inside a running event loop."""
    asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@contextmanager
def listening(stop_signal: Stoppable, say: Callable[[str], None]) -> Iterator[None]:
    """While inside, signals reach the run; after it, or after the second one, they have their usual effect again.

    A SIGHUP counts only as the first one. To be entered inside a running event loop of the main thread.
    """
    loop = asyncio.get_running_loop()
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    if usual[signal.SIGINT] is not signal.SIG_IGN:  # as a shell starts a background job
        usual[signal.SIGINT] = signal.default_int_handler  # asyncio's own would wait for the main task
    heard = 0

    def on_signal(number: signal.Signals) -> None:
        nonlocal heard
        heard += 1
        if heard == 1:
            say("accounts that have begun an effect finish; press Ctrl-C again to stop now")
            stop_signal.drain(f"interrupted by {number.name}")
        else:
            release()  # before the words, after which a signal has its usual effect
            say("stopping now; resume settles the accounts in progress")
            stop_signal.abort()

    def on_hangup() -> None:
        ignore_hangup()  # a lost terminal sends two: one by its shell, one by the kernel
        if not heard:
            on_signal(signal.SIGHUP)

    def release() -> None:
        for number, handler in usual.items():
            if loop.remove_signal_handler(number):
                signal.signal(number, handler)

    loop.add_signal_handler(signal.SIGINT, on_signal, signal.SIGINT)
    loop.add_signal_handler(signal.SIGTERM, on_signal, signal.SIGTERM)
    if usual[signal.SIGHUP] is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, on_hangup)
    try:
        yield
    finally:
        release()
