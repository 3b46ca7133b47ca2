"""New runs that import packages into accounts, and export them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bulkops.cli.click_ext import Flag, Verb
from bulkops.cli.click_types import FileName
from bulkops.cli.flags import Output, PolicyFlags, Selection
from bulkops.cli.options import run_options, starts

if TYPE_CHECKING:
    from bulkops.operations import Operation

PACKAGE = click.argument(
    "package", metavar="[PKG.zip]", required=False, type=FileName(), help="A package as the vendor exports it."
)
MANIFEST = click.option(
    "--manifest",
    cls=Flag,
    type=click.IntRange(1),
    metavar="ID",
    help="In place of a package: export this manifest of the partner's workspace, once for the whole run.",
)
FOLDER = click.option(
    "--folder", cls=Flag, required=True, metavar="NAME", help="Folder under Home; made when it is missing."
)
RESTART = click.option(
    "--restart-recipes",
    cls=Flag,
    is_flag=True,
    help="Stop, update and start running recipes that the package touches; else such accounts fail, unchanged.",
)
HOME_ASSETS = click.option(
    "--home-assets-folder", cls=Flag, metavar="NAME", help="Folder that takes the package's root-folder assets."
)


@click.command(
    "import-package",
    cls=Verb,
    examples=[
        "import-package crm.zip --folder CRM --accounts customers.csv",
        "import-package crm.zip --folder CRM --accounts all --max-failures 2% --yes",
        "import-package --manifest 12 --folder CRM --accounts all",
    ],
)
@PACKAGE
@MANIFEST
@FOLDER
@RESTART
@HOME_ASSETS
@starts
def import_package(package: str | None, manifest: int | None, **parameters: Any) -> Operation:
    """Import a package into a folder of each account.

    An account that already holds exactly this package is left alone.
    """
    if (package is None) == (manifest is None):
        raise click.UsageError("What is to be imported? Give PKG.zip, or --manifest ID, and not both.")
    from bulkops.operations import ImportPackage

    return ImportPackage(package, manifest=manifest, **parameters)


@click.command(
    "export-package",
    cls=Verb,
    examples=[
        "export-package --manifest 12 -o crm.zip",
        'export-package --folder "CRM rollout" -o crm.zip',
        "export-package --folder CRM --accounts customers.csv --into packages",
    ],
)
@click.option(
    "--manifest", cls=Flag, type=click.IntRange(1), metavar="ID", help="An export manifest of the partner's workspace."
)
@click.option("--folder", cls=Flag, metavar="PATH", help="A folder with everything in it; names between slashes.")
@click.option(
    "-o", "file", cls=Flag, metavar="FILE.zip", type=FileName(), help="Export from the partner's workspace into a file."
)
@click.option(
    "--into",
    cls=Flag,
    metavar="DIR",
    type=FileName(),
    help="Export from each account of --accounts, into files of this directory named by the account.",
)
@click.option("--overwrite", cls=Flag, is_flag=True, help="Replace files that hold something else; else they stay.")
@click.option("--include-data", cls=Flag, is_flag=True, help="With --into: the rows of lookup tables too.")
@click.option("--include-tags", cls=Flag, is_flag=True, help="With --into: the tags of the assets too.")
@run_options
def export_package(
    manifest: int | None,
    folder: str | None,
    file: str | None,
    into: str | None,
    overwrite: bool,
    include_data: bool,
    include_tags: bool,
    *,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    """Export a package: from the partner's workspace, or from each account.

    A file that holds the same already is left alone; its sha256 is in the report.
    """
    if (file is None) == (into is None):
        raise click.UsageError(
            "Where to? Give -o FILE.zip for the partner's workspace, or --into DIR for the accounts, and not both."
        )
    if file is not None:
        return _from_partner(manifest, folder, file, overwrite, selection=selection, policy=policy, output=output)
    if manifest is not None or folder is None:
        raise click.UsageError("A manifest belongs to one workspace: give --folder PATH for the accounts.")
    from bulkops.cli.start_run import start
    from bulkops.operations import ExportPackage

    operation = ExportPackage(
        folder=folder,
        into=str(into),
        overwrite=overwrite,
        include_data=include_data,
        include_tags=include_tags,
    )
    return start(operation, selection=selection, flags=policy, output=output)


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
        raise click.UsageError("What is to be exported? Give --manifest ID or --folder PATH, and not both.")
    if selection.accounts is not None:
        raise click.UsageError("-o exports from the partner's workspace: give --into DIR for the accounts.")
    import asyncio

    from bulkops.cli.export import Wanted, export

    wanted = Wanted(manifest=manifest, folder=folder, file=file, overwrite=overwrite)
    return asyncio.run(export(wanted, flags=policy, output=output))
