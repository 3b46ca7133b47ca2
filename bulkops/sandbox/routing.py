"""From a request's target to the call it means, over the rows of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import attrs

from bulkops.catalogue import Call


@attrs.frozen
class Target:
    """Path segments, percent-decoded one by one so that an encoded slash stays inside its segment; query by name."""

    segments: tuple[str, ...]
    query: dict[str, str]
    pairs: tuple[tuple[str, str], ...] = ()
    """The query as it came: a list comes once for each of its values."""

    @classmethod
    def parse(cls, raw: str) -> Target:
        """Read a request target, whatever bytes it holds; doubled and trailing slashes mean nothing."""
        raw = raw.encode(errors="surrogateescape").decode(errors="replace")
        if "://" in raw[:16]:  # absolute form, as sent through a proxy
            raw = "/" + raw.partition("://")[2].partition("/")[2]
        path, _, query = raw.partition("?")
        segments = tuple(unquote(part) for part in path.split("/") if part)
        pairs = tuple(parse_qsl(query, keep_blank_values=True)) if query else ()
        return cls(segments, dict(pairs), pairs)


@attrs.frozen
class Route:
    """A call and its path parameters."""

    call: Call
    names: dict[str, str]


class Routes:
    """Finds calls by method and path: a tree with one level a segment, a fixed word before a parameter."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self._tree: dict[str | None, Any] = {}
        for call in calls:
            for method, path in addresses(call):
                node = self._tree
                for part in path.strip("/").split("/"):
                    node = node.setdefault(None if part.startswith("{") else part, {})
                names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
                node.setdefault(_LEAF, {})[method] = (call, names)

    def find(self, method: str, segments: tuple[str, ...]) -> Route | None:
        """The call, or None when path or method mean nothing here."""
        node, values = self._tree, []
        for segment in segments:
            if segment in node and segment != _LEAF:
                node = node[segment]
            elif None in node:
                values.append(segment)
                node = node[None]
            else:
                return None
        found = node.get(_LEAF, {}).get(method)
        if found is None:
            return None
        call, names = found
        return Route(call, dict(zip(names, values, strict=True)))


def addresses(call: Call) -> list[tuple[str, str]]:
    """Method and path of a call: the catalogue's, and where other versions of the vendor's pages have it."""
    paths = [path for path in (call.path, call.other_path) if path]
    # a change of part of a thing is printed as either
    methods = ["PATCH", "PUT"] if call.method == "PATCH" else [call.method]
    return [(method, path) for method in methods for path in paths]


_LEAF: Final = "/"
"""Marks the methods of a node; no segment holds a bare slash, because an encoded one is longer than a leaf."""
