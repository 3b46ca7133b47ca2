"""A ledger of the test's own, clocks that move when told to, and processes that live and die in one thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest

from bulkops.ledger import Credential, LeaseTerms
from bulkops.ledger.transactions import LedgerTransactions
from bulkops.pacing import HeldSlot
from bulkops.postgres import DatabaseUrl
from tests.clocks import StepClock
from tests.postgres import with_parts
from tests.unit.ledger.machines import ERA_S, ERAS, Fleet

HOST = "https://www.workato.com"
SERVER_TIMEOUT_S = 40.0
Begin: TypeAlias = Callable[..., LedgerTransactions]


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def begin(tmp_path: Path, clock: StepClock) -> Iterator[Begin]:
    """A process with a lease. `LedgerTransactions.close` kills it."""
    processes = []

    def make(
        label: str = "r1",
        *,
        host: str = HOST,
        workspace: str | None = None,
        slots: Sequence[HeldSlot] = (),
        **changes: Any,
    ) -> LedgerTransactions:
        process = LedgerTransactions(tmp_path, clock)
        processes.append(process)
        known: dict[str, Any] = {"holder": label, "share": True, "server_timeout_s": SERVER_TIMEOUT_S}
        terms = LeaseTerms(credential=Credential(host, workspace), label=label, **(known | changes))
        process.begin(terms, slots)
        return process

    yield make
    for process in processes:
        process.close()


@pytest.fixture(scope="session")
def ledger_database(postgres_server: str) -> Iterator[DatabaseUrl]:
    """One for all tests of a process: each has its own host, and an era in which nothing of the others counts."""
    name = f"bulkops_ledger_{os.getpid()}"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield DatabaseUrl.parse(with_parts(postgres_server, dbname=name))
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def fleet(ledger_database: DatabaseUrl) -> Iterator[Fleet]:
    era = next(ERAS)
    fleet = Fleet(ledger_database, f"http://127.0.0.1:{era}", StepClock(wall_s=ERA_S * era))
    yield fleet
    fleet.close()
