"""remove-member: remove a person from each account's workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import attrs

from bulkops.errors import ConfigError, TaskFailed
from bulkops.journal import StepRow
from bulkops.operations._base import Operation
from bulkops.operations._members import EnsureMember, EnsureNoMember, Person, check_via
from bulkops.operations._templates import check_words, columns_in, fill
from bulkops.steps import Context

_STEP: Final = "remove-member"


@attrs.frozen
class RemoveMember(Operation):
    """Remove the member who fits everything given. Every text may name columns of the account file: "{email}".

    Already so: nobody fits. Several who fit are refused. Sends one look and one request. Undone, the person is added
    again with the same name, external id, roles and time zone; the vendor gives a new id.

    `via`: "members", or "member" for the older call, which the vendor has deprecated.
    """

    name: ClassVar[str] = "remove-member"
    only_requests: ClassVar[bool] = True
    affects: ClassVar[frozenset[str]] = frozenset({"members"})
    stands_on: ClassVar[frozenset[str]] = frozenset({"members"})
    external_id: str | None = attrs.field(kw_only=True, default=None)
    email: str | None = attrs.field(kw_only=True, default=None)
    member_name: str | None = attrs.field(kw_only=True, default=None, metadata={"key": "name"})
    via: str = attrs.field(kw_only=True, default="members")

    def __attrs_post_init__(self) -> None:
        check_words(**self._templates())
        check_via(self.via, "remove")
        if not any(self._templates().values()):
            raise ConfigError("who is to be removed is not said", remedy="give an external id, an e-mail or a name")

    def _templates(self) -> dict[str, str | None]:
        return {"external_id": self.external_id, "email": self.email, "name": self.member_name}

    @property
    def title(self) -> str:
        return f"remove member {', '.join(repr(text) for text in self._templates().values() if text is not None)}"

    def columns(self) -> set[str]:
        return columns_in(**self._templates())

    async def apply(self, ctx: Context) -> None:
        given: dict[str, Any] = {key: fill(text, ctx) for key, text in self._templates().items() if text is not None}
        await EnsureNoMember(step=_STEP, person=Person(**given), via=self.via, says=self.title).apply(ctx)

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
        wanted = {"name": facts["name"], "env_roles": facts["roles"]}
        wanted |= {key: facts.get(key) for key in ("external_id", "time_zone")}
        await EnsureMember(step=f"undo {_STEP}", wanted=wanted).apply(ctx)
