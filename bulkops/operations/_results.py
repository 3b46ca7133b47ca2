"""Where the answers of `each` go: one JSON line an account, to stdout or to a file that only its owner may read."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final

import anyio

from bulkops.errors import ConfigError, TaskFailed

STDOUT: Final = "-"


class ReaderGone(TaskFailed):
    """Whoever read stdout has seen enough (`| head`): nobody failed, and there is nothing left to do."""


_one_at_a_time: Final = Lock()


def check_output(output: str) -> None:
    """Raises: ConfigError when no file can be written there. Makes nothing."""
    path = Path(output)
    if output != STDOUT and not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigError(f"cannot write {output}", remedy="check the path of the file for the answers")


async def write_result(output: str, row: Mapping[str, Any]) -> None:
    """Append one line, whole. `output`: a path, or "-". Raises: TaskFailed when it cannot be written."""
    line = json.dumps(row) + "\n"  # ASCII: nothing in it can steer a terminal
    try:
        await anyio.to_thread.run_sync(_append, output, line)
    except BrokenPipeError as error:
        if output != STDOUT:
            raise TaskFailed(f"nobody reads {output}", failure_class="output", remedy="choose a file") from error
        raise ReaderGone("nobody reads stdout any more", failure_class="output") from error
    except OSError as error:
        where = "stdout" if output == STDOUT else output
        raise TaskFailed(
            f"the answer cannot be written to {where}: {error.strerror}",
            failure_class="output",
            remedy="make room, or choose another file with -o",
        ) from error


def _append(output: str, line: str) -> None:
    with _one_at_a_time:
        if output == STDOUT:
            sys.stdout.write(line)
            sys.stdout.flush()
            return
        descriptor = os.open(Path(output), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(line)
