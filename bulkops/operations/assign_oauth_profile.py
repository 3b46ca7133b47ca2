"""assign-oauth-profile: let the connections of each account sign in with a custom OAuth profile."""

from __future__ import annotations

import contextlib
from typing import Any, Final

import attrs

from bulkops.errors import NotFound
from bulkops.journal import StepRow
from bulkops.operations._plan_effects import plan_notes
from bulkops.operations.ensure import Ensure, EnsureOne
from bulkops.parameters import parameter
from bulkops.steps import Context

_FACT: Final = "oauth-profile"


@attrs.frozen(kw_only=True)
class AssignOAuthProfile(EnsureOne):
    """Assign a custom OAuth profile to each account.

    An account to which an earlier run of the journal has assigned it is left alone.

    The vendor does not show which profiles an account has, and assigning twice is harmless. So another journal assigns
    again. Sends one request. Undoing unassigns it; the vendor refuses that while connections use it.
    """

    name = "assign-oauth-profile"
    examples = ("assign-oauth-profile --profile 322 --accounts all",)
    affects = stands_on = frozenset({"oauth profiles"})
    profile: int = attrs.field(
        metadata=parameter("Id of the profile: `bulkops call custom_oauth_profiles.list` shows them.", metavar="ID")
    )

    @property
    def title(self) -> str:
        return f"assign OAuth profile {self.profile}"

    async def ensured(self, ctx: Context) -> _EnsureAssigned:
        return _EnsureAssigned(step=self.name, profile=self.profile, says=self.title)

    async def restored(self, ctx: Context, done: StepRow) -> _EnsureUnassigned:
        return _EnsureUnassigned(step=f"undo {self.name}", profile=self.profile)


@attrs.frozen(kw_only=True)
class _EnsureAssigned(Ensure[bool]):
    """Desired state: a run of this journal has assigned the profile."""

    repeatable = True
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

    def foresee(self, ctx: Context, found: bool | None) -> None:
        plan_notes(ctx, _FACT)[str(self.profile)] = self.is_wanted


@attrs.frozen(kw_only=True)
class _EnsureUnassigned(_EnsureAssigned):
    """Desired state: the profile is not assigned any more."""

    is_wanted = False
    missing = True

    async def delete(self, ctx: Context, found: bool | None) -> Any:
        """One that is not assigned any more is a 404."""
        with contextlib.suppress(NotFound):
            await ctx.account.custom_oauth_profiles.unassign(self.profile)
        await ctx.remember(_FACT, str(self.profile), None)
        return self.planned()
