"""Reads of stdin and pipes beside the event loop: Ctrl-C ends the wait for a terminal, or a pipe that has no end."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from pathlib import Path
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


def is_pipe(path: str) -> bool:
    return Path(path).is_fifo()


async def read_pipe(path: str) -> bytes:
    """All of a named pipe, or of the one that the shell makes of `<(command)`. Raises: InputError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # else it would wait here for a writer
        try:
            return await _read_all(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise InputError(f"cannot read the pipe {path}: {error.strerror}", remedy="check the path") from error


async def _read() -> bytes:
    kind = os.fstat(sys.stdin.fileno()).st_mode
    if not (sys.stdin.isatty() or stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)):
        return sys.stdin.buffer.read()  # a file does not wait, and an event loop cannot watch it
    return await _read_all(sys.stdin.fileno())


async def _read_all(descriptor: int) -> bytes:
    parts: list[bytes] = []
    while not parts or parts[-1]:
        await readable(descriptor)
        parts.append(os.read(descriptor, _CHUNK_BYTES))
    return b"".join(parts)


async def readable(descriptor: int) -> None:
    """Return when a read would not wait."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
