"""Clients of the Developer API and their roles, of a customer and of the partner. A token is shown once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Crud, Row
from bulkops.sandbox.handlers.roles import folder_ids
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, there

_ENVIRONMENTS: Final[Mapping[str, int]] = {"Development": 3218, "Test": 3219, "Production": 3220}
_ROLE: Final = "api_privilege_group_id"

_ROLES: Final = Crud(
    noun="developer_api_client_role",
    id_name="role_id",
    members={"name": None},
    first=({"id": 26779, "name": "Full access"},),
    shown=lambda _, row: {"id": row["id"], "name": row["name"]},
)


def _checked(request: ApiRequest, given: Row, row: Row | None) -> Row:
    """All of a client at once, for a new one as for an old one (Raises: RefusedError 400)."""
    if str(given[_ROLE]) not in _ROLES.rows(request.workspace):
        raise invalid(_ROLE, "is not there")
    everywhere, folders = given["all_folders"], folder_ids(request)
    if not everywhere and not folders:
        raise invalid("folder_ids", "can't be blank")
    environment = given.get("environment_name") or (row or {}).get("environment_name") or "Development"
    if environment not in _ENVIRONMENTS:
        raise RefusedError(400, f"Environment not found: {environment}")
    return {
        "name": given["name"],
        _ROLE: given[_ROLE],
        "all_folders": everywhere,
        "folder_ids": [] if everywhere else folders,
        "environment_name": environment,
        "environment_id": _ENVIRONMENTS[environment],
    }


_CLIENTS: Final = Crud(
    noun="developer_api_client",
    id_name="api_client_id",
    members=dict.fromkeys(("name", _ROLE, "all_folders", "folder_ids", "environment_name")),
    facts={"environment_id": None},
    shape=_checked,
)


@answers("[managed_users.]developer_api_clients.create", row="NewDeveloper")
def create_client(request: ApiRequest) -> Row:
    return _with_new_token(request, _CLIENTS.create(request))


@answers("[managed_users.]developer_api_clients.regenerate", row="Regenerated")
def regenerate_token(request: ApiRequest) -> Row:
    """The old one is good for nothing from then on."""
    row = _CLIENTS.get(request)
    shown = _with_new_token(request, row)
    request.note("developer_api_client.regenerated", str(row["name"]))
    return {"token": shown["token"]}


@answers("[managed_users.]developer_api_client_roles.copy", row="Named")
def copy_role(request: ApiRequest) -> Row:
    """Without a name the copy is called after what it was copied from."""
    source = there(_ROLES.rows(request.workspace).get(request.names["role_id"]))
    name = request.given.get("name") or f"{source['name']} copy"
    return _ROLES.shown(request, _ROLES.add(request, {"name": name}))


def _with_new_token(request: ApiRequest, row: Row) -> Row:
    """The row with its token, which is not kept: no call is possible with it here."""
    row["token"] = {"updated_at": request.state.clock.stamp()}
    return row | {"token": {"value": f"sandbox-client-{secrets.token_hex(16)}", **row["token"]}}


_ROLES.serve("[managed_users.]developer_api_client_roles", "list", row="Named")
_CLIENTS.serve("[managed_users.]developer_api_clients", "list", "get", "update", "delete", row="Developer")
