"""One attempt: what leaves, what may come back, and that nothing leaves twice."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import anyio
import pytest

import bulkops
from bulkops.catalogue import CALLS
from bulkops.errors import (
    BodyTooLarge,
    ConfigError,
    ConnectFailed,
    ConnectionLost,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    PlanError,
    RequestTimeout,
    ServerError,
    StatusError,
)
from bulkops.events import AttemptEnded
from bulkops.rate_limit import Limit
from bulkops.secret import Secret
from bulkops.session import ApiSession, RequestContext
from bulkops.settings import Auth
from tests.patience import PATIENCE_S, until
from tests.virtual_time import over_sockets

GET = CALLS["managed_users.get"]
START = CALLS["managed_users.recipes.start"]
CREATE = CALLS["managed_users.folders.create"]
IMPORT = CALLS["managed_users.imports.create"]
CUSTOMER = {"managed_user_id": "7"}


async def test_request_carries_token_agent_and_id_in_headers_only(server: Any, session: ApiSession, token: str) -> None:
    reply = await session.send(GET, scope=RequestContext(), path=CUSTOMER, query={"a": "b c&d", "n": None, "t": True})
    (seen,) = server.seen
    assert seen.target == "/api/managed_users/7?a=b+c%26d&t=true"
    assert seen.headers["authorization"] == f"Bearer {token}"
    assert seen.headers["user-agent"] == f"bulkops/{bulkops.__version__}"
    assert seen.headers["x-request-id"] == seen.headers["x-correlation-id"] == reply.request_id
    assert "cookie" not in seen.headers
    assert reply.status == 200
    assert reply.path == "/api/managed_users/7"
    assert reply.elapsed_s > 0


@pytest.mark.parametrize(
    ("account", "sent"),
    [("Ea/b 1", "Ea%2Fb%201"), ("E%2F", "E%252F"), ("Eä?#", "E%C3%A4%3F%23"), ("E..", "E.."), ("41", "41")],
)
async def test_external_ids_are_encoded_whole_and_once(
    server: Any, session: ApiSession, account: str, sent: str
) -> None:
    await session.send(GET, scope=RequestContext(), path={"managed_user_id": account})
    assert server.seen[0].target == f"/api/managed_users/{sent}"


async def test_legacy_schemes(server: Any, session_for: Any) -> None:
    auth = Auth(token=Secret("t0/k"), scheme="legacy-headers", email="a@b.example")
    async with session_for(server.url, auth=auth) as session:
        await session.send(GET, scope=RequestContext(), path=CUSTOMER)
    auth = Auth(token=Secret("t0/k"), scheme="legacy-query", email="a@b.example")
    async with session_for(server.url, auth=auth) as session:
        reply = await session.send(GET, scope=RequestContext(), path=CUSTOMER)
    by_header, by_query = server.seen
    assert by_header.headers["x-user-token"] == "t0/k"
    assert by_header.headers["x-user-email"] == "a@b.example"
    assert "authorization" not in by_header.headers | by_query.headers
    assert by_query.target == "/api/managed_users/7?user_token=t0%2Fk&user_email=a%40b.example"
    assert "t0" not in reply.path


async def test_large_zip_arrives_whole_as_octets(server: Any, session: ApiSession) -> None:
    data = bytes(range(256)) * 8192
    path = CUSTOMER | {"folder_id": 3}
    await session.send(IMPORT, scope=RequestContext(), path=path, query={"folder_id": 3}, data=data)
    (seen,) = server.seen
    assert seen.body == data
    assert seen.headers["content-type"] == "application/octet-stream"
    assert "transfer-encoding" not in seen.headers


async def test_json_body(server: Any, session: ApiSession) -> None:
    await session.send(CREATE, scope=RequestContext(), path=CUSTOMER, json={"name": "Ä"})
    assert server.seen[0].body == '{"name":"Ä"}'.encode()
    assert server.seen[0].headers["content-type"] == "application/json"


@over_sockets
@pytest.mark.parametrize("call", [START, GET], ids=["PUT", "GET"])
async def test_dead_kept_alive_connection_is_not_used_twice_by_aiohttp(
    server: Any, session_for: Any, call: Any
) -> None:
    """aiohttp's own resend would arrive without a slot: every arrival must be an attempt of ours."""

    async def handler(seen: Any, out: Any) -> None:
        if len(server.seen) == 1:
            await out.json(200, {"id": 1})
        else:
            out.close()

    server.handler = handler
    attempts: list[Any] = []
    async with session_for(server.url, observe=attempts.append, call_timeout_s=0.05) as session:
        await session.send(GET, scope=RequestContext(), path=CUSTOMER)
        with pytest.raises(ConnectionLost):
            await session.send(call, scope=RequestContext(), path=CUSTOMER | {"recipe_id": 1})
    assert len(server.seen) == sum(isinstance(event, AttemptEnded) for event in attempts) > 1


async def test_no_redirect_is_followed(server: Any, session: ApiSession, token: str) -> None:
    async def handler(_: Any, out: Any) -> None:
        await out.body(302, Location=f"http://127.0.0.1:{server.port}/elsewhere?user_token={token}")

    server.handler = handler
    with pytest.raises(
        StatusError, match=r"302 .*redirects to http://127\.0\.0\.1.*does not follow redirects"
    ) as caught:
        await session.send(GET, scope=RequestContext(), path=CUSTOMER)
    assert caught.value.status == 302
    assert len(server.seen) == 1


async def test_cookies_are_not_kept(server: Any, session: ApiSession) -> None:
    server.handler = lambda _, out: out.json(200, {}, Set_Cookie="a=b")
    for _ in range(2):
        await session.send(GET, scope=RequestContext(), path=CUSTOMER)
    assert "cookie" not in server.seen[1].headers


@over_sockets
async def test_html_502_is_an_error_in_words(server: Any, session_for: Any) -> None:
    async def handler(_: Any, out: Any) -> None:
        page = b"<html><head><title>502 Bad Gateway</title></head><body><h1>x</h1>\xff</body></html>"
        await out.body(502, page, Content_Type="text/html")

    server.handler = handler
    async with session_for(server.url, call_timeout_s=0.01, backoff_base_s=0.02) as session:
        with pytest.raises(ServerError, match=r"502 Bad Gateway") as caught:
            await session.send(GET, scope=RequestContext(account="7"), path=CUSTOMER)
    error = caught.value
    assert error.cause == "managed_users.get: 502 Bad Gateway"
    assert (error.call, error.account, error.path) == ("managed_users.get", "7", "/api/managed_users/7")


async def test_gzip_bomb_is_cut_off(server: Any, session_for: Any) -> None:
    bomb = gzip.compress(b"0" * 30_000_000)

    server.handler = lambda _, out: out.body(200, bomb, Content_Encoding="gzip")
    async with session_for(server.url, max_body_bytes=1_000_000) as session:
        with pytest.raises(BodyTooLarge, match="larger than 1000000 bytes"):
            await session.send(GET, scope=RequestContext(), path=CUSTOMER)
        with pytest.raises(OutcomeUnknown, match="larger than 1000000 bytes") as caught:
            await session.send(CREATE, scope=RequestContext(), path=CUSTOMER, json={})
    assert isinstance(caught.value.__cause__, BodyTooLarge)
    assert len(server.seen) == 2


async def test_gzip_body_is_unpacked(server: Any, session: ApiSession) -> None:
    server.handler = lambda _, out: out.body(200, gzip.compress(b'{"id": 3}'), Content_Encoding="gzip")
    assert (await session.send(GET, scope=RequestContext(), path=CUSTOMER)).body == b'{"id": 3}'


async def _endless(out: Any, status: int) -> None:
    await out.raw(f"HTTP/1.1 {status} X\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    while True:
        await out.raw(b"10000\r\n" + b"x" * 65536 + b"\r\n")


async def test_endless_body_is_cut_off(server: Any, session_for: Any) -> None:
    server.handler = lambda _, out: _endless(out, 200)
    async with session_for(server.url, max_body_bytes=300_000) as session:
        with pytest.raises(BodyTooLarge):
            await session.send(GET, scope=RequestContext(), path=CUSTOMER)


async def test_endless_error_body_is_still_the_error(server: Any, session: ApiSession) -> None:
    server.handler = lambda _, out: _endless(out, 404)
    with pytest.raises(NotFound) as caught:
        await session.send(GET, scope=RequestContext(), path=CUSTOMER)
    assert len(caught.value.said) <= 300


async def test_error_whose_body_breaks_off_is_still_the_error(server: Any, session: ApiSession) -> None:
    async def handler(_: Any, out: Any) -> None:
        await out.raw(b"HTTP/1.1 403 X\r\nContent-Length: 100\r\n\r\nshort")
        out.close()

    server.handler = handler
    with pytest.raises(Forbidden, match="403 short"):
        await session.send(GET, scope=RequestContext(), path=CUSTOMER)


@over_sockets
async def test_error_whose_body_stalls_is_still_the_error(server: Any, session_for: Any) -> None:
    """As a timeout, a refused create would have an unknown outcome."""

    async def handler(_: Any, out: Any) -> None:
        await out.raw(b"HTTP/1.1 403 X\r\nContent-Length: 100\r\n\r\nshort")
        await asyncio.sleep(3600)

    server.handler = handler
    async with session_for(server.url, attempt_timeout_s=45.0) as session:
        with pytest.raises(Forbidden, match="403 short"):
            await session.send(CREATE, scope=RequestContext(), path=CUSTOMER, json={})


@over_sockets
async def test_slow_body_meets_the_attempt_timeout(server: Any, session_for: Any) -> None:
    async def handler(_: Any, out: Any) -> None:
        await out.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await out.raw(b"x")
            await asyncio.sleep(0.01)

    server.handler = handler
    async with session_for(server.url, attempt_timeout_s=0.06) as session:
        began = asyncio.get_running_loop().time()
        with pytest.raises(OutcomeUnknown, match=r"no response within 0\.06 s"):
            await session.send(CREATE, scope=RequestContext(), path=CUSTOMER, json={})
        assert asyncio.get_running_loop().time() - began == pytest.approx(0.06)  # the whole body would take ten seconds


@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["not http", "long header", "many headers", "bad gzip", "bad length", "bad chunk"],
)
async def test_answers_that_are_not_http_are_ours(server: Any, session: ApiSession, garbage: bytes) -> None:
    async def handler(_: Any, out: Any) -> None:
        await out.raw(garbage)
        out.close()

    server.handler = handler
    with pytest.raises(OutcomeUnknown, match="connection was lost") as caught:
        await session.send(CREATE, scope=RequestContext(), path=CUSTOMER, json={})
    assert isinstance(caught.value.__cause__, ConnectionLost)
    assert caught.value.__cause__.__context__ is None
    assert len(server.seen) == 1


@over_sockets
async def test_nothing_listens(session_for: Any, deaf: Any) -> None:
    url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
    async with session_for(url, call_timeout_s=0.02, backoff_base_s=0.02) as session:
        with pytest.raises(ConnectFailed, match=f"cannot connect to {url}: .*refused") as caught:
            await session.send(CREATE, scope=RequestContext(), path=CUSTOMER, json={})
    assert caught.value.sent_at is None


async def test_host_without_tls_is_not_tried_again(session_for: Any) -> None:
    connections = 0

    async def plain(_: Any, writer: Any) -> None:
        nonlocal connections
        connections += 1
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        async with session_for(f"https://127.0.0.1:{port}") as session:
            with pytest.raises(ConnectFailed, match=r"TLS|SSL"):
                await asyncio.wait_for(session.send(GET, scope=RequestContext(), path=CUSTOMER), PATIENCE_S)
    assert connections == 1


@over_sockets
async def test_sent_at_is_when_it_left_and_for_a_stalled_body_when_it_was_given_up(
    server: Any, session_for: Any
) -> None:
    writers: list[Any] = []

    async def never_read(_: Any, writer: Any) -> None:
        writers.append(writer)

    clock = asyncio.get_running_loop().time
    async with session_for(server.url, attempt_timeout_s=0.5) as session:

        async def hang(_: Any, __: Any) -> None:
            await asyncio.sleep(5)

        server.handler = hang
        before = clock()
        with pytest.raises(OutcomeUnknown) as small:
            await session.send(CREATE, scope=RequestContext(), path=CUSTOMER, json={"name": "x"})
        assert small.value.sent_at == before
    listener = await asyncio.start_server(never_read, "127.0.0.1", 0, limit=1024)
    port = listener.sockets[0].getsockname()[1]
    async with session_for(f"http://127.0.0.1:{port}", attempt_timeout_s=0.5) as session:
        before = clock()
        with pytest.raises(OutcomeUnknown) as large:
            await session.send(IMPORT, scope=RequestContext(), path=CUSTOMER, data=b"x" * 30_000_000)
        assert large.value.sent_at == pytest.approx(before + 0.5)
    for writer in writers:
        writer.transport.abort()
    listener.close()
    await listener.wait_closed()


async def test_read_only_scope_lets_reads_through_only(server: Any, session: ApiSession) -> None:
    scope = RequestContext(read_only=True)
    await session.send(GET, scope=scope, path=CUSTOMER)
    for call in (CREATE, START, IMPORT):
        with pytest.raises(PlanError, match="nothing was sent"):
            await session.send(call, scope=scope, path=CUSTOMER | {"recipe_id": 1})
    assert len(server.seen) == 1


async def test_deadline_is_met_before_sending(server: Any, session: ApiSession) -> None:
    scope = RequestContext(deadline=asyncio.get_running_loop().time() - 1)
    with pytest.raises(RequestTimeout, match="not sent") as caught:
        await session.send(GET, scope=scope, path=CUSTOMER)
    assert caught.value.sent_at is None
    assert server.seen == []


async def test_scope_counts_what_the_vendor_accepted(server: Any, session: ApiSession) -> None:
    statuses = iter([429, 200, 404, 200, 200])

    server.handler = lambda _, out: out.json(next(statuses), {"id": 1}, Retry_After="0")
    scope = RequestContext(seq=4)
    await session.send(GET, scope=scope, path=CUSTOMER)
    with pytest.raises(NotFound):
        await session.send(GET, scope=scope, path=CUSTOMER)
    await session.send(GET, scope=scope, path=CUSTOMER, poll=True)
    await session.send(CREATE, scope=scope, path=CUSTOMER, json={})
    assert (scope.accepted, scope.writes, scope.progress) == (4, 1, 2)
    assert scope.priority == (-2, 4)


async def test_session_must_be_open(server: Any, session_for: Any) -> None:
    session = session_for(server.url)
    with pytest.raises(ConfigError, match="not open"):
        await session.send(GET, scope=RequestContext(), path=CUSTOMER)
    async with session:
        with pytest.raises(ConfigError, match="already open"):
            await session.__aenter__()
    with pytest.raises(ConfigError, match="not open"):
        await session.send(GET, scope=RequestContext(), path=CUSTOMER)


async def test_closing_leaves_nobody_waiting(server: Any, session_for: Any) -> None:
    from bulkops.rate_limit import Limit

    session = session_for(server.url, unlimited=False, quotas={GET.quota: (Limit(1, 3600.0),)})
    failures: list[Exception] = []

    async def wait() -> None:
        try:
            await session.send(GET, scope=RequestContext(), path=CUSTOMER)
        except ConfigError as error:
            failures.append(error)

    async with anyio.create_task_group() as tasks, session:
        await session.send(GET, scope=RequestContext(), path=CUSTOMER)
        tasks.start_soon(wait)
        await until(lambda: session.pacer.statistics()[GET.quota].waiting == 1)
    assert len(failures) == 1
    assert len(server.seen) == 1


async def test_the_servers_own_id_of_a_request_is_told(server: Any, session_for: Any) -> None:
    """It is what the vendor's support asks for, in an event and in an error's text; an echo adds nothing."""
    own = ["vendor-17"]

    async def handler(seen: Any, out: Any) -> None:
        await out.json(404, {"message": "Not found"}, X_Correlation_Id=own[0] or seen.headers["x-correlation-id"])

    server.handler = handler
    events: list[Any] = []
    async with session_for(server.url, observe=events.append) as session:
        for name, said in (("vendor-17", "the server's id for it: vendor-17"), ("", "Not found")):
            own[0] = name
            with pytest.raises(NotFound, match=said) as caught:
                await session.send(GET, scope=RequestContext(), path=CUSTOMER)
            assert ("the server's id" in str(caught.value)) is bool(name)
            assert caught.value.cause == "managed_users.get: 404 Not found"
    told = [event.correlation_id for event in events if isinstance(event, AttemptEnded)]
    assert told == ["vendor-17", None]


@pytest.mark.parametrize("name", ["X_Rate_Limit_Remaining", "X_RateLimit_Remaining"])
async def test_a_quota_that_others_have_emptied_is_not_used_up_in_a_burst(
    server: Any, session_for: Any, name: str
) -> None:
    server.handler = lambda _, out: out.json(200, {"id": 7}, **{name: "0"})
    async with session_for(server.url, unlimited=False, quotas={GET.quota: (Limit(100, 2.0),)}) as session:
        began = asyncio.get_running_loop().time()
        for _ in range(4):
            await session.send(GET, scope=RequestContext(), path=CUSTOMER)
        assert asyncio.get_running_loop().time() - began >= 3 * 2.0 / 100
