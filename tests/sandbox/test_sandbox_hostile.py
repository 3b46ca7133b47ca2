"""Whatever arrives: a reply in JSON, no traceback, and the next request is served."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote_from_bytes, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.sandbox.kit import FIRST, Vendor, shop_package, vendor

HOME = f"/api/managed_users/{FIRST}"


@asynccontextmanager
async def quiet(caplog: pytest.LogCaptureFixture) -> AsyncIterator[Vendor]:
    """A sandbox that must log nothing and still serve at the end."""
    with caplog.at_level(logging.INFO):
        async with vendor(token="t") as client:
            yield client
            assert (await client.get("/api/managed_users")).status == 200
    assert caplog.records == []


async def _raw(client: Vendor, sent: bytes, *, half_close: bool = False) -> bytes:
    """What comes back for raw bytes."""
    port = urlsplit(client.sandbox.url).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        if half_close:
            writer.write_eof()
        async with asyncio.timeout(60):
            return await reader.read(65536)
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


AUTH = b"Host: x\r\nAuthorization: Bearer t\r\n"


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
        (b"GET\r\n\r\n", {400}),
        (b"GET /api/managed_users HTTP/9.9\r\n\r\n", {400}),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + AUTH + b"\r\n", {400}),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 500 + b"\r\n", {400, 401}),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", {400}),
        (b"POST /api/managed_users HTTP/1.1\r\n" + AUTH + b"Content-Length: -1\r\n\r\n", {400}),
        (b"POST /api/managed_users HTTP/1.1\r\n" + AUTH + b"Content-Length: 9999999999\r\n\r\n", {413}),
        (b"POST /api/managed_users HTTP/1.1\r\n" + AUTH + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", {400}),
        (
            b"POST /api/managed_users HTTP/1.1\r\n" + AUTH + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
            {400},
        ),
        (b"OPTIONS * HTTP/1.1\r\n" + AUTH + b"\r\n", {404}),
        (b"CONNECT x:1 HTTP/1.1\r\n" + AUTH + b"\r\n", {400, 404}),
        (b"GET http://x/api/managed_users HTTP/1.1\r\n" + AUTH + b"\r\n", {200}),
        (b"GET /api/managed_users/%zz%00%ff HTTP/1.1\r\n" + AUTH + b"\r\n", {404}),
        (b"GET /api/managed_users?%zz=%ff&page=\xff HTTP/1.1\r\n" + AUTH + b"\r\n", {200, 400}),
        (b"GET /api/managed_users?" + b"a=b&" * 1500 + b" HTTP/1.1\r\n" + AUTH + b"\r\n", {200}),
        (b"POST " + HOME.encode() + b"/folders?folder_name=\xff HTTP/1.1\r\n" + AUTH + b"\r\n", {200, 400}),
        (b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n", {401}),
        (b"GET /../../api/managed_users HTTP/1.1\r\n" + AUTH + b"\r\n", {404}),
        (b"BREW /api/managed_users HTTP/1.1\r\n" + AUTH + b"\r\n", {400, 404}),
        (b"GET /api/managed_users HTTP/1.0\r\n" + AUTH + b"\r\n", {200}),
        (b"GET /api/managed_users HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n" + AUTH + b"\r\n", {200}),
    ],
)
async def test_raw_bytes_get_json(caplog: pytest.LogCaptureFixture, sent: bytes, statuses: set[int]) -> None:
    async with quiet(caplog) as client:
        reply = await _raw(client, sent)
        head, _, body = reply.partition(b"\r\n\r\n")
        assert int(head.split()[1]) in statuses, reply
        data = json.loads(body)
        assert "result" in data or data.get("message") or data.get("id")


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"3", b"null", b'"x"', b'{"name": NaN}', b"\xff\xfe", b"[" * 100_000, b"\x00"]
)
async def test_bodies_that_are_no_object_are_400(caplog: pytest.LogCaptureFixture, body: bytes) -> None:
    async with quiet(caplog) as client:
        for path in ("/api/managed_users", f"{HOME}/folders"):
            reply = await client.post(path, data=body, headers={"Content-Type": "application/json"})
            assert reply.status == 400
            assert reply.data["message"]
        assert client.sandbox.effects() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"/api/v2/managed_users/{FIRST}/tags", {"title": "T", "color": {}}),
        ("POST", f"{HOME}/recipes", {"recipe": {"name": "R", "code": [{}]}}),
        ("POST", "/api/recipes", {"recipe": {"name": "R", "code": [[]]}}),
        (
            "POST",
            "/api/developer_api_clients",
            {"name": "N", "api_privilege_group_id": 26779, "all_folders": True, "environment_name": [None]},
        ),
    ],
)
async def test_members_of_another_type_are_400(
    caplog: pytest.LogCaptureFixture, method: str, path: str, body: dict[str, object]
) -> None:
    """What `make check-sandbox` has found."""
    async with quiet(caplog) as client:
        reply = await client(method, path, json=body)
        assert reply.status == 400
        assert reply.data["message"]


async def test_bodies_are_bounded(caplog: pytest.LogCaptureFixture) -> None:
    async with quiet(caplog) as client:
        reply = await client.post(f"{HOME}/folders", data=io.BytesIO(b" " * (1024 * 1024 + 1)))
        assert reply.status == 413
        assert "larger" in reply.data["message"]

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b" " * 65536

        assert (await client.post(f"{HOME}/folders", data=endless())).status == 413
        bomb = gzip.compress(b" " * 20_000_000)
        reply = await client.post(f"{HOME}/folders", data=bomb, headers={"Content-Encoding": "gzip"})
        assert reply.status == 413


async def test_a_body_that_ends_early_has_no_effect(caplog: pytest.LogCaptureFixture) -> None:
    async with quiet(caplog) as client:
        head = b"POST " + HOME.encode() + b"/folders HTTP/1.1\r\n" + AUTH + b"Content-Length: 100\r\n\r\n"
        await _raw(client, head + b'{"name": "CRM"}', half_close=True)
        assert client.sandbox.effects() == []
        assert client.sandbox.requests()["total"] == 1


async def test_a_client_that_asks_before_it_sends(caplog: pytest.LogCaptureFixture) -> None:
    async with quiet(caplog) as client:
        folder = await client.folder()
        sent = await client.post(
            f"{HOME}/imports?folder_id={folder}", data=shop_package(), headers={"Expect": "100-continue"}
        )
        assert sent.status == 200
        assert (await client.finished(sent.data["id"]))["status"] == "completed"


async def test_huge_numbers_and_deep_credentials(caplog: pytest.LogCaptureFixture) -> None:
    async with quiet(caplog) as client:
        await client.imported(shop_package(), await client.folder())
        (row,) = await client.connections()
        path = f"{HOME}/connections/{row['id']}"
        deep = b'{"input": ' + b'{"a":' * 990 + b"1" + b"}" * 990 + b"}"
        for body in (b'{"input": {"a": %s}}' % (b"9" * 400), deep, b'{"folder_id": %s}' % (b"9" * 400)):
            assert (await client.put(path, data=body)).status in {200, 400, 404}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{HOME}/recipes?page=999999999999999999", 200),
        (f"{HOME}/recipes?updated_after=0001-01-01T00:00:00%2B23:59", 200),
        (f"{HOME}/activity_logs?from=9999-12-31T23:59:59-23:59", 200),
        (f"{HOME}/activity_logs?to=0001-01-01T00:00:00%2B23:59", 200),
        (f"{HOME}/activity_logs?from=soon", 400),
        ("/api/activity_logs?to=0001-01-01", 200),
    ],
)
async def test_numbers_and_times_beyond_all_measure(caplog: pytest.LogCaptureFixture, path: str, status: int) -> None:
    async with quiet(caplog) as client:
        await client.folder()  # something to compare with
        assert (await client.get(path)).status == status


async def test_a_secret_that_no_header_should_hold(caplog: pytest.LogCaptureFixture) -> None:
    async with quiet(caplog) as client:
        (collection, *_) = (await client.get("/api/api_collections")).data
        body = {"name": "C", "auth_type": "token", "api_collection_ids": [collection["id"]]}
        made = (await client.post("/api/v2/api_clients", json=body)).data["data"]
        await client.post(f"/api/v2/api_clients/{made['id']}/api_keys", json={"name": "K", "active": True})
        (endpoint, *_) = (await client.get("/api/api_endpoints")).data
        called = await client(endpoint["method"], endpoint["base_path"], headers={"API-TOKEN": "s\u00e9cret"})
        assert called.status == 401


async def test_who_names_no_host_is_told_the_one_that_answers(caplog: pytest.LogCaptureFixture) -> None:
    """The name of this machine is asked of nobody: that may take seconds, and stops every request meanwhile."""
    async with quiet(caplog) as client:
        reply = await _raw(client, b"GET /api/api_collections HTTP/1.0\r\nAuthorization: Bearer t\r\n\r\n")
        (row, *_) = json.loads(reply.partition(b"\r\n\r\n")[2])
        assert row["url"].startswith(f"{client.sandbox.url}/_gateway/")
        for odd in (b"\xff", b'"<x>', b"a/b", b"a b", b""):
            head = b"GET /api/api_collections HTTP/1.1\r\nConnection: close\r\nAuthorization: Bearer t\r\nHost: "
            reply = await _raw(client, head + odd + b"\r\n\r\n")
            assert json.loads(reply.partition(b"\r\n\r\n")[2])[0]["url"] == row["url"], odd


async def test_what_a_job_is_resumed_with_may_be_large(caplog: pytest.LogCaptureFixture) -> None:
    """Up to 50 MB (vendor facts, section 16), where everything else ends at one."""
    async with quiet(caplog) as client:
        body = json.dumps({"token": "none", "data": {"a": "b" * 2_000_000}}).encode()
        reply = await client.post("/api/job/resume", data=io.BytesIO(body))
        assert reply.status == 404


async def test_an_invitation_that_is_too_large_counts_all_the_same() -> None:
    async with vendor(token="t", quotas="documented", time_scale=1.0) as client:
        before = client.sandbox.requests()["total"]
        large = io.BytesIO(b" " * (1024 * 1024 + 1))
        assert (await client.post(f"{HOME}/member_invitations", data=large)).status == 413
        counted = client.sandbox.requests()
        assert counted["total"] == before + 1
        assert counted["quotas"]["embedded.collaborators.invite"]["requests"] == 1


paths = st.lists(
    st.sampled_from(
        [
            b"api",
            b"managed_users",
            b"%d" % FIRST,
            b"EORG-1",
            b"folders",
            b"recipes",
            b"imports",
            b"1",
            b"_sandbox",
            b"",
            b"..",
        ]
    )
    | st.binary(max_size=8).map(lambda raw: quote_from_bytes(raw).encode()),
    max_size=7,
)
queries = st.lists(
    st.tuples(
        st.sampled_from([b"page", b"per_page", b"since_id", b"folder_id", b"running", b"parent_id"]),
        st.binary(max_size=12).map(lambda raw: quote_from_bytes(raw).encode()),
    ),
    max_size=4,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=st.sampled_from([b"GET", b"POST", b"PUT"]), path=paths, query=queries, body=st.binary(max_size=60))
async def test_anything_http_gets_a_json_reply(
    caplog: pytest.LogCaptureFixture, method: bytes, path: list[bytes], query: list[tuple[bytes, bytes]], body: bytes
) -> None:
    target = b"/" + b"/".join(path) + b"?" + b"&".join(b"=".join(pair) for pair in query)
    head = method + b" " + target + b" HTTP/1.1\r\nConnection: close\r\n" + AUTH
    async with quiet(caplog) as client:
        reply = await _raw(client, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        line, _, text = reply.partition(b"\r\n\r\n")
        assert int(line.split()[1]) in {200, 400, 404}, reply
        assert json.loads(text) is not None
