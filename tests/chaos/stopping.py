"""A worker that stops itself with SIGSTOP at one point of its work: around a commit of the journal, or of a request.

`install` is called in the worker's process before anything else. It reads `STOP_AT`, the number of the point (0: none),
and `STOP_FILE`, where each point is written as it is passed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bulkops.journal.postgres.committer import PostgresCommitter
from bulkops.testing._points import Points, _watch_answers, _watch_leaving

_OF_ACCOUNTS: Final = {"claim_account", "start_account", "begin_step", "end_step", "end_account"}


class Stops(Points):
    """Counts points, in the process that stops."""

    def reached(self, name: str) -> None:
        self.names.append(name)
        number = len(self.names)
        with Path(os.environ["STOP_FILE"]).open("a") as file:
            file.write(f"{name}\n")
        if number == self.fatal:
            os.kill(os.getpid(), signal.SIGSTOP)


def install() -> None:
    points = Stops(fatal=int(os.environ["STOP_AT"]))
    # Not between the last look at the heartbeat and the first byte: who is stopped there sends an old request.
    _watch_leaving(lambda *_: None, lambda _, name: points.reached(f"when {name} has left"))
    _watch_answers(points)
    _watch_commits(points)


def _watch_commits(points: Points) -> None:
    write = PostgresCommitter._write

    def watched_write(self: PostgresCommitter, writes: Sequence[Any]) -> None:
        about = [kind for kind, *_ in writes if kind in _OF_ACCOUNTS]
        if about:
            points.reached(f"before the commit of {about[0]}")
        write(self, writes)
        if about:
            points.reached(f"after the commit of {about[0]}")

    setattr(PostgresCommitter, "_write", watched_write)  # noqa: B010 - what mypy would not have assigned
