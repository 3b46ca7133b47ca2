"""uvloop (the extra `fast`) beside asyncio's own loop: CPU per request, and a rate-bound fleet without a refusal.

The work is that of `session_overhead` and of `rate_bound`. A bar of 1 says no more than that uvloop is not slower.
"""

from __future__ import annotations

import gc
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.kit.harness import RESULTS, Row, arguments, publish, ratio, rounds, version
from benchmarks.kit.rate_work import LONGEST_JOBS_S, side_by_side
from benchmarks.kit.server_process import served
from benchmarks.session_overhead import full_stack, with_journal_and_log
from bulkops.cli import event_loop
from bulkops.cli.event_loop import ASYNCIO, UVLOOP, VARIABLE

BAR: Final = 1.0
RATE_BAR: Final = 1.02
STACK: Final = "full stack"
RUN: Final = "a run, with journal and log"


def cpu_s(job: tuple[str, Callable[[], Coroutine[Any, Any, object]]]) -> float:
    """CPU seconds of this process for the work on the loop of that name."""
    name, work = job

    async def main() -> float:
        gc.collect()
        began = time.process_time()
        await work()
        return time.process_time() - began

    os.environ[VARIABLE] = name
    return event_loop.run(main())


def rated(name: str, accounts: int, windows: list[str]) -> dict[str, Any]:
    """Seconds and refusals of the rate-bound work on that loop, worst window kind."""
    os.environ[VARIABLE] = name
    found = side_by_side([("bulkops", window) for window in windows], accounts, "steady", longest_s=LONGEST_JOBS_S[0])
    return max(found.values(), key=lambda one: (one["refused"], one["took_s"]))


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    if version(UVLOOP) is None:
        print(f"{UVLOOP} is not installed: pip install 'bulkops[fast]'")
        return
    requests, count = (240, 1) if smoke else (2_400, 15)
    accounts, windows = (20, ["sliding"]) if smoke else (1_500, ["fixed", "sliding"])
    RESULTS.mkdir(exist_ok=True)
    with served("recipe") as server, tempfile.TemporaryDirectory(dir=RESULTS) as home:
        works = {
            STACK: partial(full_stack, server.url, requests),
            RUN: partial(with_journal_and_log, server.url, requests, Path(home), "warning"),
        }
        jobs = {f"{what} on {name}": (name, work) for what, work in works.items() for name in (ASYNCIO, UVLOOP)}
        figures = rounds(jobs, measure=cpu_s, count=count)
    rates = {name: rated(name, accounts, windows) for name in (ASYNCIO, UVLOOP)}
    refused = sum(one["refused"] for one in rates.values())
    rows = [
        Row(
            what=f"uvloop, {what}: CPU per request / asyncio",
            measured=ratio(figures, f"{what} on {UVLOOP}", f"{what} on {ASYNCIO}"),
            bar=BAR,
            better="below",
        )
        for what in works
    ]
    rows.append(
        Row(
            what=f"uvloop, rate bound, worst window kind: time / asyncio, with no 429 ({refused} seen)",
            measured=math.inf if refused else rates[UVLOOP]["took_s"] / rates[ASYNCIO]["took_s"],
            bar=RATE_BAR,
            better="below",
        )
    )
    cpu = [f"{name} {statistics.median(row) / requests * 1e6:,.0f}" for name, row in figures.items()]
    took = [f"{name} {one['took_s']:.2f} s, {one['cpu_s']:.2f} s CPU" for name, one in rates.items()]
    facts = [f"CPU microseconds a request, medians: {', '.join(cpu)}", f"rate bound: {', '.join(took)}"]
    publish("event_loop", rows, smoke=smoke, details={"facts": facts, "cpu_s": figures, "rates": rates})


if __name__ == "__main__":
    main()
