"""Connections: list, create, update (which is how they are authorised), disconnect, delete, and what they can tell."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from bulkops.sandbox.connectors import CONNECTORS
from bulkops.sandbox.exchange import (
    NOT_FOUND,
    Asked,
    RefusedError,
    flag_member,
    id_member,
    invalid,
    taken,
    text_member,
)
from bulkops.sandbox.handlers._base import Handler, both
from bulkops.sandbox.workspace import TAGS_OF, Connection

REFUSED_CREDENTIALS: Final = "Authentication failed: the credentials were refused by the application"
_FILTERS: Final = ("provider", "external_id", "folder_id", "parent_id")
_VALUES: Final = (("Record ID", "Id"), ("Name", "Name"), ("Status", "Status__c"))
"""Of every pick list: the sandbox has no application behind it that would know better."""


def list_connections(asked: Asked) -> list[dict[str, Any]]:
    """All in one reply (vendor facts, section 7). Filters were in the body of a GET once (vendor facts, section 14)."""
    said = asked.said()
    given = {name: str(said[name]) for name in _FILTERS if isinstance(said.get(name), str | int) and said[name] != ""}
    rows = [
        _row(asked, connection)
        for connection in asked.workspace.connections.values()
        if all(str(getattr(connection, name)) == value for name, value in given.items())
    ]
    if "tags" in asked.many("includes"):
        assigned = asked.workspace.shelf(TAGS_OF)
        rows = [row | {"tags": list(assigned.get(f"connection {row['id']}", ()))} for row in rows]
    return rows


def create_connection(asked: Asked) -> dict[str, Any]:
    """Without `input` a shell; with it the credentials are tested at once, unless the body says `shell_connection`.

    Equal names are not documented as refused, so a doubled request makes a second connection.
    """
    members, workspace, now = asked.members(), asked.workspace, asked.world.clock.stamp()
    provider = text_member(members, "provider", required=True)
    place, external_id = _place(asked, members, provider=str(provider)), text_member(members, "external_id")
    _refuse_taken(asked, external_id)
    credentials, test = _credentials(members), not flag_member(members, "shell_connection")
    _refuse_credentials(asked, credentials, test=test)
    connection = Connection(
        id=workspace.new_id("connection"),
        name=text_member(members, "name") or f"My {provider} account",
        provider=str(provider),
        folder_id=place["folder_id"] or workspace.home.id,
        parent_id=place["parent_id"],
        external_id=external_id,
        created_at=now,
        updated_at=now,
    )
    workspace.connections[connection.id] = connection
    _note(asked, connection, "connection.created")
    if credentials is not None:
        _authorise(asked, connection, credentials, test=test)
    return _row(asked, connection)


def update_connection(asked: Asked) -> dict[str, Any]:
    """Change name or place; with `input` (or `oauth_token_pair`) the credentials are tested and the status follows."""
    connection, members = _connection(asked), asked.members()
    credentials, test = _credentials(members), not flag_member(members, "shell_connection")
    changes = _changes(asked, connection, members)
    _refuse_credentials(asked, credentials, test=test)
    for name, new in changes.items():
        setattr(connection, name, new)
    if changes:
        connection.updated_at = asked.world.clock.stamp()
        _note(asked, connection, "connection.updated")
    if credentials is not None:
        _authorise(asked, connection, credentials, test=test)
    return _row(asked, connection)


def disconnect_connection(asked: Asked) -> dict[str, Any]:
    """A shell again. Refused while a running recipe uses it, unless forced; the recipe is left running then."""
    connection, force = _connection(asked), asked.flag("force")
    if not force:
        _refuse_used(asked, connection)
    if connection.authorization_status is not None:
        connection.authorization_status = connection.authorization_error = connection.authorized_at = None
        connection.credentials = None
        connection.updated_at = asked.world.clock.stamp()
        _note(asked, connection, "connection.disconnected")
    return {"success": True}


def delete_connection(asked: Asked) -> dict[str, Any]:
    """Only a disconnected one that no running recipe uses."""
    connection = _connection(asked)
    if connection.authorization_status == "success":
        raise RefusedError(asked.assumptions.connection_in_use, "Connection is active: disconnect it first")
    _refuse_used(asked, connection)
    _note(asked, connection, "connection.deleted")
    del asked.workspace.connections[connection.id]
    return {"success": True}


def list_pick_list(asked: Asked) -> list[list[Any]]:
    """The customer's call answers pairs, the partner's puts two members behind them."""
    connection, members = _connection(asked), asked.members()
    text_member(members, "pick_list_name", required=True)
    if not isinstance(members.get("pick_list_params", {}), dict | None):
        raise invalid("pick_list_params", "is not an object")
    if connection.authorization_status != "success":
        raise RefusedError(400, f"Connection '{connection.name}' is not connected")
    return [[*pair, None, False] if asked.customer is None else list(pair) for pair in _VALUES]


def get_input_schema(asked: Asked) -> list[dict[str, Any]]:
    connector = CONNECTORS.get(asked.names["adapter_name"])
    if connector is None:
        raise RefusedError(404, NOT_FOUND)
    return connector.input_schema()


def _connection(asked: Asked) -> Connection:
    return asked.found(asked.workspace.connections, "connection_id")


def _row(asked: Asked, connection: Connection) -> dict[str, Any]:
    """The partner's own calls say more of it."""
    row = connection.row()
    if asked.customer is not None:
        return row
    lost = {"connection_lost_at": None, "connection_lost_reason": None}
    return {"application": connection.provider, "description": None, "tags": []} | row | lost


def _place(asked: Asked, members: Mapping[str, Any], *, provider: str) -> dict[str, int | None]:
    """Folder and parent as the body names them. Raises: RefusedError for what is not there, or of another provider."""
    place = {name: id_member(members, name) for name in ("folder_id", "parent_id")}
    if place["folder_id"] is not None and place["folder_id"] not in asked.workspace.folders:
        raise RefusedError(404, NOT_FOUND)
    if place["parent_id"] is not None:
        parent = asked.workspace.connections.get(place["parent_id"])
        if parent is None:
            raise RefusedError(404, NOT_FOUND)
        if parent.provider != provider:
            raise invalid("parent_id", "is a connection of another provider")
    return place


def _changes(asked: Asked, connection: Connection, members: Mapping[str, Any]) -> dict[str, Any]:
    """What of name and place is to become something else."""
    wanted: dict[str, Any] = {
        "name": text_member(members, "name"),
        "external_id": text_member(members, "external_id"),
        **_place(asked, members, provider=connection.provider),
    }
    if wanted["parent_id"] == connection.id:
        raise invalid("parent_id", "is the connection itself")
    if wanted["external_id"] != connection.external_id:
        _refuse_taken(asked, wanted["external_id"])
    return {name: new for name, new in wanted.items() if new not in {None, getattr(connection, name)}}


def _refuse_taken(asked: Asked, external_id: str | None) -> None:
    if external_id is not None and any(c.external_id == external_id for c in asked.workspace.connections.values()):
        raise taken(asked, "external_id")


def _credentials(members: Mapping[str, Any]) -> str | None:
    """A digest of what was sent, so that the sandbox keeps no credentials; None when nothing was."""
    given = {name: members[name] for name in ("input", "oauth_token_pair") if members.get(name) is not None}
    for name, value in given.items():
        if not isinstance(value, dict):
            raise invalid(name, "is not an object")
    try:
        return hashlib.sha256(msgspec.json.encode(given, order="deterministic")).hexdigest() if given else None
    except (OverflowError, RecursionError) as error:
        raise invalid("input", "cannot be stored") from error


def _are_refused(asked: Asked) -> bool:
    return asked.customer is not None and asked.world.is_unauthorisable(asked.customer)


def _refuse_credentials(asked: Asked, credentials: str | None, *, test: bool) -> None:
    """Before anything is changed, where the sandbox is set to call bad credentials an error."""
    if asked.assumptions.bad_credentials == "refused" and credentials and test and _are_refused(asked):
        raise RefusedError(400, REFUSED_CREDENTIALS)


def _authorise(asked: Asked, connection: Connection, credentials: str, *, test: bool) -> None:
    """The same credentials once more change nothing: the ledger says what happened, not what was asked."""
    refused = _are_refused(asked)
    status = "failed" if refused else "success"
    if (connection.authorization_status, connection.credentials) == (status, credentials):
        return
    connection.credentials = credentials
    connection.updated_at = asked.world.clock.stamp()
    if not test:
        return
    connection.authorization_status = "failed" if refused else "success"
    connection.authorization_error = REFUSED_CREDENTIALS if refused else None
    if not refused:
        connection.authorized_at = connection.updated_at
        _note(asked, connection, "connection.authorised")


def _refuse_used(asked: Asked, connection: Connection) -> None:
    users = [each.name for each in asked.workspace.recipes.values() if each.running and connection.id in each.bound]
    if users:
        status = asked.assumptions.connection_in_use
        raise RefusedError(status, f"Connection is used by active recipes: {', '.join(users)}")


def _note(asked: Asked, connection: Connection, kind: str) -> None:
    asked.note(kind, f"{asked.workspace.path(connection.folder_id)}/{connection.name}")


HANDLERS: Final[Mapping[str, Handler]] = both(
    {
        "connections.list": list_connections,
        "connections.create": create_connection,
        "connections.update": update_connection,
        "connections.disconnect": disconnect_connection,
        "connections.delete": delete_connection,
        "connections.pick_list": list_pick_list,
    }
) | {
    "managed_users.connections.input_schema": get_input_schema,
}
