"""`Effect`: the effect of a step, and `Intent`, the data of an open intent for its probe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Any, Final, TypeAlias

import attrs

from bulkops.journal.codec import stored


@attrs.frozen(kw_only=True)
class Intent:
    """Data for a probe.

    `data`: what `step(data=...)` recorded before the request left; `age_s`: seconds since the request left, or less.
    """

    data: Any
    age_s: float


Probe: TypeAlias = Callable[[Intent], Awaitable[Any]]


class _NotPlanned(Enum):
    NOT_PLANNED = "the author does not say what the step would return"

    def __repr__(self) -> str:
        return self.name


NOT_PLANNED: Final = _NotPlanned.NOT_PLANNED


class Offline(Enum):
    """What a rehearsal without any request takes an account for."""

    FRESH = "everything is still to be done"
    DONE = "everything is already as it is to be"


@attrs.define(kw_only=True)  # not frozen: a frozen class pays twice for its constructor
class Effect:
    """What a step does, as `Context.step` takes it."""

    fn: Callable[[], Awaitable[Any]]
    probe: Probe | None = None
    repeatable: bool = False
    data: Any = None
    changes: bool = True
    check: str | None = None
    planned: Any = NOT_PLANNED
    says: Sequence[str] | None = None

    def intended(self, step: str, others: Callable[[Any], Any] | None = None) -> Any:
        """`data` as the journal keeps it. Raises: TypeError if it is not JSON data, or `fn` cannot be called.

        `others`: replaces a value that JSON cannot express, or raises TypeError.
        """
        if not callable(self.fn):
            raise TypeError(f"step {step!r} needs an async function, not {type(self.fn).__name__}: give it uncalled")
        return as_json(self.data, f"the data of step {step!r}", others)


def as_json(value: object, what: str, others: Callable[[Any], Any] | None = None) -> Any:
    """The value as the journal gives it back, to this process too. Raises: TypeError that says what it is."""
    try:
        return stored(value, others)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{what} is not JSON data: {error}") from None
