"""How fast a vendor's clock may run where a test measures time: the machine must not be what it measures."""

from __future__ import annotations

import time

_LOOPS_PER_S = 50_000_000
"""Of the loop below on a machine of the usual speed with nothing else to do."""
_WATCHED_S = 1.0
_ENOUGH = 1.0
_SLOWEST = 0.2


def time_scale(wanted: float) -> float:
    """`wanted` vendor seconds a second, or fewer where the machine is slow or busy: the test takes longer there."""
    loops, end = 0, time.monotonic() + _WATCHED_S
    while time.monotonic() < end:
        for _ in range(10_000):
            pass
        loops += 10_000
    speed = loops / _WATCHED_S / _LOOPS_PER_S
    scale = wanted * max(_SLOWEST, min(1.0, speed / _ENOUGH))
    print(f"{speed:.0%} of a quiet machine's speed: {scale:.1f} vendor seconds a second")
    return scale
