"""add-member: add a person to each account's workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import attrs

from bulkops.errors import ConfigError, TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Member
from bulkops.operations._base import Operation, Plan
from bulkops.operations._foreseen import Foreseen, added
from bulkops.operations._members import LIST, VIAS, Person, find_member, remove_member
from bulkops.operations._templates import check_words, columns_in, fill
from bulkops.steps import Context

_STEP: Final = "add-member"
_UNDO: Final = "undo add-member"


@attrs.frozen
class AddMember(Operation):
    """Add a person to each account. Every text may name columns of the account file: "{email}".

    Already so: somebody with the external id (without one: with the name) is a member, in the same role. Sends one look
    and one request.

    `role`: in DEV; `external_id`: your own id of the person, by which a second addition is recognized; `email`: sent
    along, though the vendor's page does not name it; `oauth_id`: which the older call needs and the newer one does
    not take beside a name; `via`: "members", or "member" for the older call, which the vendor has deprecated.
    """

    name: ClassVar[str] = "add-member"
    affects: ClassVar[frozenset[str]] = frozenset({"members"})
    stands_on: ClassVar[frozenset[str]] = frozenset({"members"})
    member_name: str = attrs.field(kw_only=True, metadata={"key": "name"})
    role: str = attrs.field(kw_only=True)
    external_id: str | None = attrs.field(kw_only=True, default=None)
    email: str | None = attrs.field(kw_only=True, default=None)
    oauth_id: str | None = attrs.field(kw_only=True, default=None)
    via: str = attrs.field(kw_only=True, default="members")

    def __attrs_post_init__(self) -> None:
        check_words(**self._templates())
        if self.via not in VIAS:
            raise ConfigError(f"via = {self.via!r} is no way to add a member", remedy=f"use {' or '.join(VIAS)}")
        if self.via == "member" and self.oauth_id is None:
            raise ConfigError("the older call for members needs an oauth id", remedy='give oauth_id, or via "members"')
        if self.via == "members" and self.oauth_id is not None:
            raise ConfigError("an oauth id is for the older call alone", remedy='leave it out, or give via "member"')
        if self.via == "member" and self.email is not None:
            raise ConfigError("the older call for members takes no e-mail", remedy='leave it out, or via "members"')

    def _templates(self) -> dict[str, str | None]:
        return {
            "name": self.member_name,
            "role": self.role,
            "external_id": self.external_id,
            "email": self.email,
            "oauth_id": self.oauth_id,
        }

    @property
    def title(self) -> str:
        return f"add member {self.member_name!r} as {self.role}"

    def columns(self) -> set[str]:
        return columns_in(**self._templates())

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return added(self.look_cost(foreseen), self._effects())

    def _effects(self) -> Mapping[str, float]:
        looks = 1 if self.via == "member" else 0  # the older call's answer does not speak of the member
        return {f"managed_users.{self.via}.create": 1, LIST: looks}

    def look_cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return {LIST: 1}

    async def plan(self, ctx: Context) -> Plan | None:
        wanted = self._filled(ctx)
        found = await find_member(ctx, _person(wanted))
        if found is not None:
            _require_role(found, wanted["role"])
            return None
        return Plan((f"add member {self.member_name!r} as {wanted['role']}",), self._effects())

    async def apply(self, ctx: Context) -> None:
        wanted = self._filled(ctx)
        person = _person(wanted)

        async def find() -> Any:
            found = await find_member(ctx, person)
            if found is None:
                return None
            _require_role(found, wanted["role"])
            return {"member_id": found.id}

        async def add() -> Any:
            return {"member_id": await self._send(ctx, wanted)}

        made = await ctx.ensure(_STEP, find=find, do=add, check=f"whether {person} is a member now")
        if made["member_id"] is None and await find() is None:
            await ctx.reset_step(_STEP)
            raise TaskFailed(
                f"the API accepted the member, but {person} is missing from the list",
                failure_class="member-not-added",
                cause="the API accepted the member, but the list does not have it",
                remedy="`bulkops retry` adds again",
            )

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Remove the member that the run added, if still there."""
        row = done.get(_STEP)
        if row is None or ctx.is_done(_UNDO):
            return
        added = row.result["member_id"]
        if added is None:
            found = await find_member(ctx, _person(self._filled(ctx)))
        else:
            found = await anext((member async for member in ctx.account.members.list() if member.id == added), None)
        if found is not None or ctx.began(_UNDO):
            await remove_member(ctx, found.id if found else None, _UNDO, via=self.via)

    def _filled(self, ctx: Context) -> dict[str, str]:
        """What each text is for this account, without those that were not given."""
        return {key: fill(template, ctx) for key, template in self._templates().items() if template is not None}

    async def _send(self, ctx: Context, wanted: Mapping[str, str]) -> int | None:
        """Add the member; the new id, where the answer says it."""
        external_id = wanted.get("external_id")
        if self.via == "member":
            await ctx.account.members.add_by_old_route(
                name=wanted["name"], oauth_id=wanted["oauth_id"], role_name=wanted["role"], external_id=external_id
            )
            return None
        made = await ctx.account.members.add(
            name=wanted["name"], role_name=wanted["role"], external_id=external_id, email=wanted.get("email")
        )
        return made.id


def _person(wanted: Mapping[str, str]) -> Person:
    """By external id, else by name: whether the vendor keeps an e-mail is not known, so nobody is looked for by it."""
    external_id = wanted.get("external_id")
    return Person(external_id=external_id) if external_id is not None else Person(name=wanted["name"])


def _require_role(member: Member, role: str) -> None:
    """The vendor may leave roles out of its list: then nobody can say that it is another."""
    now = member.env_roles().get("dev")
    if now not in {None, role}:
        raise TaskFailed(
            f"{member.name!r} is a member already, as {now}, not as {role}",
            failure_class="member-other-role",
            cause=f"the person is a member already, in another role than {role}",
            remedy="change the role in the workspace, or remove the member first",
        )
