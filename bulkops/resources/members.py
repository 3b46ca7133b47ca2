"""Members of one account, by the current and the older calls, and collaborators of the partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bulkops.models import Member, MemberPrivileges, PlanChange, ProjectGrant, ProjectPrivileges
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource, given


class _People(Resource):
    """What can be asked of the people of either workspace."""

    def list(self) -> Pages[Member]:
        """All members, in one request: the vendor does not page this list."""
        return self._pages(self._id("members.list"), Member, {})

    async def get(self, id: int) -> Member:  # noqa: A002 - the API's own word
        """Raises: NotFound."""
        return await self._object(self._id("members.get"), Member, path={"member_id": id})

    async def privileges(self, id: int) -> Sequence[MemberPrivileges]:  # noqa: A002
        """Role and privileges, one row for each environment that the member may enter. Raises: NotFound."""
        return await self._list(self._id("members.privileges"), MemberPrivileges, path={"member_id": id})

    async def invite(
        self, *, name: str, email: str, role_name: str | None = None, env_roles: Mapping[str, str] | None = None
    ) -> None:
        """Invite a user by e-mail; roles as for `add`. The response only confirms the invitation.

        To one customer's workspace the vendor takes one invitation of an address in 20 minutes: a second one waits.
        Raises: BadRequest for an unknown role; OutcomeUnknown when the response is lost: check the `list`.
        """
        body = given(name=name, email=email, role_name=role_name) | _env_roles(env_roles)
        await self._done(self._id("member_invitations.create"), json=body)


class PartnerMembers(_People):
    """Collaborators of the partner's own workspace, of whom customer managers are made."""

    async def update(self, id: int, *, env_roles: Mapping[str, str]) -> None:  # noqa: A002
        """Set the role in each environment; those left out mean no access. Raises: NotFound, BadRequest."""
        await self._done("members.update", path={"member_id": id}, json=_env_roles(env_roles))


class Members(_People):
    """Collaborators of one customer's workspace."""

    async def update(
        self,
        id: int,  # noqa: A002
        *,
        role_name: str | None = None,
        env_roles: Mapping[str, str] | None = None,
        **members: str | None,
    ) -> Member:
        """Change roles, or `name`, `external_id`, `time_zone`; what is None stays. Raises: NotFound, BadRequest."""
        body = given(role_name=role_name, **members) | _env_roles(env_roles)
        return await self._object("managed_users.members.update", Member, path={"member_id": id}, json=body)

    async def project_grants(self, id: int) -> Sequence[ProjectGrant]:  # noqa: A002
        """The member's role in each project. Raises: NotFound."""
        return await self._list("managed_users.members.project_grants", ProjectGrant, path={"member_id": id})

    async def project_privileges(self, id: int) -> Sequence[ProjectPrivileges]:  # noqa: A002
        """What the member may do in each project. Raises: NotFound."""
        path = {"member_id": id}
        return await self._list("managed_users.members.projects_privileges", ProjectPrivileges, path=path)

    async def add(
        self,
        *,
        name: str,
        role_name: str | None = None,
        env_roles: Mapping[str, str] | None = None,
        **members: str | None,
    ) -> Member:
        """Add a member. `role_name`: in DEV alone; `env_roles`: by environment, wins over it, and gives no access to
        those it leaves out. `members`: `external_id`, `time_zone` and others of the call; None is left out.

        Raises: BadRequest for an unknown role; OutcomeUnknown when the response is lost: `list` before adding again.
        """
        body = given(name=name, role_name=role_name, **members) | _env_roles(env_roles)
        return await self._object("managed_users.members.create", Member, json=body)

    async def remove(self, id: int) -> None:  # noqa: A002
        """Raises: NotFound if it does not exist."""
        await self._done("managed_users.members.delete", path={"member_id": id})

    async def add_by_old_route(
        self, *, name: str, oauth_id: str, role_name: str | None = None, external_id: str | None = None
    ) -> PlanChange:
        """Add a member by the deprecated call. The response describes the customer: the member's id is in the `list`.

        Raises: as `add`.
        """
        body = given(name=name, oauth_id=oauth_id, role_name=role_name, external_id=external_id)
        return await self._object("managed_users.member.create", PlanChange, json=body)

    async def remove_by_old_route(self, id: int) -> None:  # noqa: A002
        """Raises: NotFound, or BadRequest, if it does not exist."""
        await self._done("managed_users.member.delete", json={"member_id": id})


def _env_roles(roles: Mapping[str, str] | None) -> dict[str, object]:
    """Requests spell a role `name`, replies `role_name` (vendor facts, section 12)."""
    if roles is None:
        return {}
    return {"env_roles": [{"environment_type": where, "name": role} for where, role in roles.items()]}
