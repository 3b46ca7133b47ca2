"""Several processes on one credential with the ledger in PostgreSQL: who sends when, who is killed, and what the
sandbox counted. One process: `python -m tests.machines JSON`, with the token in the environment.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import attrs

from bulkops import Workato
from bulkops.client import session_of
from bulkops.ledger.postgres import PostgresLedger
from bulkops.postgres import DatabaseUrl
from bulkops.runs import hold_credential
from bulkops.settings import Tuning
from tests.fleet import SandboxProcess, fleet

QUOTA: Final = "assumed.customer.folders"
SCALE: Final = 60.0
FIRST: Final = 4_100_231
CLIENTS: Final = 16


@attrs.frozen(kw_only=True)
class Quota:
    """`requests` in `window_s` real seconds, counted by windows of this `kind`."""

    requests: int = 200
    window_s: float = 4.0
    kind: str = "sliding"

    @property
    def file(self) -> str:
        return f'[quotas]\n"{QUOTA}" = [{{ limit = {self.requests}, window_s = {self.window_s * SCALE} }}]\n'


@attrs.frozen(kw_only=True)
class Machine:
    """Seconds since the start. It sends all it may in each of `busy`; `killed_at`: kill -9; `stopped`: SIGSTOP, from
    and until.
    """

    busy: Sequence[tuple[float, float]]
    label: str = "r1"
    begins_at: float = 0.0
    killed_at: float | None = None
    stopped: tuple[float, float] | None = None


@attrs.frozen(kw_only=True)
class Seen:
    """What the sandbox counted, and what each machine that was not killed reports.

    `arrived`: (seconds since the start, requests until then); `sent`: when each request of a machine was answered;
    `statements`: calls of the database per second.
    """

    quota: Quota
    requests: int
    refused: int
    max_in_window: int
    arrived: Sequence[tuple[float, int]]
    sent: Sequence[Sequence[float]]
    statements: Sequence[float]

    def use(self, since: float, until: float) -> float:
        """Requests from then to then, as a share of what the quota permits."""
        begun, ended = (min(self.arrived, key=lambda at: abs(at[0] - moment)) for moment in (since, until))
        permitted = self.quota.requests * (ended[0] - begun[0]) / self.quota.window_s
        return (ended[1] - begun[1]) / permitted

    def share(self, machine: int, since: float, until: float) -> float:
        """Of all requests of machines that lived to tell."""
        counts = [sum(since <= at < until for at in sent) for sent in self.sent]
        return counts[machine] / max(1, sum(counts))


def play(home: Path, database: str, quota: Quota, machines: Sequence[Machine], *, lasts_s: float) -> Seen:
    """Let them send, and watch."""
    (home / "quotas.toml").write_text(quota.file)
    with (
        fleet(home, customers=4, time_scale=SCALE, quotas=home / "quotas.toml", window=quota.kind) as vendor,
        _started(vendor, database, machines, lasts_s) as (processes, began),
    ):
        events = _events(machines)
        arrived = []
        while (now := time.time() - began) < lasts_s:
            while events and events[0][0] <= now:
                _, number, sent = events.pop(0)
                processes[number].send_signal(sent)
            arrived.append((time.time() - began, _counted(vendor)["requests"]))
            time.sleep(0.1)
        told = [process.communicate(timeout=60)[0] for process in processes]
        counted = _counted(vendor)
    lived = [json.loads(text) for text in told if text]
    return Seen(
        quota=quota,
        requests=counted["requests"],
        refused=counted["refused"],
        max_in_window=counted["limits"][0]["max_in_window"],
        arrived=arrived,
        sent=[one["sent"] for one in lived],
        statements=[one["statements"] for one in lived],
    )


def _events(machines: Sequence[Machine]) -> list[tuple[float, int, signal.Signals]]:
    events = []
    for number, machine in enumerate(machines):
        if machine.killed_at is not None:
            events.append((machine.killed_at, number, signal.SIGKILL))
        if machine.stopped is not None:
            events.append((machine.stopped[0], number, signal.SIGSTOP))
            events.append((machine.stopped[1], number, signal.SIGCONT))
    return sorted(events)


def _counted(vendor: SandboxProcess) -> Any:
    quotas = vendor.requests()["quotas"]
    return quotas.get(QUOTA, {"requests": 0, "refused": 0, "limits": [{"max_in_window": 0}]})


@contextmanager
def _started(
    vendor: SandboxProcess, database: str, machines: Sequence[Machine], lasts_s: float
) -> Iterator[tuple[Sequence[subprocess.Popen[str]], float]]:
    processes = []
    try:
        for number, machine in enumerate(machines):
            told = {
                "database": database,
                "client_file": str(vendor.client_file),
                "number": number,
                "label": machine.label,
                "busy": machine.busy,
                "begins_at": machine.begins_at,
                "lasts_s": lasts_s,
            }
            command = [sys.executable, "-m", "tests.machines", json.dumps(told)]
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            processes.append(subprocess.Popen(command, env=vendor.environment(), **pipes))
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()  # it has imported everything
        began = time.time()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(f"{began}\n")
            process.stdin.flush()
        yield processes, began
    finally:
        for process in processes:
            process.kill()
            process.communicate()


async def work(told: dict[str, Any]) -> None:
    """One machine."""
    print("ready", flush=True)
    began = float(await asyncio.to_thread(sys.stdin.readline))
    sent: list[float] = []

    def now() -> float:
        return time.time() - began

    async def client(account: int) -> None:
        for since, until in told["busy"]:
            await asyncio.sleep(max(0.0, since - now()))
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(until, told["lasts_s"]) - now())):
                    while True:
                        async for _ in workato.account(account).folders.list():
                            break
                        sent.append(now())

    await asyncio.sleep(max(0.0, told["begins_at"] - now()))
    tuning = attrs.evolve(Tuning.from_file(told["client_file"]), max_rate=None)
    async with Workato.from_env(tuning=tuning) as workato:
        ledger = PostgresLedger(DatabaseUrl.parse(told["database"]))
        async with (
            hold_credential(
                session_of(workato), told["label"], workspace="1", if_running="share", ledger=ledger
            ) as use,
            asyncio.TaskGroup() as group,
        ):
            for client_number in range(CLIENTS):
                group.create_task(client(FIRST + client_number % 4))
        statements = use.lease.statements / (now() - told["begins_at"])  # type: ignore[attr-defined]  # PostgresLease
    print(json.dumps({"sent": sent, "statements": statements}))


if __name__ == "__main__":
    asyncio.run(work(json.loads(sys.argv[1])))
