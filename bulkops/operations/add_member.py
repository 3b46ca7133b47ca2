"""add-member: add a person to each account's workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import attrs

from bulkops.errors import ConfigError
from bulkops.journal import StepRow
from bulkops.operations._base import Operation
from bulkops.operations._members import EnsureMember, EnsureNoMember, Person, check_via
from bulkops.operations._templates import check_words, columns_in, fill
from bulkops.steps import Context

_STEP: Final = "add-member"


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
    only_requests: ClassVar[bool] = True
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
        check_via(self.via, "add")
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

    async def apply(self, ctx: Context) -> None:
        wanted = self._filled(ctx)
        role = wanted.pop("role")
        says = f"add member {self.member_name!r} as {role}"
        members = {**wanted, "role_name": role}
        await EnsureMember(step=_STEP, wanted=members, role=role, via=self.via, says=says).apply(ctx)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Remove the member that the run added, if still there."""
        row = done.get(_STEP)
        if row is not None:
            added = row.result["member_id"]
            person = Person(id=added) if added is not None else EnsureMember(step="", wanted=self._filled(ctx)).person
            await EnsureNoMember(step=f"undo {_STEP}", person=person, via=self.via).apply(ctx)

    def _filled(self, ctx: Context) -> dict[str, str]:
        """What each text is for this account, without those that were not given."""
        return {key: fill(template, ctx) for key, template in self._templates().items() if template is not None}
