"""The event loop of commands that run operations: asyncio's, or uvloop where BULKOPS_LOOP asks for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from bulkops.errors import ConfigError

T = TypeVar("T")

VARIABLE: Final = "BULKOPS_LOOP"
ASYNCIO: Final = "asyncio"
UVLOOP: Final = "uvloop"


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run on a new event loop of the kind that BULKOPS_LOOP names. Raises: ConfigError."""
    try:
        factory = _factory(os.environ.get(VARIABLE) or ASYNCIO)
    except ConfigError:
        main.close()
        raise
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)


def _factory(name: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if name == ASYNCIO:
        return None
    if name != UVLOOP:
        raise ConfigError(
            f'BULKOPS_LOOP must be "asyncio" or "uvloop", not "{name}"', remedy="correct it, or unset BULKOPS_LOOP"
        )
    try:
        import uvloop
    except ImportError:
        raise ConfigError(
            "BULKOPS_LOOP asks for uvloop, which is not installed",
            remedy="pip install 'bulkops[fast]', or unset BULKOPS_LOOP",
        ) from None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
