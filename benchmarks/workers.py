"""Workers on one run, with the journal in PostgreSQL: a rollout at the quotas, and the rate without any quota.

The server is the embedded one. It waits for the disk at each commit, as SQLite does beside it (synchronous FULL).
Workers, database and the vendor's stand-in share one machine: the rate of 2 and 4 workers says what its cores allow,
CPU an account what more machines would bring.
"""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks.how_far import rolled_in
from benchmarks.journal_commits import group_commit
from benchmarks.kit.harness import Candidate, Row, arguments, cpu_s, publish, ratio, wall_s
from benchmarks.kit.look import look
from benchmarks.kit.plain_rollout import FOLDERS
from benchmarks.kit.process_cpu import cpu_s_of, server_cpu_s
from benchmarks.kit.server_process import Served, served
from benchmarks.rollout import (
    BAR,
    CONCURRENCY,
    FIRST_ACCOUNT,
    check,
    ended,
    imports_s,
    in_order_s,
    rollout_job,
    started,
)
from bulkops import Policy, Workato
from bulkops.postgres.embedded import Server, own_server
from bulkops.runs import Fleet, from_values
from bulkops.settings import Tuning
from tests.crew import Crew
from tests.fleet import SandboxProcess, fleet
from tests.postgres import new_database

ON_DISK: Final = Path("/var/tmp")
"""/tmp may be memory."""
DURABLE: Final = "-c shared_buffers=128MB -c max_connections=200"
CREW: Final = 3
CREWS: Final = (1, 2, 4)
LOOK: Final = Path(__file__).parent / "kit" / "look.py"
UNLIMITED: Final = Tuning(max_rate=None, unlimited=True)


@contextmanager
def at_work(vendor: SandboxProcess, url: str, count: int, *arguments: str, **environment: str) -> Iterator[Crew]:
    """A number of workers, on a journal that has its tables."""
    played = Crew(vendor, url)
    vendor.cli("runs", "--journal", url)
    try:
        for _ in range(count):
            played.start_worker(*arguments, **environment)
        yield played
    finally:
        for worker in played.workers:
            played.kill(worker)
            played.said(worker)


def until(played: Crew, condition: Callable[[], object]) -> None:
    """Wait, with few queries. Raises: RuntimeError when a worker ends."""
    while not condition():
        gone = [worker for worker in played.workers if worker.poll() is not None]
        if gone:
            raise RuntimeError(f"a worker has ended: {played.said(gone[0])}")
        time.sleep(0.2)


async def submitted(url: str, vendor: SandboxProcess, operation: object, accounts: int, tuning: Tuning) -> str:
    """Hand a run over to workers. Returns its id."""
    async with Workato(token=vendor.token, host=vendor.url, tuning=tuning) as workato:
        ids = from_values(range(FIRST_ACCOUNT, FIRST_ACCOUNT + accounts))
        team = Fleet(workato, journal=url, policy=Policy(concurrency=CONCURRENCY), on_workers=True)
        return (await team.run(operation, ids, source=f"{LOOK}:look" if operation is look else None)).run_id


def rollout(server: Server, accounts: int, scale: float) -> dict[str, Any]:
    """The main job by workers, and the least time for it in the order of the inventory: see `benchmarks.rollout`."""
    with (
        tempfile.TemporaryDirectory() as home,
        new_database(server.url) as url,
        fleet(Path(home), customers=accounts, time_scale=scale) as vendor,
        at_work(vendor, url, CREW, BENCHMARK_KEY="secret") as played,
    ):
        tuning = Tuning.from_file(vendor.client_file)
        job, began = rollout_job(vendor), time.time()
        run_id = asyncio.run(submitted(url, vendor, job, accounts, tuning))
        until(played, lambda: played.ask("SELECT 1 FROM runs WHERE ended_at IS NOT NULL"))
        [(ended_at,)] = played.ask("SELECT ended_at FROM runs WHERE run_id = %s", run_id)
        check(vendor.kinds(), accounts)
        return {
            "took_s": ended_at - began,
            "least_s": in_order_s(imports_s(vendor), tuning.quotas[FOLDERS][0]),
            "refused": vendor.refused(),
            "shares": [share for (share,) in played.ask("SELECT count(DISTINCT seq) FROM steps GROUP BY process_id")],
        }


def without_quotas(server: Server, crew: int, accounts: int, counted: int) -> dict[str, float]:
    """A run of one request and one durable step an account, stopped after a number of accounts that were counted."""
    with served("recipe") as bare, tempfile.TemporaryDirectory() as home, new_database(server.url) as url:
        vendor = SandboxProcess(bare.url, "secret", Path(home))
        began = time.monotonic()
        run_id = asyncio.run(submitted(url, vendor, look, accounts, UNLIMITED))
        handed_over_s = time.monotonic() - began
        with at_work(vendor, url, crew, "--code", str(LOOK.parent)) as played:

            def endings() -> int:
                return int(played.ask("SELECT endings FROM runs WHERE run_id = %s", run_id)[0][0])

            def spent() -> dict[str, float]:
                workers = sum(cpu_s_of(worker.pid) for worker in played.workers)
                return {"workers": workers, "database": server_cpu_s(server), "vendor": bare.counts()["cpu_s"]}

            until(played, lambda: endings() > counted // 10)  # all have begun
            first, before, began = endings(), spent(), time.monotonic()
            until(played, lambda: endings() >= first + counted)
            done, after, took_s = endings() - first, spent(), time.monotonic() - began
            figures = {f"{name}_us": (after[name] - before[name]) / done * 1e6 for name in before}
            cores = sum(after[name] - before[name] for name in before) / took_s
            return figures | {
                "per_s": done / took_s,
                "cores": cores,
                "handed_over_s": handed_over_s,
                "load": os.getloadavg()[0],
            }


def beside_sqlite(
    server: Server, bare: Served, accounts: int, steps: int, rounds: int
) -> tuple[dict[str, list[float]], ...]:
    """Of a journal in a directory and one in PostgreSQL, by rounds: CPU of this process in a run,
    CPU of the database meanwhile, and the time of the durable steps. After one round to warm up."""
    run_s: dict[str, list[float]] = {}
    database_s: dict[str, list[float]] = {}
    steps_s: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(dir=ON_DISK) as directory, new_database(server.url) as url:
        for _ in range(rounds + 1):
            for name, place in {"SQLite": directory, "PostgreSQL": url}.items():
                before = server_cpu_s(server)
                run: Candidate = partial(rolled_in, bare.url, accounts, place)
                run_s.setdefault(name, []).append(cpu_s(run))
                database_s.setdefault(name, []).append(server_cpu_s(server) - before)
                steps_s.setdefault(name, []).append(wall_s(partial(group_commit, place, steps, [])))
    return tuple({name: row[1:] for name, row in found.items()} for found in (run_s, database_s, steps_s))


def version_of(server: Server) -> str:
    with psycopg.connect(server.url) as connection:
        return f"PostgreSQL {connection.info.parameter_status('server_version')}"


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    accounts, scale = (30, 200.0) if smoke else (500, 1.0)  # nearly all is waiting: a busy machine counts less
    fleet_size, counted = (300, 100) if smoke else (100_000, 10_000)
    run_size, steps, rounds = (50, 100, 1) if smoke else (2_000, 5_000, 9)
    with own_server(ON_DISK, settings=DURABLE) as server:
        alone = started("bulkops", "sliding", accounts, scale)
        shared = rollout(server, accounts, scale)
        single = ended(alone)
        with served("recipe") as bare:
            run_s, database_s, steps_s = beside_sqlite(server, bare, run_size, steps, rounds)
        crews = {crew: without_quotas(server, crew, fleet_size, counted) for crew in CREWS}
        version = version_of(server)
    rows = [
        Row(
            what=f"rollout of {accounts} accounts by {CREW} workers: time / lower bound, refused {shared['refused']}",
            measured=shared["took_s"] / shared["least_s"],
            bar=BAR,
            better="below",
            peers={"one process, journal in a directory": single["took_s"] / single["least_s"]},
        )
    ]
    cpu_us = {name: statistics.median(row) / run_size * 1e6 for name, row in run_s.items()}
    rows_per_s = {name: 2 * steps / statistics.median(row) for name, row in steps_s.items()}
    facts = [
        f"{version} on {os.cpu_count()} cores of this machine ({platform.system()}), which waits for the disk",
        f"rollout: {shared['took_s']:.1f} s, least possible {shared['least_s']:.1f} s; accounts of each worker "
        f"{', '.join(map(str, sorted(shared['shares'])))}; one process {single['took_s']:.1f} s",
        f"journal rows a second (100 tasks, two rows a step): SQLite {rows_per_s['SQLite']:,.0f}, PostgreSQL "
        f"{rows_per_s['PostgreSQL']:,.0f}, {ratio(steps_s, 'SQLite', 'PostgreSQL'):.2f} of SQLite",
        f"CPU microseconds an account, one process: SQLite {cpu_us['SQLite']:,.0f}, PostgreSQL "
        f"{cpu_us['PostgreSQL']:,.0f}, {ratio(run_s, 'PostgreSQL', 'SQLite'):.2f} of SQLite; beside it the database's "
        f"processes {statistics.median(database_s['PostgreSQL']) / run_size * 1e6:,.0f}",
        *(
            f"{fleet_size:,} accounts handed over ({one['handed_over_s']:.1f} s), no quotas, {crew} "
            f"worker{'s' if crew > 1 else ''}: {one['per_s']:,.0f} accounts a second over {counted:,} of them; CPU "
            f"microseconds an account: workers {one['workers_us']:,.0f}, database {one['database_us']:,.0f}, vendor "
            f"{one['vendor_us']:,.0f}; {one['cores']:.1f} cores busy with it; load {one['load']:.1f}"
            for crew, one in crews.items()
        ),
    ]
    details = {"facts": facts, "rollout": shared, "alone": single, "run_s": run_s, "steps_s": steps_s, "crews": crews}
    publish("workers", rows, smoke=smoke, details=details)


if __name__ == "__main__":
    main()
