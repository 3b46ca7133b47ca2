"""How far one process goes: an account through operation, quota (unlimited) and journal, for ever larger fleets.

Every size is a new process against the bare server: one request and one durable step an account, nobody waits for a
quota. What bounds a real run is the vendor's quotas; their time is the finish time that `plan` states for the main job.
Beside it stands what executor, pacer and polling take themselves in virtual time (`virtual_fleet`).

    python -m benchmarks.how_far                      500 to 100,000 accounts
    python -m benchmarks.how_far --accounts 1000000   one size
    python -m benchmarks.how_far --virtual 10000      one size in virtual time
    python -m benchmarks.how_far --page               docs/concepts/how-far.md, from the figures that are there
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.kit.harness import RESULTS
from benchmarks.kit.look import look
from benchmarks.kit.server_process import served
from benchmarks.kit.virtual_fleet import LATENCY_S, rolled
from bulkops import Policy, Workato, run
from bulkops.catalogue import QUOTAS
from bulkops.forecast import RunShape, forecast, way
from bulkops.journal import AnyLocation
from bulkops.operations import AuthorizeConnections, ImportPackage, Operation, StartRecipes
from bulkops.operations.foreseen import Foreseen
from bulkops.settings import Tuning
from tests.fleet import CREDENTIALS, PACKAGE, SECRETS

SIZES: Final = (500, 10_000, 100_000)
FIRST_ACCOUNT: Final = 4_100_231
CONCURRENCY: Final = 200
PAGE: Final = Path(__file__).parents[1] / "docs" / "concepts" / "how-far.md"
FIGURES: Final = RESULTS / "how_far.json"


async def rolled_in(url: str, accounts: int, home: AnyLocation) -> None:
    """A run of this number of accounts, with its journal in `home`. Raises: RuntimeError if not all went well."""
    tuning = Tuning(max_rate=None, unlimited=True)
    async with Workato(token="secret", host=url, tuning=tuning) as workato:
        ids = range(FIRST_ACCOUNT, FIRST_ACCOUNT + accounts)
        report = await run(look, accounts=ids, workato=workato, policy=Policy(concurrency=CONCURRENCY), journal=home)
    if not report.ok or sum(report.outcomes.values()) != accounts:
        raise RuntimeError(f"the run ended {report.outcomes}")


def child(url: str, accounts: int) -> None:
    """Run this number of accounts in this process and print their cost, as JSON."""
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RESULTS) as directory:
        home = Path(directory)
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, began_cpu = time.monotonic(), time.process_time()
        asyncio.run(rolled_in(url, accounts, home))
        figures = {
            "accounts": accounts,
            "took_s": time.monotonic() - began,
            "cpu_s": time.process_time() - began_cpu,
            "grown_mib": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) / 1024,
            "journal_bytes": sum(file.stat().st_size for file in home.iterdir() if file.is_file()),
        }
    print(json.dumps(figures))


def measured(accounts: int) -> dict[str, float]:
    with served("recipe") as server:
        command = [sys.executable, "-m", "benchmarks.how_far", "--child", server.url, str(accounts)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        arrived = server.counts()["recipe"]
    if arrived != accounts + 1:  # the run asks whose the token is
        raise RuntimeError(f"{arrived} requests arrived for {accounts} accounts")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _main_job() -> tuple[Operation, dict[str, float]]:
    """Import, authorize two connections, start three recipes; and the requests of each call that an account takes."""
    os.environ.update(SECRETS)  # the credentials file names them; nothing is sent
    job = ImportPackage(PACKAGE, folder="CRM") >> AuthorizeConnections(CREDENTIALS) >> StartRecipes(folder="CRM")
    return job, dict(job.cost(Foreseen()))


def main_job() -> list[tuple[str, int]]:
    """The main job's requests in order, as (call, how often)."""
    job, each = _main_job()
    return [(call, round(count)) for call, count in way(job, each)]


def by_the_quotas(accounts: int) -> tuple[float, str]:
    """When the main job ends at the vendor's documented quotas, and which of them bounds it."""
    job, each = _main_job()
    foreseen = forecast(
        {call: count * accounts for call, count in each.items()},
        operation=job,
        pace=RunShape(waves=[accounts], concurrency=CONCURRENCY),
        quotas=QUOTAS,
        tuning=Tuning(),
        latency_s=LATENCY_S,
    )
    return foreseen.seconds, foreseen.quota or "the accounts' own time"


def told(figures: Mapping[str, float]) -> str:
    accounts = figures["accounts"]
    return (
        f"{accounts:,.0f} accounts: {accounts / figures['took_s']:,.0f} a second, "
        f"{figures['cpu_s'] / accounts * 1e6:,.0f} microseconds of CPU each, "
        f"{figures['grown_mib']:,.0f} MiB above start "
        f"({figures['grown_mib'] * 2**20 / accounts:,.0f} bytes an account), "
        f"journal {figures['journal_bytes'] / accounts:,.0f} bytes an account"
    )


def write_page(
    found: Mapping[str, Mapping[str, float]], at: str, virtual: Mapping[str, Mapping[str, float]] | None = None
) -> None:
    """The page of the documentation, with one line a size in each of its tables."""
    rows = []
    for figures in found.values():
        accounts = int(figures["accounts"])
        seconds, quota = by_the_quotas(accounts)
        rows.append(
            f"| {accounts:,} | {_span(seconds)} | `{quota}` | {_span(figures['took_s'])} | "
            f"{accounts / figures['took_s']:,.0f} | {figures['grown_mib']:,.0f} MiB | "
            f"{figures['journal_bytes'] / 2**20:,.1f} MiB |"
        )
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, CPython {platform.python_version()}"
    played = "\n".join(_played(figures) for figures in (virtual or {}).values())
    text = _PAGE.format(rows="\n".join(rows), played=played, at=at[:10], machine=machine)
    PAGE.write_text(text, encoding="utf-8")


def _played(figures: Mapping[str, float]) -> str:
    accounts, seconds = int(figures["accounts"]), figures["seconds"]
    foreseen_s, _ = by_the_quotas(accounts)
    return (
        f"| {accounts:,} | {seconds:,.0f} s | {foreseen_s:,.0f} s | {foreseen_s / seconds - 1:+.2%} | "
        f"{figures['requests']:,.0f} | {figures['refused']:,.0f} |"
    )


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:,.1f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:,.0f} min"
    return f"{seconds / 3600:,.0f} h" if seconds < 2 * 86400 else f"{seconds / 86400:,.1f} days"


_PAGE: Final = """# How far does this go

The vendor's quotas limit a run long before one process of bulkops is busy. The table shows the main job: import,
authorize two connections, start three recipes.

* *time by the quotas* and *bound by* are a forecast at the documented quotas, from the same model as `bulkops plan`.
* The other columns were measured ({machine}, {at}). A fleet of that size went through operation, quota (unlimited),
  session and journal, with one request and one durable step per account. The server was a bare one on the same machine.

| accounts | time by the quotas | bound by | without quotas | accounts per second | memory above start | journal |
| ---: | ---: | --- | ---: | ---: | ---: | ---: |
{rows}

Measure one size:

```text
python -m benchmarks.how_far --accounts 100000
```

Forecast your own job and fleet, without sending a request:

```text
bulkops plan rollout.toml --accounts customers.csv --offline
```

## Simulated in full

The forecast above simulates some hundred accounts and extrapolates their pace. The next table simulates the whole
fleet: the real executor, pacer and polling of imports, on a clock that skips every wait. The simulated vendor counts
each quota in a sliding window and refuses what exceeds it. A request takes 0.2 s, an import 2 to 60 s.

| accounts | simulated | forecast | difference | requests | refused |
| ---: | ---: | ---: | ---: | ---: | ---: |
{played}

```text
python -m benchmarks.how_far --virtual 10000
```

A hundred thousand accounts take five to fifteen minutes to simulate. A million were not simulated: they only add
windows of the same kind.

## Where one process stops being enough

* **Quotas.** 60 requests per minute are 86,400 per day. At two such requests per account that is 43,200 accounts per
  day, whatever the number of processes. More processes, tokens or machines share the same quotas and add nothing.
* **Memory.** The inventory is in memory, and so are the accounts' answers while the report is written. A million
  accounts with their ids take 22 megabytes, their answers 60 (`make bench-million`). A `resume` has a row for each
  account that it takes up. `bulkops.fan_out` alone keeps nothing per item: a million items grow it by less than 2 MiB
  (`make bench-fan_out_memory`).
* **CPU.** A process does thousands of accounts per second where the vendor permits one or two. One core is 99 % idle.
* **Journal.** It takes one or two hundred bytes per account and step, on one disk, written by one process per run. A
  nightly job keeps every night: delete the journals of runs that you will not resume.
* **Time.** A run of days outlives a token, a deployment or a laptop's battery. `resume` continues it, and waves divide
  it into parts that you can check. Beyond some tens of thousands of accounts ask the vendor for wider quotas first.
"""


def _sizes_played(chosen: argparse.Namespace) -> Sequence[int]:
    if chosen.virtual:
        return [chosen.virtual]
    if chosen.smoke:
        return [50]
    return [] if chosen.accounts else SIZES


def _by_size(figures: Mapping[str, Mapping[str, float]]) -> dict[str, Mapping[str, float]]:
    return dict(sorted(figures.items(), key=lambda item: int(item[0])))


def _play(chosen: argparse.Namespace, kept: dict[str, Any]) -> None:
    for accounts in _sizes_played(chosen):
        figures = rolled(main_job(), accounts, concurrency=CONCURRENCY)
        kept["virtual"][str(accounts)] = figures
        print(_played(figures), flush=True)


def _measure(chosen: argparse.Namespace, kept: dict[str, Any]) -> None:
    sizes = [] if chosen.virtual else [200] if chosen.smoke else [chosen.accounts] if chosen.accounts else SIZES
    for accounts in sizes:
        figures = measured(accounts)
        print(told(figures), flush=True)
        kept["sizes"][str(accounts)] = figures
        kept["at"] = datetime.now(UTC).isoformat(timespec="seconds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, metavar="N", help="this size alone")
    parser.add_argument("--virtual", type=int, metavar="N", help="this size in virtual time")
    parser.add_argument("--smoke", action="store_true", help="small and quick: checks the script")
    parser.add_argument("--page", action="store_true", help="write the page from the figures that are there")
    chosen = parser.parse_args()
    kept: dict[str, Any] = {"sizes": {}, "virtual": {}} | (json.loads(FIGURES.read_text()) if FIGURES.exists() else {})
    if chosen.page:
        write_page(_by_size(kept["sizes"]), kept["at"], _by_size(kept["virtual"]))
        print(f"wrote {PAGE.relative_to(Path.cwd())}")
        return
    _play(chosen, kept)
    _measure(chosen, kept)
    if not chosen.smoke:
        FIGURES.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], int(sys.argv[3]))
    else:
        main()
