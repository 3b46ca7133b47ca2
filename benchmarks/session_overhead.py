"""CPU per request with the full stack on, beside raw aiohttp: quota, smoother, retries, typed decode, an outcome each.

Then the same with everything a run adds: an account's rows and five durable steps in twelve requests in the journal, as
in the rollout, and the log as the command line sets it up (`-v` adds a line for every attempt). One more run has five
steps in ten requests. The server is bare and in its own process.
"""

from __future__ import annotations

import contextlib
import logging
import os
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.kit.harness import RESULTS, Candidate, Row, arguments, cpu_s, publish, ratio, ratios, rounds
from benchmarks.kit.http_clients import CONCURRENCY, peers
from benchmarks.kit.server_process import Served, ceiling, served
from bulkops import Policy, Workato, run
from bulkops.executor import fan_out
from bulkops.logs import configure
from bulkops.rate_limit import Limit
from bulkops.settings import Tuning
from bulkops.steps import Context

BAR: Final = 0.90
RUN_BAR: Final = 1.10
MORE_STEPS_BAR: Final = 1.25
VERBOSE_BAR: Final = 1.50
REQUESTS_AN_ACCOUNT: Final = 12
MORE_STEPS_REQUESTS: Final = 10
STEPS_AN_ACCOUNT: Final = 5
"""As in the rollout: folder, import, authorize and two starts are steps; lists, looks and polls are not."""

BASE: Final = "raw aiohttp"
RUN: Final = "a run"
MORE_STEPS: Final = "a run, five steps in ten requests"
VERBOSE: Final = "a run with -v"
RUNS: Final = (RUN, MORE_STEPS, VERBOSE)
OURS: Final = frozenset({"bulkops", *RUNS})
TUNING: Final = Tuning(
    max_rate=200_000.0,  # every part is on, and none of them makes anybody wait
    quotas={"embedded.recipes.get": (Limit(4_000_000, 60.0),)},
)


def client(url: str) -> Workato:
    return Workato(token="secret", host=url, tuning=TUNING)


async def full_stack(url: str, requests: int) -> None:
    async with client(url) as workato:
        accounts = [workato.account(4100231 + seq) for seq in range(requests // REQUESTS_AN_ACCOUNT)]

        async def one(number: int) -> Any:
            return await accounts[number % len(accounts)].recipes.get(41354)

        async for outcome in fan_out(one, range(requests), concurrency=CONCURRENCY):
            outcome.unwrap()


async def operation(ctx: Context, *, requests: int = REQUESTS_AN_ACCOUNT) -> None:
    """Reads, some of them under a durable step: what the rollout asks of the journal."""
    for number in range(requests - STEPS_AN_ACCOUNT):
        await ctx.account.recipes.get(41354)
        if number < STEPS_AN_ACCOUNT:
            await ctx.step(f"start {number}", partial(_started, ctx), repeatable=True, data={"recipe": 41354})


async def more_steps(ctx: Context) -> None:
    await operation(ctx, requests=MORE_STEPS_REQUESTS)


async def _started(ctx: Context) -> dict[str, int]:
    recipe = await ctx.account.recipes.get(41354)
    return {"started": recipe.id}


async def with_journal_and_log(
    url: str, requests: int, home: Path, level: str, work: Callable[[Context], Awaitable[None]] = operation
) -> None:
    each = MORE_STEPS_REQUESTS if work is more_steps else REQUESTS_AN_ACCOUNT
    accounts = range(4100231, 4100231 + requests // each)
    policy = Policy(concurrency=CONCURRENCY)
    # Journal and ledger are new each time: a run respects what its predecessors sent.
    journal = Path(tempfile.mkdtemp(dir=home))
    os.environ["XDG_STATE_HOME"] = str(journal / "state")
    with logged(home / "run.log", level):
        async with client(url) as workato:
            report = await run(work, accounts=accounts, workato=workato, policy=policy, journal=journal)
    if not report.ok:
        raise RuntimeError(f"the run ended {report.outcomes}")


@contextlib.contextmanager
def logged(path: Path, level: str) -> Iterator[None]:
    """What the package logs from `level` on, as JSON lines in a file; ends with the block."""
    logger = logging.getLogger("bulkops")
    with path.open("a", encoding="utf-8") as stream:
        configure(level, json=True, stream=stream)
        try:
            yield
        finally:
            logger.handlers = []
            logger.setLevel(logging.WARNING)


def measured(server: Served, requests: int, count: int, home: Path) -> dict[str, list[float]]:
    """CPU microseconds a request, by client and round."""
    candidates: dict[str, Candidate] = {
        "bulkops": partial(full_stack, server.url, requests),
        RUN: partial(with_journal_and_log, server.url, requests, home, "warning"),
        MORE_STEPS: partial(with_journal_and_log, server.url, requests, home, "warning", more_steps),
        VERBOSE: partial(with_journal_and_log, server.url, requests, home, "debug"),
    }
    sizes = dict.fromkeys(candidates, requests)
    for name, (peer, fewer) in peers().items():
        sizes[name] = max(CONCURRENCY, requests // fewer)
        candidates[name] = partial(peer, server.url, sizes[name])
    figures = rounds(candidates, measure=cpu_s, count=count)
    return {name: [round(one / sizes[name] * 1e6, 2) for one in row] for name, row in figures.items()}


def cpu_facts(figures: dict[str, list[float]]) -> list[str]:
    medians = ", ".join(f"{name} {statistics.median(row):,.0f}" for name, row in figures.items())
    return [f"CPU microseconds a request, medians: {medians}"]


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    requests, count = (240, 1) if smoke else (2_400, 15)
    RESULTS.mkdir(exist_ok=True)
    with served("recipe") as server, tempfile.TemporaryDirectory(dir=RESULTS) as home:
        most = ceiling(server, 2_000 if smoke else 50_000)
        before = server.counts()["recipe"]
        figures = measured(server, requests, count, Path(home))
        arrived = server.counts()["recipe"] - before
    asked = (count + 1) * sum(max(CONCURRENCY, requests // fewer) for _, fewer in peers().values())
    asked += (count + 1) * (len(OURS) * requests + len(RUNS))  # each run asks whose the token is
    if arrived != asked:
        raise RuntimeError(f"{arrived} requests arrived, {asked} were asked for")
    fastest_us = min(min(row) for row in figures.values())
    fact = (
        f"the server gave {most['per_s']:,.0f} replies/s to the leanest client ({most['per_cpu_s']:,.0f} per second of "
        f"its CPU); the fastest client here comes to {1e6 / fastest_us:,.0f} requests per second of CPU"
    )
    print(fact)
    others = {name: figure for name, figure in ratios(figures, to=BASE).items() if name not in OURS}
    rows = [
        Row(
            what="full stack on (quota, retry, typed decode, result): CPU per request / raw aiohttp",
            measured=ratio(figures, "bulkops", BASE),
            bar=BAR,
            better="below",
            peers=others,
        ),
        Row(
            what="the same as a run, with journal and log",
            measured=ratio(figures, RUN, BASE),
            bar=RUN_BAR,
            better="below",
        ),
        Row(
            what="the same with five steps in ten requests",
            measured=ratio(figures, MORE_STEPS, BASE),
            bar=MORE_STEPS_BAR,
            better="below",
        ),
        Row(
            what="the same as a run with -v, a line in the log for every attempt",
            measured=ratio(figures, VERBOSE, BASE),
            bar=VERBOSE_BAR,
            better="below",
        ),
    ]
    publish(
        "session_overhead",
        rows,
        smoke=smoke,
        details={"facts": [fact, *cpu_facts(figures)], "server": most, "cpu_us_per_request": figures},
    )


if __name__ == "__main__":
    main()
