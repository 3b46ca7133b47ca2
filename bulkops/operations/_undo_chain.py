"""Undo of a chain: in reverse, and past a failed part as far as that is safe.

A part may fail to undo (its recipes cannot be stopped, the vendor answers 500). Then everything that it stands on must
stay too: running recipes keep their connections and folder. Other parts are undone all the same. The next `retry` or
`resume` finishes the rest.
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
    WouldChange,
)
from bulkops.journal import StepRow
from bulkops.steps import Context, log_of

if TYPE_CHECKING:
    from bulkops.operations._base import Operation

CANNOT_UNDO: Final = "cannot-undo"
"""Failure class of a permanent inability to undo: a chain leaves the part and continues with the others."""

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
    """Outcome of each part, by its name in the report."""

    undone: list[str] = attrs.field(factory=list)
    left: dict[str, str] = attrs.field(factory=dict)
    failed: dict[str, BulkopsError] = attrs.field(factory=dict)
    held: dict[str, str] = attrs.field(factory=dict)

    def words(self) -> str:
        """ "not undone: start-recipes (...); held back, ...: import-package; undone: enable-endpoints" """
        said = [
            ("not undone", [f"{name} ({_said(problem)})" for name, problem in self.failed.items()]),
            ("held back, because a part that is not undone stands on it", list(self.held)),
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
    """Its message without the remedy, which is the same for all, and without the path of a request."""
    return problem.cause if isinstance(problem, ApiError) else str(problem).removesuffix(f"; {problem.remedy}")


async def undo_parts(ctx: Context, parts: Sequence[Part], done: Mapping[str, StepRow]) -> None:
    """Undo the last part first. Raises: TaskFailed or TaskUnknown with the outcome of every part; immediately an error
    of the whole run.
    """
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
        except (JournalError, Unauthorized, WouldChange):
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
    """Whether the effects of `later` may depend on those of `earlier`."""
    if later.stands_on is None or earlier.affects is None:
        return later.stands_on is None or bool(later.stands_on)
    return not later.stands_on.isdisjoint(earlier.affects)


def _failure(tally: _Tally) -> BulkopsError:
    """One failure with all details, in the class of the first."""
    name, first = next(iter(tally.failed.items()))
    unknown = next((each for each in tally.failed.values() if isinstance(each, OutcomeUnknown | TaskUnknown)), None)
    more = len(tally.failed) - 1
    cause = f"{name} could not be undone: {first.cause}" + (f"; and {more} more" if more else "")
    if unknown is not None:
        return TaskUnknown(tally.words(), cause=cause, remedy=unknown.remedy or "`bulkops resume` checks again")
    remedy = first.remedy or "check the account"
    if _RETRY not in remedy:
        remedy = f"{remedy}, then {_RETRY}"
    return TaskFailed(
        tally.words(), failure_class=first.failure_class, cause=cause, remedy=f"{remedy}, which undoes the rest"
    )
