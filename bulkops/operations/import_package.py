"""import-package: one zip into one folder of the account, and every asset's result read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import anyio
import attrs

from bulkops.client import Workato
from bulkops.errors import ApiError, ConfigError, InputError, PlanError, TaskFailed, TaskUnknown, Unauthorized
from bulkops.models import ImportStatus, Recipe
from bulkops.operations._base import Operation, Plan
from bulkops.operations._export import export_package, keep_package
from bulkops.operations._folders import (
    check_name,
    find_folder,
    find_path,
    know_folder,
    know_inside,
    no_folder,
    recipes_in,
)
from bulkops.operations._planned import is_planned_folder, plan_import
from bulkops.operations._polling import Polling
from bulkops.operations._standing import Standing, folders_of, has_moved, name_some, stamp, versions_of
from bulkops.operations.package import Package
from bulkops.steps import Context, Intent

_FOLDER_CREATE: Final = "managed_users.folders.create"

_LOOK_AGAIN: Final = 5.0
"""A lost import is looked for each time this many `first_poll_s` have passed: looking costs more than a poll."""


def _load(source: Package | str | Path | None) -> Package | None:
    return None if source is None else Package.load(source)


@attrs.frozen
class ImportPackage(Operation):
    """Import a package into a folder directly under Home; the folder is made when it is missing.

    Already so: this journal has a good import of the same bytes into the same folder, and the recipes stand as that
    import left them. Names alone mean nothing: a new version of a package has the same ones.

    `manifest`: of the partner's workspace; without a package the run begins by exporting it, once for all accounts.
    Beside a package it only says where that came from.
    `restart_recipes`: running recipes that the package touches are stopped, updated and started by the vendor;
    without it an account with such recipes fails before anything is sent.
    `home_assets_folder`: name of the folder under Home that takes the package's root-folder assets.
    """

    name: ClassVar[str] = "import-package"
    package: Package | None = attrs.field(default=None, converter=_load, metadata={"is_path": True})
    manifest: int | None = attrs.field(kw_only=True, default=None, metadata={"type": int})
    folder: str = attrs.field(kw_only=True)
    restart_recipes: bool = attrs.field(kw_only=True, default=False, metadata={"type": bool})
    home_assets_folder: str | None = attrs.field(kw_only=True, default=None)

    def __attrs_post_init__(self) -> None:
        if self.package is None and self.manifest is None:
            raise ConfigError("what is to be imported is not said", remedy="give a package, or a manifest to export")
        if self.manifest is not None and (isinstance(self.manifest, bool) or self.manifest < 1):
            raise ConfigError(f"there is no manifest {self.manifest}", remedy="give its number in the workspace")
        for value in (self.folder, self.home_assets_folder):
            if value is not None:
                check_name(value)

    @property
    def title(self) -> str:
        if self.package is None:
            return f"export manifest {self.manifest} and import it into folder {self.folder!r}"
        what = Path(self.package.path).name if self.manifest is None else f"manifest {self.manifest}"
        return f"import {what} ({len(self.package.recipes)} recipes) into folder {self.folder!r}"

    @property
    def _content(self) -> Package:
        """Raises: PlanError while the manifest is still to be exported."""
        if self.package is None:
            raise self._unexported()
        return self.package

    def _unexported(self) -> PlanError:
        return PlanError(f"manifest {self.manifest} is not exported yet", remedy="await prepare() first")

    def parameters(self) -> Mapping[str, Any]:
        return {
            "package": self.package.path if self.package is not None else None,
            "sha256": self.package.sha256 if self.package is not None else None,
            "manifest": self.manifest,
            "folder": self.folder,
            "restart_recipes": self.restart_recipes,
            "home_assets_folder": self.home_assets_folder,
        }

    def identity(self) -> Mapping[str, Any]:
        known = self.parameters()
        return {**known, "package": None} if known["sha256"] else known

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> ImportPackage:
        values = dict(parameters)
        expected = values.pop("sha256", None)
        made = cls(values.pop("package"), **values)
        if expected is not None and made._content.sha256 != expected:
            raise InputError(
                f"{made._content.path} is not the package the run began with (its sha256 differs)",
                remedy="put the old file back to resume, or start a new run with the new package",
            )
        return made

    async def prepare(self, workato: Workato, directory: Path) -> ImportPackage:
        """With the package of the manifest, which is kept as a file beside the journal. Sends what an export takes."""
        if self.package is not None or self.manifest is None:
            return self
        package = await export_package(workato, self.manifest)
        return attrs.evolve(self, package=await anyio.to_thread.run_sync(keep_package, package, directory))

    async def plan(self, ctx: Context) -> Plan | None:
        folder_id = await find_folder(ctx, self.folder)
        if self.package is None:
            return self._plan_unexported(ctx, folder_id)
        before: Standing = {}
        if folder_id is not None:
            if await self._is_already_so(ctx, folder_id):
                return None
            before = await self._look(ctx, folder_id)
            self._refuse_running(before)
        plan_import(ctx, self.folder, folder_id, self.package, there=before.keys())
        recipes = len(self.package.recipes)
        return self._planned(ctx, folder_id, f"import {recipes} recipe{'s' if recipes != 1 else ''}")

    def _plan_unexported(self, ctx: Context, folder_id: int | None) -> Plan:
        """An export is a write, and a plan sends none: what is in the package, and whether it is there already, only
        the run will know."""
        plan_import(ctx, self.folder, folder_id, None)
        what = f"what manifest {self.manifest} holds (not known before its export)"
        return self._planned(ctx, folder_id, f"import {what}")

    def _planned(self, ctx: Context, folder_id: int | None, importing: str) -> Plan:
        if folder_id is not None or is_planned_folder(ctx, self.folder):
            return Plan((importing,), {**self.cost(), _FOLDER_CREATE: 0})
        return Plan((f"create folder {self.folder!r}", importing), self.cost())

    def cost(self) -> Mapping[str, float]:
        return {
            "managed_users.folders.list": 1,
            _FOLDER_CREATE: 1,
            "managed_users.recipes.list": 1,
            "managed_users.imports.create": 1,
            "managed_users.imports.get": 1.5,
        }

    def plan_cost(self) -> Mapping[str, float]:
        return {"managed_users.folders.list": 1, "managed_users.recipes.list": 1}

    async def apply(self, ctx: Context) -> None:
        if self.package is None:
            raise self._unexported()
        folder_id, is_new = await self._ensure_folder(ctx)
        before: Standing = {}
        if ctx.result("import") is None and not ctx.began("import"):
            if await self._is_already_so(ctx, folder_id):
                return
            # A folder made a moment ago is empty: no request is spent on looking into it.
            before = {} if is_new else await self._look(ctx, folder_id)
            self._refuse_running(before)
        home_id = await self._home_folder(ctx)
        answer = await self._import(ctx, folder_id, home_id, before)
        recipe_ids = await self._check_result(ctx, answer)
        await self._verify(ctx, folder_id, recipe_ids)

    async def _is_already_so(self, ctx: Context, folder_id: int) -> bool:
        """Whether an earlier import of these bytes into this folder still stands. Sends at most one look."""
        remembered = await ctx.recall("import", self._fact_key(folder_id))
        if not remembered:
            return False
        standing = await self._find(ctx, folder_id, set(remembered))
        if versions_of(standing) != remembered:
            return False
        know_inside(ctx, folder_id, folders_of(standing))
        return True

    def _fact_key(self, folder_id: int) -> str:
        return f"{folder_id}:{self._content.sha256}"

    async def _find(self, ctx: Context, folder_id: int, recipe_ids: set[str]) -> list[Recipe]:
        """The recipes with these ids. Sends one request a hundred recipes: of the folder, or of the account when the
        package has sub-folders (looking for those by name would cost requests of a much tighter quota)."""
        if self._content.directories == ("",):
            return [recipe for recipe in await recipes_in(ctx, folder_id) if str(recipe.id) in recipe_ids]
        found: list[Recipe] = []
        async for recipe in ctx.account.recipes.list():
            if str(recipe.id) in recipe_ids:
                found.append(recipe)
                if len(found) == len(recipe_ids):
                    break
        return found

    async def _verify(self, ctx: Context, folder_id: int, recipe_ids: set[str]) -> None:
        """All recipes of the package are in the account: "completed" is not "there". Sends one look."""
        if len(recipe_ids) < len(self._content.recipes):  # the vendor's list of results is optional
            named = await self._look(ctx, folder_id)
            missing = [recipe.key for recipe in self._content.recipes if recipe.key not in named]
            recipe_ids = {str(row[0]) for rows in named.values() for row in rows}
        else:
            missing = []
        found = await self._find(ctx, folder_id, recipe_ids)
        gone = len(recipe_ids) - len(found)
        if missing or gone:
            await ctx.void("import")
            what = name_some(missing) if missing else f"{gone} of its {len(recipe_ids)} recipes"
            raise TaskFailed(
                f"the import completed, but {what} cannot be found in the account",
                failure_class="import-incomplete",
                remedy="`bulkops retry` imports again",
            )
        know_inside(ctx, folder_id, folders_of(found))
        await ctx.remember("import", self._fact_key(folder_id), versions_of(found))

    async def _ensure_folder(self, ctx: Context) -> tuple[int, bool]:
        """The folder's id, and whether this very process made it just now."""
        made = ctx.result("create-folder")
        if made is not None:
            know_folder(ctx, self.folder, made["id"])
            return int(made["id"]), False
        if not ctx.began("create-folder"):
            found = await find_folder(ctx, self.folder)
            if found is not None:
                return found, False

        async def create() -> Any:
            folder = await ctx.account.folders.create(self.folder)
            return {"id": folder.id}

        async def probe(_: Intent) -> Any:
            found = await find_folder(ctx, self.folder)
            return None if found is None else {"id": found}

        made = await ctx.step("create-folder", create, probe=probe)
        know_folder(ctx, self.folder, made["id"])
        return int(made["id"]), True

    async def _home_folder(self, ctx: Context) -> int | None:
        if self.home_assets_folder is None:
            return None
        found = await find_folder(ctx, self.home_assets_folder)
        if found is None:
            raise no_folder(ctx, self.home_assets_folder, remedy="create it first, for the home assets")
        return found

    async def _look(self, ctx: Context, folder_id: int) -> Standing:
        """How the package's recipes stand now. Sends one request (one more for each sub-folder that holds recipes)."""
        wanted = {recipe.key for recipe in self._content.recipes}
        standing: Standing = {}
        for directory in self._content.directories:
            place = await find_path(ctx, directory, parent_id=folder_id)
            if place is None:
                continue
            for recipe in await recipes_in(ctx, place):
                key = f"{directory}/{recipe.name}" if directory else recipe.name
                if key in wanted:
                    row = [recipe.id, recipe.version_no, stamp(recipe), recipe.running]
                    standing.setdefault(key, []).append(row)
        for rows in standing.values():
            rows.sort()
        return standing

    def _refuse_running(self, before: Standing) -> None:
        running = [key for key, rows in before.items() if any(row[3] for row in rows)]
        if running and not self.restart_recipes:
            raise TaskFailed(
                f"the package touches running recipes: {name_some(running)}",
                failure_class="recipes-running",
                cause="the package touches running recipes",
                remedy="allow it with --restart-recipes, or stop them first",
            )

    async def _import(self, ctx: Context, folder_id: int, home_id: int | None, before: Standing) -> Any:
        async def send() -> Any:
            status = await ctx.account.imports.create(
                self._content.data,
                folder_id=folder_id,
                restart_recipes=self.restart_recipes,
                folder_id_for_home_assets=home_id,
            )
            ctx.cache["import-status"] = status
            return {"package_id": status.id}

        async def probe(intent: Intent) -> Any:
            return await self._probe(ctx, folder_id, intent)

        return await ctx.step(
            "import",
            send,
            probe=probe,
            data=before,
            check=f"compare the recipes of folder {self.folder!r} with the package",
        )

    async def _probe(self, ctx: Context, folder_id: int, intent: Intent) -> Any:
        """Whether a lost import ran: an import has no key, no list, and its id was in the lost reply."""
        clock = asyncio.get_running_loop().time
        end = clock() + ctx.tuning.import_deadline_s - intent.age_s
        while True:
            standing = await self._look(ctx, folder_id)
            moved = [recipe.key for recipe in self._content.recipes if has_moved(recipe.key, intent.data, standing)]
            if len(moved) == len(self._content.recipes):
                return {"package_id": None}
            if clock() >= end:
                if not moved:
                    return None
                raise TaskUnknown(
                    f"a lost import moved {name_some(moved)} and not the rest of the package",
                    cause="a lost import moved some recipes of the package and not the others",
                    remedy=f"compare the recipes of folder {self.folder!r} with the package, then run it again",
                )
            await anyio.sleep(min(ctx.tuning.first_poll_s * _LOOK_AGAIN, max(0.0, end - clock())))

    async def _check_result(self, ctx: Context, answer: Mapping[str, Any]) -> set[str]:
        """Poll to the end and read every recipe's result; the ids of the recipes it names.

        A failed import is taken back (it may run again)."""
        if answer["package_id"] is None:
            ctx.detail["import"] = "confirmed by looking, import results not available"
            return set()
        status = ctx.cache.pop("import-status", None)
        if status is None or not status.is_finished:
            status = await self._poll(ctx, int(answer["package_id"]))
        if status.status != "completed":
            await ctx.void("import")
            said = status.error or "no reason given"
            raise TaskFailed(
                f"import {status.id} failed: {said}",
                failure_class="import-failed",
                cause=f"the import failed: {said}",
                remedy="correct the package or the account, then `bulkops retry`",
            )
        bad = status.bad_results
        if bad:
            await ctx.void("import")
            results = ", ".join(f"recipe {row.id}: {row.import_result}" for row in bad)
            kinds = ", ".join(sorted({row.import_result for row in bad}))
            raise TaskFailed(
                f"import {status.id} completed, but {results}",
                failure_class="import-incomplete",
                cause=f"the import completed, but recipes were left {kinds}",
                remedy="open the recipe, correct it, then `bulkops retry`",
            )
        ctx.detail["import"] = {"package_id": status.id, "recipes": len(status.recipe_status)}
        return {str(row.id) for row in status.recipe_status}

    async def _poll(self, ctx: Context, package_id: int) -> ImportStatus:
        clock = asyncio.get_running_loop().time
        end = clock() + ctx.tuning.import_deadline_s
        polling = Polling.of(ctx)
        while True:
            await polling.wait()
            try:
                status = await ctx.account.imports.get(package_id)
            except Unauthorized:
                raise
            except ApiError as error:  # the import goes on, whatever became of the question
                raise TaskUnknown(
                    f"import {package_id} was accepted, and asking for it failed: {error}",
                    cause="an import was accepted, and asking for it failed",
                    remedy="`bulkops resume` asks again",
                ) from error
            polling.note(done=status.is_finished)
            if status.is_finished:
                return status
            if clock() > end:
                raise TaskUnknown(
                    f"import {package_id} is still {status.status} after {ctx.tuning.import_deadline_s:g} s",
                    cause="the import did not end in time",
                    remedy="`bulkops resume` asks again",
                )
