"""`bulkops export-package`: from the partner's workspace without a run, or from each account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from bulkops.cli.click_ext import Verb, option
from bulkops.cli.click_types import FileName
from bulkops.cli.declared import operation_named
from bulkops.cli.flags import Output, PolicyFlags
from bulkops.cli.options import operation_options, run_options
from bulkops.selection import Selection


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
        folder, overwrite = parameters.get("folder"), bool(parameters.get("overwrite"))
        return _from_partner(manifest, folder, file, overwrite, selection=selection, policy=policy, output=output)
    if manifest is not None or "folder" not in parameters:
        raise click.UsageError("A manifest belongs to one workspace: give --folder PATH for the accounts.")
    from bulkops.cli.start_run import start
    from bulkops.operations import ExportPackage

    return start(ExportPackage(**parameters), selection=selection, flags=policy, output=output)


def _from_partner(
    manifest: int | None,
    folder: str | None,
    file: str,
    overwrite: bool,
    *,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    if (manifest is None) == (folder is None):
        raise click.UsageError("Nothing to export: give either --manifest ID or --folder PATH.")
    if selection.accounts is not None:
        raise click.UsageError("-o exports from the partner's workspace: give --into DIR for the accounts.")
    import asyncio

    from bulkops.cli.export import Wanted, export

    wanted = Wanted(manifest=manifest, folder=folder, file=file, overwrite=overwrite)
    return asyncio.run(export(wanted, flags=policy, output=output))
