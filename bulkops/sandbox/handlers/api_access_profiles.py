"""Access profiles: what lets a client of the first version in, and to which collections."""

from __future__ import annotations

from typing import Any, Final

import attrs

from bulkops.sandbox.api_platform import PROFILE
from bulkops.sandbox.body import id_in
from bulkops.sandbox.handlers._api_access import Passes, access, active_since, new_secret
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Row, Rows
from bulkops.sandbox.handlers._nouns import serve_as
from bulkops.sandbox.handlers.api_clients import LEGACY_CLIENTS
from bulkops.sandbox.request import ApiRequest, invalid, there

_SHOWN: Final = ("id", "name", "api_client_id", "api_collection_ids", "active", "auth_type", "ip_allow_list")
_TIMES: Final = ("created_at", "updated_at")


@attrs.frozen(kw_only=True)
class _Profiles(Passes):
    def note(self, request: ApiRequest, row: Any, what: str) -> None:
        request.note(f"{self.noun}.{what}", f"{row['client']}/{row['name']}")


def _shape(request: ApiRequest, given: Row, row: Row | None) -> Row:
    """Full replacement: what the body leaves out is gone. The secret stays, unless its kind changes."""
    if row is None:
        return access(request, given | _client(request), None)
    active = given.get("active", row["active"])
    whole = access(request, {**PROFILES.members, **given, "active": active}, None)
    is_other = whole["auth_type"] != row["auth_type"]
    return active_since(request, whole | (new_secret(whole["auth_type"]) if is_other else {}), row)


def _client(request: ApiRequest) -> Row:
    """In the query, in the body, or in the path of the nested form (vendor facts, section 17.19)."""
    in_path = request.path_id("api_client_id") if "api_client_id" in request.names else None
    client_id = in_path or request.number("api_client_id") or id_in(request.members(), "api_client_id")
    if client_id is None:
        raise invalid("api_client_id", "can't be blank")
    client = there(LEGACY_CLIENTS.rows(request.workspace).get(str(client_id)))
    return {"api_client_id": client["id"], "client": client["name"]}


def _list(request: ApiRequest) -> Rows:
    """Without their secrets."""
    wanted = request.number("api_client_id")
    rows = PROFILES.rows(request.workspace).values()
    return [PROFILES.shown(request, row) for row in rows if wanted in {None, row["api_client_id"]}]


PROFILES: Final = serve_as(
    _Profiles,
    "api_access_profiles",
    "Profile",
    noun=PROFILE,
    required=("name",),
    usual={"active": True},
    secret="secret",  # noqa: S106 - the name of a member
    shape=_shape,
    shown=lambda _, row: {name: row[name] for name in (*_SHOWN, *_TIMES)},
    other={"list": _list},
)
PROFILES.serve("[managed_users.]api_access_profiles", "refresh_secret", row="Profile")
answers("managed_users.api_access_profiles.create_nested", row="Profile")(PROFILES.create)


@answers("[managed_users.]api_access_profiles.enable")
def enable_profile(request: ApiRequest) -> None:
    PROFILES.enable(request)


@answers("[managed_users.]api_access_profiles.disable")
def disable_profile(request: ApiRequest) -> None:
    PROFILES.disable(request)


@answers("api_access_profiles.update_without_id", row="Profile")
def refuse_update_without_id(_: ApiRequest) -> Any:
    """The guide prints the path so; it does not name a profile."""
    there(None)
