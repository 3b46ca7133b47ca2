"""Runs pytest again and again without starting Python: a script that forks for each run. Imports nothing of ours.

One job a line on stdin, JSON: {"arguments", "variables", "limit_s", "output"}; one answer a line on stdout: pytest's
exit code, or null when the run did not end within `limit_s`.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from contextlib import suppress
from typing import Any

LOADED = (
    *("_pytest.assertion.rewrite", "_pytest.doctest", "_pytest.junitxml", "_pytest.tmpdir", "_pytest.legacypath"),
    *(
        "aiohttp.web",
        "aiolimiter",
        "anyio.pytest_plugin",
        "anyio._backends._asyncio",
        "asyncio",
        "attrs",
        "blockbuster",
    ),
    *("click", "hypothesis", "hypothesis.strategies", "looptime", "msgspec", "pytest", "pytest_cov.plugin"),
    *("pytest_timeout", "rich.console", "rich.live", "rich.table", "sqlite3", "structlog", "tomllib", "xdist.plugin"),
    *("yarl", "zipfile", "_hypothesis_pytestplugin", "anyio.to_thread", "email.mime.text", "jinja2", "ssl"),
)
MOST_BYTES = 6 * 1024**3
"""Address space of one run: a mutant may allocate without end."""


def run(job: dict[str, Any]) -> int | None:
    child = os.fork()
    if child == 0:
        _become(job)
    end = time.monotonic() + job["limit_s"]
    try:
        while time.monotonic() < end:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        return None
    finally:
        _kill(child)  # with the processes that its tests have left behind
        with suppress(ChildProcessError):
            os.waitpid(child, 0)


def _become(job: dict[str, Any]) -> None:
    """Never returns."""
    code = 3
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        output = os.open(job["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for number, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, output), (2, output)):
            os.dup2(source, number)
        os.environ.update(job["variables"])
        code = int(importlib.import_module("pytest").main(job["arguments"]))
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - whatever it is, this process ends here
        traceback.print_exc()
    finally:
        os._exit(code)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.path[0] = os.getcwd()  # as `python -m pytest` has it; before: the directory of this script
    for name in LOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
