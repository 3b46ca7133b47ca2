"""remove-member: remove a person from each account's workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import attrs

from bulkops.errors import ConfigError, TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Member
from bulkops.operations._base import Operation, Plan
from bulkops.operations._foreseen import Foreseen
from bulkops.operations._members import LIST, VIAS, Person, find_member, remove_member
from bulkops.operations._templates import check_words, columns_in, fill
from bulkops.steps import Context

_STEP: Final = "remove-member"
_UNDO: Final = "undo remove-member"


@attrs.frozen
class RemoveMember(Operation):
    """Remove the member who fits everything given. Every text may name columns of the account file: "{email}".

    Already so: nobody fits. Several who fit are refused. Sends one look and one request. Undone, the person is added
    again with the same name, external id, roles and time zone; the vendor gives a new id.

    `via`: "members", or "member" for the older call, which the vendor has deprecated.
    """

    name: ClassVar[str] = "remove-member"
    affects: ClassVar[frozenset[str]] = frozenset({"members"})
    stands_on: ClassVar[frozenset[str]] = frozenset({"members"})
    external_id: str | None = attrs.field(kw_only=True, default=None)
    email: str | None = attrs.field(kw_only=True, default=None)
    member_name: str | None = attrs.field(kw_only=True, default=None, metadata={"key": "name"})
    via: str = attrs.field(kw_only=True, default="members")

    def __attrs_post_init__(self) -> None:
        check_words(**self._templates())
        if self.via not in VIAS:
            raise ConfigError(f"via = {self.via!r} is no way to remove a member", remedy=f"use {' or '.join(VIAS)}")
        if not any(self._templates().values()):
            raise ConfigError("who is to be removed is not said", remedy="give an external id, an e-mail or a name")

    def _templates(self) -> dict[str, str | None]:
        return {"external_id": self.external_id, "email": self.email, "name": self.member_name}

    @property
    def title(self) -> str:
        return f"remove member {', '.join(repr(text) for text in self._templates().values() if text is not None)}"

    def columns(self) -> set[str]:
        return columns_in(**self._templates())

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return {LIST: 1, self._call: 1}

    @property
    def _call(self) -> str:
        return f"managed_users.{self.via}.delete"

    def look_cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return {LIST: 1}

    async def plan(self, ctx: Context) -> Plan | None:
        found = await find_member(ctx, self._person(ctx))
        return None if found is None else Plan((self.title,), {self._call: 1})

    async def apply(self, ctx: Context) -> None:
        if ctx.is_done(_STEP):
            return
        found = await find_member(ctx, self._person(ctx))
        if found is None and not ctx.began(_STEP):
            return
        await remove_member(ctx, found.id if found else None, _STEP, via=self.via, data=_facts(found))

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Add the person again, unless somebody did."""
        row = done.get(_STEP)
        if row is None:
            return
        facts = row.data or {}
        if not facts.get("name") or not facts.get("roles"):
            raise TaskFailed(
                "the vendor did not say the member's name and role when it was removed",
                failure_class="cannot-undo",
                remedy="add the member by hand",
            )
        external_id = facts.get("external_id")
        person = Person(external_id=external_id) if external_id is not None else Person(name=facts["name"])

        async def add() -> Any:
            made = await ctx.account.members.add(
                name=facts["name"],
                env_roles=facts["roles"],
                external_id=external_id,
                time_zone=facts.get("time_zone"),
            )
            return {"member_id": made.id}

        async def find() -> Any:
            found = await find_member(ctx, person)
            return None if found is None else {"member_id": found.id}

        await ctx.ensure(_UNDO, find=find, do=add, check=f"whether {person} is a member again")

    def _person(self, ctx: Context) -> Person:
        given = {key: fill(template, ctx) for key, template in self._templates().items() if template is not None}
        return Person(**given)


def _facts(member: Member | None) -> dict[str, Any]:
    """What it takes to add the member again."""
    if member is None:
        return {}
    return {
        "name": member.name,
        "external_id": member.external_id,
        "time_zone": member.time_zone,
        "roles": member.env_roles(),
    }
