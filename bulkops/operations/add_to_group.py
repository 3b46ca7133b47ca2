"""add-to-group: add a member to a collaborator group of each account."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import attrs

from bulkops.errors import NotFound, TaskFailed
from bulkops.journal import StepRow
from bulkops.models import GroupMember
from bulkops.operations._base import Operation
from bulkops.operations._members import EMAIL, MEMBER_ID, NAME, Person, find_group, foresee_group, the_member
from bulkops.operations._plan_effects import plan_notes
from bulkops.operations.ensure import Ensure, delete_own
from bulkops.operations.fields import check_given
from bulkops.parameters import parameter
from bulkops.steps import Context, is_planned, planned_id

_STEP: Final = "add-to-group"
_GROUP: Final = "create-group"


@attrs.frozen(kw_only=True)
class AddToGroup(Operation):
    """Add a member to a collaborator group of each account.

    A missing group is created. An account whose group has the member is left alone.

    The member must exist, and is identified by external id, e-mail or name. Sends two to three reads, and one request
    for each of group and membership that is missing. Undoing removes the member, and deletes the group that the run
    made if nobody else is in it.
    """

    name = "add-to-group"
    only_requests = True
    examples = (
        "add-to-group --group Integrators --external-id U-55 --accounts all",
        "add-to-group --group Integrators --name {contact} --accounts customers.csv",
    )
    affects = frozenset({"groups"})
    stands_on = frozenset({"members", "groups"})
    group: str = attrs.field(
        metadata=parameter("Name of the group; {column} is filled in.", metavar="NAME", template=True)
    )
    external_id: str | None = attrs.field(default=None, metadata=MEMBER_ID)
    email: str | None = attrs.field(default=None, metadata=EMAIL)
    member_name: str | None = attrs.field(default=None, metadata=NAME)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        check_given(self, "external_id", "email", "member_name")

    @property
    def title(self) -> str:
        who = [each for each in (self.external_id, self.email, self.member_name) if each is not None]
        return f"add member {', '.join(map(repr, who))} to group {self.group!r}"

    async def apply(self, ctx: Context) -> None:
        given: dict[str, Any] = self.filled(ctx)
        name = given.pop("group")
        member = await the_member(ctx, Person(**given))
        group = await ctx.ensure(
            _GROUP,
            find=partial(find_group, ctx, name),
            do=partial(ctx.account.user_groups.create, name),
            check=f"whether there is a group {name!r}",
            planned={"id": planned_id()},
            says=[f"create group {name!r}"],
        )
        if is_planned(group["id"]):
            foresee_group(ctx, name, group["id"])
        says = f"add a member to group {name!r}"
        await _EnsureInGroup(step=_STEP, group_id=group["id"], member_id=member.id, says=says).apply(ctx)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Remove the member, then the group that the run made, if nobody is left in it."""
        added, made = done.get(_STEP), done.get(_GROUP)
        if added is not None:
            await _EnsureNotInGroup(step=f"undo {_STEP}", **added.result).apply(ctx)
        step = f"undo {_GROUP}"
        if made is not None and (ctx.began(step) or not await _members(ctx, made.result["id"])):
            await delete_own(ctx, step, partial(ctx.account.user_groups.delete, made.result["id"]))


@attrs.frozen(kw_only=True)
class _EnsureInGroup(Ensure[GroupMember]):
    """Desired state: the member is in the group."""

    repeatable = True
    group_id: str
    member_id: int

    async def find(self, ctx: Context) -> GroupMember | None:
        there = await _members(ctx, self.group_id)
        return there.get(self.member_id) or plan_notes(ctx, self._noted).get(self.member_id)

    def foresee(self, ctx: Context, found: GroupMember | None) -> None:
        plan_notes(ctx, self._noted)[self.member_id] = GroupMember(id=self.member_id)

    @property
    def _noted(self) -> str:
        return f"members of group {self.group_id}"

    async def create(self, ctx: Context) -> Any:
        await ctx.account.user_groups.add_members(self.group_id, [self.member_id])
        return self.planned()

    def planned(self) -> Any:
        return {"group_id": self.group_id, "member_id": self.member_id}

    def unseen(self, made: Any) -> TaskFailed | None:
        return TaskFailed(
            "the API accepted the member, but the group does not have it",
            failure_class="member-not-in-group",
            remedy="`bulkops retry` adds again",
        )


@attrs.frozen(kw_only=True)
class _EnsureNotInGroup(_EnsureInGroup):
    """Desired state: the group does not have the member, or does not exist."""

    is_wanted = False

    async def delete(self, ctx: Context, found: GroupMember | None) -> Any:
        await ctx.account.user_groups.remove_members(self.group_id, [self.member_id])
        return self.planned()

    def unseen(self, made: Any) -> None:
        """The probe of a removal looks for the same."""


async def _members(ctx: Context, group_id: str) -> dict[int, GroupMember]:
    """By id; empty for a group that is gone. Sends one request a hundred."""
    try:
        return {member.id: member async for member in ctx.account.user_groups.members(group_id)}
    except NotFound:
        return {}
