"""add-member: add a member to each account's workspace."""

from __future__ import annotations

import attrs

from bulkops.journal import StepRow
from bulkops.operations._members import CURRENT, NAME, OLDER, VIA, EnsureMember, EnsureNoMember, Person
from bulkops.operations.ensure import EnsureOne
from bulkops.parameters import parameter
from bulkops.steps import Context


@attrs.frozen(kw_only=True)
class AddMember(EnsureOne):
    """Add a member to each account.

    An account that has the member with that role is left alone.

    The external id identifies the member, or the name without one. The e-mail is sent too, although the vendor's page
    does not mention it. Sends one read and one request. Undoing removes the member.
    """

    name = "add-member"
    examples = (
        "add-member --name Ana --external-id U-55 --role Operator --accounts all",
        "add-member --name {contact} --external-id {contact_id} --role Admin --accounts customers.csv",
    )
    affects = stands_on = frozenset({"members"})
    member_name: str = attrs.field(metadata=NAME)
    role: str = attrs.field(
        metadata=parameter("Role in DEV: Admin, Analyst, Operator or a custom role.", metavar="NAME", template=True)
    )
    external_id: str | None = attrs.field(
        default=None,
        metadata=parameter("Your own id of the member, which identifies it; without it the name does.", template=True),
    )
    email: str | None = attrs.field(default=None, metadata=parameter("E-mail.", template=True, only_with=CURRENT))
    oauth_id: str | None = attrs.field(
        default=None,
        metadata=parameter("OAuth id, for --via member only.", template=True, only_with=OLDER, needed_with=OLDER),
    )
    via: str = attrs.field(default="members", metadata=VIA)

    @property
    def title(self) -> str:
        return f"add member {self.member_name!r} as {self.role}"

    async def ensured(self, ctx: Context) -> EnsureMember:
        wanted = self.filled(ctx)
        wanted["role_name"] = wanted.pop("role")
        says = f"add member {self.member_name!r} as {wanted['role_name']}"
        return EnsureMember(step=self.name, wanted=wanted, via=self.via, says=says)

    async def restored(self, ctx: Context, done: StepRow) -> EnsureNoMember:
        """The older call returns no id: then the names identify the member."""
        added = done.result["member_id"]
        person = Person(id=added) if added is not None else Person.of(self.filled(ctx))
        return EnsureNoMember(step=f"undo {self.name}", person=person, via=self.via)
