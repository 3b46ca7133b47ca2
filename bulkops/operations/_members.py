"""Members of an account as operations know them: who is meant, and whether somebody is there."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final

import attrs

from bulkops.errors import BadRequest, NotFound, TaskFailed
from bulkops.models import Member
from bulkops.steps import Context, Intent

VIAS: Final = ("members", "member")
"""The calls of today, and the deprecated pair."""

LIST: Final = "managed_users.members.list"


@attrs.frozen(kw_only=True)
class Person:
    """Who is meant. A member fits when everything given is the same."""

    external_id: str | None = None
    email: str | None = None
    name: str | None = None

    def fits(self, member: Member) -> bool:
        return (
            self.external_id in {None, member.external_id}
            and (self.email is None or self.email.lower() == (member.email or "").lower())
            and self.name in {None, member.name}
        )

    def __str__(self) -> str:
        given = attrs.asdict(self, filter=lambda _, value: value is not None)
        return ", ".join(f"{key.replace('_', ' ')} {value!r}" for key, value in given.items())


async def find_member(ctx: Context, person: Person) -> Member | None:
    """The one member that fits, or None. Sends one request. Raises: TaskFailed when several do."""
    found = [member async for member in ctx.account.members.list() if person.fits(member)]
    if len(found) > 1:
        raise TaskFailed(
            f"{len(found)} members fit {person} ({', '.join(str(member.id) for member in found)})",
            failure_class="member-ambiguous",
            cause="several members fit",
            remedy="say who is meant by external id",
        )
    return found[0] if found else None


async def remove_member(ctx: Context, member_id: int | None, step: str, *, via: str, data: Any = None) -> None:
    """Remove a member in one durable step; one who is gone already is removed.

    `member_id` None: an earlier process began the step, and nobody who fits is there now.
    """

    async def send() -> Any:
        if member_id is None:
            raise TaskFailed(
                "the member whom an earlier removal meant is still there, under other names",
                failure_class="member-changed",
                remedy="look at the members of the workspace",
            )
        members = ctx.account.members
        await _gone(members.remove_by_old_route(member_id) if via == "member" else members.remove(member_id))
        return {"removed": member_id}

    async def probe(intent: Intent) -> Any:
        there = {member.id async for member in ctx.account.members.list()}
        return None if intent.data["id"] in there else {"removed": intent.data["id"]}

    await ctx.step(step, send, probe=probe, repeatable=True, data={"id": member_id, **(data or {})})


async def _gone(removal: Awaitable[None]) -> None:
    """A removal whose reply was lost and that was sent again finds nobody. The older call says
    400 or 404 then; whether anybody is left is what the look before and the one after are for."""
    try:
        await removal
    except NotFound:
        pass
    except BadRequest as refusal:
        if refusal.call != "managed_users.member.delete" or refusal.attempt == 1:
            raise
