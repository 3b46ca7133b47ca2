"""A ledger of the test's own, clocks that move when told to, and processes that live and die in one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import pytest

from bulkops.clock import Instant
from bulkops.ledger import Credential
from bulkops.ledger.book import Book

HOST = "https://www.workato.com"
SERVER_TIMEOUT_S = 40.0
Begin: TypeAlias = Callable[..., Book]


@attrs.define
class StepClock:
    boot_id: str = "boot-a"
    boot_s: float = 1000.0
    wall_s: float = 1_700_000_000.0

    def now(self) -> Instant:
        return Instant(self.boot_id, self.boot_s, self.wall_s)

    def boot_time_s(self) -> float:
        return self.boot_s

    def pass_s(self, seconds: float) -> None:
        self.boot_s += seconds
        self.wall_s += seconds


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def begin(tmp_path: Path, clock: StepClock) -> Iterator[Begin]:
    """A process with a lease. `Book.close` kills it."""
    books = []

    def make(label: str = "r1", *, host: str = HOST, workspace: str | None = None, **changes: Any) -> Book:
        book = Book(tmp_path, clock)
        books.append(book)
        known: dict[str, Any] = {"holder": label, "share": True, "server_timeout_s": SERVER_TIMEOUT_S, "slots": ()}
        book.begin(Credential(host, workspace), label=label, **(known | changes))
        return book

    yield make
    for book in books:
        book.close()
