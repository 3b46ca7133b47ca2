"""Custom OAuth profiles of the partner, and the customers that use them."""

from __future__ import annotations

from typing import Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Row
from bulkops.sandbox.handlers._nouns import serve_noun
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, there

_ASSIGNED: Final = "custom_oauth_profile"
"""The shelf of a customer with the profiles that it uses."""


_FIRST: Final = {"id": 322, "name": "Example OAuth app", "provider": "hubspot", "data": {"client_id": "example"}}
"""The partner has made one."""


def _shape(_: ApiRequest, given: Row, __: Row | None) -> Row:
    """Secrets are never shown (vendor facts, section 18); the sandbox does not even keep them. Raises: RefusedError."""
    data = given.get("data")
    if data is None:
        return given
    if not data.get("client_id") or not data.get("client_secret"):
        raise invalid("data", "must have a client_id and a client_secret")
    return {**given, "data": {"client_id": data["client_id"]}}


def _shown(request: ApiRequest, row: Row) -> Row:
    customers = request.state.customers.built()
    count = sum(str(row["id"]) in customer.workspace.shelf(_ASSIGNED) for customer in customers)
    own = request.state.partner.workspace
    return {**row, "user_id": own.user_id, "shared_accounts_count": 0, "oem_customers_count": count}


PROFILES: Final = serve_noun(
    "custom_oauth_profiles", "OAuthProfile", noun="custom_oauth_profile", first=(_FIRST,), shape=_shape, shown=_shown
)


@answers("managed_users.custom_oauth_profiles.assign")
def assign(request: ApiRequest) -> None:
    """Once more changes nothing."""
    profile, shelf = _profile(request), request.workspace.shelf(_ASSIGNED)
    if str(profile["id"]) not in shelf:
        shelf[str(profile["id"])] = {"id": profile["id"]}
        request.note("oauth_profile.assigned", profile["name"])


@answers("managed_users.custom_oauth_profiles.unassign")
def unassign(request: ApiRequest) -> None:
    """Without `force` refused while an authorized connection of its provider is there. 404 when it is not assigned."""
    profile, shelf = _profile(request), request.workspace.shelf(_ASSIGNED)
    there(shelf.get(str(profile["id"])))
    connections = request.workspace.connections.values()
    used = [each.name for each in connections if each.provider == profile["provider"] and each.authorized_at]
    if used and not request.flag("force"):
        raise RefusedError(400, f"The profile is used by connections: {', '.join(used)}")
    del shelf[str(profile["id"])]
    request.note("oauth_profile.unassigned", profile["name"])


def _profile(request: ApiRequest) -> Row:
    return there(PROFILES.rows(request.state.partner.workspace).get(request.names["custom_oauth_profile_id"]))
