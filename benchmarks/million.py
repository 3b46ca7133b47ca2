"""A run of 1,000,000 accounts: its memory, its pace beside a run of 100,000, and the memory of its report.

The work is that of `how_far`: one request and one durable step an account, and nobody waits for a quota. Memory is that
of a process above what it had before the run or the report began. The runs are minutes apart, so other work
on the machine moves their pace; the facts have their CPU time too.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.how_far import rolled_in
from benchmarks.kit.harness import RESULTS, Row, arguments, publish
from benchmarks.kit.server_process import served
from bulkops.journal import Journal
from bulkops.report import load_report, render_parts

MEMORY_BAR_MIB: Final = 100.0
PACE_BAR: Final = 0.95
SIZES: Final = (100_000, 1_000_000)
FORMATS: Final = ("text", "jsonl", "csv")
ROUNDS: Final = 3
"""Of the smaller run: its pace is a median."""


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rolled(url: str, accounts: int, home: Path) -> dict[str, float]:
    """In this process."""
    before_mib, began, began_cpu = _peak_mib(), time.monotonic(), time.process_time()
    asyncio.run(rolled_in(url, accounts, home))
    return {
        "per_s": accounts / (time.monotonic() - began),
        "cpu_us": (time.process_time() - began_cpu) / accounts * 1e6,
        "grown_mib": _peak_mib() - before_mib,
    }


def reported(form: Any, home: Path) -> dict[str, float]:
    """In this process, to a file that keeps nothing."""

    async def load() -> Any:
        async with Journal.open(home, read_only=True) as journal:
            return await load_report(journal)

    before_mib, written = _peak_mib(), 0
    with Path(os.devnull).open("w", encoding="utf-8") as out:
        for part in render_parts(asyncio.run(load()), form):
            written += out.write(part)
    return {"grown_mib": _peak_mib() - before_mib, "mib": written / 2**20}


def in_child(*words: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.million", "--child", *words]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return found


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    small, large = (200, 400) if smoke else SIZES
    RESULTS.mkdir(exist_ok=True)
    with served("recipe") as server, tempfile.TemporaryDirectory(dir=RESULTS) as directory:
        homes = [Path(directory) / str(number) for number in range(ROUNDS + 1)]
        fewer = [in_child("run", server.url, str(small), str(home)) for home in homes[1:]]
        whole = in_child("run", server.url, str(large), str(homes[0]))
        reports = {form: in_child("report", form, str(homes[0])) for form in FORMATS}
    rows = [
        Row(
            what=f"run of {large:,} accounts: memory above start",
            measured=whole["grown_mib"],
            bar=MEMORY_BAR_MIB,
            better="below",
            unit=" MiB",
        ),
        Row(
            what=f"run of {large:,} accounts: accounts a second / those at {small:,}",
            measured=whole["per_s"] / statistics.median(one["per_s"] for one in fewer),
            bar=PACE_BAR,
            better="above",
        ),
    ]
    rows += [
        Row(
            what=f"report of that run as {form}: memory above start",
            measured=figures["grown_mib"],
            bar=MEMORY_BAR_MIB,
            better="below",
            unit=" MiB",
        )
        for form, figures in reports.items()
    ]
    facts = [
        f"{accounts:,} accounts: {one['per_s']:,.0f} a second, {one['cpu_us']:,.0f} microseconds of CPU each"
        for accounts, one in [(large, whole), *((small, one) for one in fewer)]
    ]
    publish("million", rows, smoke=smoke, details={"facts": facts, "whole": whole, "fewer": fewer, "reports": reports})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        what, *given = sys.argv[2:]
        if what == "run":
            print(json.dumps(rolled(given[0], int(given[1]), Path(given[2]))))
        else:
            print(json.dumps(reported(given[0], Path(given[1]))))
    else:
        main()
