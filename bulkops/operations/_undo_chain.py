"""How a chain is undone: in reverse, and past a part that fails as far as that is safe.

A part that cannot be taken back just now (its recipes cannot be stopped, the vendor answers 500) is still in place, and
so must everything be that it stands on: no connection is taken from running recipes, no folder from under them. What it
does not stand on is undone all the same. The next `retry` or `resume` comes by again and finishes the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import attrs

from bulkops.errors import (
    ApiError,
    BulkopsError,
    JournalError,
    OutcomeUnknown,
    TaskFailed,
    TaskUnknown,
    Unauthorized,
)
from bulkops.journal import StepRow
from bulkops.steps import Context, log_of

if TYPE_CHECKING:
    from bulkops.operations._base import Operation

CANNOT_UNDO: Final = "cannot-undo"
"""Failure class of what nobody can take back, now or later: a chain leaves it and goes on with everything else."""

_RETRY: Final = "`bulkops retry`"


@attrs.frozen
class Part:
    """One operation of a chain. `prefix`: of its steps."""

    operation: Operation
    prefix: str

    def own(self, done: Mapping[str, StepRow]) -> dict[str, StepRow]:
        """Its own finished steps, by the names that it gave them."""
        return {name.removeprefix(self.prefix): row for name, row in done.items() if name.startswith(self.prefix)}


@attrs.define
class _Tally:
    """What became of each part, by what the report calls it."""

    undone: list[str] = attrs.field(factory=list)
    left: dict[str, str] = attrs.field(factory=dict)
    failed: dict[str, BulkopsError] = attrs.field(factory=dict)
    held: dict[str, str] = attrs.field(factory=dict)

    def words(self) -> str:
        """ "not undone: start-recipes (...); held back, ...: import-package; undone: enable-endpoints" """
        said = [
            ("not undone", [f"{name} ({_said(problem)})" for name, problem in self.failed.items()]),
            ("held back, as what is not undone stands on it", list(self.held)),
            ("left as it is", [f"{name} ({why})" for name, why in self.left.items()]),
            ("undone", self.undone),
        ]
        return "; ".join(f"{what}: {', '.join(names)}" for what, names in said if names)

    def rows(self) -> dict[str, str]:
        """Part by part, for the account's detail."""
        return {
            **dict.fromkeys(self.undone, "undone"),
            **{name: f"left as it is: {why}" for name, why in self.left.items()},
            **{name: f"not undone: {_said(problem)}" for name, problem in self.failed.items()},
            **{name: f"held back: {after} is not undone and stands on it" for name, after in self.held.items()},
        }


def _said(problem: BulkopsError) -> str:
    """Its words without the remedy, which is one for all, and without the path of a request."""
    return problem.cause if isinstance(problem, ApiError) else str(problem).removesuffix(f"; {problem.remedy}")


async def undo_parts(ctx: Context, parts: Sequence[Part], done: Mapping[str, StepRow]) -> None:
    """Undo the last part first. Raises: TaskFailed, or TaskUnknown, that says of every part what became of it; at once
    what concerns the whole run."""
    names = _names(parts)
    tally = _Tally()
    in_place: list[tuple[str, Operation]] = []
    for part, name in reversed(list(zip(parts, names, strict=True))):
        own = part.own(done)
        if not own:
            continue
        after = next((later for later, operation in in_place if _stands_on(operation, part.operation)), None)
        if after is not None and part.operation.can_undo():
            tally.held[name] = after
            in_place.append((name, part.operation))
            continue
        log_of(ctx).enter(part.prefix)
        try:
            await part.operation.undo(ctx, own)
        except (JournalError, Unauthorized):
            raise
        except BulkopsError as problem:
            if problem.failure_class == CANNOT_UNDO:
                tally.left[name] = f"{problem}"
                ctx.detail[name] = f"left as it is: {problem}"
                ctx.add_note(f"{name} is left as it is: {problem.cause}", f"{problem}")
            else:
                tally.failed[name] = problem
                in_place.append((name, part.operation))
        else:
            tally.undone.append(name)
    if tally.failed:
        ctx.detail["undo"] = tally.rows()
        raise _failure(tally)


def _names(parts: Sequence[Part]) -> list[str]:
    """By operation; by their places too where the chain has one twice."""
    counts = Counter(part.operation.name for part in parts)
    return [part.operation.name if counts[part.operation.name] == 1 else part.prefix.rstrip(": ") for part in parts]


def _stands_on(later: Operation, earlier: Operation) -> bool:
    """Whether what `later` did may need what `earlier` did."""
    if later.stands_on is None or earlier.affects is None:
        return later.stands_on is None or bool(later.stands_on)
    return not later.stands_on.isdisjoint(earlier.affects)


def _failure(tally: _Tally) -> BulkopsError:
    """One failure that says all of it, in the class of the first."""
    name, first = next(iter(tally.failed.items()))
    unknown = next((each for each in tally.failed.values() if isinstance(each, OutcomeUnknown | TaskUnknown)), None)
    more = len(tally.failed) - 1
    cause = f"{name} could not be undone: {first.cause}" + (f"; and {more} more" if more else "")
    if unknown is not None:
        return TaskUnknown(tally.words(), cause=cause, remedy=unknown.remedy or "`bulkops resume` looks again")
    remedy = first.remedy or "look at the account"
    if _RETRY not in remedy:
        remedy = f"{remedy}, then {_RETRY}"
    return TaskFailed(
        tally.words(), failure_class=first.failure_class, cause=cause, remedy=f"{remedy}, which undoes the rest"
    )
