"""Replies kept for tests: each value replaced by one of its type, so that the file holds nothing of a customer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import attrs

from bulkops.errors import ConfigError
from bulkops.learn.questions import Question
from bulkops.learn.shapes import is_name, kind_of
from bulkops.sandbox.deviations import KINDS
from bulkops.sandbox.openapi import Schema, row_schema
from bulkops.sandbox.recorded import FILE_NAME

_MOST_ROWS: Final = 3
_WRAPPERS: Final = frozenset({"result", "data", "items", "assets", "tags"})
_NUMBERS: Final = frozenset({"count", "page", "per_page", "total"})
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")
_A_TIME: Final = "2026-01-01T00:00:00.000Z"


@attrs.define
class Cassettes:
    """Collects replies; `write` puts them into a directory, where `SandboxSettings(recorded=...)` finds them."""

    directory: Path
    rows: list[dict[str, Any]] = attrs.field(factory=list, init=False)

    def keep(self, question: Question, status: int, tree: Any) -> None:
        """Keep the reply to a call's first request, without its values."""
        if question.name == question.call.id:
            body = anonymous(tree, row_schema(question.call))
            self.rows.append({"call": question.call.id, "status": status, "body": body})

    def write(self) -> None:
        """Raises: ConfigError."""
        lines = [json.dumps(row, ensure_ascii=True) + "\n" for row in self.rows]
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            (self.directory / FILE_NAME).write_text("".join(lines), encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"cannot write {self.directory}: {error.strerror}", remedy="check --record") from error


def anonymous(tree: Any, row: Schema) -> Any:
    """The reply with the same members and types, at most three rows, and no value of the original."""
    return _body(tree, row, count(1))


def _body(tree: Any, row: Schema, ids: Iterator[int]) -> Any:
    """What stands around the rows keeps its members."""
    if isinstance(tree, list):
        return [_value(each, row, ids) for each in tree[:_MOST_ROWS]]
    if isinstance(tree, dict) and _WRAPPERS & tree.keys() and "id" not in tree:
        return {
            name: _body(value, row, ids) if name in _WRAPPERS else _value(value, {}, ids)
            for name, value in tree.items()
            if name in _WRAPPERS | _NUMBERS
        }
    return _value(tree, row, ids)


def _value(value: Any, schema: Schema, ids: Iterator[int]) -> Any:
    if isinstance(value, list):
        return [_value(each, schema.get("items", {}), ids) for each in value[:_MOST_ROWS]]
    if isinstance(value, dict):
        known = schema.get("properties")
        if known is None:  # its names may be data
            return {"message": "text"} if "message" in value else {}
        return {name: _value(each, known.get(name, {}), ids) for name, each in value.items() if is_name(name)}
    if isinstance(value, str):
        return _text(value, schema)
    kind = kind_of(value)
    return next(ids) if kind == "integer" else KINDS[kind]


def _text(value: str, schema: Schema) -> str:
    """A word of the vendor's own stays, a time becomes another one."""
    words = [word for each in (schema, *schema.get("anyOf", ())) for word in each.get("enum", [each.get("const")])]
    if value in words:
        return value
    return _A_TIME if _TIME.fullmatch(value) else "text"
