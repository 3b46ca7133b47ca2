"""create-connection: create a missing connection, with or without credentials."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs
import msgspec

from bulkops.errors import ApiError, BadRequest, ConfigError, Conflict, Forbidden, TaskFailed
from bulkops.journal import StepRow
from bulkops.masking import masked
from bulkops.models import Connection
from bulkops.operations._base import Operation, Undoing
from bulkops.operations._credentials import (
    SUCCESS,
    Credentials,
    authorize,
    mask,
    read_credentials,
    refused,
    revealed,
    step_name,
    texts_of,
)
from bulkops.operations._folders import existing_path
from bulkops.operations._lookup import only_one
from bulkops.operations._plan_effects import connections_of, folders_planned, plan_connection
from bulkops.operations.ensure import delete_own
from bulkops.operations.fields import absolute_or_none
from bulkops.parameters import parameter
from bulkops.steps import Context, planned_id

_STEP: Final = "create-connection"
_UNDO: Final = "undo create-connection"
_DISCONNECT: Final = "undo authorization"
_HOME: Final = 0
"""Folder of a planned connection under Home, whose id a plan does not know: it is not in any other folder."""


@attrs.frozen(kw_only=True)
class CreateConnection(Operation):
    """Create a connection in each account.

    Without credentials the connection is a shell. An existing connection is left alone; if it is not authorized and
    credentials are given, it is authorized. Credentials go to the vendor and nowhere else.

    Sends one look and one request. Undoing disconnects and deletes what the run made.
    """

    name = "create-connection"
    only_requests = True
    examples = (
        "create-connection --name CRM --provider salesforce --folder CRM --accounts all",
        "create-connection --name CRM --from connections.toml --accounts customers.csv",
    )
    affects = frozenset({"connections"})
    stands_on = frozenset({"folders"})
    connection_name: str = attrs.field(metadata=parameter("Name; {column} is filled in.", key="name", template=True))
    provider: str | None = attrs.field(
        default=None,
        metadata=parameter(
            "The connector, such as salesforce.", metavar="NAME", unset="as the credentials file says", template=True
        ),
    )
    folder: str | None = attrs.field(
        default=None,
        metadata=parameter("Folder under Home, which must exist.", metavar="PATH", unset="Home", template=True),
    )
    external_id: str | None = attrs.field(
        default=None,
        metadata=parameter(
            "Your own id of the connection, which identifies it; without it name and provider do.",
            template=True,
        ),
    )
    from_file: str | None = attrs.field(
        default=None,
        converter=absolute_or_none,
        metadata=parameter(
            "Credentials by connection name, as for authorize-connections; without them it is not authorized.",
            key="from",
            metavar="FILE.toml",
            file=True,
        ),
    )
    credentials: Credentials | None = attrs.field(init=False, repr=False, eq=False)

    @credentials.default
    def _read(self) -> Credentials | None:
        return None if self.from_file is None else _table(Path(self.from_file), self.connection_name)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        stated = self.credentials.provider if self.credentials is not None else None
        if self.provider is None and stated is None:
            raise ConfigError("no provider given", remedy="give a provider, such as salesforce")
        if self.provider is not None and stated not in {None, self.provider}:
            raise ConfigError(
                f"the provider is {self.provider!r} here, but {stated!r} in the credentials file", remedy="correct one"
            )

    @property
    def title(self) -> str:
        provider = self.provider or (self.credentials.provider if self.credentials is not None else None)
        return f"create {provider} connection {self.connection_name!r}" + ("" if self.credentials else " as a shell")

    def columns(self) -> set[str]:
        return super().columns() | (self.credentials.columns() if self.credentials is not None else set())

    async def apply(self, ctx: Context) -> None:
        wanted = self.filled(ctx)
        folder_id: int | None = None
        if "folder" in wanted:
            folder_id = await existing_path(ctx, wanted["folder"], remedy="create it first: create-folder")
        connection = await self._ensure(ctx, wanted, folder_id)
        is_so = self.credentials is None or connection.authorization_status == SUCCESS
        if self.credentials is not None and (not is_so or ctx.began(step_name(wanted["name"]))):
            await authorize(ctx, connection, self.credentials, name=wanted["name"])
        ctx.detail["connection"] = {"id": connection.id}

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Disconnect and delete the connection that the run created, unless running recipes use it."""
        await _undo(ctx, done)

    @classmethod
    def undoing(cls, parameters: Mapping[str, Any]) -> Undoing:
        return _undo

    def filled(self, ctx: Context) -> dict[str, str]:
        stated = self.credentials.provider if self.credentials is not None else None
        return {"provider": stated or "", **super().filled(ctx)}

    async def _ensure(self, ctx: Context, wanted: Mapping[str, str], folder_id: int | None) -> Connection:
        """Raises: TaskFailed when the application refuses the credentials: the connection is there then."""
        values = revealed(ctx, self.credentials) if self.credentials is not None else None
        members = {"folder_id": folder_id, "external_id": wanted.get("external_id")}
        given = {key: value for key, value in members.items() if value is not None}

        async def find() -> Any:
            return _kept(await _find(ctx, wanted, folder_id) or _coming(ctx, wanted), {})

        async def create() -> Any:
            try:
                answer = await ctx.account.connections.create(
                    wanted["name"], provider=wanted["provider"], input=values, **given
                )
            except ApiError as error:
                mask(error, values or {})
                raise
            return _kept(answer, values or {})

        was_done = ctx.is_done(_STEP)
        how = "with its credentials" if values is not None else "as a shell"
        made = await ctx.ensure(
            _STEP,
            find=find,
            do=create,
            look_again=True,
            check=f"whether there is a connection {wanted['name']!r}",
            planned={"connection_id": planned_id(), "status": None if values is None else SUCCESS},
            says=[f"create {wanted['provider']} connection {self.connection_name!r} {how}"],
        )
        connection = Connection(
            id=made["connection_id"],
            name=wanted["name"],
            provider=wanted["provider"],
            authorization_status=made["status"],
            authorization_error=made.get("error"),
            external_id=wanted.get("external_id"),
            folder_id=folder_id,
        )
        if ctx.is_done(_STEP) and not was_done:
            if ctx.planning:
                plan_connection(ctx, msgspec.structs.replace(connection, folder_id=folder_id or _HOME))
            if values is not None and connection.authorization_status not in {None, SUCCESS}:
                raise refused(wanted["name"], connection, values)
        return connection


def _kept(connection: Connection | None, values: Mapping[str, object]) -> dict[str, Any] | None:
    """What the journal keeps of a connection: nothing that it was given."""
    if connection is None:
        return None
    error = connection.authorization_error
    kept = {"connection_id": connection.id, "status": connection.authorization_status}
    return kept | ({"error": masked(error, texts_of(values))} if error else {})


async def _undo(ctx: Context, done: Mapping[str, StepRow]) -> None:
    row = done.get(_STEP)
    if row is None:
        ctx.detail[_STEP] = "the connection was there before the run: left as it is, authorized"
        ctx.add_note(ctx.detail[_STEP])
        return
    if ctx.is_done(_UNDO):
        return
    id_ = int(row.result["connection_id"])
    connections = ctx.account.connections
    now = await anext((each async for each in connections.list() if each.id == id_), None)
    if now is None and not ctx.began(_UNDO):
        return
    try:
        if now is not None and not now.is_shell:
            await delete_own(ctx, _DISCONNECT, partial(connections.disconnect, id_))
        await delete_own(ctx, _UNDO, partial(connections.delete, id_))
    except (BadRequest, Forbidden, Conflict) as problem:
        raise TaskFailed(
            f"connection {id_} cannot be deleted: {problem.said}",
            failure_class="connection-in-use",
            cause="a connection that the run created cannot be deleted",
            remedy="stop the recipes that use it, then undo once more",
        ) from problem


def _table(path: Path, connection: str) -> Credentials:
    """Raises: InputError, ConfigError when the file has no credentials for the connection."""
    tables = read_credentials(path)
    found = next((table for table in tables if table.connection == connection), None)
    if found is None:
        names = ", ".join(repr(table.connection) for table in tables)
        raise ConfigError(
            f"{path.name} has no table for connection {connection!r}, only for {names}",
            remedy=f'write [connections."{connection}".input], or use one of those names',
        )
    return found


def _coming(ctx: Context, wanted: Mapping[str, str]) -> Connection | None:
    """The connection that a planned import brings, as a shell."""
    if not any(wanted["name"] in folder.connections for folder in folders_planned(ctx)):
        return None
    return Connection(id=planned_id(), name=wanted["name"], provider=wanted["provider"])


async def _find(ctx: Context, wanted: Mapping[str, str], folder_id: int | None) -> Connection | None:
    """The connection that is meant, or None. Sends one request.

    Raises: TaskFailed when several have the name, or the external id is one of another provider.
    """
    external_id = wanted.get("external_id")
    found = [
        each
        for each in await connections_of(ctx)
        if (each.external_id == external_id if external_id is not None else _is_named(each, wanted, folder_id))
    ]
    name = wanted["name"]
    one = only_one(
        found,
        f"connections are named {name!r}",
        failure_class="connection-ambiguous",
        remedy="rename all but one, or give an external id",
    )
    if one is not None and one.provider not in {None, wanted["provider"]}:
        raise TaskFailed(
            f"external id {external_id!r} belongs to a connection of {one.provider}, not of {wanted['provider']}",
            failure_class="connection-other-provider",
            cause="the external id belongs to a connection of another provider",
            remedy="use another external id",
        )
    return one


def _is_named(connection: Connection, wanted: Mapping[str, str], folder_id: int | None) -> bool:
    return (
        (connection.name, connection.provider) == (wanted["name"], wanted["provider"])
        # a reply of 2019 has no folder
        and (folder_id is None or connection.folder_id in {None, folder_id})
    )
