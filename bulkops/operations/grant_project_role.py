"""grant-project-role: give a group or a member a role in a project of each account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import attrs

from bulkops.errors import NotFound, TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Grantee, ProjectRole, RoleGrant
from bulkops.operations._folders import find_project
from bulkops.operations._lookup import the_one
from bulkops.operations._members import MEMBER_ID, Person, the_group, the_member
from bulkops.operations._plan_effects import plan_notes
from bulkops.operations.ensure import Ensure, EnsureOne, delete_own
from bulkops.operations.fields import check_given
from bulkops.parameters import parameter
from bulkops.steps import Context, log_of, planned_id

ENVIRONMENTS: Final = ("dev", "test", "prod")


@attrs.frozen(kw_only=True)
class GrantProjectRole(EnsureOne):
    """Give a group or a member a role in a project of each account.

    An account where they have the role is left alone. Another role of theirs in that project is replaced.

    Sends four reads, one request where the role is missing, and one more read. Undoing restores the role from before.
    """

    name = "grant-project-role"
    examples = (
        "grant-project-role --project CRM --role 'Project editor' --group Integrators --accounts all",
        "grant-project-role --project CRM --role 'Project admin' --external-id {contact_id} --accounts customers.csv",
    )
    affects = frozenset({"grants"})
    stands_on = frozenset({"folders", "members", "groups", "grants"})
    project: str = attrs.field(
        metadata=parameter("Name of the project, which is a folder under Home.", metavar="NAME", template=True)
    )
    role: str = attrs.field(metadata=parameter("Name of the project role.", metavar="NAME", template=True))
    group: str | None = attrs.field(
        default=None, metadata=parameter("Name of a collaborator group.", metavar="NAME", template=True)
    )
    external_id: str | None = attrs.field(default=None, metadata=MEMBER_ID)
    environment: str = attrs.field(
        default="dev", metadata=parameter("Environment in which the role counts.", choices=ENVIRONMENTS)
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        check_given(self, "group", "external_id", most=1)

    @property
    def title(self) -> str:
        who = f"group {self.group!r}" if self.group is not None else f"member {self.external_id!r}"
        return f"grant {who} the role {self.role!r} in project {self.project!r}"

    async def ensured(self, ctx: Context) -> _EnsureGrant:
        given = self.filled(ctx)
        project_id = await find_project(ctx, given["project"])
        if self.group is not None:
            grantee: tuple[str, int | str] = ("user_group", await the_group(ctx, given["group"]))
        else:
            grantee = ("user", (await the_member(ctx, Person(external_id=given["external_id"]))).id)
        return _EnsureGrant(
            step=self.name,
            project_id=project_id,
            role_id=await _role_id(ctx, given["role"]),
            grantee=grantee,
            environment=self.environment,
            says=f"grant the role {given['role']!r} in project {given['project']!r}",
        )

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """The role from before; without one the grant is deleted. What was changed since the run is left alone."""
        row = done.get(self.name)
        if row is None:
            return
        grant = _EnsureGrant.of(row.result, step=f"undo {self.name}")
        now, before = await grant.look(ctx), (row.data or {}).get("role_id")
        if now is None or (now.role.id != grant.role_id and not ctx.began(grant.step)):
            return
        if before is None:
            await delete_own(ctx, grant.step, partial(ctx.account.project_grants.delete, now.id))
        else:
            await attrs.evolve(grant, role_id=before).apply(ctx)


@attrs.frozen(kw_only=True)
class _EnsureGrant(Ensure[RoleGrant]):
    """Desired state: the group or member has the role. `grantee`: type and id."""

    repeatable = True
    project_id: int
    role_id: int
    grantee: tuple[str, int | str]
    environment: str

    @classmethod
    def of(cls, result: Mapping[str, Any], *, step: str) -> _EnsureGrant:
        return cls(**{**result, "grantee": tuple(result["grantee"])}, step=step)

    async def find(self, ctx: Context) -> RoleGrant | None:
        there = await self.look(ctx)
        noted: RoleGrant | None = plan_notes(ctx, self._noted).get(self.grantee)
        return noted or there

    def foresee(self, ctx: Context, found: RoleGrant | None) -> None:
        type_, id_ = self.grantee
        role = ProjectRole(id=self.role_id, name="")
        plan_notes(ctx, self._noted)[self.grantee] = RoleGrant(id="", role=role, grantee=Grantee(type=type_, id=id_))

    async def look(self, ctx: Context) -> RoleGrant | None:
        """The current grant; None if it or the project does not exist. Sends one request per hundred."""
        try:
            async for grant in ctx.account.project_grants.list(self.project_id):
                whose = (grant.grantee.type, grant.grantee.id)
                if whose == self.grantee and grant.environment_type in (None, self.environment):
                    return grant
        except NotFound:
            pass
        return None

    def mismatch(self, found: RoleGrant | None) -> Sequence[str]:
        return () if found is not None and found.role.id == self.role_id else (self.says or self.step,)

    async def create(self, ctx: Context) -> Any:
        type_, id_ = self.grantee
        await ctx.account.project_grants.set(
            self.project_id,
            role_id=self.role_id,
            grantee_type=type_,
            grantee_id=id_,
            environment_type=self.environment,
        )
        return self.planned()

    async def update(self, ctx: Context, found: RoleGrant) -> Any:
        return await self.create(ctx)

    def facts(self, found: RoleGrant | None) -> Any:
        return {"role_id": None if found is None else found.role.id}

    def planned(self) -> Any:
        return {
            "project_id": self.project_id,
            "role_id": self.role_id,
            "grantee": [*self.grantee],
            "environment": self.environment,
        }

    @property
    def _noted(self) -> str:
        return f"grants of {self.project_id} in {self.environment}"

    def unseen(self, made: Any) -> TaskFailed | None:
        return TaskFailed(
            "the API accepted the role, but the project does not show it",
            failure_class="role-not-granted",
            remedy="`bulkops retry` grants it again",
        )


async def _role_id(ctx: Context, name: str) -> int:
    """The id of the role of that name. Sends one request. Raises: TaskFailed unless the workspace has one of it."""
    roles = [role async for role in ctx.account.project_roles.list()]
    found = [role for role in roles if role.name == name]
    if not found and (log_of(ctx).offline is not None or log_of(ctx).is_new_account):
        return planned_id()
    known = [role.name for role in roles]
    return the_one(found, "project role", name, known=known, otherwise="create it in the workspace first").id
