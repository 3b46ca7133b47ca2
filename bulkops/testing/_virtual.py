"""An event loop whose clock skips every wait, with real sockets and real threads."""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import attrs

T = TypeVar("T")

PATIENCE_S: Final = 0.001
"""Real seconds without a byte on any socket and without a word from a thread: then nothing is on its way."""


class _Patient(selectors.DefaultSelector):
    """Waits for sockets and threads a moment, and lets the time that nothing happens in pass at once."""

    passed: Callable[[float], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:  # nothing is planned: only a socket or a thread can go on
            return super().select(timeout)
        ready = super().select(PATIENCE_S)
        if not ready:
            self.passed(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Begins at `now_s`; time passes only while everybody waits, and then at once.

    `tick_s`: timers fire at multiples of it; a coarse one makes long scenes fast, for each jump takes a millisecond.
    """

    def __init__(self, *, now_s: float = 0.0, tick_s: float = 0.001) -> None:
        self._now_s = now_s
        self._tick_s = tick_s
        selector = _Patient()
        selector.passed = self._pass
        super().__init__(selector)
        self._clock_resolution = tick_s / 1000

    def time(self) -> float:
        return self._now_s

    def call_at(  # type: ignore[override]  # its type variables would say nothing here
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        tick = max(math.ceil(when / self._tick_s), math.floor(self._now_s / self._tick_s) + 1)
        return super().call_at(tick * self._tick_s, callback, *args, context=context)

    def _pass(self, seconds: float) -> None:
        self._now_s += seconds


@attrs.define
class VirtualClock:
    """Runs coroutines, one after the other, on one clock. `now_s`: where it stands."""

    tick_s: float = 0.001
    now_s: float = 0.0

    def run(self, scene: Coroutine[Any, Any, T]) -> T:
        """Play `scene` to its end: hours of it in seconds. A sandbox inside keeps its quotas on the same clock."""

        with asyncio.Runner(loop_factory=lambda: VirtualLoop(now_s=self.now_s, tick_s=self.tick_s)) as runner:
            try:
                return runner.run(scene)
            finally:
                self.now_s = runner.get_loop().time()
