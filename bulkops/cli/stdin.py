"""Reads of stdin outside the event loop's way: Ctrl-C ends the wait for a terminal, or for a pipe that has no end."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from typing import Final

from bulkops.errors import InputError

_CHUNK_BYTES: Final = 1 << 16


async def read_stdin() -> bytes:
    """All of stdin. Raises: InputError when it cannot be read, such as a file that is open for writing only."""
    try:
        return await _read()
    except OSError as error:
        raise InputError(
            f"cannot read stdin: {error.strerror}", remedy="give it a file (< FILE) or a pipe that can be read"
        ) from error


async def _read() -> bytes:
    kind = os.fstat(sys.stdin.fileno()).st_mode
    if not (sys.stdin.isatty() or stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)):
        return sys.stdin.buffer.read()  # a file does not wait, and an event loop cannot watch it
    parts: list[bytes] = []
    while not parts or parts[-1]:
        await readable()
        parts.append(os.read(sys.stdin.fileno(), _CHUNK_BYTES))
    return b"".join(parts)


async def readable() -> None:
    """Return when a read of stdin would not wait."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    descriptor = sys.stdin.fileno()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
