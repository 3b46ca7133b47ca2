"""Lists as async iterators, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final, Generic, Protocol, TypeVar

from bulkops.catalogue import Call
from bulkops.session import ApiSession, Scope, decode_list, unreadable

PER_PAGE: Final = 100
"""The vendor's largest page. Always sent: defaults differ between calls and versions (NOTES.md section 7)."""

_MOST_PAGES: Final[Mapping[str, int]] = {"partner": 10_000, "customer": 1_000}
"""A million customers, or a hundred thousand of anything in one workspace: a list that is longer never ends."""


class Row(Protocol):
    @property
    def id(self) -> int | str: ...


T = TypeVar("T", bound=Row)


class Pages(Generic[T]):
    """Rows of a list, asked for page by page while it is iterated: one request a hundred rows, none before the first.

    No row comes twice: a page shifts when something is created while it is read. Each iteration begins anew.

        async for customer in workato.customers.list():
            print(customer.id)

    Raises, while iterated: the ApiError tree; DecodeError for a list that repeats itself or does not end.
    """

    def __init__(
        self,
        session: ApiSession,
        call: Call,
        type_: type[T],
        *,
        scope: Scope,
        path: Mapping[str, str | int],
        query: Mapping[str, str | int | bool | None],
    ) -> None:
        self.session = session
        self._call = call
        self._type = type_
        self._scope = scope
        self._path = path
        self._query = query

    async def collect(self) -> list[T]:
        """All rows, in the server's order."""
        return [row async for row in self]

    async def __aiter__(self) -> AsyncIterator[T]:
        seen: set[int | str] = set()
        place: dict[str, str | int | bool | None] = {}
        page = 1
        while True:
            if self._call.pages == "page":
                place = {"page": page, "per_page": PER_PAGE}
            elif self._call.pages == "page[number]":
                place = {"page[number]": page, "page[size]": PER_PAGE}
            elif self._call.pages == "since_id":
                place["per_page"] = PER_PAGE
            reply = await self.session.send(
                self._call, scope=self._scope, path=self._path, query={**self._query, **place}
            )
            rows = decode_list(reply, self._type)
            new = [row for row in rows if row.id not in seen]
            seen.update(row.id for row in new)
            for row in new:
                yield row
            if self._call.pages == "none" or len(rows) < PER_PAGE:
                return
            if not new:
                raise unreadable(reply, "the list repeats itself: a whole page was on earlier pages already")
            if page >= _MOST_PAGES[self._call.scope]:
                raise unreadable(reply, f"the list does not end: {page} full pages, and there are more")
            # since_id: ids lower than it; lists are in descending order (NOTES.md section 7)
            place["since_id"] = min((row.id for row in rows if isinstance(row.id, int)), default=0)
            page += 1
