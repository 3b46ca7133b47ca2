"""API clients: the first version, which says only who they are, and the second, which says what they may reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.api_platform import MASK, ApiClient, fields_of
from bulkops.sandbox.body import id_in
from bulkops.sandbox.handlers._access import access_facts, auth_type_of, collections_of, find_client
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest, refuse_blank

_SHOWN_FACTS: Final = ("email", "validation_formula", "mtls_enabled", "cert_bundle_ids")
_OWN_FACTS: Final = (*_SHOWN_FACTS, "description", "api_portal_id")
_SAID_BY_V2: Final = ("is_legacy", "auth_type", "collection_ids", "facts")
_POLICY: Final = {"id": 2, "name": "Default"}


@answers("[managed_users.]api_clients.list", row="ApiClient")
def list_clients(request: ApiRequest) -> list[dict[str, Any]]:
    """All in one reply."""
    return [_row(client) for client in request.workspace.api.clients.values() if client.is_legacy]


@answers("[managed_users.]api_clients.create", row="ApiClient")
def create_client(request: ApiRequest) -> dict[str, Any]:
    """`project_id` in the query, or in the body of one page version. Equal names are not documented as refused."""
    project_id = request.number("project_id") or id_in(request.members(), "project_id")
    return _row(_add(request, is_legacy=True, project_id=project_id))


@answers("[managed_users.]api_clients_v2.list", row="ApiClientV2")
def list_clients_v2(request: ApiRequest) -> list[dict[str, Any]]:
    """Those of the first version too, marked `is_legacy`."""
    project_id = request.number("project_id")
    wanted = {part for part in request.query.get("cert_bundle_ids", "").split(",") if part}
    return [
        _row_v2(request, client)
        for client in request.workspace.api.clients.values()
        if project_id in {None, client.project_id}
        and (not wanted or wanted & {str(id_) for id_ in client.facts.get("cert_bundle_ids") or ()})
    ]


@answers("[managed_users.]api_clients_v2.create", row="ApiClientV2")
def create_client_v2(request: ApiRequest) -> dict[str, Any]:
    given = request.given
    auth_type, ids, facts = auth_type_of(given), collections_of(request), _facts(given)
    made = _add(request, is_legacy=False, project_id=given.get("project_id"))
    made.collection_ids, made.auth_type, made.facts = ids, auth_type, facts
    return _row_v2(request, made)


@answers("[managed_users.]api_clients_v2.get", row="ApiClientV2")
def get_client_v2(request: ApiRequest) -> dict[str, Any]:
    return _row_v2(request, _client(request))


@answers("[managed_users.]api_clients_v2.update", row="ApiClientV2")
def update_client_v2(request: ApiRequest) -> dict[str, Any]:
    """Only the members of the body change; an equal value has no effect."""
    client, given = _client(request), request.given
    before = (client.name, client.collection_ids, client.auth_type, client.project_id, dict(client.facts))
    refuse_blank({"name": client.name} | dict(given), "name")
    auth_type = auth_type_of(given) if "auth_type" in given else client.auth_type
    ids = collections_of(request) if "api_collection_ids" in given else client.collection_ids
    facts = client.facts | _facts(given)
    client.collection_ids, client.auth_type, client.facts = ids, auth_type, facts
    client.name = given.get("name", client.name)
    client.project_id = given.get("project_id") or client.project_id
    if before != (client.name, client.collection_ids, client.auth_type, client.project_id, client.facts):
        client.updated_at = request.state.clock.stamp()
        request.note("api_client.updated", client.name)
    return _row_v2(request, client)


@answers("[managed_users.]api_clients_v2.delete")
def delete_client_v2(request: ApiRequest) -> None:
    """With its keys."""
    api, client = request.workspace.api, _client(request)
    for key in api.keys_of(client.id):
        del api.keys[key.id]
    del api.clients[client.id]
    request.note("api_client.deleted", client.name)


def _client(request: ApiRequest) -> ApiClient:
    return find_client(request, request.path_id("api_client_id"), is_legacy=False)


def _add(request: ApiRequest, *, is_legacy: bool, project_id: int | None) -> ApiClient:
    now = request.state.clock.stamp()
    id_, name = request.workspace.new_id("api_client"), request.given["name"]
    made = ApiClient(id=id_, name=name, is_legacy=is_legacy, project_id=project_id, created_at=now, updated_at=now)
    request.workspace.api.clients[made.id] = made
    request.note("api_client.created", name)
    return made


def _facts(given: Mapping[str, Any]) -> dict[str, Any]:
    if given.get("api_portal_id") is not None:
        refuse_blank(given, "email")
    return access_facts(given) | {name: value for name, value in given.items() if name in _OWN_FACTS}


def _row(client: ApiClient) -> dict[str, Any]:
    project_id = None if client.project_id is None else str(client.project_id)
    return fields_of(client, but=_SAID_BY_V2) | {"project_id": project_id}


def _row_v2(request: ApiRequest, client: ApiClient) -> dict[str, Any]:
    api = request.workspace.api
    keys = api.keys_of(client.id)
    facts = client.facts
    shown = dict.fromkeys(("logo", "logo_2x", "api_token", *_SHOWN_FACTS)) | {
        name: facts[name] for name in _SHOWN_FACTS if name in facts
    }
    return (
        fields_of(client, but=("project_id", "collection_ids", "facts"))
        | shown
        | {
            "description": facts.get("description") or "",
            "active_api_keys_count": sum(key.active for key in keys),
            "total_api_keys_count": len(keys),
            "active": True,
            "active_since": client.created_at,
            "auth_token": MASK,
            "api_policies": [_POLICY],
            "api_collections": [{"id": id_, "name": api.collections[id_].name} for id_ in client.collection_ids],
        }
    )
