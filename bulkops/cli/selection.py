"""Accounts of a run or plan, from the selection's options."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import click

from bulkops.cli.options.values import Output
from bulkops.cli.stdin import is_pipe, read_pipe, read_stdin
from bulkops.cli.terminal import counted, examples, say
from bulkops.errors import PlanError
from bulkops.selection import Selection

if TYPE_CHECKING:
    from bulkops.client import Workato
    from bulkops.journal import Location
    from bulkops.operations import Operation
    from bulkops.runs import Inventory, PreviousRuns, Subset


def accounts_of(selection: Selection, *, asks: bool) -> str:
    """The value of --accounts. `asks`: for confirmation, on stdin.

    Raises: UsageError when it is missing; as `_check_stdin`.
    """
    if selection.accounts is None:
        ctx = click.get_current_context(silent=True)
        raise click.UsageError("No accounts given: add --accounts FILE, numbers, - for stdin, or all.", ctx=ctx)
    _check_stdin(selection, asks=asks)
    return selection.accounts


def _check_stdin(selection: Selection, *, asks: bool) -> None:
    """Raises: UsageError when both options read stdin, or one reads it and the confirmation too."""
    ctx = click.get_current_context(silent=True)
    given = {"--accounts": selection.accounts, "--exclude": selection.exclude}
    readers = [flag for flag, source in given.items() if source == "-"]
    if len(readers) > 1:
        raise click.UsageError("--accounts - and --exclude - both read stdin: use a file for one of them.", ctx=ctx)
    if asks and readers:
        raise click.UsageError(
            f"{readers[0]} - uses stdin, so bulkops cannot ask for confirmation: add --yes.", ctx=ctx
        )


def accounts_for(operation: Operation, selection: Selection, *, asks: bool) -> str:
    """As `accounts_of`. Raises: InputError too, when they are all and the operation reads a column."""
    from bulkops.runs import check_columns_of_all

    accounts = accounts_of(selection, asks=asks)
    if accounts == "all":
        check_columns_of_all(operation)
    return accounts


async def _read_given(source: str) -> Inventory:
    """`read_accounts` of a file, a pipe or stdin, beside the event loop. Raises: InputError, PlanError."""
    from bulkops.runs import read_accounts

    if source != "-":
        if not is_pipe(source):
            return read_accounts(source)
        data = await read_pipe(source)
    else:
        if sys.stdin.isatty():
            say("reading accounts from the terminal; press Ctrl-D to end the list")
        data = await read_stdin()
    return read_accounts(source, stdin=data)


async def subset_of(selection: Selection, *, asks: bool) -> Subset:
    """Which accounts of a run the flags mean. `asks`: as of `accounts_of`.

    Raises: UsageError; InputError for a file that cannot be read.
    """
    from bulkops.runs import Subset

    async def names(source: str | None) -> list[str] | None:
        return None if source is None else [row.account for row in (await _read_given(source)).rows]

    _check_stdin(selection, asks=asks)
    accounts = None if selection.accounts == "all" else selection.accounts
    return Subset.of(await names(accounts), await names(selection.exclude), selection.limit)


async def accounts_meant(
    operation: Operation,
    workato: Workato,
    *,
    accounts: str,
    selection: Selection,
    output: Output,
    workspace: str | None = None,
) -> Inventory:
    """The selected accounts; for --only-new their number is printed. Empty without a new account.

    `workspace`: of the token, whose earlier runs --only-new looks at; None: not known. Raises: InputError when the
    operation reads a column that is not there.
    """
    from bulkops.runs import check_columns, earlier_runs

    earlier = None
    if selection.only_new:
        earlier = await earlier_runs(operation, host=workato.settings.url, workspace=workspace, journal=output.journal)
    known = () if earlier is None else earlier.outcomes.keys()
    inventory = await selected(workato, accounts=accounts, selection=selection, known=known)
    if len(inventory):
        check_columns(operation, inventory)
    if earlier is not None:
        for line in _about_new(len(inventory), earlier, output.journal):
            say(line)
    return inventory


async def selected(workato: Workato, *, accounts: str, selection: Selection, known: Collection[str] = ()) -> Inventory:
    """`select` by the options. Prints how many accounts of --exclude are not among the accounts, if there are any."""
    from bulkops.runs import select

    inventory = await select(
        workato,
        accounts=accounts if accounts == "all" else await _read_given(accounts),
        exclude=None if selection.exclude is None else await _read_given(selection.exclude),
        limit=selection.limit,
        where=selection.where,
        known=known,
    )
    missing = inventory.not_there
    if missing:
        found = f"{counted(len(missing), 'account')} to exclude not found among the accounts"
        say(f"{'stdin' if selection.exclude == '-' else selection.exclude}: {found}: {examples(missing)}")
    return inventory


def _about_new(count: int, earlier: PreviousRuns, journal: Location) -> Iterator[str]:
    new = f"{counted(count, 'account')} to work on"
    if earlier.newest is None:
        yield f"only new: {journal} has no earlier run of this operation, so every account is new; {new}"
        return
    known = f"the {len(earlier.outcomes)} accounts of earlier runs (the newest is {earlier.newest}) are left out"
    yield f"only new: {known}; {new if count else 'no new account: nothing to do'}"
    if earlier.undone:
        runs = f"bulkops runs{journal.flag}"
        yield f"only new: {earlier.undone} of them were not done: `{runs}` lists the runs to resume or retry"


def refuse_all(accounts: str, operation: Operation) -> None:
    """Refuse --accounts all for an irreversible operation. Raises: PlanError."""
    if accounts == "all":
        raise PlanError(
            f"--accounts all is not allowed for an operation that cannot be undone: {operation.title}",
            remedy="list the accounts in a file: --accounts FILE",
        )
