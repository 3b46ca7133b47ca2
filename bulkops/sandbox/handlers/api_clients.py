"""API clients: the first version, which says only who they are, and the second, which says what they may reach.

With the keys that let those of the second in; portals, which can be seen, and certificate bundles: no more is known.
"""

from __future__ import annotations

from typing import Final

from bulkops.sandbox.api_platform import CLIENT, KEY, LEGACY_CLIENT
from bulkops.sandbox.body import id_in
from bulkops.sandbox.handlers._api_access import MASK, Passes, access, active_since
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Crud, Row, Rows
from bulkops.sandbox.handlers._nouns import serve_as, serve_noun
from bulkops.sandbox.request import ApiRequest, refuse_blank

_ALIKE: Final = ("id", "name", "created_at", "updated_at")
_MAY_BE_NULL: Final = ("logo", "logo_2x", "api_token", "email", "validation_formula", "mtls_enabled", "cert_bundle_ids")
_POLICY: Final = {"id": 2, "name": "Default"}


def _legacy_shape(request: ApiRequest, given: Row, _: Row | None) -> Row:
    """`project_id` in the query, or in the body of one page version. Equal names are not documented as refused."""
    return {**given, "project_id": request.number("project_id") or id_in(request.members(), "project_id")}


def _legacy_shown(_: ApiRequest, row: Row) -> Row:
    project_id = None if row["project_id"] is None else str(row["project_id"])
    return {name: row[name] for name in _ALIKE} | {"project_id": project_id}


LEGACY_CLIENTS: Final = serve_noun(
    "api_clients",
    "ApiClient",
    noun=CLIENT,
    kept_as=LEGACY_CLIENT,
    id_name="api_client_id",
    facts={"is_legacy": True, "auth_type": "token", "api_collection_ids": ()},
    shape=_legacy_shape,
    shown=_legacy_shown,
)


def _shape(request: ApiRequest, given: Row, row: Row | None) -> Row:
    if given.get("api_portal_id") is not None:
        refuse_blank(given, "email")
    if row is not None and given.get("project_id") is None:
        given.pop("project_id", None)
    return access(request, given, row)


def _shown(request: ApiRequest, row: Row) -> Row:
    api = request.workspace.api
    keys = api.keys_of(row["id"])
    return {
        **{name: row[name] for name in (*_ALIKE, "is_legacy", "auth_type")},
        **{name: row.get(name) for name in _MAY_BE_NULL},
        "description": row.get("description") or "",
        "active_api_keys_count": sum(key["active"] for key in keys),
        "total_api_keys_count": len(keys),
        "active": True,
        "active_since": row["created_at"],
        "auth_token": MASK,
        "api_policies": [_POLICY],
        "api_collections": [{"id": id_, "name": api.collections[id_].name} for id_ in row["api_collection_ids"]],
    }


def _list(request: ApiRequest) -> Rows:
    """Those of the first version too, marked `is_legacy`."""
    project_id = request.number("project_id")
    wanted = {part for part in request.query.get("cert_bundle_ids", "").split(",") if part}
    everything = [row for crud in (LEGACY_CLIENTS, CLIENTS) for row in crud.rows(request.workspace).values()]
    return [
        _shown(request, row)
        for row in sorted(everything, key=lambda row: int(row["id"]))
        if project_id in {None, row["project_id"]}
        and (not wanted or wanted & {str(id_) for id_ in row.get("cert_bundle_ids") or ()})
    ]


CLIENTS: Final[Crud] = serve_noun(
    "api_clients_v2",
    "ApiClientV2",
    noun=CLIENT,
    required=("name",),
    facts={"is_legacy": False},
    shape=_shape,
    shown=_shown,
    other={"list": _list},
)

_KEY_SHOWN: Final = ("id", "name", "auth_type", "ip_allow_list", "ip_deny_list", "active", "active_since")


def _key_shape(request: ApiRequest, given: Row, row: Row | None) -> Row:
    auth_type = (row or CLIENTS.row_of(request))["auth_type"]
    return active_since(request, given | {"auth_type": auth_type}, row)


def _key_shown(_: ApiRequest, row: Row) -> Row:
    """Masked (vendor facts, section 13)."""
    return {name: row[name] for name in _KEY_SHOWN} | {"auth_token": "" if row["secret"] is None else MASK}


KEYS: Final = serve_as(
    Passes,
    "api_keys",
    "ApiKey",
    noun=KEY,
    inside=CLIENTS,
    required=("name",),
    usual={"active": True, "ip_allow_list": [], "ip_deny_list": []},
    secret="auth_token",  # noqa: S106 - the name of a member
    shape=_key_shape,
    shown=_key_shown,
)
KEYS.serve("[managed_users.]api_keys", "enable", "disable", "refresh_secret", row="ApiKey")


@answers("[managed_users.]api_portals.list", row="Portal")
def list_portals(request: ApiRequest) -> Rows:
    """One: the call that makes portals is unknown."""
    shelf = request.workspace.shelf("api_portal")
    if not shelf:
        made = {"id": request.workspace.new_id("api_portal"), "name": "Partner portal"}
        shelf[str(made["id"])] = made
    return [*shelf.values()]


BUNDLES: Final = serve_noun(
    "cert_bundles",
    "CertBundle",
    noun="cert_bundle",
    usual={"name": "Certificates"},
    required=(),
    shown=lambda _, row: {name: row[name] for name in ("id", "name", "created_at")},
)


answers("cert_bundles.download", row="CertBundle")(BUNDLES.get)
