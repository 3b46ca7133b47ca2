"""Answers of the API platform, as the vendor's pages print them, and the secrets in them."""

from __future__ import annotations

from typing import Any

import pytest

from bulkops.errors import ApiError, OutcomeUnknown
from bulkops.models import AccessProfile, ApiClient, ApiCollection, ApiEndpoint, ApiKey, ApiPortal
from bulkops.secret import Secret
from bulkops.session import decode_object
from tests.replies import reply

HIDDEN = "t-5ecret-of-the-test"
TIMES = {"created_at": "2025-02-03T08:30:00.000-08:00", "updated_at": "2025-02-03T16:31:00.000Z"}
COLLECTION = {"id": 71, "name": "Billing", "project_id": "908", "url": "https://api.example/b-v1", "version": "1.1"}
COLLECTION |= {"api_spec_url": f"https://www.example/doc/b-v1/swagger?token={HIDDEN}"} | TIMES
ENDPOINT = {"id": 5, "api_collection_id": 71, "flow_id": 33, "name": "Find bill", "method": "GET", "active": False}
ENDPOINT |= {"url": "https://api.example/b-v1/bills/{id}", "legacy_url": None, "base_path": "/b-v1/bills/{id}"}
ENDPOINT |= {"path": "bills/{id}", "legacy": False} | TIMES
V1 = {"id": 12, "name": "Portal", "project_id": "908"} | TIMES
V2 = {"id": 12, "name": "Portal", "description": "", "active_api_keys_count": 1, "total_api_keys_count": 2} | TIMES
V2 |= {"logo": None, "logo_2x": None, "is_legacy": False, "email": None, "auth_type": "token", "api_token": None}
V2 |= {"mtls_enabled": None, "validation_formula": None, "cert_bundle_ids": None}
V2 |= {"api_policies": [{"id": 2, "name": "Default"}], "api_collections": [{"id": 71, "name": "Billing"}]}
KEY = {"id": 40, "name": "router", "auth_type": "token", "ip_allow_list": [], "ip_deny_list": [], "active": True}
KEY |= {"active_since": TIMES["created_at"], "auth_token": HIDDEN}
PROFILE = {"id": 8, "name": "Default", "api_client_id": 12, "api_collection_ids": [71], "active": True} | TIMES
PROFILE |= {"auth_type": "token", "ip_allow_list": None, "secret": HIDDEN}

ANSWERS: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("api_collections.create", ApiCollection, COLLECTION | {"message": "done", "import_results": {"success": True}}),
    ("api_endpoints.list", ApiEndpoint, ENDPOINT),
    ("api_clients.create", ApiClient, V1),
    ("api_clients_v2.get", ApiClient, V2),
    ("api_keys.update", ApiKey, KEY),
    ("api_access_profiles.update", AccessProfile, PROFILE),
    ("managed_users.api_portals.list", ApiPortal, {"id": 77, "name": "Portal"}),
]


@pytest.mark.parametrize(("call", "model", "row"), ANSWERS, ids=[call for call, _, _ in ANSWERS])
def test_a_sample_is_read_without_showing_its_secret(call: str, model: type[Any], row: dict[str, Any]) -> None:
    found = decode_object(reply(row, call), model)
    assert (found.id, found.name) == (row["id"], row["name"])
    assert HIDDEN not in repr(found)


@pytest.mark.parametrize(
    ("model", "row", "shown"),
    [
        (ApiKey, KEY, {"auth_token": HIDDEN}),
        (ApiKey, KEY | {"auth_token": "****"}, {}),
        (ApiKey, KEY | {"auth_token": None}, {}),
        (ApiKey, KEY | {"auth_token": ""}, {}),
        (AccessProfile, PROFILE, {"secret": HIDDEN}),
        (
            AccessProfile,
            PROFILE | {"secret": None, "oauth_client_id": "c-1", "oauth_client_secret": HIDDEN},
            {"oauth_client_id": "c-1", "oauth_client_secret": HIDDEN},
        ),
        (AccessProfile, PROFILE | {"secret": None, "oauth_client_id": "c-1"}, {}),
    ],
)
def test_secrets_that_an_answer_shows(model: type[Any], row: dict[str, Any], shown: dict[str, str]) -> None:
    found = decode_object(reply({"result": row}, "api_keys.update"), model)
    assert {name: value.reveal() for name, value in found.shown().items()} == shown
    assert all(isinstance(value, Secret) for value in found.shown().values())
    assert HIDDEN not in f"{found} {found!r} {found.shown()}"


@pytest.mark.parametrize("value", [7, [HIDDEN], {"token": HIDDEN}])
def test_a_secret_that_is_no_text_is_refused_without_being_shown(value: object) -> None:
    with pytest.raises(ApiError, match=r"Expected `str` - at `\$.auth_token`") as refused:
        decode_object(reply(KEY | {"auth_token": value}, "api_keys.update"), ApiKey)
    assert HIDDEN not in str(refused.value)
    with pytest.raises(OutcomeUnknown, match="check the account"):  # the key was made
        decode_object(reply(KEY | {"auth_token": value}, "api_keys.create"), ApiKey)
