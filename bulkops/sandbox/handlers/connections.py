"""Connections: list, update (which is how they are authorised)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from bulkops.sandbox.exchange import NOT_FOUND, Asked, RefusedError, flag_member, id_member, invalid, text_member
from bulkops.sandbox.handlers._base import Handler
from bulkops.sandbox.workspace import Connection

REFUSED_CREDENTIALS: Final = "Authentication failed: the credentials were refused by the application"


def list_connections(asked: Asked) -> list[dict[str, Any]]:
    """All in one reply (NOTES section 7)."""
    folder_id, parent_id = asked.number("folder_id"), asked.number("parent_id")
    wanted = {"provider": asked.query.get("provider"), "external_id": asked.query.get("external_id")}
    wanted |= {"folder_id": folder_id, "parent_id": parent_id}  # type: ignore[dict-item]  # numbers beside texts
    given = {name: value for name, value in wanted.items() if value is not None}
    return [
        connection.row()
        for connection in asked.account.workspace.connections.values()
        if all(getattr(connection, name) == value for name, value in given.items())
    ]


def update_connection(asked: Asked) -> dict[str, Any]:
    """Change name or place; with `input` (or `oauth_token_pair`) the credentials are tested and the status follows."""
    connection = asked.account.workspace.connections.get(asked.path_id("connection_id"))
    if connection is None:
        raise RefusedError(404, NOT_FOUND)
    members = asked.members()
    credentials, test = _credentials(members), not flag_member(members, "shell_connection")
    if _relocate(asked, connection, members):
        connection.updated_at = asked.world.clock.stamp()
        _note(asked, connection, "connection.updated")
    if credentials is not None:
        _authorise(asked, connection, credentials, test=test)
    return connection.row()


def _relocate(asked: Asked, connection: Connection, members: Mapping[str, Any]) -> bool:
    """Set name and place; whether that changed anything."""
    changes: dict[str, Any] = {
        "name": text_member(members, "name"),
        "external_id": text_member(members, "external_id"),
        "folder_id": id_member(members, "folder_id"),
        "parent_id": id_member(members, "parent_id"),
    }
    workspace = asked.account.workspace
    for name, among in (("folder_id", workspace.folders), ("parent_id", workspace.connections)):
        if changes[name] is not None and changes[name] not in among:
            raise RefusedError(404, NOT_FOUND)
    changes = {name: new for name, new in changes.items() if new not in {None, getattr(connection, name)}}
    for name, new in changes.items():
        setattr(connection, name, new)
    return bool(changes)


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


def _authorise(asked: Asked, connection: Connection, credentials: str, *, test: bool) -> None:
    """The same credentials once more change nothing: the ledger says what happened, not what was asked."""
    refused = asked.world.is_unauthorisable(asked.account)
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


def _note(asked: Asked, connection: Connection, kind: str) -> None:
    folder = asked.account.workspace.path(connection.folder_id)
    asked.world.ledger.note(asked.account.id, kind, f"{folder}/{connection.name}")


HANDLERS: Final[Mapping[str, Handler]] = {
    "managed_users.connections.list": list_connections,
    "managed_users.connections.update": update_connection,
}
