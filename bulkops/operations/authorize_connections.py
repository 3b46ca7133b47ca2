"""authorize-connections: give an account's connections their credentials, which never reach the journal."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from bulkops.errors import BadRequest, TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Connection
from bulkops.operations._base import Operation, Undoing
from bulkops.operations._credentials import SUCCESS, Credentials, authorize, read_credentials, step_name
from bulkops.operations._folder_contents import folders_below, folders_inside, imported_into
from bulkops.operations._folders import existing_folder, is_folder_name
from bulkops.operations._lookup import nearest_else
from bulkops.operations._plan_effects import connections_of, folders_planned
from bulkops.operations._switching import Problems
from bulkops.operations.fields import absolute
from bulkops.parameters import parameter
from bulkops.steps import Context, log_of, planned_id


@attrs.frozen
class AuthorizeConnections(Operation):
    """Authorize the connections of each account.

    Credentials go to the vendor and nowhere else. A connection that is authorized is left alone.

    They come by the connection's name from a TOML file, the environment or the account file:

        [connections."CRM production"]
        provider = "salesforce"                 # only needed when two connections share the name
        [connections."CRM production".input]
        host = "https://example.my.salesforce.com"
        api_key = { env = "CRM_API_KEY" }       # or { file = "key.txt" }
        pin = { env = "CRM_PIN_{region}" }      # of the account's own: the column region is filled in
        shop = { column = "shop" }              # nothing secret: the columns of an account are in the journal

    Sends one request an account and one a connection. Undone, a connection is a shell again. Without a folder, a chain
    that imports a package prefers the connections of the import's folder, and takes any other of that name only where
    the folder has none.
    """

    name = "authorize-connections"
    examples = ("authorize-connections --from connections.toml --accounts customers.csv",)
    only_requests = True
    affects = frozenset({"connections"})
    stands_on = frozenset({"connections"})
    from_file: str = attrs.field(
        converter=absolute,
        metadata=parameter(
            "Credentials by connection name: values, { env }, { file } or { column }.",
            key="from",
            metavar="FILE.toml",
            file=True,
        ),
    )
    folder: str | None = attrs.field(
        kw_only=True,
        default=None,
        validator=is_folder_name,
        metadata=parameter("Folder under Home; only connections in it and its sub-folders.", metavar="NAME"),
    )
    credentials: tuple[Credentials, ...] = attrs.field(init=False, repr=False, eq=False)

    @credentials.default
    def _read(self) -> tuple[Credentials, ...]:
        return read_credentials(Path(self.from_file))

    @property
    def title(self) -> str:
        where = f" of folder {self.folder!r}" if self.folder is not None else ""
        return f"authorize {', '.join(repr(row.connection) for row in self.credentials)}{where}"

    def parameters(self) -> Mapping[str, Any]:
        """The file and what it names; a rotated secret is still the same operation."""
        return {**super().parameters(), "connections": [row.connection for row in self.credentials]}

    def columns(self) -> set[str]:
        return {column for wanted in self.credentials for column in wanted.columns()}

    async def apply(self, ctx: Context) -> None:
        found = await _Connections.of(ctx, self.folder, self.credentials)
        for wanted in self.credentials:
            connection = await found.the_one(ctx, wanted)
            if connection.authorization_status == SUCCESS and not ctx.began(step_name(wanted.connection)):
                continue
            await authorize(ctx, connection, wanted, name=wanted.connection)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Disconnect the connections that the run authorized; missing or unauthorized ones are left alone."""
        await _undo(ctx, done)

    @classmethod
    def undoing(cls, parameters: Mapping[str, Any]) -> Undoing:
        return _undo


async def _undo(ctx: Context, done: Mapping[str, StepRow]) -> None:
    steps = {int(row.result["connection_id"]): name for name, row in done.items()}
    there = [connection async for connection in ctx.account.connections.list()]
    problems = Problems()
    for connection in there:
        step = f"undo {steps.get(connection.id)}"
        if connection.id not in steps or not (connection.authorization_status == SUCCESS or ctx.began(step)):
            continue
        with problems.caught():
            await _disconnect(ctx, connection, step)
    problems.raise_all()


async def _disconnect(ctx: Context, connection: Connection, step: str) -> None:
    async def send() -> Any:
        try:
            await ctx.account.connections.disconnect(connection.id)
        except BadRequest as error:
            raise TaskFailed(
                f"connection {connection.name!r} cannot be disconnected: {error.said or 'the vendor gives no reason'}",
                failure_class="connection-in-use",
                remedy="stop the recipes that use it, then `bulkops retry`",
            ) from error
        return {"connection_id": connection.id}

    await ctx.step(step, send, repeatable=True)


@attrs.define
class _Connections:
    """The connections of an account. `folders`: ids of folders in which to look first; `only_there`: nowhere else."""

    every: list[Connection]
    folders: set[int]
    only_there: bool
    walked: bool = False

    @classmethod
    async def of(cls, ctx: Context, folder: str | None, wanted: Sequence[Credentials]) -> _Connections:
        """Sends one request, and one for the folder where it is named and not known.

        Raises: TaskFailed when the folder is missing.
        """
        folders = imported_into(ctx)
        if folder is not None:
            folders = {await existing_folder(ctx, folder)}
        shells = [_shell(row, folders) for row in wanted]
        connections = await log_of(ctx).look(partial(connections_of, ctx), missing=shells)
        found = cls(connections, folders, folder is not None)
        for row, shell in zip(wanted, shells, strict=True):
            if await found._is_coming(ctx, row):
                found.every.append(shell)
        return found

    async def _is_coming(self, ctx: Context, wanted: Credentials) -> bool:
        """Whether a plan foresees an import that brings the connection."""
        coming = [folder for folder in folders_planned(ctx) if folder.id in self.folders]
        if any(wanted.connection in folder.connections for folder in coming):
            return not await self.of_folder(ctx, wanted)
        return any(not folder.is_known for folder in coming) and not self.named(wanted)

    def named(self, wanted: Credentials) -> list[Connection]:
        return [
            connection
            for connection in self.every
            if connection.name == wanted.connection and wanted.provider in {None, connection.provider}
        ]

    async def of_folder(self, ctx: Context, wanted: Credentials) -> list[Connection]:
        """Those of the name in the folders and their sub-folders.

        Sends one request a sub-folder, once and only where the name is found outside of the known folders alone.
        """
        named = self.named(wanted)
        here = self._inside(ctx, named)
        if named and not here and self.folders and not self.walked:
            self.walked = True
            for folder_id in tuple(self.folders):
                self.folders |= await folders_below(ctx, folder_id)
            here = self._inside(ctx, named)
        return here

    def _inside(self, ctx: Context, connections: list[Connection]) -> list[Connection]:
        inside = self.folders.union(*(folders_inside(ctx, folder_id) for folder_id in self.folders))
        return [connection for connection in connections if connection.folder_id in inside]

    async def the_one(self, ctx: Context, wanted: Credentials) -> Connection:
        """Raises: TaskFailed when not exactly one connection is meant."""
        found = self.named(wanted)
        if self.only_there or len(found) > 1:
            here = await self.of_folder(ctx, wanted)
            found = here if self.only_there else here or found
        if len(found) == 1:
            return found[0]
        raise self._missing(wanted) if not found else _ambiguous(wanted, found)

    def _missing(self, wanted: Credentials) -> TaskFailed:
        remedy = "import its package, or correct the credentials file in a new run"
        return TaskFailed(
            "no connection"
            + (f" of provider {wanted.provider!r}" if wanted.provider else "")
            + f" is named {wanted.connection!r}"
            + (" in the folder" if self.only_there else ""),
            failure_class="connection-missing",
            remedy=nearest_else(wanted.connection, (row.name for row in self.every), otherwise=remedy),
        )


def _shell(wanted: Credentials, folders: Collection[int]) -> Connection:
    """The connection as a plan takes it to be there before it is authorized."""
    folder_id = next(iter(folders), None)
    return Connection(id=planned_id(), name=wanted.connection, provider=wanted.provider, folder_id=folder_id)


def _ambiguous(wanted: Credentials, found: list[Connection]) -> TaskFailed:
    named = f"{len(found)} connections are named {wanted.connection!r}"
    differ = len({connection.provider for connection in found}) == len(found)
    provider = " or their provider in the credentials file" if differ and wanted.provider is None else ""
    return TaskFailed(
        f"{named} ({', '.join(str(row.id) for row in found)})",
        failure_class="connection-ambiguous",
        cause=f"several connections are named {wanted.connection!r}",
        remedy=f"name their folder (--folder; folder = ... in a job file){provider}",
    )
