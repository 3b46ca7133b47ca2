"""Project grants of one account, or of the partner's own workspace."""

from __future__ import annotations

from bulkops.models import RoleGrant
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource


class ProjectGrants(Resource):
    """The bodies of these calls are assumed: no page of the vendor shows them."""

    def list(self, project_id: int) -> Pages[RoleGrant]:
        """The grants of a project. One request a hundred. Raises, while iterated: NotFound."""
        call = self._id("projects.project_grants.list")
        return self._pages(call, RoleGrant, {}, path={"project_id": project_id})

    async def set(
        self, project_id: int, *, role_id: int, grantee_type: str, grantee_id: int | str, environment_type: str
    ) -> None:
        """Give a group or member this role in one environment of a project, in place of another one. Other grants
        stay. Raises: NotFound, BadRequest."""
        item = {
            "grantee_type": grantee_type,
            "grantee_id": grantee_id,
            "environment_type": environment_type,
            "project_role_id": role_id,
        }
        call = self._id("projects.project_grants.upsert")
        await self._done(call, path={"project_id": project_id}, json={"project_grants": [item]})

    async def delete(self, id: str) -> None:  # noqa: A002 - the API's own word
        """Raises: NotFound."""
        await self._done(self._id("project_grants.delete"), path={"project_grant_id": id})
