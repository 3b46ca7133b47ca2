"""Credentials of connections: read from a file with the source of each value, sent only to the vendor."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import msgspec

from bulkops.errors import ApiError, ConfigError, InputError, StatusError, TaskFailed
from bulkops.masking import looks_secret, masked, register
from bulkops.models import Connection
from bulkops.operations._plan_effects import plan_connection
from bulkops.operations._templates import columns_of, fill_in, from_outside
from bulkops.secret import Secret
from bulkops.steps import Context, Intent, log_of

SUCCESS: Final = "success"
UPDATE: Final = "managed_users.connections.update"
_SOURCES: Final = frozenset({"env", "file", "column"})


@attrs.frozen
class Column:
    """A field that the account file has in a column of this name: none that is secret, for columns are journaled."""

    name: str


@attrs.frozen
class Reference:
    """A variable of the environment ("env") or a file ("file") of each account's own: `name` names columns, such as
    `CRM_KEY_{region}`; `directory`: what file names are relative to."""

    source: str
    name: str
    directory: Path


Value = str | int | float | bool | Secret | Column | Reference


@attrs.frozen(kw_only=True)
class Credentials:
    """What one connection is to be given. `provider` None: whatever connection has the name."""

    connection: str
    provider: str | None
    input: Mapping[str, Value] = attrs.field(repr=False)

    def columns(self) -> set[str]:
        """Columns of the account file that its values name."""
        found = {value.name for value in self.input.values() if isinstance(value, Column)}
        references = (value for value in self.input.values() if isinstance(value, Reference))
        return found | {column for reference in references for column in columns_of(reference.name)}

    def reveal(self, ctx: Context) -> dict[str, object]:
        """The fields for one account, in clear: for the request, and nothing else.

        Raises: TaskFailed for a column that is empty, or a variable or file of the account's own that is not there.
        """
        return {key: _reveal(value, ctx, self.connection) for key, value in self.input.items()}


async def authorize(ctx: Context, connection: Connection, wanted: Credentials, *, name: str) -> None:
    """Give a connection its credentials in one durable step. `name`: what the account calls it.

    Raises: TaskFailed when the application refuses them.
    """
    values = revealed(ctx, wanted)

    async def send() -> Any:
        try:
            answer = await ctx.account.connections.update(connection.id, input=values)
        except ApiError as error:
            mask(error, values)
            raise
        if answer.authorization_status != SUCCESS:
            raise refused(name, answer, values)
        return {"connection_id": answer.id}

    async def probe(_: Intent) -> Any:
        async for now in ctx.account.connections.list():
            if now.id == connection.id and now.authorization_status == SUCCESS:
                return {"connection_id": now.id}
        return None

    await ctx.step(
        step_name(name),
        send,
        probe=probe,
        repeatable=True,
        planned={"connection_id": connection.id},
        says=[f"authorize {wanted.connection!r}"],
    )
    if ctx.planning:
        plan_connection(ctx, msgspec.structs.replace(connection, authorization_status=SUCCESS))


def revealed(ctx: Context, wanted: Credentials) -> dict[str, object]:
    """As `Credentials.reveal`, or an empty result in an offline plan, which has no account."""
    return {} if log_of(ctx).offline is not None else wanted.reveal(ctx)


def _holds_secrets(name: str) -> bool:
    """Whether a connection's field, or the column that fills it, is taken for secret: here any key is one."""
    return looks_secret(name) or "key" in name.lower()


def step_name(connection: str) -> str:
    return f"authorize {connection}"


def mask(error: ApiError, values: Mapping[str, object]) -> None:
    """Take the values out of an error and of those that it comes from."""
    texts = texts_of(values)
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, ApiError):
            link.message, link.cause = masked(link.message, texts), masked(link.cause, texts)
            link.args = (link.message,)
        if isinstance(link, StatusError):
            link.said, link.errors = masked(link.said, texts), None
        link = link.__cause__


def texts_of(values: Mapping[str, object]) -> list[str]:
    return [value for value in values.values() if isinstance(value, str)]


def refused(name: str, answer: Connection, values: Mapping[str, object]) -> TaskFailed:
    said = answer.authorization_error or f"the vendor says {answer.authorization_status or 'nothing'}"
    return TaskFailed(
        f"connection {name!r} cannot be authorized: {masked(said, texts_of(values))}",
        failure_class="connection-not-authorized",
        remedy="check the credentials, then `bulkops retry`",
    )


def _reveal(value: Value, ctx: Context, connection: str) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Reference):
        return _reveal_reference(value, ctx, connection)
    if not isinstance(value, Column):
        return value
    if not ctx.params.get(value.name):
        raise TaskFailed(
            f"column {value.name!r} of the account file is empty, but connection {connection!r} needs it",
            failure_class="column-missing",
            remedy="fill the column for this account",
        )
    return ctx.params[value.name]


def _reveal_reference(value: Reference, ctx: Context, connection: str) -> str:
    name = str(fill_in("str", value.name, ctx.params, ctx.account.id))
    try:
        return _outside(value.source, name, value.directory)
    except ConfigError as error:
        raise TaskFailed(
            f"{error.message}, which connection {connection!r} needs",
            failure_class="credential-missing",
            cause=f"connection {connection!r} lacks a credential of this account",
            remedy="set it, then `bulkops retry`",
        ) from error


def _outside(source: str, name: str, directory: Path) -> str:
    """The variable, or the text of the file without blanks around it. Raises: ConfigError."""
    found = from_outside(source, name, directory)
    if source == "file":
        found = found.strip()
        if not found:
            raise ConfigError(f"{name} is empty", remedy="give it a value")
        register(found)
    return found


def read_credentials(path: Path) -> tuple[Credentials, ...]:
    """Read a credentials file and everything it points to. Raises: InputError, ConfigError naming table and key."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
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
        raise InputError(f"{where} must have the keys input and, optionally, provider", remedy="correct the table")
    provider, fields = table.get("provider"), table["input"]
    if provider is not None and not isinstance(provider, str):
        raise InputError(f"{where}.provider must be text", remedy="correct the value")
    if not isinstance(fields, dict) or not fields:
        raise InputError(f"{where}.input must be a table of the connection's fields", remedy="correct the value")
    return Credentials(
        connection=name,
        provider=provider,
        input={key: _read_value(path, f"{where}.input.{key}", value) for key, value in fields.items()},
    )


def _read_value(path: Path, where: str, value: object) -> Value:
    if isinstance(value, str | int | float):
        return Secret(value) if isinstance(value, str) else value
    if not isinstance(value, dict) or len(value) != 1 or not set(value) <= _SOURCES:
        raise InputError(
            f"{where} is neither a plain value nor {{ env|file|column = NAME }}", remedy="correct the value"
        )
    ((source, name),) = value.items()
    if not isinstance(name, str) or not name:
        raise InputError(f"{where}.{source} must be a name", remedy="correct the value")
    if source == "column":
        if _holds_secrets(where.rpartition(".")[2]) or _holds_secrets(name):
            raise InputError(
                f"{where} looks secret, but columns of an account file are written to the journal",
                remedy='give it as { env = "NAME" } or { file = "PATH" }',
            )
        return Column(name)
    if columns_of(name):
        return Reference(source, name, path.parent)
    try:
        return Secret(_outside(source, name, path.parent))
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.message}", remedy=error.remedy) from None
