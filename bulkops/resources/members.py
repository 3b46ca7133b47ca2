"""Members of one account: the calls of today, and the older pair."""

from __future__ import annotations

from collections.abc import Mapping

from bulkops.models import Member, PlanChange
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource


class Members(Resource):
    def list(self) -> Pages[Member]:
        """All members, in one request: the vendor does not page this list."""
        return self._pages("managed_users.members.list", Member, {})

    async def get(self, id: int) -> Member:  # noqa: A002 - the API's own word
        """Raises: NotFound."""
        return await self._object("managed_users.members.get", Member, path={"member_id": id})

    async def add(
        self,
        *,
        name: str,
        role_name: str | None = None,
        env_roles: Mapping[str, str] | None = None,
        **members: str | None,
    ) -> Member:
        """Add a person. `role_name`: in DEV alone; `env_roles`: by environment, wins over it, and gives no access to
        those it leaves out. `members`: `external_id`, `time_zone` and others of the call; None is left out.

        Raises: BadRequest for a role nobody knows; OutcomeUnknown when the reply is lost: `list` before adding again.
        """
        body = _given(name=name, role_name=role_name, **members)
        if env_roles is not None:
            body["env_roles"] = [{"environment_type": where, "name": role} for where, role in env_roles.items()]
        return await self._object("managed_users.members.create", Member, json=body)

    async def remove(self, id: int) -> None:  # noqa: A002
        """Raises: NotFound when there is none (any more)."""
        await self._send("managed_users.members.delete", path={"member_id": id})

    async def add_by_old_route(
        self, *, name: str, oauth_id: str, role_name: str | None = None, external_id: str | None = None
    ) -> PlanChange:
        """Add a person by the deprecated call. The answer speaks of the customer: the member's id is in the `list`.

        Raises: as `add`.
        """
        body = _given(name=name, oauth_id=oauth_id, role_name=role_name, external_id=external_id)
        return await self._object("managed_users.member.create", PlanChange, json=body)

    async def remove_by_old_route(self, id: int) -> None:  # noqa: A002
        """Raises: NotFound, or BadRequest, when there is none (any more)."""
        await self._send("managed_users.member.delete", json={"member_id": id})


def _given(**members: str | None) -> dict[str, object]:
    return {name: value for name, value in members.items() if value is not None}
