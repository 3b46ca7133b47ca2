"""Who is let in, and what those hear who are not."""

from __future__ import annotations

import pytest

from tests.sandbox.kit import Vendor, vendor

LIST = "/api/managed_users"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer s3cret"},
        {"authorization": "bearer  s3cret "},
        {"X-USER-TOKEN": "s3cret", "x-user-email": "who@ever.example"},
    ],
)
async def test_bearer_and_legacy_headers(headers: dict[str, str]) -> None:
    async with vendor(token="s3cret") as client:
        reply = await client.get(LIST, headers={"Authorization": ""} | headers)
        assert reply.status == 200


async def test_legacy_query() -> None:
    async with vendor(token="s3cret") as client:
        none = {"Authorization": ""}
        assert (await client.get(f"{LIST}?user_token=s3cret&user_email=a%40b.example", headers=none)).status == 200
        assert (await client.get(f"{LIST}?user_token=s3cret", headers=none)).status == 401
        assert (await client.get(f"{LIST}?user_token=%ff&user_email=a", headers=none)).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "s3cret"},
        {"Authorization": "Basic s3cret"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer s3cre"},
        {"Authorization": "Bearer s3cret2"},
        {"Authorization": "Bearer ключ"},
        {"X-USER-TOKEN": "s3cret"},
        {"X-USER-TOKEN": "wrong", "X-USER-EMAIL": "a@b.example"},
    ],
)
async def test_anything_else_is_401_in_json_and_counted(headers: dict[str, str]) -> None:
    async with vendor(token="s3cret") as client:
        for path in (LIST, "/api/managed_users/1", "/api/nothing", "/_sandbox/ledger"):
            reply = await client.get(path, headers={"Authorization": ""} | headers)
            assert (reply.status, reply.data) == (401, {"message": "Unauthorized"})
            assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
        assert client.sandbox.requests()["total"] == 3


async def test_a_new_token_replaces_the_old_one_for_the_api_only() -> None:
    async with vendor(token="old") as client:
        old = {"Authorization": "Bearer old"}
        assert (await client.post("/_sandbox/token", json={"token": "new"})).status == 200
        assert client.sandbox.token == "new"
        assert (await client.get(LIST)).status == 200
        assert (await client.get(LIST, headers=old)).status == 401
        assert (await client.get("/_sandbox/ledger")).status == 200
        assert (await client.get("/_sandbox/ledger", headers=old)).status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"token": 3}', b'{"token": ""}', b'{"token": "a b"}'])
async def test_a_token_that_is_none_is_refused(body: bytes) -> None:
    async with vendor(token="old") as client:
        reply = await client.post("/_sandbox/token", data=body)
        assert reply.status == 400
        assert reply.data["message"]
        assert client.sandbox.token == "old"


async def test_expiry_and_revocation_end_with_a_new_token(it: Vendor) -> None:
    it.sandbox.set_faults("expired=1")
    assert (await it.get(LIST)).status == 401
    it.sandbox.set_token("fresh")
    assert (await it.get(LIST)).status == 200
    it.sandbox.set_faults("revoke_after=2")
    assert [(await it.get(LIST)).status for _ in range(4)] == [200, 200, 401, 401]
    assert (await it.get("/_sandbox/requests")).status == 200
    it.sandbox.set_token("fresher")
    assert [(await it.get(LIST)).status for _ in range(4)] == [200] * 4
