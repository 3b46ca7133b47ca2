"""The next page of a list, for each of the vendor's kinds of paging (vendor facts, section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from bulkops.catalogue import Call
from bulkops.resources._pages import SIZES


def with_size(call: Call, query: Mapping[str, Any]) -> dict[str, Any]:
    """`query` with the size of a page, always said: defaults differ between calls and versions (one is 1)."""
    if call.pages not in SIZES:
        return dict(query)
    name, size = SIZES[call.pages]
    return {**query, name: query.get(name) or size}


def full_page(call: Call, query: Mapping[str, Any]) -> int | None:
    """Rows of a page after which another may follow; None if unknown."""
    return int(query[SIZES[call.pages][0]]) if call.pages in SIZES else None


def next_page(call: Call, query: Mapping[str, Any], rows: Sequence[Any]) -> dict[str, Any] | None:
    """The query for the page after `rows`; None: no further page."""
    match call.pages:
        case "page" | "page[number]":
            return {**query, call.pages: int(query.get(call.pages) or 1) + 1}
        case "page0":
            return {**query, "page": int(query.get("page") or 0) + 1}
        case "since_id":  # ids lower than it; lists are in descending order
            ids = [row["id"] for row in rows if has_id(row) and isinstance(row["id"], int)]
            return {**query, "since_id": min(ids)} if ids else None
        case "offset_job_id" | "page[after]":
            return {**query, call.pages: rows[-1]["id"]} if has_id(rows[-1]) else None
        case _:
            return None


def identity(row: Any) -> object:
    """Equal for the same row: a page shifts when something is created while the list is read."""
    return row["id"] if has_id(row) else msgspec.json.encode(row)


def has_id(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("id"), int | str)
