"""New runs: one command per operation, and `run` for jobs and functions."""

from __future__ import annotations

import attrs
import click

from bulkops.cli.options import (
    Output,
    PolicyFlags,
    Selection,
    output_options,
    policy_options,
    selection_options,
)
from bulkops.cli.values import FileName
from bulkops.cli.verbs import Flag, Verb

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
@selection_options
@policy_options
@output_options
def import_package(
    package: str | None,
    manifest: int | None,
    folder: str,
    restart_recipes: bool,
    home_assets_folder: str | None,
    *,
    selection: Selection,
    policy: PolicyFlags,
    output: Output,
) -> int:
    """Import a package into a folder of each account.

    An account that already holds exactly this package is left alone.
    """
    if (package is None) == (manifest is None):
        raise click.UsageError("What is to be imported? Give PKG.zip, or --manifest ID, and not both.")
    from bulkops.cli.carry_out import start
    from bulkops.operations import ImportPackage

    operation = ImportPackage(
        package,
        manifest=manifest,
        folder=folder,
        restart_recipes=restart_recipes,
        home_assets_folder=home_assets_folder,
    )
    return start(operation, selection=selection, flags=policy, output=output)


@click.command(
    "authorise-connections",
    cls=Verb,
    examples=["authorise-connections --from connections.toml --accounts customers.csv"],
)
@click.option(
    "--from",
    "from_file",
    cls=Flag,
    required=True,
    metavar="FILE.toml",
    type=FileName(),
    help="Credentials by connection name: values, { env }, { file } or { column }.",
)
@selection_options
@policy_options
@output_options
def authorise_connections(from_file: str, *, selection: Selection, policy: PolicyFlags, output: Output) -> int:
    """Give connections their credentials.

    Credentials go to the vendor and nowhere else. A connection that is authorised is left alone.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import AuthoriseConnections

    return start(AuthoriseConnections(from_file), selection=selection, flags=policy, output=output)


@click.command("start-recipes", cls=Verb, examples=["start-recipes --folder CRM --accounts customers.csv"])
@click.option("--folder", cls=Flag, required=True, metavar="NAME", help="Folder under Home, sub-folders included.")
@selection_options
@policy_options
@output_options
def start_recipes(folder: str, *, selection: Selection, policy: PolicyFlags, output: Output) -> int:
    """Start the recipes in a folder of each account.

    Called recipes start before their callers; recipes that run are left alone.
    """
    from bulkops.cli.carry_out import start
    from bulkops.operations import StartRecipes

    return start(StartRecipes(folder=folder), selection=selection, flags=policy, output=output)


@click.command(
    "run",
    cls=Verb,
    examples=["run rollout.toml --accounts customers.csv", "run maintenance.py:tidy --accounts all --limit 5"],
)
@click.argument("job", metavar="JOB.toml|FILE.py:NAME", type=FileName(), help="A job file, or a name in a Python file.")
@click.option(
    "--plan", "planned", cls=Flag, section="Selection", metavar="FILE", type=FileName(), help="The same as --from-plan."
)
@selection_options
@policy_options
@output_options
def run(job: str, planned: str | None, *, selection: Selection, policy: PolicyFlags, output: Output) -> int:
    """Run a job file or a Python function.

    A name in a Python file is an operation or an `async def` of one account. Flags override what a job file says.
    """
    from bulkops.cli.carry_out import start
    from bulkops.runs import load_job

    loaded = load_job(job)
    return start(
        loaded.operation,
        selection=attrs.evolve(selection, plan=planned or selection.plan).filled(loaded.selection),
        flags=policy.filled(loaded.policy),
        output=output,
        source=loaded.source,
    )
