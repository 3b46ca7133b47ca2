"""`bulkops export-package`: from the partner's own workspace without a run, or from each account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import click

from bulkops.cli.click_ext import PlanFlags, Verb, note_begun, option, plan_flags
from bulkops.cli.options import operation_options, run_options
from bulkops.cli.options.from_parameters import operation_named
from bulkops.cli.options.types import FileName
from bulkops.cli.options.values import Output, PolicyFlags
from bulkops.cli.terminal import counted, one_line, put, say
from bulkops.errors import NotFound
from bulkops.selection import Selection

if TYPE_CHECKING:
    from bulkops.client import Workato
    from bulkops.models import Asset
    from bulkops.operations import Package


@click.command("export-package", cls=Verb, examples=operation_named("export-package").examples)
@option("--manifest", type=click.IntRange(1), metavar="ID", help="Export manifest of the partner's workspace.")
@option("-o", "file", metavar="FILE.zip", type=FileName(), help="File for an export from the partner's workspace.")
@operation_options("export-package", may_be_missing=True)
@run_options
def export_package(
    manifest: int | None,
    file: str | None,
    *,
    parameters: Mapping[str, Any],
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    """Export a package: from the partner's workspace, or from each account.

    A file with the same contents is left alone; its sha256 is in the report.
    """
    if (file is None) == ("into" not in parameters):
        raise click.UsageError(
            "No destination: give either -o FILE.zip (partner's workspace) or --into DIR (accounts)."
        )
    if file is not None:
        folder = parameters.get("folder")
        if (manifest is None) == (folder is None):
            raise click.UsageError("Nothing to export: give either --manifest ID or --folder PATH.")
        if selection.accounts is not None:
            raise click.UsageError("-o exports from the partner's workspace: give --into DIR for the accounts.")
        import asyncio

        export = _Export(manifest=manifest, folder=folder, file=file, overwrite=bool(parameters.get("overwrite")))
        return asyncio.run(export.carry_out(policy, output))
    if manifest is not None or "folder" not in parameters:
        raise click.UsageError("A manifest belongs to one workspace: give --folder PATH for the accounts.")
    from bulkops.cli.start_run import start
    from bulkops.operations import ExportPackage

    return start(ExportPackage(**parameters), selection=selection, flags=policy, output=output)


@attrs.frozen(kw_only=True)
class _Export:
    """From the partner's workspace: a manifest or a folder, into the file."""

    manifest: int | None
    folder: str | None
    file: str
    overwrite: bool

    @property
    def what(self) -> str:
        return f"manifest {self.manifest}" if self.folder is None else f"folder {one_line(self.folder)!r}"

    async def carry_out(self, flags: PolicyFlags, output: Output) -> int:
        """Export into the file, or in a plan print its contents. Returns the exit code."""
        from bulkops.cli.outage import Outage
        from bulkops.client import Workato
        from bulkops.operations import export_to_file
        from bulkops.settings import Settings

        settings = Settings.from_env(tuning=flags.tune())
        plan = plan_flags()
        async with Workato.from_settings(settings, observe=Outage().observe) as workato:
            if plan is not None:
                return await self._plan(plan, workato.with_options(read_only=True), as_json=output.json)
            if not output.quiet:
                say(f"exporting {self.what} of the partner's workspace at {settings.url}")
            note_begun()
            done = await export_to_file(
                workato, self.file, manifest=self.manifest, folder=self.folder, overwrite=self.overwrite
            )
        if output.json:
            facts = {"file": str(done.path), "written": done.written, **_facts(done.package)}
            put(json.dumps(facts, indent=1) + "\n", json=True)
            return 0
        package = done.package
        recipes, connections = counted(len(package.recipes), "recipe"), counted(len(package.connections), "connection")
        unchanged = "" if done.written else " (unchanged: it held the same)"
        put(f"{one_line(self.file)}: {recipes}, {connections}, {len(package.data)} bytes{unchanged}\n")
        put(f"sha256 {package.sha256}\n")
        return 0

    async def _plan(self, plan: PlanFlags, workato: Workato, *, as_json: bool) -> int:
        """Sends reads only; with `--offline` nothing."""
        if plan.save is not None:
            raise click.UsageError("An export from the partner's workspace has no plan to save: leave out --save.")
        assets = [] if plan.offline else await self._assets(workato)
        if as_json:
            rows = [{"type": asset.type, "name": asset.name, "zip_name": asset.zip_name} for asset in assets]
            put(json.dumps({"file": self.file, "assets": rows}, indent=1) + "\n", json=True)
            return 0
        put(f"would export {self.what} of the partner's workspace into {one_line(self.file)}\n")
        for asset in assets:
            put(f"  {asset.type}: {one_line(asset.zip_name or asset.name or str(asset.id))}\n")
        return 0

    async def _assets(self, workato: Workato) -> list[Asset]:
        from bulkops.operations.partner_export import no_manifest, partner_folder

        if self.folder is not None:
            return await workato.export_manifests.folder_assets(await partner_folder(workato, self.folder))
        manifest = int(self.manifest or 0)
        try:
            shown: Any = await workato.export_manifests.get(manifest)
        except NotFound as error:
            raise no_manifest(manifest) from error
        return [asset for asset in shown.assets if asset.checked is not False]


def _facts(package: Package) -> dict[str, Any]:
    return {
        "sha256": package.sha256,
        "bytes": len(package.data),
        "recipes": [recipe.key for recipe in package.recipes],
        "connections": list(package.connections),
    }
