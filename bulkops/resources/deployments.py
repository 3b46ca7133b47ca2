"""Project builds and deployments of one account, or of the partner's own workspace."""

from __future__ import annotations

from bulkops.models import Deployment, ProjectBuild
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource, given


class ProjectBuilds(Resource):
    """For customers a private beta of the vendor. A project is named by the id of its folder under Home."""

    async def create(self, folder_id: int, *, description: str | None = None) -> ProjectBuild:
        """Begin to pack the project; `get` tells when it is ready. Raises: NotFound."""
        path, body = {"project_id": f"f{folder_id}"}, given(description=description)
        return await self._object(self._id("projects.build"), ProjectBuild, path=path, json=body)

    async def get(self, id: int) -> ProjectBuild:  # noqa: A002 - the API's own word
        """Raises: NotFound."""
        return await self._object(self._id("project_builds.get"), ProjectBuild, path={"project_build_id": id})

    async def deploy(self, id: int, *, environment: str, description: str | None = None) -> Deployment:  # noqa: A002
        """Begin to deploy a build that is ready to "test" or "prod".

        Raises: BadRequest without environments; OutcomeUnknown when the response is lost: check the deployments.
        """
        return await self._object(
            self._id("project_builds.deploy"),
            Deployment,
            path={"project_build_id": id},
            query={"environment_type": environment},
            json=given(description=description),
        )


class Deployments(Resource):
    async def create(self, folder_id: int, *, environment: str, description: str | None = None) -> Deployment:
        """Begin to build the project and to deploy the build to "test" or "prod"; `get` tells when that is done.

        Raises: BadRequest without environments; OutcomeUnknown when the response is lost: `list` the deployments.
        """
        return await self._object(
            self._id("projects.deploy"),
            Deployment,
            path={"project_id": f"f{folder_id}"},
            query={"environment_type": environment},
            json=given(description=description),
        )

    def list(self, folder_id: int, *, environment: str) -> Pages[Deployment]:
        """All deployments of a project to one environment, in one request: no page of the vendor shows how to page."""
        query = {"folder_id": f"f{folder_id}", "environment_type": environment}
        return self._pages(self._id("deployments.list"), Deployment, query)

    async def get(self, id: int) -> Deployment:  # noqa: A002 - the API's own word
        """Raises: NotFound."""
        return await self._object(self._id("deployments.get"), Deployment, path={"deployment_id": id})
