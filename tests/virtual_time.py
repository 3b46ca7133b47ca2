"""An event loop whose clock jumps over every wait: an hour of backoff passes in milliseconds."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import looptime

T = TypeVar("T")


class VirtualLoop(looptime.LoopTimeEventLoop, asyncio.SelectorEventLoop):  # type: ignore[misc]  # untyped mix-in
    """Starts at 0; time passes only while everybody waits."""

    def call_at(  # type: ignore[override]  # its type variables would say nothing here
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """This clock ticks in microseconds: a timer within the same tick would fire for ever (aiolimiter sets such)."""
        return super().call_at(max(when, self.time() + 1e-6), callback, *args, context=context)


def run_virtual(coroutine: Coroutine[Any, Any, T], *, limit_s: float = 1e7) -> T:
    """Run on a virtual clock; TimeoutError after `limit_s` virtual seconds."""
    loop = VirtualLoop()
    loop.setup_looptime(start=0.0, end=limit_s, noop_cycles=0, _enabled=True)
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
