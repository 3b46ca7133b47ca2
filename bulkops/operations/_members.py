"""Members and groups of an account: identification, and the desired state of a member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from bulkops.errors import BadRequest, NotFound, TaskFailed
from bulkops.models import CollaboratorGroup, Member
from bulkops.operations._lookup import only_one, the_one
from bulkops.operations._plan_effects import plan_notes
from bulkops.operations.ensure import Ensure
from bulkops.parameters import parameter
from bulkops.steps import Context, Intent, log_of, planned_id

NAME: Final = parameter("Name; {column} is filled in.", key="name", template=True)
EMAIL: Final = parameter("E-mail.", template=True)
MEMBER_ID: Final = parameter("Your own id of the member; {column} is filled in.", template=True)
VIA: Final = parameter("The current API calls, or the older, deprecated pair.", choices=("members", "member"))
CURRENT: Final = ("via", "members")
OLDER: Final = ("via", "member")

EVERYBODY: Final = "All collaborators"
"""The group that always exists (vendor facts, section 18)."""

_MEMBERS: Final = "members"
_GROUPS: Final = "groups"


@attrs.frozen(kw_only=True)
class Person:
    """Identification of a member, who matches if every given value is equal."""

    id: int | None = None
    external_id: str | None = None
    email: str | None = None
    name: str | None = None

    @classmethod
    def of(cls, wanted: Mapping[str, Any]) -> Person:
        """By external id, else by name, because the vendor may not store the e-mail."""
        external_id = wanted.get("external_id")
        return cls(external_id=external_id) if external_id is not None else cls(name=wanted["name"])

    def fits(self, member: Member) -> bool:
        return (
            self.id in {None, member.id}
            and self.external_id in {None, member.external_id}
            and (self.email is None or self.email.lower() == (member.email or "").lower())
            and self.name in {None, member.name}
        )

    def __str__(self) -> str:
        given = attrs.asdict(self, filter=lambda _, value: value is not None)
        return ", ".join(f"{key.replace('_', ' ')} {value!r}" for key, value in given.items())


async def find_member(ctx: Context, person: Person) -> Member | None:
    """The member that matches, or None. Sends one request. Raises: TaskFailed when several match."""
    there: dict[int, Member | None] = {member.id: member async for member in ctx.account.members.list()}
    there |= plan_notes(ctx, _MEMBERS)
    found = [member for member in there.values() if member is not None and person.fits(member)]
    return only_one(
        found, "members match", which=f" {person}", failure_class="member-ambiguous", remedy="give the external id"
    )


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
    found += plan_notes(ctx, _GROUPS).get(name, [])
    return only_one(found, f"groups are named {name!r}", failure_class="group-ambiguous")


async def the_group(ctx: Context, name: str) -> str | int:
    """The id of the group of this name. Sends one request. Raises: TaskFailed when there is not exactly one."""
    found = await find_group(ctx, name)
    log = log_of(ctx)
    if found is None and (log.offline is not None or (log.is_new_account and name == EVERYBODY)):
        return planned_id()
    return the_one([] if found is None else [found], "group", name, otherwise="add-to-group makes one").id


def foresee_group(ctx: Context, name: str, group_id: Any) -> None:
    """Note in a plan a group that would be made."""
    if ctx.planning:
        plan_notes(ctx, _GROUPS)[name] = [CollaboratorGroup(id=group_id, name=name)]


@attrs.frozen(kw_only=True)
class EnsureMember(Ensure[Member]):
    """Desired state: the member exists. `wanted`: arguments of the call, with the name; any role counts without a
    `role_name`.
    """

    wanted: Mapping[str, Any]
    via: str = "members"
    check: str = attrs.field(init=False)

    @check.default
    def _check(self) -> str:
        return f"whether {self.person} is a member now"

    @property
    def person(self) -> Person:
        return Person.of(self.wanted)

    @property
    def role(self) -> str | None:
        return self.wanted.get("role_name")

    async def find(self, ctx: Context) -> Member | None:
        return await find_member(ctx, self.person)

    def mismatch(self, found: Member | None) -> Sequence[str]:
        """The vendor may omit roles from its list: then the role counts as equal."""
        now = found.env_roles().get("dev") if found is not None and self.role is not None else None
        if found is not None and now not in {None, self.role}:
            raise TaskFailed(
                f"{found.name!r} is already a member with role {now}, not {self.role}",
                failure_class="member-other-role",
                cause=f"the member already exists with a role other than {self.role}",
                remedy="change the role in the workspace, or remove the member first",
            )
        return super().mismatch(found)

    async def create(self, ctx: Context) -> Any:
        """The older call's response has no data about the member."""
        if self.via == "member":
            await ctx.account.members.add_by_old_route(**self.wanted)
            return {"member_id": None}
        return {"member_id": (await ctx.account.members.add(**self.wanted)).id}

    def result(self, found: Member) -> Any:
        return {"member_id": found.id}

    def planned(self) -> Any:
        return {"member_id": None if self.via == "member" else planned_id()}

    def foresee(self, ctx: Context, found: Member | None) -> None:
        name, external_id = self.wanted["name"], self.wanted.get("external_id")
        new = Member(id=planned_id(), name=name, external_id=external_id, role_name=self.role)
        plan_notes(ctx, _MEMBERS)[new.id] = new

    def unseen(self, made: Any) -> TaskFailed | None:
        """A reply with the member's id needs no look."""
        if made["member_id"] is not None:
            return None
        return TaskFailed(
            f"the API accepted the member, but {self.person} is missing from the list",
            failure_class="member-not-added",
            cause="the API accepted the member, but the list does not have it",
            remedy="`bulkops retry` adds again",
        )


@attrs.frozen(kw_only=True)
class EnsureNoMember(Ensure[Member]):
    """Desired state: no matching member exists. `via`: the call that removes one."""

    is_wanted = False
    repeatable = True
    missing = Member(id=1)
    person: Person
    via: str

    async def find(self, ctx: Context) -> Member | None:
        return await find_member(ctx, self.person)

    def facts(self, found: Member | None) -> dict[str, Any]:
        """Data to add the member again."""
        if found is None:
            return {"id": None}
        return {
            "id": found.id,
            "name": found.name,
            "external_id": found.external_id,
            "time_zone": found.time_zone,
            "roles": found.env_roles(),
        }

    async def delete(self, ctx: Context, found: Member | None) -> Any:
        """A removal whose reply was lost and that was sent again finds nobody. The older call says 400 or 404 then;
        whether anybody is left is what the look before and the one after are for."""
        if found is None:
            raise TaskFailed(
                "the removed member still exists, with another name or external id",
                failure_class="member-changed",
                remedy="check the members of the workspace",
            )
        members = ctx.account.members
        try:
            await (members.remove_by_old_route(found.id) if self.via == "member" else members.remove(found.id))
        except NotFound:
            pass
        except BadRequest as refusal:
            if refusal.call != "managed_users.member.delete" or refusal.attempt == 1:
                raise
        return {"removed": found.id}

    def foresee(self, ctx: Context, found: Member | None) -> None:
        if found is not None:
            plan_notes(ctx, _MEMBERS)[found.id] = None

    async def probe(self, ctx: Context, intent: Intent) -> Any:
        """By the id, because the names may have changed meanwhile."""
        there = {member.id async for member in ctx.account.members.list()}
        return None if intent.data["id"] in there else {"removed": intent.data["id"]}
