"""The vendor replaces an access profile as a whole: what it said of the rest is said again."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from bulkops.client import Account
from bulkops.models import AccessProfile
from bulkops.operations._api_access import AccessV1, Key


class Profiles:
    """An account that keeps what its access profiles are replaced by."""

    def __init__(self) -> None:
        self.api_access_profiles = self
        self.replaced: list[tuple[int, dict[str, Any]]] = []

    async def update(self, profile_id: int, **members: Any) -> None:
        self.replaced.append((profile_id, members))


@pytest.mark.parametrize(
    ("profile", "rest"),
    [
        (AccessProfile(id=7, name="key"), {"auth_type": "token", "active": True}),
        (AccessProfile(id=7, name="key", auth_type="oauth2"), {"auth_type": "oauth2", "active": True}),
        (AccessProfile(id=7, name="key", active=False), {"auth_type": "token", "active": False}),
        (
            AccessProfile(id=7, name="key", active=True, ip_allow_list=["10.0.0.0/8"]),
            {"auth_type": "token", "active": True, "ip_allow_list": ["10.0.0.0/8"]},
        ),
    ],
)
def test_opening_collections_keeps_the_rest_of_a_profile(profile: AccessProfile, rest: dict[str, Any]) -> None:
    account = Profiles()
    key = Key(id=7, name="key", active=True, collection_ids=(1,), profile=profile)
    asyncio.run(AccessV1(cast("Account", account)).open(3, key, [1, 2]))
    assert account.replaced == [(7, {"name": "key", "api_collection_ids": [1, 2], **rest})]


def test_without_a_profile_nothing_is_replaced() -> None:
    account = Profiles()
    asyncio.run(AccessV1(cast("Account", account)).open(3, None, [1, 2]))
    assert account.replaced == []
