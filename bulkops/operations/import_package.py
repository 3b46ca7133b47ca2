"""import-package: one zip into one folder of the account, and every asset's result read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs

from bulkops.client import Workato
from bulkops.errors import ConfigError, InputError, PlanError, TaskFailed
from bulkops.journal import AnyLocation, Journal, StepRow
from bulkops.models import Recipe
from bulkops.operations._base import Operation, Undoing
from bulkops.operations._folder_contents import folders_below, know_import, recipes_below
from bulkops.operations._folders import ensure_folder, existing_folder, find_folder, is_folder_name, no_folder
from bulkops.operations._import_job import FACT, STEP, Importing, Standing, fact_key, versions_of
from bulkops.operations._lookup import name_some
from bulkops.operations._plan_effects import expect, plan_import
from bulkops.operations._undo_chain import CANNOT_UNDO
from bulkops.operations.ensure import delete_own
from bulkops.operations.fields import check_given, own_parameters
from bulkops.operations.foreseen import CONTENTS, FolderContents, Foreseen, added, subfolders
from bulkops.operations.package import Contents, Package
from bulkops.operations.partner_export import export_package
from bulkops.parameters import parameter
from bulkops.steps import Context, Offline, log_of

FOLDER_STEP: Final = "create-folder"
_LISTINGS: Final = "managed_users.folders.list"
_AFTERWARDS: Final = {"managed_users.imports.get": 1.5, "managed_users.recipes.list": 1.0}
"""Requests behind an import: it is polled (as often as on average), and its recipes are looked at."""
_LOOK: Final = {"managed_users.recipes.list": 1.0}
"""Requests that find the recipes of a folder as an earlier import left them."""


def load_package(source: Package | str | Path | None) -> Package | None:
    return None if source is None else Package.load(source)


PACKAGE: Final = parameter("Package, as the vendor exports it.", flag="package", metavar="PKG.zip", file=True)
MANIFEST: Final = parameter(
    "Manifest of the partner's workspace, instead of a package: exported once for the whole run.",
    metavar="ID",
    instead_of="package",
)
TARGET: Final = parameter("Folder under Home; created if missing.", metavar="NAME")
RESTART: Final = parameter(
    "Stop, update and start running recipes that the package touches; without it such accounts fail, unchanged."
)
HOME_ASSETS: Final = parameter("Folder for the package's root-folder assets.", metavar="NAME")


@attrs.frozen
class ImportPackage(Operation):
    """Import a package into a folder of each account.

    An account that already holds exactly this package is left alone.

    It does when this journal has a good import of the same bytes into the same folder, and the recipes stand as that
    import left them. Names alone mean nothing: a new version of a package has the same ones. Beside a package,
    `manifest` only says where that came from.
    """

    name = "import-package"
    only_requests = True
    examples = (
        "import-package crm.zip --folder CRM --accounts customers.csv",
        "import-package crm.zip --folder CRM --accounts all --max-failures 2% --yes",
        "import-package --manifest 12 --folder CRM --accounts all",
    )
    affects = frozenset({"folders", "recipes", "connections", "collections"})
    stands_on = frozenset({"folders", "recipes"})
    package: Package | None = attrs.field(default=None, converter=load_package, metadata=PACKAGE)
    manifest: int | None = attrs.field(kw_only=True, default=None, metadata=MANIFEST)
    folder: str = attrs.field(kw_only=True, validator=is_folder_name, metadata=TARGET)
    restart_recipes: bool = attrs.field(kw_only=True, default=False, metadata=RESTART)
    home_assets_folder: str | None = attrs.field(
        kw_only=True, default=None, validator=is_folder_name, metadata=HOME_ASSETS
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        check_given(self, "package", "manifest")
        if self.manifest is not None and (isinstance(self.manifest, bool) or self.manifest < 1):
            raise ConfigError(
                f"export manifest {self.manifest} does not exist", remedy="give its number in the workspace"
            )

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
        return PlanError(f"manifest {self.manifest} is not exported yet", remedy="call `await prepare()` first")

    def parameters(self) -> Mapping[str, Any]:
        own = own_parameters(self, without={"package"})
        path = self.package.path if self.package is not None and self.manifest is None else None
        sha256 = self.package.sha256 if self.package is not None else None
        return {**own, "package": path, "sha256": sha256, CONTENTS: self._recorded()}

    def _recorded(self) -> Mapping[str, Any] | None:
        """What an undo and the cost of later runs need, beside the sha256."""
        if self.package is None:
            return None
        contents = self.package.contents
        return {
            "recipes": list(contents.recipes),
            "connections": list(contents.connections),
            "counts": attrs.asdict(FolderContents.of(self.package)),
        }

    def identity(self) -> Mapping[str, Any]:
        known = {name: value for name, value in self.parameters().items() if name != CONTENTS}
        return {**known, "package": None} if known["sha256"] else known

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> ImportPackage:
        made = cls(**{name: value for name, value in parameters.items() if name not in {"sha256", CONTENTS}})
        expected = parameters.get("sha256")
        if expected is not None and made.package is None:
            raise InputError(
                f"the package that was exported from manifest {made.manifest} is not in the journal",
                remedy="use the journal of the run or the plan, or start a new run",
            )
        if expected is not None and made._content.sha256 != expected:
            raise InputError(
                f"{made._content.path} is not the package the run began with (its sha256 differs)",
                remedy="restore the old file to resume, or start a new run with the new package",
            )
        return made

    @property
    def awaits_export(self) -> bool:
        return self.package is None

    async def prepare(self, workato: Workato, journal: AnyLocation) -> ImportPackage:
        """With the package of the manifest, which the journal keeps. Sends what an export takes."""
        if self.package is not None or self.manifest is None:
            return self
        package = await export_package(workato, self.manifest)
        async with Journal.open(journal) as opened:
            await opened.files.put(package.sha256, package.data)
        return attrs.evolve(self, package=package)

    def needed_files(self) -> Mapping[str, bytes]:
        return {} if self.package is None else {self.package.sha256: self.package.data}

    def as_prepared(self, data: Mapping[str, Any]) -> ImportPackage:
        """With the package that was exported for it then."""
        if self.package is not None or data["name"] != self.name or data["parameters"].get("manifest") != self.manifest:
            return self
        then = self.from_parameters(data["parameters"])
        return then if attrs.evolve(then, package=None) == self else self

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        inside = {_LISTINGS: self._inner_listings()} if foreseen.worst_case else {}  # a folder that is made is empty
        return added(super().cost(foreseen), inside)

    def notes(self) -> tuple[str, ...]:
        """Custom connectors of the package: an import fails where one is missing (vendor facts, section 18)."""
        connectors = self.package.connectors if self.package is not None else ()
        return tuple(
            f"the package uses {name}: customers need that connector first (`bulkops share-connector {name}`)"
            for name in connectors
        )

    def run_cost(self) -> Mapping[str, float]:
        """Of the one export of a manifest."""
        return {} if self.package is not None else {"packages.export": 1, "packages.get": 5}

    def _inner_listings(self) -> int:
        """Folders whose listing shows where the recipes of the package are."""
        paths = subfolders(self.package) if self.package is not None else set()
        return len({path.rpartition("/")[0] for path in paths})

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Delete the folder that the run made, with what the import brought. One that was there before stays."""
        await _undo(ctx, self._content.contents, self.folder, done)

    @classmethod
    def undoing(cls, parameters: Mapping[str, Any]) -> Undoing | None:
        recorded = parameters.get(CONTENTS)
        if recorded is None:  # a journal of before it was kept
            return None
        contents = Contents(
            sha256=parameters["sha256"],
            recipes=tuple(recorded["recipes"]),
            connections=tuple(recorded["connections"]),
        )
        return lambda ctx, done: _undo(ctx, contents, parameters["folder"], done)

    async def apply(self, ctx: Context) -> None:
        if self.package is None and not ctx.planning:
            raise self._unexported()
        await self._refuse_path(ctx)
        folder_id, is_new = await ensure_folder(ctx, FOLDER_STEP, self.folder)
        know_import(ctx, self.folder, folder_id, self.package)
        if self.package is None:
            what = f"import what manifest {self.manifest} holds (not known before its export)"
            await foresee_import(ctx, self.folder, folder_id, says=what)
            return
        importing = Importing(
            ctx=ctx,
            package=self.package,
            folder=self.folder,
            folder_id=folder_id,
            restart_recipes=self.restart_recipes,
        )
        before: Standing = {}
        if not ctx.is_done(STEP) and not ctx.began(STEP):
            if await importing.is_already_so():
                return
            # A folder made a moment ago has no recipe: no request is spent on looking into it.
            before = {} if is_new and self.package.recipes else await importing.look()
            importing.refuse_running(before)
        home_id = await self._home_folder(ctx)
        answer = await importing.send(home_id, before)
        if ctx.planning:
            plan_import(ctx, self.folder, folder_id, self.package, there=before.keys())
            expect(ctx, _AFTERWARDS)
        else:
            await importing.verify(await importing.check_result(answer))

    async def _refuse_path(self, ctx: Context) -> None:
        """Raises: TaskFailed instead of creating a folder whose name is a path."""
        if "/" in self.folder and log_of(ctx).offline is None and await find_folder(ctx, self.folder) is None:
            raise no_folder(ctx, self.folder, remedy="give the name of a folder directly under Home, not a path")

    async def _home_folder(self, ctx: Context) -> int | None:
        if self.home_assets_folder is None:
            return None
        return await existing_folder(ctx, self.home_assets_folder, remedy="create it first, for the home assets")


async def foresee_import(ctx: Context, folder: str, folder_id: int, *, says: str) -> None:
    """Plan an import whose package is still to be exported: that is a write, and a plan sends none."""
    plan_import(ctx, folder, folder_id, None)
    if log_of(ctx).offline is Offline.DONE:
        expect(ctx, _LOOK)
        return
    send = partial(ctx.account.imports.create, b"", folder_id=folder_id)
    await ctx.step(STEP, send, planned={}, says=[says])
    expect(ctx, _AFTERWARDS)


async def _undo(ctx: Context, contents: Contents, folder: str, done: Mapping[str, StepRow]) -> None:
    """Delete the folder, if the run created it and it has no other contents since.

    Sends one look for each folder below it, two more, and the request. Raises: TaskFailed when it has to stay.
    """
    made, step = done.get(FOLDER_STEP), f"undo {FOLDER_STEP}"
    if made is None:
        raise TaskFailed(
            f"folder {folder!r} existed before the run, and overwritten contents cannot be restored",
            failure_class=CANNOT_UNDO,
            remedy="import the earlier package again",
        )
    folder_id = int(made.result["id"])
    if not ctx.began(step):
        if await find_folder(ctx, folder) != folder_id:
            return  # it is gone
        await _check_nothing_else(ctx, contents, folder, folder_id)
    await delete_own(ctx, step, partial(ctx.account.folders.delete, folder_id, force=True))


async def _check_nothing_else(ctx: Context, contents: Contents, folder: str, folder_id: int) -> None:
    """Raises: TaskFailed naming what the run did not bring, or what runs."""
    recipes = await recipes_below(ctx, folder_id)
    others = await _others(ctx, contents, folder_id, recipes)
    inside = {folder_id, *await folders_below(ctx, folder_id)}
    async for connection in ctx.account.connections.list():
        if connection.folder_id in inside and connection.name not in contents.connections:
            others.append(connection.name)
    if others:
        raise TaskFailed(
            f"folder {folder!r} has contents that the run did not import, or changed ones: {name_some(others)}",
            failure_class=CANNOT_UNDO,
            cause=f"folder {folder!r} has contents that the run did not import",
            remedy="delete the rest by hand",
        )
    running = [recipe.name for recipe in recipes if recipe.running]
    if running:
        raise TaskFailed(
            f"recipes of folder {folder!r} are running: {name_some(running)}",
            failure_class="recipes-running",
            cause=f"recipes of folder {folder!r} are running",
            remedy="stop-recipes first, then `bulkops retry`",
        )


async def _others(ctx: Context, contents: Contents, folder_id: int, recipes: list[Recipe]) -> list[str]:
    """Names of the recipes that are not as the import left them; without its memory, of those it did not bring."""
    remembered = await ctx.recall(FACT, fact_key(folder_id, contents.sha256))
    if remembered is None:
        return [recipe.name for recipe in recipes if recipe.name not in contents.recipes]
    return [recipe.name for recipe in recipes if not versions_of([recipe]).items() <= remembered.items()]
