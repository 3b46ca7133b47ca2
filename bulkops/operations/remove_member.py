"""remove-member: remove a member from each account's workspace."""

from __future__ import annotations

from typing import Any

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import StepRow
from bulkops.operations._members import EMAIL, MEMBER_ID, NAME, VIA, EnsureMember, EnsureNoMember, Person
from bulkops.operations.ensure import EnsureOne
from bulkops.operations.fields import check_given, templates
from bulkops.steps import Context


@attrs.frozen(kw_only=True)
class RemoveMember(EnsureOne):
    """Remove a member from each account.

    The member must match every given value. An account without such a member is left alone.

    Several matching members are an error. Sends one read and one request. Undo adds the member again with the same
    name, external id, roles and time zone; the vendor assigns a new id.
    """

    name = "remove-member"
    examples = ("remove-member --external-id U-55 --accounts all",)
    affects = stands_on = frozenset({"members"})
    external_id: str | None = attrs.field(default=None, metadata=MEMBER_ID)
    email: str | None = attrs.field(default=None, metadata=EMAIL)
    member_name: str | None = attrs.field(default=None, metadata=NAME)
    via: str = attrs.field(default="members", metadata=VIA)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        check_given(self, "external_id", "email", "member_name")

    @property
    def title(self) -> str:
        return f"remove member {', '.join(map(repr, templates(self).values()))}"

    async def ensured(self, ctx: Context) -> EnsureNoMember:
        given: dict[str, Any] = self.filled(ctx)
        return EnsureNoMember(step=self.name, person=Person(**given), via=self.via, says=self.title)

    async def restored(self, ctx: Context, done: StepRow) -> EnsureMember:
        """Raises: TaskFailed unless the vendor returned the member's name and roles."""
        was = done.data or {}
        if not was.get("name") or not was.get("roles"):
            raise TaskFailed(
                "the vendor did not return the name and role of the removed member",
                failure_class="cannot-undo",
                remedy="add the member by hand",
            )
        wanted = {name: was.get(name) for name in ("name", "external_id", "time_zone")}
        return EnsureMember(step=f"undo {self.name}", wanted=wanted | {"env_roles": was["roles"]})
