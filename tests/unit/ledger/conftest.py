"""A ledger of the test's own, clocks that move when told to, and processes that live and die in one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bulkops.ledger import Credential
from bulkops.ledger.book import Book
from tests.clocks import StepClock

HOST = "https://www.workato.com"
SERVER_TIMEOUT_S = 40.0
Begin: TypeAlias = Callable[..., Book]


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
