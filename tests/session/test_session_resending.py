"""What is sent again, how often, and what is said when it is not (contract C4)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import aiohttp
import anyio
import pytest

from bulkops.catalogue import CALLS, Call
from bulkops.errors import (
    ApiError,
    ConfigError,
    ConnectionLost,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RequestTimeout,
    ServerError,
    Unauthorized,
)
from bulkops.rate_limit import Limit
from bulkops.session import ApiSession, RequestContext
from tests.patience import PATIENCE_S, until
from tests.virtual_time import over_sockets

GET = CALLS["managed_users.get"]
START = CALLS["managed_users.recipes.start"]
CREATE = CALLS["managed_users.folders.create"]
PATH: dict[str, str | int] = {"managed_user_id": "7", "recipe_id": 1}


async def _reset(_: Any, out: Any) -> None:
    out.reset()


async def _hang(_: Any, __: Any) -> None:
    await asyncio.sleep(60)


async def _cut_off(_: Any, out: Any) -> None:
    await out.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    out.close()


def _status(status: int, **headers: str) -> Callable[[Any, Any], Any]:
    async def handler(_: Any, out: Any) -> None:
        await out.json(status, {"message": "no"}, **headers)

    return handler


def _script(server: Any, *handlers: Any) -> None:
    """The n-th request meets the n-th handler; later ones the last."""

    async def handler(seen: Any, out: Any) -> None:
        await handlers[min(len(server.seen), len(handlers)) - 1](seen, out)

    server.handler = handler


OK = _status(200)


@over_sockets
async def test_what_a_server_says_unasked_is_no_response(server: Any, session: ApiSession) -> None:
    """A gateway that gives up an idle connection with a 408 and leaves it open."""

    async def and_one_more(_: Any, out: Any) -> None:
        await out.json(200, {"id": 7})
        await asyncio.sleep(1)
        await out.json(408, {"message": "idle"})

    _script(server, and_one_more, OK)
    for _ in range(2):
        reply = await session.send(GET, scope=RequestContext(), path=PATH)
        assert (reply.status, reply.attempt) == (200, 1)
        await asyncio.sleep(2)
    assert len(server.seen) == 2


@over_sockets
@pytest.mark.parametrize("failure", [_reset, _hang, _cut_off, _status(502), _status(503), _status(504)])
@pytest.mark.parametrize("call", [GET, START], ids=["read", "setter"])
async def test_safe_calls_are_sent_again(server: Any, session_for: Any, failure: Any, call: Call) -> None:
    _script(server, failure, failure, OK)
    async with session_for(server.url, attempt_timeout_s=10) as session:
        reply = await session.send(call, scope=RequestContext(), path=PATH)
    assert reply.attempt == 3
    assert len(server.seen) == 3
    assert len({seen.headers["x-request-id"] for seen in server.seen}) == 1


@over_sockets
@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (_reset, ConnectionLost),
        (_hang, RequestTimeout),
        (_cut_off, ConnectionLost),
        (_status(500), ServerError),
        (_status(502), ServerError),
        (_status(503, Retry_After="0"), ServerError),
        (_status(504), ServerError),
    ],
)
async def test_unsafe_call_is_sent_once_and_its_outcome_unknown(
    server: Any, session: ApiSession, failure: Any, cause: type[ApiError]
) -> None:
    server.handler = failure
    before = asyncio.get_running_loop().time()
    with pytest.raises(OutcomeUnknown, match="sent, but no usable response") as caught:
        await session.send(CREATE, scope=RequestContext(account="7"), path=PATH, json={"name": "x"})
    after = asyncio.get_running_loop().time()
    assert len(server.seen) == 1
    assert isinstance(caught.value.__cause__, cause)
    assert caught.value.sent_at is not None
    assert before <= caught.value.sent_at <= after


async def test_refused_unsafe_call_is_sent_again(server: Any, session: ApiSession) -> None:
    _script(server, _status(429, Retry_After="0"), OK)
    assert (await session.send(CREATE, scope=RequestContext(), path=PATH, json={})).attempt == 2


async def test_unsafe_call_is_sent_again_when_it_never_left(server: Any, session_for: Any, deaf: Any) -> None:
    listener: list[Any] = []
    attempts: list[Any] = []

    async def open_later() -> None:
        await until(lambda: attempts)
        listener.append(await asyncio.start_server(server.connected, sock=deaf))

    url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
    async with session_for(url, observe=attempts.append) as session, anyio.create_task_group() as tasks:
        tasks.start_soon(open_later)
        reply = await session.send(CREATE, scope=RequestContext(), path=PATH, json={})
    listener[0].close()
    await listener[0].wait_closed()
    assert reply.attempt > 1
    assert len(server.seen) == 1


async def test_a_500_is_final_for_a_setter_and_ends_for_a_read(server: Any, session: ApiSession) -> None:
    server.handler = _status(500)
    with pytest.raises(ServerError):
        await session.send(START, scope=RequestContext(), path=PATH)
    assert len(server.seen) == 1
    with pytest.raises(ServerError) as caught:
        await session.send(GET, scope=RequestContext(), path=PATH)
    assert caught.value.attempt == 9
    assert len(server.seen) == 10


async def test_silence_for_one_call_ends_while_others_are_answered(server: Any, session: ApiSession) -> None:

    async def handler(seen: Any, out: Any) -> None:
        if seen.target.endswith("/13"):  # between any two silences somebody else has an answer
            await session.send(GET, scope=RequestContext(), path={"managed_user_id": 7})
            out.reset()
        else:
            await OK(seen, out)

    server.handler = handler
    await session.send(GET, scope=RequestContext(), path={"managed_user_id": 7})
    with pytest.raises(ConnectionLost) as caught:
        await session.send(GET, scope=RequestContext(), path={"managed_user_id": 13})
    assert caught.value.attempt == 10


async def test_an_outage_of_the_host_fails_nobody(server: Any, session_for: Any) -> None:
    """Thirty calls meet a host that is away for far more than their resends; all of them are answered at its end."""
    loop = asyncio.get_running_loop()
    back_at = loop.time() + 0.6

    async def handler(seen: Any, out: Any) -> None:
        away = [_reset, _status(503), _status(502)][len(server.seen) % 3]
        await (OK if loop.time() > back_at else away)(seen, out)

    server.handler = handler
    replies: list[Any] = []
    async with session_for(server.url) as session, anyio.create_task_group() as tasks:

        async def one(number: int) -> None:
            replies.append(await session.send(GET, scope=RequestContext(seq=number), path={"managed_user_id": number}))

        for number in range(30):
            tasks.start_soon(one, number)
    assert len(replies) == 30
    during = sum(seen.at <= back_at for seen in server.seen)
    assert during < 30 + 10 + 200  # first attempts, the budget, probes at backoff pace: no storm


async def test_a_single_call_outlives_an_outage(server: Any, session: ApiSession) -> None:
    _script(server, *[_reset] * 30, OK)
    assert (await session.send(GET, scope=RequestContext(), path=PATH)).attempt == 31


@over_sockets
async def test_call_timeout_ends_it_with_the_last_error(server: Any, session_for: Any) -> None:
    server.handler = _status(503)
    loop = asyncio.get_running_loop()
    async with session_for(server.url, call_timeout_s=0.4, attempt_timeout_s=0.3, backoff_cap_s=0.08) as session:
        began = loop.time()
        with pytest.raises(ServerError):
            await session.send(GET, scope=RequestContext(), path=PATH)
        assert loop.time() - began <= 0.4
    assert len(server.seen) > 2


@over_sockets
async def test_attempt_is_not_longer_than_the_call(server: Any, session_for: Any) -> None:
    server.handler = _hang
    async with session_for(server.url, call_timeout_s=0.05, attempt_timeout_s=9) as session:
        with pytest.raises(RequestTimeout, match=r"within 0\.05 s"):
            await session.send(GET, scope=RequestContext(), path=PATH)


@over_sockets
async def test_retry_after_of_a_503_wins(server: Any, session: ApiSession) -> None:
    _script(server, _status(503, Retry_After="0.2"), OK)
    await session.send(GET, scope=RequestContext(), path=PATH)
    first, second = server.seen
    assert second.at - first.at == pytest.approx(0.2)


@pytest.mark.parametrize("garbage", ["soon", "-5", "1e9", "Wed, 99 Foo", "", "٣", "0x10"])
async def test_garbage_in_retry_after_does_no_harm(server: Any, session: ApiSession, garbage: str) -> None:
    async def handler(seen: Any, out: Any) -> None:
        if len(server.seen) > 1:
            await OK(seen, out)
        else:
            await out.raw(f"HTTP/1.1 429 X\r\nRetry-After: {garbage}\r\nContent-Length: 0\r\n\r\n".encode())

    server.handler = handler
    await asyncio.wait_for(session.send(GET, scope=RequestContext(), path=PATH), PATIENCE_S)
    assert len(server.seen) == 2


@over_sockets
async def test_429s_do_not_count_against_the_call(server: Any, session_for: Any) -> None:
    _script(server, *[_status(429)] * 20, OK)
    async with session_for(server.url, call_timeout_s=0.2, backoff_cap_s=0.04) as session:
        reply = await session.send(GET, scope=RequestContext(), path=PATH)
    assert reply.attempt == 21
    assert server.seen[-1].at - server.seen[0].at > 0.2


async def test_endless_429s_end(server: Any, session_for: Any) -> None:
    server.handler = _status(429, Retry_After="0")
    async with session_for(server.url, backoff_cap_s=0.003) as session:
        with pytest.raises(RateLimited) as caught:
            await session.send(CREATE, scope=RequestContext(), path=PATH, json={})
    assert caught.value.attempt == 50
    assert caught.value.retry_after_s == 0


async def test_earlier_unknown_outcome_is_the_truth_about_a_changing_call(server: Any, session: ApiSession) -> None:
    """Sent and lost, then refused: the server may have acted, so the refusal must not pass for "nothing happened"."""
    _script(server, OK, _reset, _status(401))
    await session.send(GET, scope=RequestContext(), path=PATH)
    with pytest.raises(ConnectionLost) as caught:
        await session.send(START, scope=RequestContext(), path=PATH)
    assert caught.value.sent_at is not None
    with pytest.raises(Unauthorized):
        await session.send(GET, scope=RequestContext(), path=PATH)


async def test_a_read_that_was_lost_before_says_what_came_last(server: Any, session: ApiSession) -> None:
    _script(server, OK, _reset, _status(404))
    await session.send(GET, scope=RequestContext(), path=PATH)
    with pytest.raises(NotFound):
        await session.send(GET, scope=RequestContext(), path=PATH)


@over_sockets
async def test_deadline_bounds_every_wait(server: Any, session_for: Any) -> None:
    loop = asyncio.get_running_loop()

    async def waits(session: ApiSession, call: Call) -> ApiError:
        began = loop.time()
        with pytest.raises(ApiError) as caught:
            await session.send(call, scope=RequestContext(deadline=began + 0.05), path=PATH)
        assert loop.time() - began == pytest.approx(0.05)
        return caught.value

    async with session_for(server.url, backoff_base_s=30, backoff_cap_s=30, call_timeout_s=900) as session:
        server.handler = _status(503)
        backoff = await waits(session, GET)
        assert isinstance(backoff, RequestTimeout)
        assert backoff.sent_at is None
        changing = await waits(session, START)
        assert isinstance(changing, ServerError)  # it left, and nobody knows what came of it
        server.handler = _status(429)
        assert isinstance(await waits(session, GET), RequestTimeout)
    server.handler = OK
    async with session_for(server.url, unlimited=False, quotas={GET.quota: (Limit(1, 3600.0),)}) as session:
        await session.send(GET, scope=RequestContext(), path=PATH)
        assert isinstance(await waits(session, GET), RequestTimeout)


@over_sockets
async def test_waiting_for_a_quota_does_not_count_against_the_call(server: Any, session_for: Any) -> None:
    quotas = {GET.quota: (Limit(1, 0.2),)}
    async with session_for(server.url, unlimited=False, quotas=quotas, call_timeout_s=0.1) as session:
        for _ in range(3):
            reply = await session.send(GET, scope=RequestContext(), path=PATH)
    assert reply.attempt == 1
    arrived = [seen.at for seen in server.seen]
    assert min(b - a for a, b in pairwise(arrived)) >= 0.2


async def test_waiting_for_a_quota_holds_no_connection(server: Any, session_for: Any) -> None:
    """Thirty requests that wait for slots of two at a time share two connections."""
    quotas = {GET.quota: (Limit(2, 0.02),)}
    async with (
        session_for(server.url, unlimited=False, quotas=quotas) as session,
        anyio.create_task_group() as tasks,
    ):
        for number in range(30):
            tasks.start_soon(partial(session.send, GET, scope=RequestContext(seq=number), path=PATH))
    assert len(server.seen) == 30
    assert server.connections <= 2


@pytest.mark.parametrize("status", [302, 307, 500, 502])
async def test_a_create_that_is_redirected_is_as_unknown_as_one_that_met_a_5xx(
    server: Any, session: ApiSession, status: int
) -> None:
    """Something between here and the vendor answered: whether the vendor acted is not known (one definition)."""
    _script(server, _status(status, Location="https://elsewhere.example/"))
    scope = RequestContext()
    with pytest.raises(OutcomeUnknown) as caught:
        await session.send(CREATE, scope=scope, path=PATH, json={"name": "x"})
    assert caught.value.may_have_acted
    assert (scope.writes, scope.lost_writes) == (0, 1)
    assert len(server.seen) == 1


async def test_an_aiohttp_with_other_parts_is_refused(
    server: Any, session_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(aiohttp.streams.StreamReader, "readany")
    with pytest.raises(ConfigError, match="bulkops does not work with aiohttp") as caught:
        async with session_for(server.url):
            pass
    assert "install an aiohttp" in str(caught.value)


async def test_a_resend_costs_a_token_and_each_good_answer_gives_a_part_of_one_back(
    server: Any, session: ApiSession
) -> None:
    _script(server, _status(503), _status(429, Retry_After="0"), OK, _status(503), OK)
    tokens = []
    for _ in range(4):
        await session.send(GET, scope=RequestContext(), path=PATH)
        tokens.append(session._budget.tokens(GET.quota))
    assert len(server.seen) == 7
    assert tokens == pytest.approx([9.1, 8.2, 8.3, 8.4])
