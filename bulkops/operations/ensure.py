"""`Ensure`: the desired state of one thing in an account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

import attrs

from bulkops.errors import BulkopsError, NotFound, TaskFailed
from bulkops.journal import StepRow
from bulkops.operations._base import Operation
from bulkops.steps import Context, Intent, log_of

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Ensure(Generic[T]):
    """How one thing is to be. Plan, run, probe and resume come from what a subclass says of it.

    `step`: name of the durable step that makes it so; `check`: what to look at by hand when the outcome stays unknown;
    `says`: the change as a plan shows it, the step's name unless given.
    A subclass has `find`; of `create`, `update` and `delete` those that can be needed; `mismatch` unless it is enough
    that the thing exists, or does not.
    """

    is_wanted: ClassVar[bool] = True
    """Whether the thing is to be there."""
    repeatable: ClassVar[bool] = False
    """Whether sending the change twice is harmless."""
    missing: ClassVar[Any] = None
    """What a plan takes `find` to return where nothing can be asked: the thing before the change."""

    step: str
    check: str | None = None
    says: str | None = None

    async def find(self, ctx: Context) -> T | None:
        """The thing as it is, or None. Sends reads only. Raises: TaskFailed when several may be meant."""
        raise NotImplementedError

    def mismatch(self, found: T | None) -> Sequence[str]:
        """What has to change, one phrase each; empty: it is already so. Raises: TaskFailed: it cannot be made so."""
        return () if (found is not None) is self.is_wanted else (self.says or self.step,)

    async def create(self, ctx: Context) -> Any:
        """Create the thing with one request. Returns JSON data for the journal."""
        raise NotImplementedError

    async def update(self, ctx: Context, found: T) -> Any:
        """Change the thing with one request. Returns JSON data for the journal."""
        raise NotImplementedError

    async def delete(self, ctx: Context, found: T | None) -> Any:
        """Delete the thing with one request. Returns JSON data for the journal.

        `found` None: after an unfinished deletion `find` finds nothing, and `probe` says that the thing is still there.
        """
        raise NotImplementedError

    def facts(self, found: T | None) -> Any:
        """JSON data of the thing as it was, journaled before the change: for the probe and for undo."""
        return None

    def result(self, found: T) -> Any:
        """What the change would have returned, of a thing that a look finds to be as it is to be."""
        return self.planned()

    def planned(self) -> Any:
        """What the change would return, for a plan."""
        return {}

    def foresee(self, ctx: Context, found: T | None) -> None:
        """Note in a plan how the thing would be after the change, for the operations behind this one."""

    async def probe(self, ctx: Context, intent: Intent) -> Any:
        """The result of a change of unknown outcome, if it happened; else None."""
        found = await self.find(ctx)
        if self.mismatch(found):
            return None
        return self.planned() if found is None else self.result(found)

    def unseen(self, made: Any) -> TaskFailed | None:
        """The failure if a look after the change does not find it. None: do not look. `made`: the change's result."""
        return None

    async def verify(self, ctx: Context, made: Any) -> None:
        """Check the change: "accepted" is not "done". `made`: its result. Raises: TaskFailed; the step may run then."""
        unseen = self.unseen(made)
        if unseen is not None and self.mismatch(await self.find(ctx)):
            ctx.reset_step(self.step)
            raise unseen

    async def apply(self, ctx: Context) -> Any:
        """Make it so in one durable step. Returns the step's result; None when there was nothing to do."""
        if ctx.is_done(self.step):
            made = ctx.result(self.step)
        else:
            began = ctx.began(self.step)
            found = None if began else await log_of(ctx).look(partial(self.find, ctx), missing=self.missing)
            changes = () if began else self.mismatch(found)
            if not changes and not began:
                return None
            made = await ctx.step(
                self.step,
                partial(self._change_again if began else self._change, ctx, found),
                probe=partial(self.probe, ctx),
                repeatable=self.repeatable,
                data=self.facts(found),
                check=self.check,
                planned=self.planned(),
                says=changes,
            )
            if ctx.planning:
                self.foresee(ctx, found)
        await ctx.confirm(partial(self.verify, ctx, made))
        return made

    async def _change(self, ctx: Context, found: T | None) -> Any:
        if not self.is_wanted:
            return await self.delete(ctx, found)
        return await (self.create(ctx) if found is None else self.update(ctx, found))

    async def _change_again(self, ctx: Context, _: T | None) -> Any:
        """For a step that an earlier process began, and whose probe says that it came to nothing."""
        found = await self.find(ctx)
        if found is not None and not self.mismatch(found):
            return self.result(found)
        return await self._change(ctx, found)


class EnsureOne(Operation):
    """Base of operations that bring one thing into its desired state, in one step of the operation's name."""

    only_requests = True

    async def ensured(self, ctx: Context) -> Ensure[Any]:
        """The desired state in this account, by a step `self.name`. Sends reads only. Raises: TaskFailed."""
        raise NotImplementedError

    async def restored(self, ctx: Context, done: StepRow) -> Ensure[Any]:
        """The desired state that undoes the finished step `done`. Sends reads only. Raises: TaskFailed."""
        raise NotImplementedError

    async def apply(self, ctx: Context) -> None:
        await (await self.ensured(ctx)).apply(ctx)

    def can_undo(self) -> bool:
        own = type(self)
        return own.restored is not EnsureOne.restored or own.undo is not EnsureOne.undo

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        if not self.can_undo():
            await super().undo(ctx, done)
        elif self.name in done:
            await (await self.restored(ctx, done[self.name])).apply(ctx)


async def delete_own(ctx: Context, step: str, delete: Callable[[], Awaitable[None]]) -> None:
    """Delete what the run created, in one durable step. A thing that is already gone does not count as a change.

    `delete`: sends the one request. Raises: what it raises, but for NotFound.
    """
    may_be_ours = ctx.began(step)

    async def send() -> Any:
        nonlocal may_be_ours
        try:
            await delete()
        except NotFound as gone:
            if not may_be_ours and gone.attempt == 1:
                raise
        except BulkopsError:
            may_be_ours = True  # for the next request of this step
            raise
        return {}

    with suppress(NotFound):
        await ctx.step(step, send, repeatable=True)
