"""deploy-project: deploy a project of each account to its TEST or PROD."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import attrs

from bulkops.errors import BadRequest, TaskFailed, TaskUnknown
from bulkops.models import Deployment
from bulkops.operations._base import Operation
from bulkops.operations._folder_contents import recipes_below
from bulkops.operations._folders import existing_folder, is_folder_name
from bulkops.operations._plan_effects import expect
from bulkops.operations.polling import Polling
from bulkops.parameters import parameter
from bulkops.steps import Context, Intent, is_planned, log_of, planned_id, tuning_of

_DEPLOY: Final = "deploy"
_NOT_PROVISIONED: Final = "not provisioned"
"""Part of what the vendor says to a customer's deployment calls without environments (vendor facts, section 18)."""
_POLL: Final = {"managed_users.deployments.get": 1.3}
"""Polls of a deployment: most need one, some two. Runs of 200 accounts on the sandbox sent 1.2 to 1.4 each."""


@attrs.frozen(kw_only=True)
class DeployProject(Operation):
    """Deploy a project of each account to TEST or PROD.

    An account whose newest deployment is younger than each recipe of the project is left alone.

    Builds and deploys the project with one request, and waits for the deployment. The accounts are those of DEV, with
    environments. Sends three to four looks, one request and a poll. It cannot be undone. The vendor has these calls in
    a private beta.
    """

    name = "deploy-project"
    only_requests = True
    examples = (
        "deploy-project --project CRM --to test --accounts all",
        "deploy-project --project CRM --to prod --description 'Release 7' --accounts customers.csv",
    )
    affects = frozenset({"deployments"})
    stands_on = frozenset({"folders", "recipes", "deployments"})
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
        begun = ctx.began(_DEPLOY) or ctx.is_done(_DEPLOY)
        before = (log_of(ctx).intent_data(_DEPLOY) or {}).get("before", [])
        if not begun:
            nothing: list[int] | None = []
            with _environments_required():
                found = await log_of(ctx).look(partial(self._before, ctx, folder_id), missing=nothing)
            if found is None:
                return
            before = found
        check = f"the deployments of project {name!r}"
        with _environments_required():
            made = await ctx.step(
                _DEPLOY,
                partial(
                    ctx.account.deployments.create,
                    folder_id,
                    environment=self.environment,
                    description=given.get("description"),
                ),
                probe=partial(self._find, ctx, folder_id, check),
                data={"before": before},
                check=check,
                planned={"id": planned_id()},
                says=[self.title],
            )
        if ctx.planning:
            expect(ctx, _POLL)
            return
        await self._wait_for(ctx, made["id"])

    async def _before(self, ctx: Context, folder_id: int) -> list[int] | None:
        """Ids of the deployments that there are; None if the newest good one has each recipe as it is. Sends two
        requests."""
        if is_planned(folder_id) and log_of(ctx).offline is None:
            return []
        there = await self._deployments(ctx, folder_id)
        recipes = await recipes_below(ctx, folder_id)
        good = [each.created_at for each in there if each.is_good and each.created_at is not None]
        changed = [recipe.updated_at for recipe in recipes if recipe.updated_at is not None]
        if good and all(each <= max(good) for each in changed):
            return None
        return [each.id for each in there]

    async def _deployments(self, ctx: Context, folder_id: int) -> list[Deployment]:
        return [each async for each in ctx.account.deployments.list(folder_id, environment=self.environment)]

    async def _find(self, ctx: Context, folder_id: int, check: str, intent: Intent) -> Any:
        """The newest deployment since the intent. One from elsewhere counts: its recipes are as new or newer.

        Raises: TaskUnknown for an intent of a version that did not record the deployments before it.
        """
        if intent.data is None:
            raise TaskUnknown(f"outcome of step {_DEPLOY!r} is unknown", remedy=check)
        new = {each.id for each in await self._deployments(ctx, folder_id)}.difference(intent.data["before"])
        return {"id": max(new)} if new else None

    async def _wait_for(self, ctx: Context, id_: int) -> None:
        """Poll until it has ended.

        Raises: TaskFailed for one that did not succeed, or has a state that is not known: its step may run again.
        TaskUnknown for one that is still pending.
        """
        deadline_s = tuning_of(ctx).import_deadline_s
        ask = partial(ctx.account.deployments.get, id_)
        deployment = await Polling.of(ctx, _DEPLOY).until_finished(ask, deadline_s=deadline_s)
        if deployment.is_good:
            return
        if deployment.is_pending:
            raise TaskUnknown(
                f"deployment {id_} of project {self.project!r} is still {deployment.state!r} after {deadline_s:g} s",
                cause="the deployment did not end in time",
                remedy="`bulkops resume` asks again",
            )
        ctx.reset_step(_DEPLOY)
        verb = "ended as" if deployment.is_finished else "did not end: its state is"
        raise TaskFailed(
            f"deployment {id_} of project {self.project!r} {verb} {deployment.state!r}",
            failure_class="deployment-failed",
            cause=f"the deployment of project {self.project!r} {verb} {deployment.state!r}",
            remedy="look at it in the workspace, then `bulkops retry`",
        )


@contextmanager
def _environments_required() -> Iterator[None]:
    """Raises: TaskFailed for a customer without environments, in place of the vendor's 400."""
    try:
        yield
    except BadRequest as error:
        if _NOT_PROVISIONED not in error.said.lower():
            raise
        raise TaskFailed(
            "the customer has no environments",
            failure_class="no-environments",
            remedy="create them: `bulkops each managed_users.environments.create`",
        ) from error
