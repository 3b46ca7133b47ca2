"""`Rehearsal`: the step log of a plan. It records effects in place of sending them (contract C8)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, NoReturn

import msgspec

from bulkops.errors import WouldChange
from bulkops.journal import StepRow, StepState
from bulkops.steps.effect import NOT_PLANNED, Effect
from bulkops.steps.log import StepLog

_NUMBER: Final = re.compile(r"[ \d]+$")


class Rehearsal(StepLog):
    """The steps of one account in a plan: each is done at once, with the result that its author planned."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._recorded: list[str] = []

    def take(self) -> tuple[str, ...]:
        """The changes recorded since the last call, one phrase for each kind."""
        recorded, self._recorded = self._recorded, []
        return phrases(recorded)

    async def reset(self, name: str) -> None:
        self._steps.pop(self._prefix + name, None)
        self._used.discard(self._prefix + name)

    async def _do(self, key: str, effect: Effect) -> Any:
        name = key.removeprefix(self._prefix)
        if effect.changes:
            self._recorded.append(name)
        if effect.planned is NOT_PLANNED:
            result: Any = _Unplanned(name)
        else:
            result = msgspec.to_builtins(effect.planned)
        self._steps[key] = StepRow(
            step=key, state=StepState.DONE, data=effect.data, result=result, changed=effect.changes, began_age_s=0.0
        )
        return result


def phrases(names: Iterable[str]) -> tuple[str, ...]:
    """Names of steps as changes: those that differ by a number at their end count as one kind.

    >>> phrases(["stop 41", "stop 42", "create folder A"])
    ('stop (2 times)', 'create folder A')
    """
    kinds = Counter(_NUMBER.sub("", name) or name for name in names)
    return tuple(kind + (f" ({count} times)" if count > 1 else "") for kind, count in kinds.items())


class _Unplanned:
    """The result of a step without `planned`. Using it ends the rehearsal: what follows cannot be foreseen."""

    def __init__(self, step: str) -> None:
        self._step = step

    def _used(self, *_: object, **__: object) -> NoReturn:
        raise WouldChange(f"what depends on {self._step!r}")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # what the interpreter and libraries ask of any object
            raise AttributeError(name)
        self._used()

    __getitem__ = __iter__ = __contains__ = __len__ = __bool__ = __call__ = _used
    __str__ = __repr__ = __format__ = __int__ = __float__ = __index__ = __eq__ = __ne__ = __hash__ = _used
    __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _used
