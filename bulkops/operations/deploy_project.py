"""deploy-project: deploy a project of each account to its TEST or PROD."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

import attrs

from bulkops.errors import TaskFailed
from bulkops.models import Deployment, ProjectBuild
from bulkops.operations._base import Operation
from bulkops.operations._folders import existing_folder, is_folder_name, recipes_below
from bulkops.operations._plan_effects import expect
from bulkops.operations.polling import Polling
from bulkops.parameters import parameter
from bulkops.steps import Context, Intent, is_planned, log_of, planned_id

P = TypeVar("P", ProjectBuild, Deployment)

_BUILD: Final = "build"
_DEPLOY: Final = "deploy"
_POLLS: Final = {"managed_users.project_builds.get": 1.0, "managed_users.deployments.get": 1.0}
"""Requests beside the effects: as many as builds and deployments of usual length need."""


@attrs.frozen(kw_only=True)
class DeployProject(Operation):
    """Deploy a project of each account to TEST or PROD.

    An account whose newest deployment is younger than each recipe of the project is left alone.

    Builds the project, waits for the build, deploys it and waits for the deployment. The accounts are those of DEV,
    with environments. Sends three looks and four requests, two of them polls. It cannot be undone. The vendor has these
    calls in a private beta.
    """

    name: ClassVar[str] = "deploy-project"
    only_requests: ClassVar[bool] = True
    examples: ClassVar[tuple[str, ...]] = (
        "deploy-project --project CRM --to test --accounts all",
        "deploy-project --project CRM --to prod --description 'Release 7' --accounts customers.csv",
    )
    affects: ClassVar[frozenset[str]] = frozenset({"deployments"})
    stands_on: ClassVar[frozenset[str]] = frozenset({"folders", "recipes", "deployments"})
    project: str = attrs.field(
        validator=is_folder_name,
        metadata=parameter("Name of the project, which is a folder under Home.", metavar="NAME", template=True),
    )
    environment: str = attrs.field(metadata=parameter("Environment to deploy to.", key="to", choices=("test", "prod")))
    description: str | None = attrs.field(default=None, metadata=parameter("Text kept with it.", template=True))

    @property
    def title(self) -> str:
        return f"deploy project {self.project!r} to {self.environment}"

    async def apply(self, ctx: Context) -> None:
        given = self.filled(ctx)
        name = given["project"]
        folder_id = await existing_folder(ctx, name, remedy="create it first: create-folder makes one")
        if not (ctx.began(_BUILD) or ctx.is_done(_BUILD)) and await log_of(ctx).look(
            partial(self._is_deployed, ctx, folder_id), missing=False
        ):
            return
        made = await ctx.step(
            _BUILD,
            partial(self._build, ctx, folder_id, given.get("description")),
            repeatable=True,  # a second build only costs time
            changes=False,
            planned={"build_id": planned_id()},
        )
        if not ctx.planning:
            build = await _over(ctx, _BUILD, made["build_id"], ctx.account.project_builds.get)
            await self._refuse_failed(ctx, build, "build", forget=(_BUILD,))
        begun = await ctx.step(
            _DEPLOY,
            partial(self._deploy, ctx, made["build_id"], given.get("description")),
            probe=partial(self._find, ctx, folder_id, made["build_id"]),
            check=f"the deployments of project {name!r}",
            planned={"deployment_id": planned_id()},
            says=[self.title],
        )
        if ctx.planning:
            expect(ctx, _POLLS)
            return
        deployment = await _over(ctx, _DEPLOY, begun["deployment_id"], ctx.account.deployments.get)
        await self._refuse_failed(ctx, deployment, "deployment", forget=(_DEPLOY, _BUILD))

    async def _is_deployed(self, ctx: Context, folder_id: int) -> bool:
        """Whether the newest good deployment has each recipe as it is. Sends two requests."""
        if is_planned(folder_id) and log_of(ctx).offline is None:
            return False
        there = [each async for each in ctx.account.deployments.list(folder_id, environment=self.environment)]
        recipes = await recipes_below(ctx, folder_id)
        good = [each.created_at for each in there if each.state == "success" and each.created_at is not None]
        changed = [recipe.updated_at for recipe in recipes if recipe.updated_at is not None]
        return bool(good) and all(each <= max(good) for each in changed)

    async def _build(self, ctx: Context, folder_id: int, description: str | None) -> Any:
        return {"build_id": (await ctx.account.project_builds.create(folder_id, description=description)).id}

    async def _deploy(self, ctx: Context, build_id: int, description: str | None) -> Any:
        builds = ctx.account.project_builds
        begun = await builds.deploy(build_id, environment=self.environment, description=description)
        return {"deployment_id": begun.id}

    async def _find(self, ctx: Context, folder_id: int, build_id: int, _: Intent) -> Any:
        async for each in ctx.account.deployments.list(folder_id, environment=self.environment):
            if each.project_build_id == build_id:
                return {"deployment_id": each.id}
        return None

    async def _refuse_failed(
        self, ctx: Context, ended: ProjectBuild | Deployment, what: str, *, forget: tuple[str, ...]
    ) -> None:
        """Raises: TaskFailed for one that did not succeed; its steps may run again."""
        if ended.state == "success":
            return
        for step in forget:
            await ctx.reset_step(step)
        raise TaskFailed(
            f"{what} {ended.id} of project {self.project!r} ended as {ended.state!r}",
            failure_class=f"{what}-failed",
            cause=f"the {what} of project {self.project!r} ended as {ended.state!r}",
            remedy="look at it in the workspace, then `bulkops retry`",
        )


async def _over(ctx: Context, what: str, id_: int, get: Callable[[int], Awaitable[P]]) -> P:
    """Poll until it has ended."""
    polling = Polling.of(ctx, what)
    while True:
        await polling.wait()
        found = await get(id_)
        polling.note(done=found.is_finished)
        if found.is_finished:
            return found
