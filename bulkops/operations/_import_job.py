"""An import: its request, its polls, and how the recipes stand before and after."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC
from functools import partial
from typing import Any, Final, TypeAlias

import anyio
import attrs

from bulkops.errors import ApiError, NotFound, TaskFailed, TaskUnknown, Unauthorized
from bulkops.models import ImportStatus, Recipe
from bulkops.operations._folder_contents import know_inside, recipes_in
from bulkops.operations._folders import find_path
from bulkops.operations._lookup import name_some
from bulkops.operations._plan_effects import connections_of
from bulkops.operations.package import Package
from bulkops.operations.polling import Polling
from bulkops.steps import Context, Intent, log_of, memory_of, planned_id, tuning_of

Standing: TypeAlias = dict[str, list[list[Any]]]
"""How the package's recipes stand in the account: key -> [[id, version_no, updated_at, running], ...] by id."""


def versions_of(recipes: Iterable[Recipe]) -> dict[str, Any]:
    """What an import leaves and only an import changes: starting a recipe may touch `updated_at`, not its version."""
    return {str(recipe.id): recipe.version_no if recipe.version_no is not None else stamp(recipe) for recipe in recipes}


def folders_of(recipes: Iterable[Recipe]) -> set[int]:
    return {recipe.folder_id for recipe in recipes if recipe.folder_id is not None}


def stamp(recipe: Recipe) -> str | None:
    return recipe.updated_at.astimezone(UTC).isoformat() if recipe.updated_at is not None else None


def has_moved(key: str, before: Mapping[str, list[list[Any]]], now: Standing) -> bool:
    """Whether the recipe is there and newer than before the intent."""
    old = {row[0]: row for row in before.get(key, [])}
    return any(
        row[0] not in old or (row[1] or 0) > (old[row[0]][1] or 0) or (row[2] or "") > (old[row[0]][2] or "")
        for row in now.get(key, [])
    )


STEP: Final = "import"
FACT: Final = "import"
"""What a journal remembers of a good one: the recipes as it left them."""

_LOOK_AGAIN: Final = 5.0
"""Interval of probes for a lost import, in `first_poll_s`: a probe costs more than a poll."""

_FORGOTTEN: Final = 3
"""Number of 404s in a row after which an import counts as missing. The vendor's servers may not all know a new import
yet, and old ones are kept only for a while.
"""


def fact_key(folder_id: int, sha256: str) -> str:
    return f"{folder_id}:{sha256}"


@attrs.frozen(kw_only=True)
class Importing:
    """A package on its way into one folder of an account. `folder`: its name, for people."""

    _ctx: Context
    package: Package
    folder: str
    folder_id: int
    restart_recipes: bool

    async def is_already_so(self) -> bool:
        """Whether an earlier import of these bytes into this folder still stands. Sends at most one look.

        Of a package without recipes that is when the account has connections of the package's names.
        """
        remembered = await self._ctx.recall(FACT, self._fact_key)
        if not remembered:
            return False
        if not self.package.recipes:
            there: Standing = await log_of(self._ctx).look(self._connections, missing={})
            return set(self.package.connections) <= there.keys()
        nothing: list[Recipe] = []
        standing = await log_of(self._ctx).look(partial(self._find, set(remembered)), missing=nothing)
        if versions_of(standing) != remembered:
            return False
        know_inside(self._ctx, self.folder_id, folders_of(standing))
        return True

    async def look(self) -> Standing:
        """How the package's recipes stand now.

        Sends one request a hundred recipes, and one for each folder that has a sub-folder of the package.
        """
        if not self.package.recipes:
            return await self._connections()
        wanted = {recipe.key for recipe in self.package.recipes}
        paths: dict[int, str] = {}
        for directory in self.package.directories:
            place = await find_path(self._ctx, directory, parent_id=self.folder_id)
            if place is not None:
                paths[place] = directory
        standing: Standing = {}
        for recipe in await self._recipes():
            place = recipe.folder_id or self.folder_id
            key = f"{paths[place]}/{recipe.name}" if paths.get(place) else recipe.name
            if place in paths and key in wanted:
                row = [recipe.id, recipe.version_no, stamp(recipe), recipe.running]
                standing.setdefault(key, []).append(row)
        for rows in standing.values():
            rows.sort()
        return standing

    async def _connections(self) -> Standing:
        """How connections of the package's names stand, in any folder. Sends one request."""
        standing: Standing = {}
        for each in await connections_of(self._ctx):
            if each.name in self.package.connections:
                standing.setdefault(each.name, []).append([each.id, None, None, False])
        return standing

    async def _recipes(self) -> list[Recipe]:
        """The recipes of the folder; of the account when the package has sub-folders: listing each of those would cost
        requests of a much tighter quota."""
        if self.package.directories == ("",):
            return await recipes_in(self._ctx, self.folder_id)
        return [recipe async for recipe in self._ctx.account.recipes.list()]

    def refuse_running(self, before: Standing) -> None:
        running = [key for key, rows in before.items() if any(row[3] for row in rows)]
        if running and not self.restart_recipes:
            raise TaskFailed(
                f"the package touches running recipes: {name_some(running)}",
                failure_class="recipes-running",
                cause="the package touches running recipes",
                remedy="stop them and retry, or restart them (--restart-recipes; restart_recipes = true in a job file) "
                "in a new run, which skips done accounts",
            )

    async def send(self, home_id: int | None, before: Standing) -> Any:
        async def send() -> Any:
            status = await self._ctx.account.imports.create(
                self.package.data,
                folder_id=self.folder_id,
                restart_recipes=self.restart_recipes,
                folder_id_for_home_assets=home_id,
            )
            memory_of(self._ctx).cache["import-status"] = status
            return {"package_id": status.id}

        recipes = len(self.package.recipes)
        return await self._ctx.step(
            STEP,
            send,
            probe=self._probe,
            repeatable=not self.package.recipes,  # shells that are imported again stay as they are
            data=before,
            check=f"compare the recipes of folder {self.folder!r} with the package",
            planned={"package_id": planned_id()},
            says=[f"import {recipes} recipe{'s' if recipes != 1 else ''}" if recipes else "import connections"],
        )

    async def _probe(self, intent: Intent) -> Any:
        """Whether a lost import ran: an import has no key, no list, and its id was in the lost reply. A package without
        recipes is known by the connections that were not there before."""
        keys = [recipe.key for recipe in self.package.recipes]
        keys = keys or [name for name in self.package.connections if name not in intent.data]
        if not keys:
            return None
        clock = asyncio.get_running_loop().time
        end = clock() + tuning_of(self._ctx).import_deadline_s - intent.age_s
        while True:
            is_last = clock() >= end  # a look of several requests may begin before the import ends, and end after
            standing = await self.look()
            moved = [key for key in keys if has_moved(key, intent.data, standing)]
            if len(moved) == len(keys):
                return {"package_id": None}
            if is_last:
                if not moved:
                    return None
                raise TaskUnknown(
                    f"an unanswered import changed {name_some(moved)}, but not the rest of the package",
                    cause="an unanswered import changed a part of the package, but not the rest",
                    remedy=f"compare the contents of folder {self.folder!r} with the package, then run it again",
                )
            await anyio.sleep(min(tuning_of(self._ctx).first_poll_s * _LOOK_AGAIN, max(0.0, end - clock())))

    async def check_result(self, answer: Mapping[str, Any]) -> set[str]:
        """Poll to the end and read every recipe's result; the ids of the recipes it names.

        A failed import is taken back (it may run again)."""
        package_id = answer["package_id"]
        status = memory_of(self._ctx).cache.pop("import-status", None)
        if package_id is not None and (status is None or not status.is_finished):
            status = await self._poll(int(package_id))
            if status is None:
                await self._look_for_forgotten(int(package_id))
        if status is None:
            self._ctx.detail["import"] = "confirmed by looking, import results not available"
            return set()
        if status.status != "completed":
            self._ctx.reset_step(STEP)
            said = status.error or "no reason given"
            raise TaskFailed(
                f"import {status.id} failed: {said}",
                failure_class="import-failed",
                cause=f"the import failed: {said}",
                remedy="correct the package or the account, then `bulkops retry`",
            )
        bad = status.bad_results
        if bad:
            self._ctx.reset_step(STEP)
            results = ", ".join(f"recipe {row.id}: {row.import_result}" for row in bad)
            kinds = ", ".join(sorted({row.import_result for row in bad}))
            raise TaskFailed(
                f"import {status.id} completed, but {results}",
                failure_class="import-incomplete",
                cause=f"the import completed, but recipes were left {kinds}",
                remedy="open the recipe, correct it, then `bulkops retry`",
            )
        self._ctx.detail["import"] = {"package_id": status.id, "recipes": len(status.recipe_status)}
        return {str(row.id) for row in status.recipe_status}

    async def _look_for_forgotten(self, package_id: int) -> None:
        """Raises: TaskFailed when an accepted import is gone and has left nothing; TaskUnknown."""
        intent = Intent(data=log_of(self._ctx).intent_data(STEP) or {}, age_s=0.0)
        try:
            found = await self._probe(intent)
        except Unauthorized:
            raise
        except ApiError as error:
            raise _asking_failed(package_id, error) from error
        if found is None:
            self._ctx.reset_step(STEP)
            raise TaskFailed(
                f"import {package_id} was accepted, but does not exist any more, and imported nothing",
                failure_class="import-gone",
                cause="an accepted import has disappeared",
                remedy="`bulkops retry` imports again",
            )

    async def _poll(self, package_id: int) -> ImportStatus | None:
        """How it ended; None: the vendor knows no such import."""
        clock = asyncio.get_running_loop().time
        end = clock() + tuning_of(self._ctx).import_deadline_s
        polling = Polling.of(self._ctx)
        forgotten = 0
        while True:
            await polling.wait()
            try:
                status = await self._ctx.account.imports.get(package_id)
            except Unauthorized:
                raise
            except NotFound:
                forgotten += 1
                if forgotten == _FORGOTTEN:
                    return None
                continue
            except ApiError as error:
                raise _asking_failed(package_id, error) from error
            forgotten = 0
            polling.note(done=status.is_finished)
            if status.is_finished:
                return status
            if clock() > end:
                raise TaskUnknown(
                    f"import {package_id} is still {status.status} after {tuning_of(self._ctx).import_deadline_s:g} s",
                    cause="the import did not end in time",
                    remedy="`bulkops resume` asks again",
                )

    async def verify(self, recipe_ids: set[str]) -> None:
        """All recipes of the package are in the account: "completed" is not "there". Sends one look."""
        found: list[Recipe] = []
        if not self.package.recipes:
            there = await self._connections()
            missing = [name for name in self.package.connections if name not in there]
        elif len(recipe_ids) < len(self.package.recipes):  # the vendor's list of results is optional
            named = await self.look()
            missing = [recipe.key for recipe in self.package.recipes if recipe.key not in named]
            recipe_ids = {str(row[0]) for rows in named.values() for row in rows}
        else:
            missing = []
        if self.package.recipes:
            found = await self._find(recipe_ids)
        gone = len(recipe_ids) - len(found)
        if missing or gone:
            self._ctx.reset_step(STEP)
            what = name_some(missing) if missing else f"{gone} of its {len(recipe_ids)} recipes"
            raise TaskFailed(
                f"the import completed, but {what} cannot be found in the account",
                failure_class="import-incomplete",
                remedy="`bulkops retry` imports again",
            )
        know_inside(self._ctx, self.folder_id, folders_of(found))
        left = versions_of(found) or {"connections": len(self.package.connections)}
        await self._ctx.remember(FACT, self._fact_key, left)

    async def _find(self, recipe_ids: set[str]) -> list[Recipe]:
        """The recipes with these ids. Sends one request a hundred recipes."""
        return [recipe for recipe in await self._recipes() if str(recipe.id) in recipe_ids]

    @property
    def _fact_key(self) -> str:
        return fact_key(self.folder_id, self.package.sha256)


def _asking_failed(package_id: int, error: ApiError) -> TaskUnknown:
    """The import continues although the poll failed."""
    return TaskUnknown(
        f"import {package_id} was accepted, but reading its state failed: {error}",
        cause="an import was accepted, but reading its state failed",
        remedy="`bulkops resume` asks again",
    )
