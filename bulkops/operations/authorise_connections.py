"""authorise-connections: give an account's shell connections their credentials, which never reach the journal."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import attrs

from bulkops.errors import ConfigError, InputError, StatusError, TaskFailed
from bulkops.models import Connection
from bulkops.operations._base import Operation, Plan
from bulkops.operations._planned import planned_import
from bulkops.secret import MASK, Secret
from bulkops.steps import Context, Intent

SUCCESS: Final = "success"
_UPDATE: Final = "managed_users.connections.update"
_SOURCES: Final = frozenset({"env", "file", "column"})
_SECRET: Final = re.compile(r"token|password|passwd|secret|credential|key", re.IGNORECASE)


@attrs.frozen
class Column:
    """A field that the account file has in a column of this name: none that is secret, for columns are journaled."""

    name: str


Value = str | int | float | bool | Secret | Column


@attrs.frozen(kw_only=True)
class Credentials:
    """What one connection is to be given. `provider` None: whatever connection has the name."""

    connection: str
    provider: str | None
    input: Mapping[str, Value] = attrs.field(repr=False)


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
        shop = { column = "shop" }              # nothing secret: the columns of an account are in the journal

    Already so: the connection's authorization_status is "success". Sends one request an account and one a connection.
    """

    name: ClassVar[str] = "authorise-connections"
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
        values = (value for wanted in self.credentials for value in wanted.input.values())
        return {value.name for value in values if isinstance(value, Column)}

    async def plan(self, ctx: Context) -> Plan | None:
        connections = [connection async for connection in ctx.account.connections.list()]
        there = {connection.name for connection in connections}
        coming = planned_import(ctx)
        changes = []
        for wanted in self.credentials:
            is_coming = coming is not None and coming.brings(wanted.connection) and wanted.connection not in there
            if is_coming or _the_one(connections, wanted).authorization_status != SUCCESS:
                changes.append(f"authorise {wanted.connection!r}")
        return Plan(tuple(changes), {**self.plan_cost(), _UPDATE: len(changes)}) if changes else None

    def cost(self) -> Mapping[str, float]:
        return {**self.plan_cost(), _UPDATE: len(self.credentials)}

    def plan_cost(self) -> Mapping[str, float]:
        return {"managed_users.connections.list": 1}

    async def apply(self, ctx: Context) -> None:
        connections = [connection async for connection in ctx.account.connections.list()]
        for wanted in self.credentials:
            connection = _the_one(connections, wanted)
            if connection.authorization_status == SUCCESS and not ctx.began(_step_name(wanted)):
                continue
            await self._authorise(ctx, connection, wanted)

    async def _authorise(self, ctx: Context, connection: Connection, wanted: Credentials) -> None:
        values = {key: _reveal(value, ctx.params, wanted.connection) for key, value in wanted.input.items()}

        async def send() -> Any:
            try:
                answer = await ctx.account.connections.update(connection.id, input=values)
            except StatusError as error:
                _mask(error, values)
                raise
            if answer.authorization_status != SUCCESS:
                raise _refused(wanted, answer, values)
            return {"connection_id": answer.id}

        async def probe(_: Intent) -> Any:
            async for now in ctx.account.connections.list():
                if now.id == connection.id and now.authorization_status == SUCCESS:
                    return {"connection_id": now.id}
            return None

        await ctx.step(_step_name(wanted), send, probe=probe, repeatable=True)


def _step_name(wanted: Credentials) -> str:
    return f"authorise {wanted.connection}"


def _masked(text: str, values: Mapping[str, object]) -> str:
    """A vendor or a provider may repeat what it refused."""
    for value in values.values():
        if isinstance(value, str) and value:
            text = text.replace(value, MASK)
    return text


def _mask(error: StatusError, values: Mapping[str, object]) -> None:
    error.message, error.cause, error.said = (_masked(t, values) for t in (error.message, error.cause, error.said))
    error.args, error.errors = (error.message,), None


def _refused(wanted: Credentials, answer: Connection, values: Mapping[str, object]) -> TaskFailed:
    said = answer.authorization_error or f"the vendor says {answer.authorization_status or 'nothing'}"
    return TaskFailed(
        f"connection {wanted.connection!r} cannot be authorised: {_masked(said, values)}",
        failure_class="connection-not-authorised",
        remedy="check the credentials, then `bulkops retry`",
    )


def _the_one(connections: list[Connection], wanted: Credentials) -> Connection:
    found = [
        connection
        for connection in connections
        if connection.name == wanted.connection and wanted.provider in {None, connection.provider}
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise TaskFailed(
            f"there is no connection {wanted.connection!r}"
            + (f" of provider {wanted.provider!r}" if wanted.provider else ""),
            failure_class="connection-missing",
            remedy="import the package that brings it, or correct the credentials file",
        )
    raise TaskFailed(
        f"{len(found)} connections are named {wanted.connection!r} ({', '.join(str(row.id) for row in found)})",
        failure_class="connection-ambiguous",
        cause=f"several connections are named {wanted.connection!r}",
        remedy="rename all but one, or name the provider in the credentials file",
    )


def _reveal(value: Value, params: Mapping[str, str], connection: str) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    if not isinstance(value, Column):
        return value
    if not params.get(value.name):
        raise TaskFailed(
            f"the account file has nothing in column {value.name!r} for connection {connection!r}",
            failure_class="column-missing",
            remedy="fill the column for this account",
        )
    return params[value.name]


def read_credentials(path: Path) -> tuple[Credentials, ...]:
    """Read a credentials file and everything it points to. Raises: InputError, ConfigError naming table and key."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"cannot read the credentials file {path}: {error.strerror}", remedy="check the path"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is not valid TOML: {error}", remedy="correct the file") from None
    tables = data.get("connections")
    unknown = sorted(set(data) - {"connections"})
    if unknown or not isinstance(tables, dict) or not tables:
        what = f"unknown key {unknown[0]!r}" if unknown else "no table [connections.NAME]"
        raise InputError(f"{path.name}: {what}", remedy='write one [connections."NAME"] for each connection')
    return tuple(_read_table(path, name, table) for name, table in tables.items())


def _read_table(path: Path, name: str, table: object) -> Credentials:
    where = f"{path.name}: connections.{name!r}"
    if not isinstance(table, dict) or not {"input"} <= set(table) <= {"input", "provider"}:
        raise InputError(f"{where} must have input and may have provider, nothing else", remedy="correct the table")
    provider, fields = table.get("provider"), table["input"]
    if provider is not None and not isinstance(provider, str):
        raise InputError(f"{where}.provider must be text", remedy="correct it")
    if not isinstance(fields, dict) or not fields:
        raise InputError(f"{where}.input must be a table of the connection's fields", remedy="correct it")
    return Credentials(
        connection=name,
        provider=provider,
        input={key: _read_value(path, f"{where}.input.{key}", value) for key, value in fields.items()},
    )


def _read_value(path: Path, where: str, value: object) -> Value:
    if isinstance(value, str | int | float):
        return Secret(value) if isinstance(value, str) else value
    if not isinstance(value, dict) or len(value) != 1 or not set(value) <= _SOURCES:
        raise InputError(f"{where} is neither a plain value nor {{ env|file|column = NAME }}", remedy="correct it")
    ((source, name),) = value.items()
    if not isinstance(name, str) or not name:
        raise InputError(f"{where}.{source} must be a name", remedy="correct it")
    if source == "column":
        if _SECRET.search(where.rpartition(".")[2]) or _SECRET.search(name):
            raise InputError(
                f"{where} looks secret, and the columns of an account file are written to the journal",
                remedy='give it as { env = "NAME" } or { file = "PATH" }',
            )
        return Column(name)
    if source == "env":
        if not os.environ.get(name):
            raise ConfigError(f"{where}: the environment variable {name} is not set", remedy=f"set {name}")
        return Secret(os.environ[name])
    try:
        return Secret((path.parent / name).read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigError(f"{where}: cannot read {name}: {reason}", remedy="check the path") from None
