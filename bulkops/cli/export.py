"""`bulkops export-package` from the partner's own workspace: writes a file, without accounts and run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs
import click

from bulkops.cli.click_ext import Invocation, PlanFlags
from bulkops.cli.flags import Output, PolicyFlags
from bulkops.cli.outage import Outage
from bulkops.cli.terminal import one_line, put, say
from bulkops.errors import NotFound
from bulkops.settings import Settings

if TYPE_CHECKING:
    from bulkops.client import Workato
    from bulkops.models import Asset


@attrs.frozen(kw_only=True)
class Wanted:
    """Arguments: a manifest or a folder, and the file."""

    manifest: int | None
    folder: str | None
    file: str
    overwrite: bool

    @property
    def what(self) -> str:
        return f"manifest {self.manifest}" if self.folder is None else f"folder {one_line(self.folder)!r}"


async def export(wanted: Wanted, *, flags: PolicyFlags, output: Output) -> int:
    """Export into a file, or in a plan print its contents. Returns the exit code."""
    from bulkops.client import Workato
    from bulkops.operations import export_to_file

    settings = Settings.from_env(tuning=flags.tune())
    invocation = click.get_current_context().find_object(Invocation)
    plan = invocation.plan if invocation is not None else None
    async with Workato.from_settings(settings, observe=Outage().observe) as workato:
        if plan is not None:
            return await _foresee(wanted, plan, workato.with_options(read_only=True), output=output)
        if not output.quiet:
            say(f"exporting {wanted.what} of the partner's workspace at {settings.url}")
        done = await export_to_file(
            workato,
            wanted.file,
            manifest=wanted.manifest,
            folder=wanted.folder,
            overwrite=wanted.overwrite,
        )
    package = done.package
    facts = {
        "file": str(done.path),
        "written": done.written,
        "sha256": package.sha256,
        "bytes": len(package.data),
        "recipes": [recipe.key for recipe in package.recipes],
        "connections": list(package.connections),
    }
    if output.json:
        put(json.dumps(facts, indent=1) + "\n", json=True)
        return 0
    recipes, connections = _count(len(package.recipes), "recipe"), _count(len(package.connections), "connection")
    unchanged = "" if done.written else " (unchanged: it held the same)"
    put(f"{one_line(wanted.file)}: {recipes}, {connections}, {len(package.data)} bytes{unchanged}\n")
    put(f"sha256 {package.sha256}\n")
    return 0


async def _foresee(wanted: Wanted, plan: PlanFlags, workato: Workato, *, output: Output) -> int:
    """Plan: sends reads only; with `--offline` nothing."""
    if plan.save is not None:
        raise click.UsageError("An export from the partner's workspace has no plan to save: leave out --save.")
    assets = [] if plan.offline else await _assets(wanted, workato)
    if output.json:
        rows = [{"type": asset.type, "name": asset.name, "zip_name": asset.zip_name} for asset in assets]
        put(json.dumps({"file": wanted.file, "assets": rows}, indent=1) + "\n", json=True)
        return 0
    put(f"would export {wanted.what} of the partner's workspace into {one_line(wanted.file)}\n")
    for asset in assets:
        put(f"  {asset.type}: {one_line(asset.zip_name or asset.name or str(asset.id))}\n")
    return 0


async def _assets(wanted: Wanted, workato: Workato) -> list[Asset]:
    from bulkops.operations.partner_export import no_manifest, partner_folder

    if wanted.folder is not None:
        return await workato.export_manifests.folder_assets(await partner_folder(workato, wanted.folder))
    manifest = int(wanted.manifest or 0)
    try:
        shown: Any = await workato.export_manifests.get(manifest)
    except NotFound as error:
        raise no_manifest(manifest) from error
    return [asset for asset in shown.assets if asset.checked is not False]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
