"""Lookup by name: several things of a name are an error, and a missing one has a nearest name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from bulkops.close_match import did_you_mean
from bulkops.errors import TaskFailed


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=_Numbered)


def only_one(found: Sequence[T], what: str, *, failure_class: str, remedy: str) -> T | None:
    """The one thing found, or None.

    `what`: with the name, for several: "folders are named 'CRM'". Raises: TaskFailed when several were found.
    """
    if len(found) > 1:
        raise TaskFailed(
            f"{len(found)} {what} ({', '.join(str(each.id) for each in found)})",
            failure_class=failure_class,
            cause=f"several {what}",
            remedy=remedy,
        )
    return found[0] if found else None


def nearest_else(name: str, known: Iterable[str], *, otherwise: str) -> str:
    """A remedy for a name that is not there: the nearest of the known ones, and what else to do."""
    near = did_you_mean(name, known)
    return f"{near} else {otherwise}" if near else otherwise


def name_some(names: list[str], most: int = 5) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
