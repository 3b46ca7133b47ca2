"""How lists go on after a page, for each of the vendor's kinds of paging (vendor facts, section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from bulkops.catalogue import Call

PER_PAGE: Final = 100
"""The vendor's largest page. Always sent: defaults differ between calls and versions (one is 1)."""

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


def full_page(call: Call, query: Mapping[str, Any]) -> int | None:
    """Rows of a page after which another may follow; None if unknown."""
    return int(query[_SIZES[call.pages][0]]) if call.pages in _SIZES else None


def next_page(call: Call, query: Mapping[str, Any], ids: Sequence[object]) -> dict[str, Any] | None:
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


def id_of(row: Any) -> object:
    """The id of a row of plain JSON, None without one."""
    found = row.get("id") if isinstance(row, dict) else None
    return found if isinstance(found, int | str) else None


def identity(row: Any) -> object:
    """Equal for the same row: a page shifts when something is created while the list is read."""
    found = id_of(row)
    return msgspec.json.encode(row) if found is None else found
