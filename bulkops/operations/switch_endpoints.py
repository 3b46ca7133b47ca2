"""`enable-endpoints` and `disable-endpoints` of API collections."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, ClassVar

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import StepRow
from bulkops.models import ApiEndpoint, Recipe
from bulkops.operations._api_collections import COLLECTIONS, ENDPOINTS, FOLDER, LOOKS, Wanted, as_names
from bulkops.operations._base import Operation, Plan
from bulkops.operations._plan_effects import is_import_unknown
from bulkops.operations.foreseen import Foreseen, added
from bulkops.operations.switch_recipes import all_of
from bulkops.steps import Context, Intent


@attrs.frozen(kw_only=True)
class SwitchEndpoints(Operation):
    """Endpoints of a folder or of collections by name. `_active`: what they are to be."""

    only_requests: ClassVar[bool] = True
    _active: ClassVar[bool]
    affects: ClassVar[frozenset[str]] = frozenset({"endpoints"})
    stands_on: ClassVar[frozenset[str]] = frozenset({"folders", "collections", "recipes", "endpoints"})

    folder: str | None = attrs.field(default=None, metadata=FOLDER)
    collections: tuple[str, ...] = attrs.field(default=(), converter=as_names, metadata=COLLECTIONS)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self._wanted.check()

    @property
    def _wanted(self) -> Wanted:
        return Wanted(folder=self.folder, collections=self.collections)

    @property
    def _verb(self) -> str:
        return "enable" if self._active else "disable"

    @property
    def title(self) -> str:
        return f"{self._verb} the API endpoints of {self._wanted}"

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        looks = self.look_cost(foreseen)
        return added(looks, foreseen.endpoints(self.folder, self._call, self._verb), {ENDPOINTS: 1})

    def look_cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return self._wanted.find_cost(foreseen)

    @property
    def _call(self) -> str:
        return f"managed_users.api_endpoints.{self._verb}"

    async def plan(self, ctx: Context) -> Plan | None:
        if self._active and is_import_unknown(ctx, self.folder):
            what = "enable the endpoints that come (how many is not known before the export)"
            return Plan((what,), {**LOOKS, ENDPOINTS: 2, self._call: 1})
        return await super().plan(ctx)

    async def apply(self, ctx: Context) -> None:
        found = await self._wanted.find(ctx)
        await switch_all(ctx, found.endpoints, found.recipes, active=self._active)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Those that the run switched, back. Those that are so already, or gone, are left alone."""
        ids = {int(row.result["endpoint"]) for row in done.values()}
        own = [endpoint async for endpoint in ctx.account.api_endpoints.list() if endpoint.id in ids]
        recipes = {} if self._active else {recipe.id: recipe async for recipe in ctx.account.recipes.list()}
        await switch_all(ctx, own, recipes, active=not self._active, undoing=True)


def step_name(endpoint_id: int, *, active: bool) -> str:
    return f"{'enable' if active else 'disable'} {endpoint_id}"


async def switch(ctx: Context, endpoint: ApiEndpoint, *, active: bool, step: str) -> None:
    """Enable or disable an endpoint in one durable step."""

    async def send() -> Any:
        calls = ctx.account.api_endpoints
        await (calls.enable if active else calls.disable)(endpoint.id)
        return {"endpoint": endpoint.id}

    async def probe(_: Intent) -> Any:
        async for now in ctx.account.api_endpoints.list(api_collection_id=endpoint.api_collection_id):
            if now.id == endpoint.id and now.active is active:
                return {"endpoint": endpoint.id}
        return None

    await ctx.step(
        step,
        send,
        probe=probe,
        repeatable=True,
        data={"endpoint": endpoint.name},
        planned={"endpoint": endpoint.id},
        says=[f"{'enable' if active else 'disable'} 1 endpoint"],
    )


async def switch_all(
    ctx: Context, endpoints: Collection[ApiEndpoint], recipes: dict[int, Recipe], *, active: bool, undoing: bool = False
) -> None:
    """Those that are not so yet. One that cannot be enabled does not keep the others from being tried.

    Sends one request each, and a look. Raises: TaskFailed naming endpoints whose recipe does not run, or that are not
    what they were made.
    """
    problems: list[TaskFailed] = []
    switched: set[int] = set()
    for endpoint in sorted(endpoints, key=lambda endpoint: endpoint.id):
        step = ("undo " if undoing else "") + step_name(endpoint.id, active=not active if undoing else active)
        if endpoint.active is active and not ctx.began(step):
            continue
        if active and not _runs(endpoint, recipes):
            problems.append(_not_running(endpoint, recipes))
            continue
        if ctx.is_done(step):  # done by this run, and made undone since
            await ctx.reset_step(step)
        await switch(ctx, endpoint, active=active, step=step)
        switched.add(endpoint.id)
    if problems:
        raise all_of(problems)
    if switched:
        await ctx.confirm(partial(_check, ctx, switched, active=active))


async def _check(ctx: Context, ids: Collection[int], *, active: bool) -> None:
    """ "Accepted" is not "done". Sends one look."""
    async for endpoint in ctx.account.api_endpoints.list():
        if endpoint.id in ids and endpoint.active is not active:
            word = "enabled" if active else "disabled"
            raise TaskFailed(
                f"endpoint {endpoint.name!r} was {word}, but is not any more",
                failure_class=f"endpoint-not-{word}",
                remedy="find out what switches it, then `bulkops retry`",
            )


def _runs(endpoint: ApiEndpoint, recipes: dict[int, Recipe]) -> bool:
    recipe = recipes.get(endpoint.flow_id or 0)
    return recipe is not None and recipe.running


def _not_running(endpoint: ApiEndpoint, recipes: dict[int, Recipe]) -> TaskFailed:
    recipe = recipes.get(endpoint.flow_id or 0)
    why = f"its recipe {recipe.name!r} does not run" if recipe is not None else "there is no recipe behind it"
    return TaskFailed(
        f"endpoint {endpoint.name!r} cannot be enabled: {why}",
        failure_class="endpoint-without-recipe",
        remedy="start-recipes first, then `bulkops retry`",
    )


@attrs.frozen
class EnableEndpoints(SwitchEndpoints):
    """Enable the API endpoints of each account.

    Their recipes must run. Enabled endpoints are left alone.

    An endpoint whose recipe does not run fails the account, after the others were tried. Sends three looks, one request
    an endpoint that is not enabled, and one look more.
    """

    name: ClassVar[str] = "enable-endpoints"
    examples: ClassVar[tuple[str, ...]] = ("enable-endpoints --folder API --accounts customers.csv",)
    _active: ClassVar[bool] = True


@attrs.frozen
class DisableEndpoints(SwitchEndpoints):
    """Disable the API endpoints of each account.

    Clients and keys stay. Disabled endpoints are left alone.

    Sends three looks, one request an enabled endpoint, and one look more. Undone, they are enabled again, if their
    recipes run.
    """

    name: ClassVar[str] = "disable-endpoints"
    examples: ClassVar[tuple[str, ...]] = (
        "disable-endpoints --folder API --accounts leaving.csv",
        "disable-endpoints --collection Orders --accounts all",
    )
    _active: ClassVar[bool] = False
