"""Connections: list, create, update (which is how they are authorized), disconnect, delete, and what they can tell."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from bulkops.sandbox.connectors import CONNECTORS
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, refuse_blank, taken, there
from bulkops.sandbox.workspace import TAGS_OF, Connection

REFUSED_CREDENTIALS: Final = "Authentication failed: the credentials were refused by the application"
_FILTERS: Final = ("provider", "external_id", "folder_id", "parent_id")
_VALUES: Final = (("Record ID", "Id"), ("Name", "Name"), ("Status", "Status__c"))
"""Of every pick list: the sandbox has no application behind it that would know better."""


@answers("connections.list", row="OwnConnection")
@answers("managed_users.connections.list", row="Connection")
def list_connections(request: ApiRequest) -> list[dict[str, Any]]:
    """All in one reply (vendor facts, section 7). Filters were in the body of a GET once (vendor facts, section 14)."""
    said = request.said()
    given = {name: str(said[name]) for name in _FILTERS if isinstance(said.get(name), str | int) and said[name] != ""}
    rows = [
        _row(request, connection)
        for connection in request.workspace.connections.values()
        if all(str(getattr(connection, name)) == value for name, value in given.items())
    ]
    if "tags" in request.many("includes"):
        assigned = request.workspace.shelf(TAGS_OF)
        rows = [row | {"tags": list(assigned.get(f"connection {row['id']}", ()))} for row in rows]
    return rows


@answers("connections.create", row="OwnConnection")
@answers("managed_users.connections.create", row="Connection")
def create_connection(request: ApiRequest) -> dict[str, Any]:
    """Without `input` a shell; with it the credentials are tested at once, unless the body says `shell_connection`.

    Equal names are not documented as refused, so a doubled request makes a second connection.
    """
    given, workspace = request.given, request.workspace
    refuse_blank(given, "provider")
    provider, external_id = given["provider"], given.get("external_id")
    place = _place(request, provider=provider)
    _refuse_taken(request, external_id)
    credentials, test = _credentials(given), not given.get("shell_connection")
    _refuse_credentials(request, credentials, test=test)
    connection = workspace.add(
        workspace.connections,
        "connection",
        Connection,
        now=request.state.clock.stamp(),
        name=given.get("name") or f"My {provider} account",
        provider=provider,
        folder_id=place["folder_id"] or workspace.home.id,
        parent_id=place["parent_id"],
        external_id=external_id,
    )
    _note(request, connection, "connection.created")
    if credentials is not None:
        _authorize(request, connection, credentials, test=test)
    return _row(request, connection)


@answers("connections.update", row="OwnConnection")
@answers("managed_users.connections.update", row="Connection")
def update_connection(request: ApiRequest) -> dict[str, Any]:
    """Change name or place; with `input` (or `oauth_token_pair`) the credentials are tested and the status follows."""
    connection, given = _connection(request), request.given
    credentials, test = _credentials(given), not given.get("shell_connection")
    changes = _changes(request, connection)
    _refuse_credentials(request, credentials, test=test)
    if request.change(connection, changes):
        _note(request, connection, "connection.updated")
    if credentials is not None:
        _authorize(request, connection, credentials, test=test)
    return _row(request, connection)


@answers("[managed_users.]connections.disconnect")
def disconnect_connection(request: ApiRequest) -> None:
    """A shell again. Refused while a running recipe uses it, unless forced; the recipe is left running then."""
    connection, force = _connection(request), request.flag("force")
    if not force:
        _refuse_used(request, connection)
    authorized = ("authorization_status", "authorization_error", "authorized_at", "credentials")
    if connection.authorization_status is not None and request.change(connection, dict.fromkeys(authorized)):
        _note(request, connection, "connection.disconnected")


@answers("[managed_users.]connections.delete")
def delete_connection(request: ApiRequest) -> None:
    """Only a disconnected one that no running recipe uses."""
    connection = _connection(request)
    if connection.authorization_status == "success":
        raise RefusedError(request.assumptions.connection_in_use, "Connection is active: disconnect it first")
    _refuse_used(request, connection)
    _note(request, connection, "connection.deleted")
    del request.workspace.connections[connection.id]


@answers("[managed_users.]connections.pick_list", row="any[]")
def list_pick_list(request: ApiRequest) -> list[list[Any]]:
    """The customer's call answers pairs, the partner's puts two members behind them."""
    connection = _connection(request)
    if connection.authorization_status != "success":
        raise RefusedError(400, f"Connection '{connection.name}' is not connected")
    return [[*pair, None, False] if request.customer is None else list(pair) for pair in _VALUES]


@answers("managed_users.connections.input_schema", row="InputField")
def get_input_schema(request: ApiRequest) -> list[dict[str, Any]]:
    return there(CONNECTORS.get(request.names["adapter_name"])).input_schema()


@answers("connections.runtime_user_connections.create", row="RuntimeConnection")
def create_runtime_connection(request: ApiRequest) -> dict[str, Any]:
    """A connection of an end user, below one that is authorized. The user signs in elsewhere. Raises: RefusedError."""
    parent = there(request.workspace.connections.get(request.given["parent_id"]))
    if parent.authorization_status != "success":
        raise RefusedError(400, f"Connection '{parent.name}' is not connected")
    request.given = {**request.given, "provider": parent.provider}
    made = create_connection(request)
    return {"id": made["id"], **_sign_in(made["id"])}


@answers("connections.runtime_user_connections.get_oauth_url", row="Url")
def get_oauth_url(request: ApiRequest) -> dict[str, str]:
    return _sign_in(_connection(request).id)


def _sign_in(connection_id: int) -> dict[str, str]:
    return {"url": f"https://auth.example/start/{connection_id}"}


def _connection(request: ApiRequest) -> Connection:
    return request.found(request.workspace.connections, "connection_id")


def _row(request: ApiRequest, connection: Connection) -> dict[str, Any]:
    """The partner's own calls say more of it."""
    row = connection.row()
    if request.customer is not None:
        return row
    lost = {"connection_lost_at": None, "connection_lost_reason": None}
    return {"application": connection.provider, "description": None, "tags": []} | row | lost


def _place(request: ApiRequest, *, provider: str) -> dict[str, int | None]:
    """Folder and parent as the body names them. Raises: RefusedError for what is not there, or of another provider."""
    folder = request.named(request.workspace.folders, "folder_id")
    parent = request.named(request.workspace.connections, "parent_id")
    if parent is not None and parent.provider != provider:
        raise invalid("parent_id", "is a connection of another provider")
    return {"folder_id": folder.id if folder else None, "parent_id": parent.id if parent else None}


def _changes(request: ApiRequest, connection: Connection) -> dict[str, Any]:
    """What name and place are to become, as far as the body says."""
    wanted: dict[str, Any] = {
        "name": request.given.get("name"),
        "external_id": request.given.get("external_id"),
        **_place(request, provider=connection.provider),
    }
    if wanted["parent_id"] == connection.id:
        raise invalid("parent_id", "is the connection itself")
    if wanted["external_id"] != connection.external_id:
        _refuse_taken(request, wanted["external_id"])
    return {name: new for name, new in wanted.items() if new is not None}


def _refuse_taken(request: ApiRequest, external_id: str | None) -> None:
    if external_id is not None and any(c.external_id == external_id for c in request.workspace.connections.values()):
        raise taken(request, "external_id")


def _credentials(given: Mapping[str, Any]) -> str | None:
    """A digest of what was sent, so that the sandbox keeps no credentials; None when nothing was."""
    sent = {name: given[name] for name in ("input", "oauth_token_pair") if given.get(name) is not None}
    return hashlib.sha256(msgspec.json.encode(sent, order="deterministic")).hexdigest() if sent else None


def _are_refused(request: ApiRequest) -> bool:
    return request.customer is not None and request.state.is_unauthorizable(request.customer)


def _refuse_credentials(request: ApiRequest, credentials: str | None, *, test: bool) -> None:
    """Before anything is changed, where the sandbox is set to call bad credentials an error."""
    if request.assumptions.bad_credentials == "refused" and credentials and test and _are_refused(request):
        raise RefusedError(400, REFUSED_CREDENTIALS)


def _authorize(request: ApiRequest, connection: Connection, credentials: str, *, test: bool) -> None:
    """The same credentials once more change nothing: the ledger says what happened, not what was asked."""
    refused = _are_refused(request)
    status = "failed" if refused else "success"
    if (connection.authorization_status, connection.credentials) == (status, credentials):
        return
    connection.credentials = credentials
    connection.updated_at = request.state.clock.stamp()
    if not test:
        return
    connection.authorization_status = "failed" if refused else "success"
    connection.authorization_error = REFUSED_CREDENTIALS if refused else None
    if not refused:
        connection.authorized_at = connection.updated_at
        _note(request, connection, "connection.authorized")


def _refuse_used(request: ApiRequest, connection: Connection) -> None:
    users = [each.name for each in request.workspace.recipes.values() if each.running and connection.id in each.bound]
    if users:
        status = request.assumptions.connection_in_use
        raise RefusedError(status, f"Connection is used by active recipes: {', '.join(users)}")


def _note(request: ApiRequest, connection: Connection, kind: str) -> None:
    request.note(kind, f"{request.workspace.path(connection.folder_id)}/{connection.name}")
