"""Lists as async iterators, page by page, by each of the vendor's kinds of paging (vendor facts, section 7)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from itertools import count
from operator import attrgetter
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from bulkops.catalogue import Call
from bulkops.session import ApiSession, Reply, RequestContext, decode_error, decode_list

T = TypeVar("T")

PER_PAGE: Final = 100
"""The vendor's largest page. Always sent: defaults differ between calls and versions (one is 1)."""

_MOST_ROWS: Final = 1_000_000
"""A longer list counts as endless: its ids are kept, to give no row twice."""

_MOST_PAGES: Final = 10_000
"""A list of more pages counts as endless: each page costs a request, also one with a single new row."""

_SIZES: Final[Mapping[str, tuple[str, int]]] = {
    "page": ("per_page", PER_PAGE),
    "since_id": ("per_page", PER_PAGE),
    "page0": ("per_page", 20),  # the most that a recipe search gives
    "page[number]": ("page[size]", PER_PAGE),
    "page[after]": ("page[size]", PER_PAGE),
}
"""Parameter for the page size, by kind of paging; jobs have no such parameter."""

_NUMBERED: Final[Mapping[str, tuple[str, int]]] = {
    "page": ("page", 1),
    "page0": ("page", 0),
    "page[number]": ("page[number]", 1),
}
"""Kinds of paging by number, with the number of the first page."""

_MOST_WALKS: Final = 4


class Row(Protocol):
    @property
    def id(self) -> int | str: ...


R = TypeVar("R", bound=Row)


class Pages(Generic[R]):
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
        type_: type[R],
        *,
        scope: RequestContext,
        path: Mapping[str, str | int],
        query: Mapping[str, str | int | bool | None],
        note: Callable[[R], object] | None = None,
    ) -> None:
        """`note`: is called with each row, as soon as its page is read."""
        self._session = session
        self._call = call
        self._type = type_
        self._scope = scope
        self._path = path
        self._query = query
        self._note = note

    async def collect(self) -> list[R]:
        """All rows, in the server's order."""
        return [row async for row in self]

    async def complete(self) -> AsyncIterator[R]:
        """Every row that exists during the whole walk, even if others are deleted meanwhile.

        A deletion moves a row to a page that was read before, so one walk misses it. A list of more than one page is
        therefore walked until no new row appears: mostly twice, four times for a list that keeps growing.
        """
        known: set[int | str] = set()
        for _ in range(_MOST_WALKS):
            known_before, pages = len(known), 0

            def ask(query: Mapping[str, Any]) -> Awaitable[Reply]:
                nonlocal pages
                pages += 1
                return self._ask(query)

            async for row in self._walk(ask):
                if row.id not in known:
                    known.add(row.id)
                    yield row
            if pages == 1 or len(known) == known_before:
                return

    def __aiter__(self) -> AsyncIterator[R]:
        return self._walk(self._ask)

    def _walk(self, ask: Callable[[Mapping[str, Any]], Awaitable[Reply]]) -> AsyncIterator[R]:
        most = self._session.settings.tuning.page_sizes.get(self._call.id, PER_PAGE)
        query = first_page(self._call, self._query, at_most=most)
        return walk(self._call, query, ask=ask, read=self._read, key=attrgetter("id"))

    def _ask(self, query: Mapping[str, Any]) -> Awaitable[Reply]:
        return self._session.send(self._call, scope=self._scope, path=self._path, query=query)

    def _read(self, reply: Reply) -> list[R]:
        rows = decode_list(reply, self._type)
        if self._note is not None:
            for row in rows:
                self._note(row)
        return rows


async def walk(
    call: Call,
    query: Mapping[str, Any],
    *,
    ask: Callable[[Mapping[str, Any]], Awaitable[Reply]],
    read: Callable[[Reply], Sequence[T]],
    key: Callable[[T], object],
) -> AsyncIterator[T]:
    """Rows of a list, none twice. One request a page, from the page of `query` on; none before the first row is wanted.

    Args:
        ask: sends the request for a page.
        read: the rows of a page.
        key: a row's id; for one without, something that only the same row has.
    Raises: DecodeError for a list that repeats itself or does not end; what `ask` and `read` raise.
    """
    seen: set[object] = set()
    for pages in count(1):
        reply = await ask(query)
        rows = read(reply)
        new = {found: row for row in rows if (found := key(row)) not in seen}  # one page may have a row twice, too
        seen.update(new)
        for row in new.values():
            yield row
        full = _full_page(call, query)
        if not rows or (full is not None and len(rows) < full and len(rows) < (_stated_size(reply) or full)):
            return
        following = _next_page(call, query, [key(row) for row in rows])
        if following is None:
            if full is not None:
                raise decode_error(reply, "the next page cannot be requested: the ids of this page do not allow it")
            return
        query = following
        if not new:
            if full is None:
                return  # a cursor that stands still: this was the end
            raise decode_error(reply, "the list repeats itself: a whole page was on earlier pages already")
        if len(seen) >= _MOST_ROWS or pages >= _MOST_PAGES:
            words = f"the list does not end: {len(seen):,} rows on {pages:,} pages, and there are more"
            raise decode_error(reply, words)


def first_page(call: Call, query: Mapping[str, Any] | None = None, *, at_most: int = PER_PAGE) -> dict[str, Any]:
    """`query` with number and size of the first page, as far as the call has them and `query` does not say them.

    `at_most`: rows that the server gives at a time.
    """
    filled = dict(query or {})
    if call.pages in _NUMBERED:
        name, number = _NUMBERED[call.pages]
        filled[name] = filled.get(name) or number
    if call.pages in _SIZES:
        name, size = _SIZES[call.pages]
        filled[name] = filled.get(name) or min(size, at_most)
    return filled


def _full_page(call: Call, query: Mapping[str, Any]) -> int | None:
    """Rows of a page after which another may follow; None if unknown. The server gives fewer than a larger `query` asks
    for.
    """
    if call.pages not in _SIZES:
        return None
    name, most = _SIZES[call.pages]
    return min(int(query[name]), most)


class _Stated(msgspec.Struct):
    per_page: int | None = None


_STATED: Final = msgspec.json.Decoder(_Stated)


def _stated_size(reply: Reply) -> int | None:
    """Rows of a full page by the response itself: a server may give fewer than it is asked for, and say so."""
    try:
        return _STATED.decode(reply.body).per_page
    except msgspec.MsgspecError:
        return None


def _next_page(call: Call, query: Mapping[str, Any], ids: Sequence[object]) -> dict[str, Any] | None:
    """The query for the page after the one whose rows have these ids; None: no further page."""
    if call.pages in _NUMBERED:
        name, _ = _NUMBERED[call.pages]
        return {**query, name: int(query[name]) + 1}
    match call.pages:
        case "since_id":  # ids lower than it; lists are in descending order
            numbers = [one for one in ids if isinstance(one, int)]
            return {**query, "since_id": min(numbers)} if numbers else None
        case "offset_job_id" | "page[after]":
            return {**query, call.pages: ids[-1]} if isinstance(ids[-1], int | str) else None
        case _:
            return None


def identity(row: Any) -> object:
    """The key of a row of plain JSON."""
    found = row.get("id") if isinstance(row, dict) else None
    return found if isinstance(found, int | str) else msgspec.json.encode(row)
