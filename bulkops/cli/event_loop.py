"""The event loop of commands that run operations: asyncio's, or uvloop where BULKOPS_LOOP asks for it.

Both end when a task calls sys.exit(), and would leave the run without its report. Here the loop goes on: the operation
that awaits the task gets the SystemExit, and its account fails.
"""

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


class _Continuing(asyncio.AbstractEventLoop):
    """Mixin: goes on until its main task has ended, also after sys.exit() in another task."""

    def run_until_complete(self, future: Any) -> Any:
        main = asyncio.ensure_future(future, loop=self)
        while True:
            try:
                return super().run_until_complete(main)
            except SystemExit:
                if main.done():
                    raise


class _AsyncioLoop(_Continuing, asyncio.SelectorEventLoop):
    pass


def _factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if name == ASYNCIO:
        return _AsyncioLoop
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

    class UvLoop(_Continuing, uvloop.Loop):  # type: ignore[misc]  # it has no types where it is not installed
        pass

    return UvLoop
