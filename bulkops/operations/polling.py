"""Polling of imports: rarely while other accounts bound the run, often otherwise.

A poll costs a request and brings nothing before the import is done; asking late costs nothing either, as long as other
accounts wait for quotas and decide when the run ends. Only the last imports are worth asking often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from bulkops.client import session_of
from bulkops.pacing import Pacer
from bulkops.steps import Context, memory_of, tuning_of

_GUESS: Final = "likely finish of an "
_DONE_SHARE: Final = 0.8
_STEP: Final = 0.2
_GROWTH: Final = 2.0
_PATIENCE: Final = 0.08
"""Asked often means after this share of the import's age: a long one ends no more than that later for it."""


class _Job(Protocol):
    @property
    def is_finished(self) -> bool: ...


F = TypeVar("F", bound=_Job)


class LikelyFinish:
    """The age at which four of five imports of this run are done, learned from polls. Flat in memory.

    A poll says whether an import was done at an age, not when it was done: the ages at which imports were found done
    are the ages of polls, and their 80th percentile could only rise. So a poll at about the guess moves it a little:
    done, down; not done, up four times as far (stochastic approximation, Robbins and Monro 1951), but never far beyond
    what the poll has seen.
    """

    def __init__(self, first_s: float) -> None:
        self.age_s = first_s
        self._least_s = first_s

    def note(self, asked_at_s: float, *, done: bool) -> None:
        """An import was asked at this age, in seconds since it was accepted."""
        if done and asked_at_s <= self.age_s * (1 + _STEP):
            self.age_s = max(self._least_s, self.age_s * (1 - _STEP * (1 - _DONE_SHARE)))
        elif not done and asked_at_s >= self.age_s / (1 + _STEP):
            self.age_s = max(self.age_s, min(self.age_s, asked_at_s) * (1 + _STEP * _DONE_SHARE))


def patient_age_s(asked_s: float, *, likely_s: float) -> float:
    """While others wait: the likely finish; for an import asked at `asked_s` and not done, twice that."""
    return max(likely_s, asked_s * _GROWTH)


def eager_age_s(asked_s: float, *, first_s: float) -> float:
    """When nobody waits: the age at which to ask again after `asked_s`."""
    return asked_s + max(first_s, asked_s * _PATIENCE)


class Polling:
    """One import's polls: `wait`, ask, `note`, until it is done."""

    def __init__(self, first_s: float, likely: LikelyFinish, pacer: Pacer) -> None:
        """`likely`: what all imports of the run share; `pacer`: knows who else waits."""
        self._first_s = first_s
        self._likely = likely
        self._pacer = pacer
        self._clock = asyncio.get_running_loop().time
        self._began_at = self._clock()
        self._asked_at = self._began_at
        self._is_first = True

    @classmethod
    def of(cls, ctx: Context, what: str = "import") -> Polling:
        """Polls of an import that was accepted just now, with what the run has learned so far of its like."""
        first_s = tuning_of(ctx).first_poll_s
        likely = memory_of(ctx).shared.setdefault(_GUESS + what, LikelyFinish(first_s))
        return cls(first_s, likely, session_of(ctx.account).pacer)

    async def until_finished(self, ask: Callable[[], Awaitable[F]], *, deadline_s: float) -> F:
        """What `ask` returns once it is finished, or the last of it after `deadline_s` seconds. Raises: as `ask`."""
        while True:
            await self.wait()
            found = await ask()
            self.note(done=found.is_finished)
            if found.is_finished or self._clock() > self._began_at + deadline_s:
                return found

    async def wait(self) -> None:
        """Until it is worth a request to ask. Looks around each `first_poll_s`: the others may be through."""
        while True:
            worth_at = self._next_at() if self._others_wait() else self._soon_at()
            now = self._clock()
            if now >= worth_at:
                self._asked_at = now
                return
            await asyncio.sleep(min(worth_at - now, self._first_s))

    def note(self, *, done: bool) -> None:
        """What the poll said that followed the last `wait`.

        Only an import's first poll teaches: a slow one that is asked again and again would count for many.
        """
        if self._is_first:
            self._likely.note(self._asked_at - self._began_at, done=done)
        self._is_first = False

    def _next_at(self) -> float:
        return self._began_at + patient_age_s(self._asked_at - self._began_at, likely_s=self._likely.age_s)

    def _soon_at(self) -> float:
        return self._began_at + eager_age_s(self._asked_at - self._began_at, first_s=self._first_s)

    def _others_wait(self) -> bool:
        """Whether anyone waits for a quota, or to start because of one: then that quota decides when the run ends, not
        this import."""
        return self._pacer.held_back > 0 or any(quota.waiting for quota in self._pacer.statistics().values())
