"""`Context`: what an operation holds while it works on one account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from copy import copy
from functools import wraps
from typing import Any, TypeAlias, TypeVar, cast, overload

import attrs
import msgspec

from bulkops.client import Account, scope_of, session_of
from bulkops.journal import REMARKS
from bulkops.settings import Tuning
from bulkops.steps.effect import NOT_PLANNED, Effect, Intent, Probe
from bulkops.steps.log import StepLog
from bulkops.steps.memory import AccountMemory

J = TypeVar("J", bound="bool | int | float | str | list[Any] | dict[str, Any] | None")
"""JSON data, which the journal gives back as it was."""

Record: TypeAlias = attrs.AttrsInstance | msgspec.Struct
"""A model or another object with fields, which the journal gives back as a dict."""


M = TypeVar("M", bound=Callable[..., Coroutine[Any, Any, Any]])


def _to_be_awaited(method: M) -> M:
    """A call of the method that is never awaited fails the account, instead of doing nothing."""

    @wraps(method)
    def called(self: Context, name: str, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
        call = self._log.called[name] = method(self, name, *args, **kwargs)
        return call

    return cast("M", called)


class Context:
    """One account under one operation of one run.

    `account`: its API, bound to the run's quotas and order; `params`: the other columns of the account file;
    `detail`: JSON data that an operation adds to the report.
    """

    def __init__(self, *, account: Account, params: Mapping[str, str], log: StepLog, memory: AccountMemory) -> None:
        self.account = account
        self.params = copy(params)  # the operation may change its own
        self.detail: dict[str, Any] = {}
        self._log = log
        self._memory = memory

    @property
    def planning(self) -> bool:
        """Whether this is a plan: reads are sent, steps are recorded and not sent, other writes raise WouldChange."""
        return scope_of(self.account).read_only

    def add_note(self, words: str, here: str | None = None) -> None:
        """Add a note to the account's line in the report. It is not a failure.

        Args:
            words: the same text for every account that the note is about, so that they are shown together.
            here: what it means for this account.
        """
        self.detail.setdefault(REMARKS, []).append({"words": words} | ({} if here is None else {"here": here}))

    @overload
    async def step(
        self,
        name: str,
        fn: Callable[[], Awaitable[J]],
        *,
        probe: Callable[[Intent], Awaitable[J | None]] | None = None,
        repeatable: bool = False,
        data: Any = None,
        changes: bool = True,
        check: str | None = None,
        planned: J = ...,
        says: Sequence[str] | None = None,
    ) -> J: ...

    @overload
    async def step(
        self,
        name: str,
        fn: Callable[[], Awaitable[Record]],
        *,
        probe: Callable[[Intent], Awaitable[Record | dict[str, Any] | None]] | None = None,
        repeatable: bool = False,
        data: Any = None,
        changes: bool = True,
        check: str | None = None,
        planned: Record | dict[str, Any] = ...,
        says: Sequence[str] | None = None,
    ) -> dict[str, Any]: ...

    @_to_be_awaited
    async def step(
        self,
        name: str,
        fn: Callable[[], Awaitable[object]],
        *,
        probe: Probe | None = None,
        repeatable: bool = False,
        data: Any = None,
        changes: bool = True,
        check: str | None = None,
        planned: Any = NOT_PLANNED,
        says: Sequence[str] | None = None,
    ) -> Any:
        """Do one effect exactly once, also when the process dies in between. Returns what `fn` returned, as JSON data.

        A finished step answers from the journal. Before `fn` runs, an intent is durable. An intent without a result
        (a killed process, a lost reply) is settled by `probe` before anything is sent again.

        Args:
            name: unique within one pass of the operation over the account.
            fn: sends one request; returns JSON data, or a model of bulkops, which the journal keeps as a dict.
            probe: looks whether the effect happened; returns the step's result, or None for "it did not". A find is
                final. Nothing found counts only when the request cannot be running any more (`server_timeout_s` after
                it can have left): then the probe runs again. May raise TaskUnknown.
            repeatable: sending it twice is harmless (start, stop, set to a value): `fn` runs again, in this process
                too, while its outcome is unknown.
            data: JSON data to record with the intent, for the probe.
            changes: False for a step that changes nothing for the customer.
            check: what to look at by hand when the outcome stays unknown.
            planned: what `fn` would return. A plan sends nothing: it records the step and goes on with this value.
                Without one, the plan goes on until the operation uses the result.
            says: the changes as a plan shows them, one phrase each. None: the step's name. Of several
                steps with "start 1 recipe" it is "start 3 recipes".
        Raises: TaskUnknown when the outcome is unknown and nothing can settle it; TaskFailed when this pass has used
            the name already; otherwise what `fn` raised.
        """
        effect = Effect(
            fn=fn,
            probe=probe,
            repeatable=repeatable,
            data=data,
            changes=changes,
            check=check,
            planned=planned,
            says=says,
        )
        return await self._log.step(name, effect)

    @overload
    async def ensure(
        self,
        name: str,
        *,
        find: Callable[[], Awaitable[J | None]],
        do: Callable[[], Awaitable[J]],
        known_missing: bool = False,
        look_again: bool = False,
        repeatable: bool = False,
        data: Any = None,
        changes: bool = True,
        check: str | None = None,
        planned: J = ...,
        says: Sequence[str] | None = None,
    ) -> J: ...

    @overload
    async def ensure(
        self,
        name: str,
        *,
        find: Callable[[], Awaitable[Record | None]],
        do: Callable[[], Awaitable[Record]],
        known_missing: bool = False,
        look_again: bool = False,
        repeatable: bool = False,
        data: Any = None,
        changes: bool = True,
        check: str | None = None,
        planned: Record | dict[str, Any] = ...,
        says: Sequence[str] | None = None,
    ) -> dict[str, Any]: ...

    @_to_be_awaited
    async def ensure(
        self,
        name: str,
        *,
        find: Callable[[], Awaitable[object]],
        do: Callable[[], Awaitable[object]],
        known_missing: bool = False,
        look_again: bool = False,
        repeatable: bool = False,
        data: Any = None,
        changes: bool = True,
        check: str | None = None,
        planned: Any = NOT_PLANNED,
        says: Sequence[str] | None = None,
    ) -> Any:
        """Return what `find` finds; if that is None, do it as a durable step and return what `do` returned.

        `find` is also the step's probe, so it settles an intent that an earlier process left open.

        Args:
            name: the step's name, unique within one pass of the operation over the account.
            find: sends reads only; returns the same JSON data as `do`, or None.
            do: sends one request that makes it so.
            known_missing: it cannot be there yet, so `find` is not asked first: it is the probe alone.
            look_again: `find` is asked although this run has finished the step: what has disappeared is made again.
            repeatable, data, changes, check, planned, says: as of `step`.
        Raises: as `step`, and what `find` raised.
        """
        effect = Effect(
            fn=do,
            probe=lambda _: find(),
            repeatable=repeatable,
            data=data,
            changes=changes,
            check=check,
            planned=planned,
            says=says,
        )
        if known_missing:
            return await self._log.step(name, effect)
        return await self._log.ensure(name, find, effect, look_again=look_again)

    async def confirm(self, check: Callable[[], Awaitable[None]]) -> None:
        """Check what the steps before came to: "accepted" is not "done". A plan counts the requests and sends none.

        Raises: what `check` raises.
        """
        await self._log.confirm(check)

    def began(self, name: str) -> bool:
        """Whether an earlier process of this run began the step and left its outcome unknown."""
        return self._log.began(name)

    def is_done(self, name: str) -> bool:
        """Whether this run, in any of its processes, has finished the step."""
        return self._log.is_done(name)

    def result(self, name: str) -> Any:
        """The journaled result of a finished step. None also when the step is not done: `is_done` tells."""
        return self._log.result(name)

    def reset_step(self, name: str) -> None:
        """Forget a finished step: its effect is known to be gone, and the step may run again. Other steps stay."""
        self._log.reset(name)

    async def recall(self, kind: str, key: str) -> Any:
        """What an earlier run of this journal remembered about the account, or None."""
        return await self._memory.recall(kind, key)

    async def remember(self, kind: str, key: str, value: Any) -> None:
        """Keep a JSON value about the account for later runs of this journal. A plan keeps nothing."""
        if not self.planning:
            await self._memory.remember(kind, key, value)


def log_of(ctx: Context) -> StepLog:
    """The account's step log, for the engine and the built-in operations."""
    return ctx._log


def memory_of(ctx: Context) -> AccountMemory:
    """The account's memory, for the built-in operations."""
    return ctx._memory


def tuning_of(ctx: Context) -> Tuning:
    """The client's tuning, for the built-in operations."""
    return session_of(ctx.account).settings.tuning
