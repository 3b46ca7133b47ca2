"""CPU of a start: `bulkops --version` beside `python -c pass`, a run up to its first request beside aiohttp's import.

The run has 437 accounts in a file. Its first request asks whose the token is; when that arrives, the CPU time of the
process is read (from /proc: Linux only), and the process is killed.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.kit.harness import Row, arguments, publish, ratio, rounds

VERSION_BAR: Final = 6.0
FIRST_REQUEST_BAR: Final = 2.5
ACCOUNTS: Final = 437
PATIENCE_S: Final = 60.0


def _environment(home: Path, host: str = "http://127.0.0.1:9") -> Mapping[str, str]:
    return {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "XDG_STATE_HOME": str(home),
        "WORKATO_API_TOKEN": "a-token-for-a-benchmark",
        "WORKATO_HOST": host,
    }


def whole(words: Sequence[str], home: Path) -> float:
    """CPU seconds of a process from start to end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=_environment(home), cwd=home)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def to_first_request(home: Path) -> float:
    """CPU seconds of a run until its first request arrives."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        host = f"http://127.0.0.1:{server.getsockname()[1]}"
        words = ["-m", "bulkops", "create-folder", "--folder", "CRM", "--accounts", "customers.csv", "--yes", "--quiet"]
        command = [sys.executable, *words]
        with subprocess.Popen(command, env=_environment(home, host), cwd=home) as process:
            connection, _ = server.accept()
            with connection:
                connection.recv(1)
                spent_s = _cpu_s(process.pid)
                process.kill()
    return spent_s


def _cpu_s(pid: int) -> float:
    """Of all its threads, to the nanosecond."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text(encoding="ascii").split()[0]) for thread in threads) / 1e9


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        rows = "\n".join(f"{4_100_231 + number},Customer {number}" for number in range(ACCOUNTS))
        (home / "customers.csv").write_text(f"id,name\n{rows}\n", encoding="utf-8")
        starts = {
            "python -c pass": partial(whole, ["-c", "pass"], home),
            "bulkops --version": partial(whole, ["-m", "bulkops", "--version"], home),
            "python -c 'import aiohttp'": partial(whole, ["-c", "import aiohttp"], home),
            "to the first request": partial(to_first_request, home),
        }
        figures = rounds(starts, measure=lambda start: start(), count=1 if smoke else 15)
    ms = {name: [round(one * 1e3, 1) for one in row] for name, row in figures.items()}
    medians = ", ".join(f"{name} {sorted(row)[len(row) // 2]:.0f}" for name, row in ms.items())
    publish(
        "start_up",
        [
            Row(
                what="start, CPU: `bulkops --version` / `python -c pass`",
                measured=ratio(figures, "bulkops --version", "python -c pass"),
                bar=VERSION_BAR,
                better="below",
            ),
            Row(
                what=f"start, CPU: command to first request, {ACCOUNTS} accounts in a file / `import aiohttp`",
                measured=ratio(figures, "to the first request", "python -c 'import aiohttp'"),
                bar=FIRST_REQUEST_BAR,
                better="below",
            ),
        ],
        smoke=smoke,
        details={"facts": [f"CPU milliseconds, medians: {medians}"], "cpu_ms": ms},
    )


if __name__ == "__main__":
    main()
