"""Groups and members of an account by name: who is to get a role, or to join."""

from __future__ import annotations

from typing import Any, Final

from bulkops.errors import TaskFailed
from bulkops.models import CollaboratorGroup, Member
from bulkops.operations._lookup import nearest_else
from bulkops.operations._members import Person, find_member
from bulkops.operations._plan_effects import plan_notes
from bulkops.steps import Context, log_of, planned_id

EVERYBODY: Final = "All collaborators"
"""The group that always exists (vendor facts, section 18)."""

_GROUPS: Final = "groups"


def foresee_group(ctx: Context, name: str, group_id: Any) -> None:
    """Note in a plan a group that would be made."""
    if ctx.planning:
        plan_notes(ctx, _GROUPS)[name] = CollaboratorGroup(id=group_id, name=name)


async def the_member(ctx: Context, person: Person) -> Member:
    """The member that matches. Sends one request. Raises: TaskFailed when there is not exactly one."""
    found = await find_member(ctx, person)
    if found is not None:
        return found
    if log_of(ctx).offline is not None:
        return Member(id=planned_id())
    raise TaskFailed(
        f"the workspace has no member with {person}",
        failure_class="member-missing",
        cause="no member matches",
        remedy="add-member first, then `bulkops retry`",
    )


async def find_group(ctx: Context, name: str) -> CollaboratorGroup | None:
    """The group of exactly this name, or None. Sends one request. Raises: TaskFailed when several have it."""
    found = [group async for group in ctx.account.user_groups.list(name=name) if group.name == name]
    planned: CollaboratorGroup | None = plan_notes(ctx, _GROUPS).get(name)
    found += [] if planned is None else [planned]
    if len(found) > 1:
        raise TaskFailed(
            f"{len(found)} groups are named {name!r} ({', '.join(group.id for group in found)})",
            failure_class="group-ambiguous",
            cause=f"several groups are named {name!r}",
            remedy="rename or remove all but one",
        )
    return found[0] if found else None


async def the_group(ctx: Context, name: str) -> str | int:
    """The id of the group of this name. Sends one request. Raises: TaskFailed when there is not exactly one."""
    found = await find_group(ctx, name)
    if found is not None:
        return found.id
    log = log_of(ctx)
    if log.offline is not None or (log.is_new_account and name == EVERYBODY):
        return planned_id()
    raise TaskFailed(
        f"the workspace has no group {name!r}",
        failure_class="group-missing",
        remedy=nearest_else(name, (), otherwise="add-to-group makes one"),
    )
