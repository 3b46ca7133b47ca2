"""start-genie and stop-genie: switch a genie of each account."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import attrs
import msgspec

from bulkops.errors import NotFound
from bulkops.journal import StepRow
from bulkops.models import Genie
from bulkops.operations._lookup import the_one
from bulkops.operations._plan_effects import plan_notes
from bulkops.operations._switching import Switch
from bulkops.parameters import parameter
from bulkops.steps import Context, Offline, log_of

_GENIES: Final = "genies"


@attrs.frozen(kw_only=True)
class SwitchGenie(Switch[Genie]):
    """Base of `StartGenie` and `StopGenie`."""

    only_requests = True
    affects = frozenset({"genies"})
    stands_on = frozenset({"genies"})
    noun = "genie"
    verbs = ("start", "stop")
    done = ("started", "stopped")
    genie: str = attrs.field(
        metadata=parameter("Name of the genie; {column} is filled in.", metavar="NAME", template=True)
    )

    @property
    def title(self) -> str:
        return f"{self.verb} genie {self.genie!r}"

    async def apply(self, ctx: Context) -> None:
        found = await self._find(ctx, self.filled(ctx)["genie"])
        for genie in self.to_switch(ctx, [found]):
            await self.switch(ctx, genie)
            await ctx.confirm(partial(self._check, ctx, genie))

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Switch it back. One that is so already, or gone, is left alone."""
        ids = {row.result["id"] for row in done.values()}
        own = [genie async for genie in ctx.account.genies.list() if genie.id in ids]
        for genie in self.to_switch(ctx, own, undo=True):
            await self.switch(ctx, genie, undo=True)

    def is_on(self, thing: Genie) -> bool:
        return thing.is_running

    async def is_on_now(self, ctx: Context, thing: Genie) -> bool | None:
        try:
            return (await ctx.account.genies.get(thing.id)).is_running
        except NotFound:
            return None

    async def send(self, ctx: Context, thing: Genie, *, on: bool) -> None:
        await (ctx.account.genies.start if on else ctx.account.genies.stop)(thing.id)

    def foresee(self, ctx: Context, thing: Genie, *, on: bool) -> None:
        plan_notes(ctx, _GENIES)[thing.id] = msgspec.structs.replace(thing, state="running" if on else "stopped")

    async def _find(self, ctx: Context, name: str) -> Genie:
        """Sends one request a hundred genies. Raises: TaskFailed when there is not exactly one of the name."""
        offline = log_of(ctx).offline
        noted = plan_notes(ctx, _GENIES)
        there: list[Genie] = [noted.get(genie.id, genie) async for genie in ctx.account.genies.list()]
        found = [genie for genie in there if genie.name == name]
        if offline is not None and not found:
            is_on = self.turns_on if offline is Offline.DONE else not self.turns_on
            return Genie(id="", name=name, state="running" if is_on else "stopped")
        known = [genie.name for genie in there]
        return the_one(found, "genie", name, known=known, otherwise="create it in the workspace first")

    async def _check(self, ctx: Context, genie: Genie) -> None:
        """ "Accepted" is not "done". Sends one look."""
        if await self.is_on_now(ctx, genie) is not self.turns_on:
            raise self.switched_back(genie, on=self.turns_on)


@attrs.frozen(kw_only=True)
class StartGenie(SwitchGenie):
    """Start a genie of each account.

    A running genie is left alone. Undone, it is stopped.

    The call is inferred from the partner's own: no page of the vendor prints it. Sends one read, one request for a
    genie that is stopped, and one more read.
    """

    name = "start-genie"
    examples = ("start-genie --genie 'HR helper' --accounts all",)
    turns_on = True


@attrs.frozen(kw_only=True)
class StopGenie(SwitchGenie):
    """Stop a genie of each account.

    A stopped genie is left alone. Undone, it is started.

    The call is inferred from the partner's own: no page of the vendor prints it. Sends one read, one request for a
    genie that runs, and one more read.
    """

    name = "stop-genie"
    examples = ("stop-genie --genie 'HR helper' --accounts leaving.csv",)
    turns_on = False
