"""remove-member: remove a member from each account's workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from bulkops.errors import ConfigError, TaskFailed
from bulkops.journal import StepRow
from bulkops.operations._base import Operation
from bulkops.operations._members import EMAIL, NAME, VIA, EnsureMember, EnsureNoMember, Person
from bulkops.operations.fields import templates
from bulkops.parameters import parameter
from bulkops.steps import Context

_STEP: Final = "remove-member"


@attrs.frozen(kw_only=True)
class RemoveMember(Operation):
    """Remove a member from each account.

    The member must match every given value. An account without such a member is left alone.

    Several matching members are an error. Sends one read and one request. Undo adds the member again with the same
    name, external id, roles and time zone; the vendor assigns a new id.
    """

    name = "remove-member"
    only_requests = True
    examples = ("remove-member --external-id U-55 --accounts all",)
    affects = frozenset({"members"})
    stands_on = frozenset({"members"})
    external_id: str | None = attrs.field(
        default=None, metadata=parameter("Your own id of the member; {column} is filled in.", template=True)
    )
    email: str | None = attrs.field(default=None, metadata=EMAIL)
    member_name: str | None = attrs.field(default=None, metadata=NAME)
    via: str = attrs.field(default="members", metadata=VIA)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if not templates(self):
            raise ConfigError("no member given", remedy="give an external id, an e-mail or a name")

    @property
    def title(self) -> str:
        return f"remove member {', '.join(map(repr, templates(self).values()))}"

    async def apply(self, ctx: Context) -> None:
        given: dict[str, Any] = self.filled(ctx)
        await EnsureNoMember(step=_STEP, person=Person(**given), via=self.via, says=self.title).apply(ctx)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Add the member again, if missing."""
        row = done.get(_STEP)
        if row is None:
            return
        facts = row.data or {}
        if not facts.get("name") or not facts.get("roles"):
            raise TaskFailed(
                "the vendor did not return the name and role of the removed member",
                failure_class="cannot-undo",
                remedy="add the member by hand",
            )
        wanted = {"name": facts["name"], "env_roles": facts["roles"]}
        wanted |= {key: facts.get(key) for key in ("external_id", "time_zone")}
        await EnsureMember(step=f"undo {_STEP}", wanted=wanted).apply(ctx)
