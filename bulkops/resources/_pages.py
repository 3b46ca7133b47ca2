"""Lists as async iterators, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, Generic, Protocol, TypeVar

from bulkops.catalogue import Call
from bulkops.resources._walking import PER_PAGE, first_page, full_page, next_page
from bulkops.session import ApiSession, RequestContext, decode_error, decode_list

_MOST_PAGES: Final[Mapping[str, int]] = {"partner": 10_000, "customer": 1_000}
"""By scope. A list longer than a million customers, or a hundred thousand rows of one workspace, counts as endless."""

_MOST_WALKS: Final = 4


class Row(Protocol):
    @property
    def id(self) -> int | str: ...


T = TypeVar("T", bound=Row)


class Pages(Generic[T]):
    """Rows of a list, requested page by page during iteration: one request per hundred rows, none before the first.

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
        scope: RequestContext,
        path: Mapping[str, str | int],
        query: Mapping[str, str | int | bool | None],
        note: Callable[[T], object] | None = None,
    ) -> None:
        """`note`: is called with each row."""
        self._session = session
        self._call = call
        self._type = type_
        self._scope = scope
        self._path = path
        self._query = query
        self._note = note

    async def collect(self) -> list[T]:
        """All rows, in the server's order."""
        return [row async for row in self]

    async def complete(self) -> AsyncIterator[T]:
        """Every row that exists during the whole walk, even if others are deleted meanwhile.

        A deletion moves a row to a page that was read before, so one walk misses it. A list of more than one page is
        therefore walked until no new row appears: mostly twice, four times for a list that keeps growing.
        """
        known: set[int | str] = set()
        for _ in range(_MOST_WALKS):
            known_before = len(known)
            async for row in self:
                if row.id not in known:
                    known.add(row.id)
                    yield row
            if len(known) < PER_PAGE or len(known) == known_before:
                return

    async def __aiter__(self) -> AsyncIterator[T]:
        seen: set[int | str] = set()
        most = self._session.settings.tuning.page_sizes.get(self._call.id, PER_PAGE)
        query: dict[str, Any] | None = first_page(self._call, self._query, at_most=most)
        page = 1
        while query is not None:
            reply = await self._session.send(self._call, scope=self._scope, path=self._path, query=query)
            rows = decode_list(reply, self._type)
            new = [row for row in rows if row.id not in seen]
            seen.update(row.id for row in new)
            for row in new:
                if self._note is not None:
                    self._note(row)
                yield row
            full = full_page(self._call, query)
            if len(rows) < (full or 1):
                return
            query = next_page(self._call, query, [row.id for row in rows])
            if not new and query is not None:
                if full is None:
                    return  # a cursor that stands still: this was the end
                raise decode_error(reply, "the list repeats itself: a whole page was on earlier pages already")
            if query is not None and page >= _MOST_PAGES[self._call.scope]:
                raise decode_error(reply, f"the list does not end: {page} full pages, and there are more")
            page += 1
