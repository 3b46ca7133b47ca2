"""Waiting for what does come: as long as a busy machine needs, and not a moment longer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PATIENCE_S = 60.0
"""Only a test that fails waits as long."""


async def until(holds: Callable[[], object]) -> None:
    """Let the loop run until it holds. Raises: TimeoutError."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.001)


def wait_until(holds: Callable[[], object], *, every_s: float = 0.01) -> None:
    """Wait for another process or thread. Raises: TimeoutError."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"it did not happen within {PATIENCE_S:.0f} s")
        time.sleep(every_s)
