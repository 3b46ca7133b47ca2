"""A journal of the test's own: its place, host locks and, where time matters, clocks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest
from blockbuster import blockbuster_ctx

from bulkops.journal import InventoryRow, RunRecord
from bulkops.journal.postgres.schema import SCRIPTS
from bulkops.journal.postgres.store import PART
from bulkops.postgres import DatabaseUrl, connect, is_database_url, migrate
from tests.clocks import StepClock
from tests.records import run_record

HOST = "http://127.0.0.1:8080"
Make: TypeAlias = Callable[..., RunRecord]


class DatabaseClock(StepClock):
    """Moves the clock of the database too: the journal reads no other one there."""

    def __init__(self) -> None:
        super().__init__()
        self.connections: list[psycopg.Connection[Any]] = []

    def drive(self, url: str) -> None:
        database = DatabaseUrl.parse(url)
        connection = connect(database)
        self.connections.append(connection)
        migrate(connection, database, PART, SCRIPTS)
        connection.execute("CREATE TABLE clock (wall_s double precision)")
        connection.execute("INSERT INTO clock VALUES (0)")
        for name, value in {"now_s": "wall_s", "up_since_s": "0.0::double precision"}.items():
            connection.execute(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS double precision LANGUAGE sql AS "
                f"$$ SELECT {value} FROM clock $$"
            )
        self.pass_s(0)

    def pass_s(self, seconds: float) -> None:
        super().pass_s(seconds)
        for connection in self.connections:
            connection.execute("UPDATE clock SET wall_s = %s", (self.wall_s,))


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> str:
    """Where a journal will be: a test that takes it is part of the contract of all stores."""
    return str(request.getfixturevalue("directory" if request.param == "sqlite" else "postgres"))


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> Iterator[StepClock]:
    clock = DatabaseClock()
    if "place" in request.fixturenames and is_database_url(request.getfixturevalue("place")):
        clock.drive(request.getfixturevalue("place"))
    yield clock
    for connection in clock.connections:
        connection.close()


def tamper(place: str, statement: str) -> None:
    """Change the rows by another hand."""
    if is_database_url(place):
        with connect(DatabaseUrl.parse(place)) as connection:
            connection.execute(statement.encode())
        return
    with closing(sqlite3.connect(Path(place) / "journal.sqlite3")) as file, file:
        file.execute(statement)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Not there yet."""
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(runtime))
    return tmp_path / "journal"


@pytest.fixture
def nothing_blocks() -> Iterator[None]:
    """A blocking call on the event loop fails the test."""
    with blockbuster_ctx():
        yield


@pytest.fixture
def record() -> Make:
    def make(run_id: str = "20261122-101530-k3f", **members: Any) -> RunRecord:
        known = {
            "operation": {"name": "import-package", "parameters": {"folder": "CRM"}, "digest": "d1"},
            "host": HOST,
            "inventory_count": 3,
            "policy": {"concurrency": 200},
            "tuning": {"share": 0.5},
        }
        return run_record(run_id, **(known | members))

    return make


@pytest.fixture
def inventory() -> list[InventoryRow]:
    return [InventoryRow(seq=seq, account=f"E{seq}", params={"plan": "pro"}) for seq in range(3)]
