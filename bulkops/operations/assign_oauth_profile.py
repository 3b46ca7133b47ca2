"""assign-oauth-profile: let the connections of each account sign in with a custom OAuth profile."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import attrs

from bulkops.errors import NotFound
from bulkops.journal import StepRow
from bulkops.operations._base import Operation
from bulkops.operations._plan_effects import plan_notes
from bulkops.operations.ensure import Ensure
from bulkops.parameters import parameter
from bulkops.steps import Context

_STEP: Final = "assign-oauth-profile"
_FACT: Final = "oauth-profile"


@attrs.frozen(kw_only=True)
class AssignOAuthProfile(Operation):
    """Assign a custom OAuth profile to each account.

    An account to which an earlier run of the journal has assigned it is left alone.

    The vendor does not show which profiles an account has, and assigning twice is harmless. So another journal assigns
    again. Sends one request. Undoing unassigns it; the vendor refuses that while connections use it.
    """

    name: ClassVar[str] = "assign-oauth-profile"
    only_requests: ClassVar[bool] = True
    examples: ClassVar[tuple[str, ...]] = ("assign-oauth-profile --profile 322 --accounts all",)
    affects: ClassVar[frozenset[str]] = frozenset({"oauth profiles"})
    stands_on: ClassVar[frozenset[str]] = frozenset({"oauth profiles"})
    profile: int = attrs.field(
        metadata=parameter("Id of the profile: `bulkops call custom_oauth_profiles.list` shows them.", metavar="ID")
    )

    @property
    def title(self) -> str:
        return f"assign OAuth profile {self.profile}"

    async def apply(self, ctx: Context) -> None:
        await _EnsureAssigned(step=_STEP, profile=self.profile, says=self.title).apply(ctx)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Unassign it. Sends one request."""
        row = done.get(_STEP)
        if row is not None:
            await _EnsureUnassigned(step=f"undo {_STEP}", profile=row.result["profile"]).apply(ctx)


@attrs.frozen(kw_only=True)
class _EnsureAssigned(Ensure[bool]):
    """Desired state: a run of this journal has assigned the profile."""

    repeatable: ClassVar[bool] = True
    profile: int

    async def find(self, ctx: Context) -> bool | None:
        noted = plan_notes(ctx, _FACT)
        key = str(self.profile)
        return bool(noted[key] if key in noted else await ctx.recall(_FACT, key)) or None

    async def create(self, ctx: Context) -> Any:
        await ctx.account.custom_oauth_profiles.assign(self.profile)
        await ctx.remember(_FACT, str(self.profile), True)
        return self.planned()

    def planned(self) -> Any:
        return {"profile": self.profile}

    def result(self, found: bool) -> Any:
        return self.planned()

    def foresee(self, ctx: Context, found: bool | None) -> None:
        plan_notes(ctx, _FACT)[str(self.profile)] = self.is_wanted


@attrs.frozen(kw_only=True)
class _EnsureUnassigned(_EnsureAssigned):
    """Desired state: the profile is not assigned any more."""

    is_wanted: ClassVar[bool] = False
    missing: ClassVar[bool] = True

    async def delete(self, ctx: Context, found: bool | None) -> Any:
        """One that is not assigned any more is a 404."""
        with contextlib.suppress(NotFound):
            await ctx.account.custom_oauth_profiles.unassign(self.profile)
        await ctx.remember(_FACT, str(self.profile), None)
        return self.planned()

    async def probe(self, ctx: Context, intent: Any) -> Any:
        return self.planned() if await self.find(ctx) is None else None
