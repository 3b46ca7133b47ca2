"""Workers as real processes on one database, beside a sandbox: what tests/acceptance/test_workers.py is played with."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import psycopg

from tests.fleet import Ended, SandboxProcess, fleet
from tests.processes import Process

LEASE_S: Final = 3.0
"""The lease of the tests' databases. Heartbeats come every second, as ever."""
LONG_LEASE_S: Final = 60.0
"""For workers that a test stops, and that nobody shall take for dead."""


@attrs.define
class Crew:
    """`database`: URL of the journal; `workers`: in the order in which they were started."""

    vendor: SandboxProcess
    database: str
    workers: list[Process] = attrs.field(factory=list)
    _said: dict[int, tuple[str, str]] = attrs.field(factory=dict)

    def start_worker(self, *arguments: str, **environment: str) -> Process:
        """A worker, which has said in the database that it is alive."""
        before = len(self.ask("SELECT 1 FROM processes WHERE worker IS NOT NULL"))
        process = self.vendor.start("worker", "--journal", self.database, *arguments, **environment)
        self.workers.append(process)
        self.wait(lambda: len(self.ask("SELECT 1 FROM processes WHERE worker IS NOT NULL")) > before, "a worker begins")
        return process

    def start_workers(self, count: int, *arguments: str) -> None:
        for _ in range(count):
            self.start_worker(*arguments)

    def command(self, *arguments: str) -> tuple[str, ...]:
        policy = ("--client-file", str(self.vendor.client_file), "--journal", self.database, "--yes", "--json")
        return (*arguments, *policy)

    def submit(self, *arguments: str) -> Process:
        return self.vendor.start(*self.command(*arguments))

    def run(self, *arguments: str, timeout_s: float = 120) -> Ended:
        return self.vendor.cli(*self.command(*arguments), timeout_s=timeout_s)

    def main_job(self, *arguments: str) -> tuple[str, ...]:
        """Import, authorize, start, over all accounts."""
        _, job, *_ = self.vendor.rollout_command()
        return ("run", job, "--accounts", "all", *arguments)

    def ask(self, query: str, *values: object) -> list[Any]:
        """Rows of a query."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("SET search_path TO bulkops")
            found = connection.execute(query.encode(), values)
            return found.fetchall() if found.description is not None else []

    def ended(self) -> int:
        return int(self.ask("SELECT count(*) FROM accounts WHERE ended_at IS NOT NULL")[0][0])

    def in_progress(self) -> dict[int, int]:
        """Accounts in progress, by the pid of their worker."""
        rows = self.ask("SELECT p.pid, count(*) FROM accounts a JOIN processes p USING (process_id) GROUP BY 1")
        return dict(rows)

    def at_work(self, *workers: Process, accounts: int = 3) -> Callable[[], bool]:
        """For `caught`: whether each worker has begun at least this number of accounts. Claimed is not begun."""

        def is_at_work() -> bool:
            begun = "SELECT p.pid FROM accounts a JOIN processes p USING (process_id) WHERE a.outcome IS NULL"
            count = Counter(pid for (pid,) in self.ask(begun))
            return all(count[worker.pid] >= accounts for worker in workers)

        return is_at_work

    def coordinator(self) -> Process | None:
        """The worker that coordinates a run."""
        rows = self.ask("SELECT p.pid FROM locks l JOIN processes p USING (process_id)")
        pids = {pid for (pid,) in rows}
        return next((worker for worker in self.workers if worker.pid in pids), None)

    def events(self, kind: str) -> list[Any]:
        import json

        rows = self.ask("SELECT data FROM events WHERE kind = %s ORDER BY event_id", kind)
        return [json.loads(data) for (data,) in rows]

    def wait(self, condition: Callable[[], object], what: str, *, for_s: float = 60.0, every_s: float = 0.02) -> None:
        end = time.monotonic() + for_s
        while not condition():
            if time.monotonic() > end:
                said = [self.said(one) for one in self.workers if one.poll() is not None]
                raise AssertionError(f"not within {for_s} s: {what}; {said}")
            time.sleep(every_s)

    def kill(self, worker: Process) -> None:
        worker.kill()
        worker.wait(30)

    def said(self, worker: Process) -> str:
        """What a worker that has ended wrote to stderr."""
        if worker.pid not in self._said:
            self._said[worker.pid] = worker.communicate(timeout=60)
        return self._said[worker.pid][1]


@contextmanager
def crew(home: Path, database: str, *, lease_s: float = LEASE_S, **options: Any) -> Iterator[Crew]:
    """A sandbox with these options, and an empty journal. Workers that are left are killed."""
    with fleet(home, **options) as vendor:
        made = Crew(vendor, database)
        listed = vendor.cli("runs", "--journal", database)
        assert listed.code == 0, listed.err
        made.ask("UPDATE store SET lease_s = %s", lease_s)
        yield made
