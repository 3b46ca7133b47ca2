"""Mutations that no test can notice, each with its reason: equivalent.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from tests.mutation.draw import ROOT, Mutation, joined

FILE: Final = Path(__file__).with_suffix(".toml")


def _as_one(text: str) -> str:
    return joined(text.splitlines())


@attrs.frozen(kw_only=True)
class Equivalent:
    """One change of a file, by the lines before and after it, and why the program does the same.

    `inside`: the function that the line is in; empty outside of functions.
    """

    file: str
    before: str = attrs.field(converter=_as_one)
    after: str = attrs.field(converter=_as_one)
    why: str
    inside: str

    def is_gone(self) -> bool:
        """Whether the lines are no longer in the file."""
        path = ROOT / self.file
        return not path.exists() or self.before not in joined(path.read_text(encoding="utf-8").splitlines())


def equivalents() -> list[Equivalent]:
    return list(_read())


def reason(mutation: Mutation, known: list[Equivalent]) -> str | None:
    """Why nothing changes; None when nobody said so."""
    change = (mutation.file, mutation.before, mutation.after, mutation.inside)
    return next((one.why for one in known if (one.file, one.before, one.after, one.inside) == change), None)


def _read() -> Iterator[Equivalent]:
    for row in tomllib.loads(FILE.read_text(encoding="utf-8")).get("equivalent", []):
        yield Equivalent(**row)
