"""The parts of a copy: an import for each folder, then the properties of the environment and of each project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Asset
from bulkops.operations._base import Operation
from bulkops.operations._folders import NO_PROJECT, ensure_folder, find_project
from bulkops.operations._undo_chain import Part
from bulkops.operations.copy_source import ENVIRONMENT, Content
from bulkops.operations.import_package import FOLDER_STEP, ImportPackage, foresee_import
from bulkops.operations.set_properties import EnsureValues, restore_values
from bulkops.operations.undo import remembered
from bulkops.steps import Context, log_of


def parts_of(ctx: Context, content: Content, *, restart_recipes: bool) -> list[Part]:
    """The parts in order; in a chain below the chain's own prefix."""
    imports = [
        ImportPackage(package, folder=folder, restart_recipes=restart_recipes)
        for folder, package in content.packages.items()
    ]
    return _placed(ctx, [(each.folder, each) for each in imports], content.properties)


def parts_to_undo(ctx: Context, recorded: Mapping[str, Any]) -> list[Part]:
    """The same parts from what was `recorded` of the content, without its packages."""
    rows = recorded["imports"]
    imports = [
        (row["folder"], remembered(ImportPackage, {"name": ImportPackage.name, "parameters": row})) for row in rows
    ]
    return _placed(ctx, imports, recorded["properties"])


def _placed(
    ctx: Context, imports: Sequence[tuple[str, Operation | None]], properties: Mapping[str, Mapping[str, str]]
) -> list[Part]:
    outer = log_of(ctx).prefix
    numbered = enumerate((*imports, *_properties(properties)), start=1)
    return [Part(each, f"{outer}{place} {what}: ") for place, (what, each) in numbered if each is not None]


async def foresee_parts(ctx: Context, folders: Mapping[str, list[Asset]], content: Content, *, source: str) -> None:
    """Plan the parts before an export, which is a write: `folders` has what the source shows of each."""
    outer = log_of(ctx).prefix
    for place, (folder, assets) in enumerate(folders.items(), start=1):
        log_of(ctx).enter(f"{outer}{place} {folder}: ")
        folder_id, _ = await ensure_folder(ctx, FOLDER_STEP, folder)
        await foresee_import(ctx, folder, folder_id, says=f"import folder {folder!r} of {source}{_counted(assets)}")
    for place, (what, each) in enumerate(_properties(content.properties), start=len(folders) + 1):
        log_of(ctx).enter(f"{outer}{place} {what}: ")
        await each.apply(ctx)


@attrs.frozen(kw_only=True)
class SetValues(Operation):
    """Give properties the source's values; a text with braces stays as it is. `project`: its name, or `ENVIRONMENT`."""

    name: ClassVar[str] = "set-properties"
    only_requests: ClassVar[bool] = True
    affects: ClassVar[frozenset[str]] = frozenset({"properties"})
    stands_on: ClassVar[frozenset[str]] = frozenset({"folders", "properties"})
    values: Mapping[str, str]
    project: str

    async def apply(self, ctx: Context) -> None:
        await EnsureValues(step=self.name, values=self.values, project_id=await self._project_id(ctx)).apply(ctx)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        try:
            project_id = await self._project_id(ctx)
        except TaskFailed as problem:
            if problem.failure_class == NO_PROJECT:
                return  # it is gone, and its properties with it
            raise
        await restore_values(ctx, done, self.values, project_id)

    async def _project_id(self, ctx: Context) -> int | None:
        return None if self.project == ENVIRONMENT else await find_project(ctx, self.project)


def _properties(properties: Mapping[str, Mapping[str, str]]) -> list[tuple[str, Operation]]:
    return [
        (
            f"properties of {project}" if project != ENVIRONMENT else "properties",
            SetValues(values=values, project=project),
        )
        for project, values in properties.items()
    ]


def _counted(assets: list[Asset]) -> str:
    """ " (3 recipes, 1 connection)": the assets by type."""
    counts = Counter(asset.type.replace("_", " ") for asset in assets)
    said = ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for what, count in sorted(counts.items()))
    return f" ({said})" if said else ""
