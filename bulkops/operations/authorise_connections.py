"""authorise-connections: give an account's shell connections their credentials, which never reach the journal."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs

from bulkops.errors import BadRequest, TaskFailed
from bulkops.journal import StepRow
from bulkops.models import Connection
from bulkops.operations._base import Operation, Plan, Undoing
from bulkops.operations._credentials import SUCCESS, UPDATE, Credentials, authorise, read_credentials, step_name
from bulkops.operations._planned import is_planned_connection, planned_import
from bulkops.operations._switching import all_of
from bulkops.steps import Context


def _absolute(path: str | Path) -> str:
    return str(Path(path).resolve())


@attrs.frozen
class AuthoriseConnections(Operation):
    """Authorise connections by name with credentials from a TOML file, the environment or the account file.

        [connections."CRM production"]
        provider = "salesforce"                 # only needed when two connections share the name
        [connections."CRM production".input]
        host = "https://example.my.salesforce.com"
        api_key = { env = "CRM_API_KEY" }       # or { file = "key.txt" }
        pin = { env = "CRM_PIN_{region}" }      # of the account's own: the column region is filled in
        shop = { column = "shop" }              # nothing secret: the columns of an account are in the journal

    Already so: the connection's authorization_status is "success". Sends one request an account and one a connection.
    Undone, it is a shell again.
    """

    name: ClassVar[str] = "authorise-connections"
    affects: ClassVar[frozenset[str]] = frozenset({"connections"})
    stands_on: ClassVar[frozenset[str]] = frozenset({"connections"})
    from_file: str = attrs.field(converter=_absolute, metadata={"key": "from", "is_path": True})
    credentials: tuple[Credentials, ...] = attrs.field(init=False, repr=False, eq=False)

    @credentials.default
    def _read(self) -> tuple[Credentials, ...]:
        return read_credentials(Path(self.from_file))

    @property
    def title(self) -> str:
        return f"authorise {', '.join(repr(row.connection) for row in self.credentials)}"

    def parameters(self) -> Mapping[str, Any]:
        """The file and what it names; a rotated secret is still the same operation."""
        return {"from_file": self.from_file, "connections": [row.connection for row in self.credentials]}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> AuthoriseConnections:
        return cls(parameters["from_file"])

    def columns(self) -> set[str]:
        return {column for wanted in self.credentials for column in wanted.columns()}

    async def plan(self, ctx: Context) -> Plan | None:
        connections = [connection async for connection in ctx.account.connections.list()]
        there = {connection.name for connection in connections}
        coming = planned_import(ctx)
        changes = []
        for wanted in self.credentials:
            is_coming = wanted.connection not in there and (
                is_planned_connection(ctx, wanted.connection)
                or (coming is not None and coming.brings(wanted.connection))
            )
            if is_coming or _the_one(connections, wanted).authorization_status != SUCCESS:
                changes.append(f"authorise {wanted.connection!r}")
        return Plan(tuple(changes), {**self.plan_cost(), UPDATE: len(changes)}) if changes else None

    def cost(self) -> Mapping[str, float]:
        return {**self.plan_cost(), UPDATE: len(self.credentials)}

    def plan_cost(self) -> Mapping[str, float]:
        return {"managed_users.connections.list": 1}

    async def apply(self, ctx: Context) -> None:
        connections = [connection async for connection in ctx.account.connections.list()]
        for wanted in self.credentials:
            connection = _the_one(connections, wanted)
            if connection.authorization_status == SUCCESS and not ctx.began(step_name(wanted.connection)):
                continue
            await authorise(ctx, connection, wanted, name=wanted.connection)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Disconnect what the run authorised; what is gone, or a shell again, is left alone."""
        await _undo(ctx, done)

    @classmethod
    def undoing(cls, parameters: Mapping[str, Any]) -> Undoing:
        return _undo


async def _undo(ctx: Context, done: Mapping[str, StepRow]) -> None:
    steps = {int(row.result["connection_id"]): name for name, row in done.items()}
    there = [connection async for connection in ctx.account.connections.list()]
    problems: list[TaskFailed] = []
    for connection in there:
        step = f"undo {steps.get(connection.id)}"
        if connection.id not in steps or not (connection.authorization_status == SUCCESS or ctx.began(step)):
            continue
        try:
            await _disconnect(ctx, connection, step)
        except TaskFailed as problem:
            problems.append(problem)
    if problems:
        raise all_of(problems)


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


def _the_one(connections: list[Connection], wanted: Credentials) -> Connection:
    found = [
        connection
        for connection in connections
        if connection.name == wanted.connection and wanted.provider in {None, connection.provider}
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        near = difflib.get_close_matches(
            wanted.connection, {row.name for row in connections} - {wanted.connection}, n=1
        )
        remedy = "import the package that brings it, or correct the credentials file"
        raise TaskFailed(
            f"there is no connection {wanted.connection!r}"
            + (f" of provider {wanted.provider!r}" if wanted.provider else ""),
            failure_class="connection-missing",
            remedy=f"did you mean {near[0]!r}? else {remedy}" if near else remedy,
        )
    raise TaskFailed(
        f"{len(found)} connections are named {wanted.connection!r} ({', '.join(str(row.id) for row in found)})",
        failure_class="connection-ambiguous",
        cause=f"several connections are named {wanted.connection!r}",
        remedy="rename all but one, or name the provider in the credentials file",
    )
