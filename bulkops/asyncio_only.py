"""The check that an asyncio event loop runs the caller: aiohttp, and much of bulkops, knows no other."""

from __future__ import annotations

import asyncio

from bulkops.errors import ConfigError


def require_asyncio() -> None:
    """Raises: ConfigError in a coroutine that another library runs, such as trio."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigError(
            "bulkops runs on asyncio only, not on trio or another event loop",
            remedy='start the script with asyncio.run(main()), or anyio.run(main, backend="asyncio")',
        ) from None
