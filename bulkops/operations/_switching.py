"""Things with two ends, such as recipes that run or are stopped, switched one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, TypeVar

import attrs

from bulkops.errors import TaskFailed
from bulkops.models import ApiEndpoint, Genie, Recipe
from bulkops.operations._base import Operation
from bulkops.steps import Context, Intent

T = TypeVar("T", Recipe, ApiEndpoint, Genie)


class Problems:
    """Failures of several things of one account: one that fails does not keep the others from being tried."""

    def __init__(self) -> None:
        self._found: list[TaskFailed] = []

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Around what is done to one of them."""
        try:
            yield
        except TaskFailed as problem:
            self._found.append(problem)

    def raise_all(self) -> None:
        """Raises: TaskFailed in the class of the first, with the messages of the first four."""
        if not self._found:
            return
        first, *others = self._found
        if not others:
            raise first
        raise TaskFailed(
            f"{first.message}; and {len(others)} more: {', '.join(problem.message for problem in others[:3])}",
            failure_class=first.failure_class,
            cause=f"{first.cause}; and {len(others)} more",
            remedy=first.remedy,
        )


@attrs.frozen(kw_only=True)
class Switch(Operation, Generic[T]):
    """Base of operations that switch things to one of two ends, and back when undone."""

    noun: ClassVar[str]
    verbs: ClassVar[tuple[str, str]]
    """Of both ends: on, off."""
    done: ClassVar[tuple[str, str]]
    """Their participles."""
    turns_on: ClassVar[bool]

    @property
    def verb(self) -> str:
        return self.verbs[not self.turns_on]

    def is_on(self, thing: T) -> bool:
        raise NotImplementedError

    async def is_on_now(self, ctx: Context, thing: T) -> bool | None:
        """As `is_on`, asked again; None: it is gone. For the probe of a request with an unknown outcome."""
        raise NotImplementedError

    async def send(self, ctx: Context, thing: T, *, on: bool) -> None:
        """Switch it with one request. Raises: TaskFailed with the vendor's reasons."""
        raise NotImplementedError

    def switched_back(self, thing: T, *, on: bool) -> TaskFailed:
        """The failure of one that was switched, and is not so any more."""
        word = self.done[not on]
        return TaskFailed(
            f"{self.noun} {thing.name!r} was {word}, but is not any more",
            failure_class=f"{self.noun}-not-{word}",
            remedy="find out what switches it, then `bulkops retry`",
        )

    def foresee(self, ctx: Context, thing: T, *, on: bool) -> None:
        """Note in a plan how the thing would be, for the operations behind this one."""

    def to_switch(self, ctx: Context, things: Iterable[T], *, undo: bool = False) -> list[T]:
        """Those that are not so yet, or whose request of an earlier process has an unknown outcome."""
        on = self.turns_on is not undo
        return [thing for thing in things if self.is_on(thing) is not on or ctx.began(self._step(thing, undo=undo))]

    async def switch(self, ctx: Context, thing: T, *, undo: bool = False) -> None:
        """Switch one thing in one durable step. Raises: TaskFailed."""
        step, on = self._step(thing, undo=undo), self.turns_on is not undo
        if ctx.is_done(step):  # switched by this run, and switched back since
            ctx.reset_step(step)
        result = {"id": thing.id}

        async def send() -> Any:
            await self.send(ctx, thing, on=on)
            return result

        async def probe(_: Intent) -> Any:
            return result if await self.is_on_now(ctx, thing) is on else None

        await ctx.step(
            step,
            send,
            probe=probe,
            repeatable=True,
            data={"name": thing.name},
            planned=result,
            says=[f"{self.verbs[not on]} 1 {self.noun}"],
        )
        if ctx.planning:
            self.foresee(ctx, thing, on=on)

    def _step(self, thing: T, *, undo: bool) -> str:
        return f"{'undo ' if undo else ''}{self.verb} {thing.id}"
