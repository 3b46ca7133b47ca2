"""enable-endpoints and disable-endpoints: switch the API endpoints of a folder or of collections."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import StepRow
from bulkops.models import ApiEndpoint, Recipe
from bulkops.operations._api_collections import OfCollections, endpoints_of
from bulkops.operations._plan import Plan
from bulkops.operations._plan_effects import is_import_unknown, with_planned
from bulkops.operations._switching import Problems, Switch
from bulkops.steps import Context


@attrs.frozen(kw_only=True)
class SwitchEndpoints(OfCollections, Switch[ApiEndpoint]):
    """Base of `EnableEndpoints` and `DisableEndpoints`: one switch with two ends."""

    only_requests = True
    affects = frozenset({"endpoints"})
    stands_on = frozenset({"folders", "collections", "recipes", "endpoints"})
    noun = "endpoint"
    verbs = ("enable", "disable")
    done = ("enabled", "disabled")

    @property
    def title(self) -> str:
        return f"{self.verb} the API endpoints of {self.where}"

    async def plan(self, ctx: Context) -> Plan | None:
        if self.turns_on and is_import_unknown(ctx, self.folder):
            what = "enable the endpoints that come (how many is not known before the export)"
            looks = {"api_collections.list": 1, "recipes.list": 1, "api_endpoints.list": 2, "api_endpoints.enable": 1}
            return Plan((what,), {f"managed_users.{call}": count for call, count in looks.items()})
        return await super().plan(ctx)

    async def apply(self, ctx: Context) -> None:
        each = {f"further endpoint to {self.verb}": 1.0}
        found = await self.find_collections(ctx, active=not self.turns_on, each=each)
        await self._switch_all(ctx, await endpoints_of(ctx, found), found.recipes)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Those that the run switched, back. Those that are so already, or gone, are left alone."""
        ids = {int(row.result["id"]) for row in done.values()}
        own = [endpoint async for endpoint in ctx.account.api_endpoints.list() if endpoint.id in ids]
        await self._switch_all(ctx, own, undo=True)

    async def _switch_all(
        self,
        ctx: Context,
        endpoints: Iterable[ApiEndpoint],
        recipes: Iterable[Recipe] | None = None,
        *,
        undo: bool = False,
    ) -> None:
        """Sends one request each, and a look; one look more to enable some whose recipes are not given. Raises:
        TaskFailed naming endpoints whose recipe does not run, or that are not what they were made."""
        problems = Problems()
        switched: set[int] = set()
        on = self.turns_on is not undo
        waiting = sorted(self.to_switch(ctx, endpoints, undo=undo), key=lambda endpoint: endpoint.id)
        if recipes is None and on and waiting:
            recipes = with_planned(ctx, [recipe async for recipe in ctx.account.recipes.list()], None)
        by_id = {recipe.id: recipe for recipe in recipes or ()}
        for endpoint in waiting:
            with problems.caught():
                if on:
                    _require_recipe(endpoint, by_id.get(endpoint.flow_id or 0))
                await self.switch(ctx, endpoint, undo=undo)
                switched.add(endpoint.id)
        problems.raise_all()
        if switched:
            await ctx.confirm(partial(self._check, ctx, switched, on=on))

    async def _check(self, ctx: Context, ids: Collection[int], *, on: bool) -> None:
        """ "Accepted" is not "done". Sends one look."""
        async for endpoint in ctx.account.api_endpoints.list():
            if endpoint.id in ids and endpoint.active is not on:
                raise self.switched_back(endpoint, on=on)

    def is_on(self, thing: ApiEndpoint) -> bool:
        return thing.active

    async def is_on_now(self, ctx: Context, thing: ApiEndpoint) -> bool | None:
        async for now in ctx.account.api_endpoints.list(api_collection_id=thing.api_collection_id):
            if now.id == thing.id:
                return now.active
        return None

    async def send(self, ctx: Context, thing: ApiEndpoint, *, on: bool) -> None:
        calls = ctx.account.api_endpoints
        await (calls.enable if on else calls.disable)(thing.id)


@attrs.frozen
class EnableEndpoints(SwitchEndpoints):
    """Enable the API endpoints of each account.

    Their recipes must run. Enabled endpoints are left alone.

    An endpoint whose recipe does not run fails the account, after the others were tried. Sends two to three looks; and
    where endpoints are not enabled, two looks more and one request each.
    """

    name = "enable-endpoints"
    examples = ("enable-endpoints --folder API --accounts customers.csv",)
    turns_on = True


@attrs.frozen
class DisableEndpoints(SwitchEndpoints):
    """Disable the API endpoints of each account.

    Clients and keys stay. Disabled endpoints are left alone.

    Sends two to three looks; and where endpoints are enabled, one look more and one request each. Undone, they are
    enabled again, if their recipes run.
    """

    name = "disable-endpoints"
    examples = (
        "disable-endpoints --folder API --accounts leaving.csv",
        "disable-endpoints --collection Orders --accounts all",
    )
    turns_on = False


def _require_recipe(endpoint: ApiEndpoint, recipe: Recipe | None) -> None:
    """Raises: TaskFailed when no running recipe answers the endpoint's callers."""
    if recipe is not None and recipe.running:
        return
    why = f"its recipe {recipe.name!r} does not run" if recipe is not None else "it has no recipe"
    raise TaskFailed(
        f"endpoint {endpoint.name!r} cannot be enabled: {why}",
        failure_class="endpoint-without-recipe",
        remedy="start-recipes first, then `bulkops retry`",
    )
