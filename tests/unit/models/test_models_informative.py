"""Members that may be left out of a reply: absent they are None, and no operation reads them."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

import bulkops
import bulkops.models
from bulkops.models.members import INFORMATIVE_MEMBERS
from bulkops.models.model import Model

ROOT = Path(bulkops.__file__).parent


def fields() -> Iterator[msgspec.structs.FieldInfo]:
    for module in pkgutil.iter_modules(bulkops.models.__path__):
        loaded = importlib.import_module(f"bulkops.models.{module.name}")
        for value in vars(loaded).values():
            if isinstance(value, type) and issubclass(value, Model) and value.__module__ == loaded.__name__:
                yield from msgspec.structs.fields(value)


def test_each_is_a_member_that_is_none_when_it_is_absent() -> None:
    found = [field for field in fields() if field.name in INFORMATIVE_MEMBERS]
    assert {field.name for field in found} == INFORMATIVE_MEMBERS
    assert [field.name for field in found if field.default is not None] == []


def test_no_operation_reads_one() -> None:
    read = {
        node.attr
        for room in ("operations", "runs", "steps", "forecast", "resources")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    assert read & INFORMATIVE_MEMBERS == frozenset()
