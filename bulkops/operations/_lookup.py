"""Lookup by name: several things of a name are an error, and a missing one has a nearest name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol, TypeVar

from bulkops.close_match import did_you_mean
from bulkops.errors import TaskFailed

_MOST_NAMED: Final = 5


class _Numbered(Protocol):
    @property
    def id(self) -> int | str: ...


T = TypeVar("T", bound=_Numbered)


def only_one(
    found: Sequence[T],
    what: str,
    *,
    which: str = "",
    failure_class: str,
    remedy: str = "rename or remove all but one",
) -> T | None:
    """The one thing found, or None.

    `what`: with the name, for several: "folders are named 'CRM'"; `which`: what follows it for this account alone.
    Raises: TaskFailed when several were found.
    """
    if len(found) > 1:
        raise TaskFailed(
            f"{len(found)} {what}{which} ({', '.join(str(each.id) for each in found)})",
            failure_class=failure_class,
            cause=f"several {what}",
            remedy=remedy,
        )
    return found[0] if found else None


def the_one(found: Sequence[T], what: str, name: str, *, known: Iterable[str] = (), otherwise: str) -> T:
    """The one thing of that name. `what`: "API collection", whose last word begins the failure class; `known`: names
    that exist; `otherwise`: what to do about a missing one.

    Raises: TaskFailed for none and for several.
    """
    kind = what.rpartition(" ")[2]
    one = only_one(found, f"{what}s are named {name!r}", failure_class=f"{kind}-ambiguous")
    if one is None:
        raise TaskFailed(
            f"no {what} is named {name!r}",
            failure_class=f"{kind}-missing",
            remedy=nearest_else(name, known, otherwise=otherwise),
        )
    return one


def nearest_else(name: str, known: Iterable[str], *, otherwise: str) -> str:
    """A remedy for a name that is not there: the nearest of the known ones, and what else to do.

    A corrected name takes a new run, because a retry keeps the parameters of its run.
    """
    near = did_you_mean(name, known)
    return f"{near} that takes a new run; else {otherwise}" if near else otherwise


def name_some(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:_MOST_NAMED]))
    return shown if len(names) <= _MOST_NAMED else f"{shown} and {len(names) - _MOST_NAMED} more"
