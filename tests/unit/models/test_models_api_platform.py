"""Answers of the API platform, as the vendor's pages print them, and the secrets in them."""

from __future__ import annotations

from typing import Any

import pytest

from bulkops.errors import ApiError, OutcomeUnknown
from bulkops.models import AccessProfile, ApiKey
from bulkops.secret import Secret
from bulkops.session import decode_object
from tests.replies import reply

HIDDEN = "t-5ecret-of-the-test"
TIMES = {"created_at": "2025-02-03T08:30:00.000-08:00", "updated_at": "2025-02-03T16:31:00.000Z"}
KEY = {"id": 40, "name": "router", "auth_type": "token", "ip_allow_list": [], "ip_deny_list": [], "active": True}
KEY |= {"active_since": TIMES["created_at"], "auth_token": HIDDEN}
PROFILE = {"id": 8, "name": "Default", "api_client_id": 12, "api_collection_ids": [71], "active": True} | TIMES
PROFILE |= {"auth_type": "token", "ip_allow_list": None, "secret": HIDDEN}


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
