"""add-member: add a member to each account's workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from bulkops.errors import ConfigError
from bulkops.journal import StepRow
from bulkops.operations._base import Operation
from bulkops.operations._members import EMAIL, NAME, VIA, EnsureMember, EnsureNoMember, Person
from bulkops.parameters import parameter
from bulkops.steps import Context

_STEP: Final = "add-member"


@attrs.frozen(kw_only=True)
class AddMember(Operation):
    """Add a member to each account.

    An account that has the member with that role is left alone.

    The external id identifies the member, or the name without one. The e-mail is sent too, although the vendor's page
    does not mention it. Sends one read and one request.
    """

    name = "add-member"
    only_requests = True
    examples = (
        "add-member --name Ana --external-id U-55 --role Operator --accounts all",
        "add-member --name {contact} --external-id {contact_id} --role Admin --accounts customers.csv",
    )
    affects = frozenset({"members"})
    stands_on = frozenset({"members"})
    member_name: str = attrs.field(metadata=NAME)
    role: str = attrs.field(
        metadata=parameter("Role in DEV: Admin, Analyst, Operator or a custom role.", metavar="NAME", template=True)
    )
    external_id: str | None = attrs.field(
        default=None,
        metadata=parameter("Your own id of the member, which identifies it; without it the name does.", template=True),
    )
    email: str | None = attrs.field(default=None, metadata=EMAIL)
    oauth_id: str | None = attrs.field(
        default=None, metadata=parameter("OAuth id, for --via member only.", template=True)
    )
    via: str = attrs.field(default="members", metadata=VIA)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.via == "member" and self.oauth_id is None:
            raise ConfigError(
                "the older call for members needs an OAuth id", remedy='set oauth_id, or use via "members"'
            )
        if self.via == "members" and self.oauth_id is not None:
            raise ConfigError("only the older call takes an OAuth id", remedy='leave it out, or use via "member"')
        if self.via == "member" and self.email is not None:
            raise ConfigError("the older call for members takes no e-mail", remedy='leave it out, or use via "members"')

    @property
    def title(self) -> str:
        return f"add member {self.member_name!r} as {self.role}"

    async def apply(self, ctx: Context) -> None:
        wanted = self.filled(ctx)
        role = wanted.pop("role")
        says = f"add member {self.member_name!r} as {role}"
        members = {**wanted, "role_name": role}
        await EnsureMember(step=_STEP, wanted=members, role=role, via=self.via, says=says).apply(ctx)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Remove the member that the run added, if still there."""
        row = done.get(_STEP)
        if row is not None:
            added = row.result["member_id"]
            person = Person(id=added) if added is not None else EnsureMember(step="", wanted=self.filled(ctx)).person
            await EnsureNoMember(step=f"undo {_STEP}", person=person, via=self.via).apply(ctx)
