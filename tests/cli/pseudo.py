"""The command line on a pseudo-terminal, as an operator sits before it."""

from __future__ import annotations

import os
import pty
import select
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.cli.conftest import RemoteSandbox
from tests.processes import Process


def on_a_terminal(arguments: Any, *steps: Any, sandbox: RemoteSandbox) -> Any:
    """Run the command line on a pseudo-terminal, so that Ctrl-C typed there arrives as a signal; its exit code and
    everything it showed.

    `steps`: pairs of a text to wait for, behind the text of the step before, and what is typed then.
    """
    ours, theirs = pty.openpty()
    environment = {**os.environ, **sandbox.access, "TERM": "xterm"}
    with closing(Process([*map(str, arguments)], env=environment, cwd=Path.cwd(), terminal=theirs)) as process:
        seen, place, waiting, end = "", 0, list(steps), time.monotonic() + 120
        while time.monotonic() < end:
            ready, _, _ = select.select([ours], [], [], 0.2)
            if ready:
                try:
                    chunk = os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
                seen += chunk.decode(errors="replace")
            while waiting and waiting[0][0] in seen[place:]:
                text, typed = waiting.pop(0)
                place = seen.index(text, place) + len(text)
                os.write(ours, typed.encode())
        os.close(ours)
        return process.wait(timeout=60), seen
