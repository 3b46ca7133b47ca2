"""A host that is away: announced, for a while, or since before the process began."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import anyio
import pytest

from bulkops.catalogue import CALLS, Call
from bulkops.errors import ApiError, ConnectFailed, OutcomeUnknown, ServerError
from bulkops.events import HostClosed
from bulkops.rate_limit import Limit
from bulkops.session import ApiSession, RequestContext
from tests.virtual_time import over_sockets

pytestmark = over_sockets

GET = CALLS["managed_users.get"]
FOLDERS = CALLS["managed_users.folders.list"]
CREATE = CALLS["managed_users.folders.create"]
PATH = {"managed_user_id": "7"}

REAL: dict[str, float] = {
    "backoff_base_s": 1.0,
    "backoff_cap_s": 60.0,
    "connect_timeout_s": 10.0,
    "call_timeout_s": 600.0,
}


async def _answer(out: Any, *, away_s: int = 0) -> None:
    """A good answer, or one that announces an outage."""
    await out.json(503 if away_s else 200, {"id": 1}, **({"Retry_After": str(away_s)} if away_s else {}))


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _became(session: ApiSession, *calls: Call, scope: RequestContext | None = None) -> list[tuple[float, str]]:
    """When each call ended, and how; all begin together."""
    began, ends = _now(), []

    async def one(number: int, call: Call) -> None:
        try:
            await session.send(
                call, scope=scope or RequestContext(seq=number), path=PATH, json=None if call.is_read else {}
            )
        except ApiError as error:
            ends.append((_now() - began, type(error).__name__))
        else:
            ends.append((_now() - began, "ok"))

    async with anyio.create_task_group() as tasks:
        for number, call in enumerate(calls):
            tasks.start_soon(one, number, call)
    return ends


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_an_announced_outage_closes_the_host_for_everybody_and_fails_nobody(
    server: Any, session_for: Any, status: int
) -> None:
    """Its time counts neither against the call (600 s) nor against the account (700 s)."""
    away_until = 0.0

    async def handler(_: Any, out: Any) -> None:
        if _now() < away_until:
            await out.json(status, {"message": "Maintenance"}, Retry_After=str(round(away_until - _now())))
        else:
            await out.json(200, {"id": 1})

    server.handler = handler
    events: list[Any] = []
    async with session_for(server.url, observe=events.append, **REAL) as session:
        await session.send(GET, scope=RequestContext(), path=PATH)
        away_until = _now() + 900
        began, before = _now(), len(server.seen)
        scope = RequestContext(deadline=_now() + 700)
        ends = await _became(session, GET, GET, FOLDERS, FOLDERS, FOLDERS, scope=scope)
        assert [how for _, how in ends] == ["ok"] * 5
        assert all(899 < at < 910 for at, _ in ends), ends
        arrivals = [seen.at - began for seen in server.seen[before:]]
        assert len([at for at in arrivals if at < 899]) <= 5, "each that was on its way, once"
        assert len(arrivals) <= 10
        assert not session._admission._is_late(scope)
        assert session._admission._is_late(RequestContext(deadline=_now() - 1)), "a later account's time is its own"
    (told,) = [event for event in events if isinstance(event, HostClosed)]
    assert (told.seconds, told.said) == (900.0, f"{status} Maintenance")


async def test_who_is_told_of_an_outage_later_than_others_is_no_news(server: Any, session_for: Any) -> None:
    """Requests in flight end one after the other, each with the same Retry-After."""

    async def handler(_: Any, out: Any) -> None:
        if 1 < len(server.seen) <= 11:
            await asyncio.sleep(0.5 * len(server.seen))
        await _answer(out, away_s=90 if 1 < len(server.seen) <= 11 else 0)

    server.handler = handler
    events: list[Any] = []
    async with session_for(server.url, observe=events.append, **REAL) as session:
        await session.send(GET, scope=RequestContext(), path=PATH)
        ends = await _became(session, *[GET] * 10)
    assert [how for _, how in ends] == ["ok"] * 10
    assert sum(isinstance(event, HostClosed) for event in events) == 1


async def test_an_outage_that_is_announced_again_is_waited_out_again(server: Any, session_for: Any) -> None:
    server.handler = lambda _, out: _answer(out, away_s=60 if len(server.seen) < 5 else 0)
    async with session_for(server.url, **REAL) as session:
        ((at, how),) = await _became(session, GET)
    assert how == "ok"
    assert 4 * 60 - 1 < at < 4 * 60 + 1


async def test_a_create_that_meets_an_announced_outage_is_unknown_and_looked_for_when_it_is_over(
    server: Any, session_for: Any
) -> None:
    away_until = 0.0

    server.handler = lambda _, out: _answer(out, away_s=max(0, round(away_until - _now())))
    async with session_for(server.url, **REAL) as session:
        await session.send(GET, scope=RequestContext(), path=PATH)
        began = _now()
        away_until = began + 900
        with pytest.raises(OutcomeUnknown):
            await session.send(CREATE, scope=RequestContext(), path=PATH, json={})
        assert _now() - began < 1
        await session.send(FOLDERS, scope=RequestContext(), path=PATH)
        assert 899 < _now() - began < 901
    assert len(server.seen) == 4


async def test_a_call_that_alone_announces_an_outage_closes_the_host_for_nobody_else(
    server: Any, session_for: Any
) -> None:
    """One broken account must not stop all others for an hour."""

    server.handler = lambda seen, out: _answer(out, away_s=10**12 if "folders" in seen.target else 0)
    events: list[Any] = []
    async with session_for(server.url, observe=events.append, **REAL) as session:
        await session.send(GET, scope=RequestContext(), path=PATH)
        broken: list[BaseException] = []

        async def ask() -> None:
            with pytest.raises(ServerError) as caught:
                await session.send(FOLDERS, scope=RequestContext(), path=PATH)
            broken.append(caught.value)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            for _ in range(40):
                ends = await _became(session, *[GET] * 3)
                assert [how for _, how in ends] == ["ok"] * 3
                assert max(at for at, _ in ends) < 1
    assert len(broken) == 1, "it has its own call's patience, as with any other Retry-After"
    assert not [event for event in events if isinstance(event, HostClosed)]


async def test_after_an_announced_outage_one_request_goes_first(server: Any, session_for: Any) -> None:
    """A host that is still away costs one request, not one per worker."""
    down = False

    server.handler = lambda _, out: _answer(out, away_s=60 if down else 0)
    async with session_for(server.url, **REAL) as session:
        await session.send(GET, scope=RequestContext(), path=PATH)
        down, before, began = True, len(server.seen), _now()
        with anyio.move_on_after(60 * 5 + 30):
            await _became(session, *[GET] * 40)
    late = [seen.at - began for seen in server.seen[before:] if seen.at - began > 30]
    assert [round(at / 60) for at in late] == [1, 2, 3, 4, 5]


async def test_a_host_that_is_late_after_an_announced_outage_meets_one_request_at_a_time(
    server: Any, session_for: Any
) -> None:
    answers = iter([200, *[503] * 40, *[502] * 20])
    together = most = 0

    async def handler(_: Any, out: Any) -> None:
        nonlocal together, most
        status = next(answers, 200)
        together += status == 502
        most = max(most, together)
        await asyncio.sleep(0.5 if status == 502 else 0)
        together -= status == 502
        await out.json(status, {"id": 1}, **({"Retry_After": "60"} if status == 503 else {}))

    server.handler = handler
    async with session_for(server.url, **REAL) as session:
        await session.send(GET, scope=RequestContext(), path=PATH)
        ends = await _became(session, *[GET] * 40)
    assert [how for _, how in ends] == ["ok"] * 40
    assert most == 1


async def test_the_probe_of_the_host_does_not_wait_for_a_full_window(server: Any, session_for: Any) -> None:
    """A resend whose quota is used up for minutes held the only probe: resends of all other quotas waited with it."""
    up_at = _now() + 120

    server.handler = lambda _, out: out.json(503 if _now() < up_at else 200, {"id": 1})
    quotas = {GET.quota: (Limit(11, 900.0),), FOLDERS.quota: (Limit(10_000, 1.0),)}
    tuning: dict[str, Any] = REAL | {"call_timeout_s": 36_000.0, "backoff_cap_s": 20.0}
    async with session_for(server.url, unlimited=False, quotas=quotas, **tuning) as session:
        ends = await _became(session, GET, FOLDERS)
    assert [how for _, how in ends] == ["ok", "ok"]
    assert ends[0][0] < 240, f"the other quota's resend came through {ends[0][0]:.0f} s after the beginning"


@pytest.mark.parametrize("refuses", ["to connect", "to speak"])
async def test_a_host_that_was_never_reached_ends_everything_within_seconds(
    server: Any, deaf: socket.socket, session_for: Any, refuses: str
) -> None:
    async def handler(_: Any, out: Any) -> None:
        out.reset()

    server.handler = handler
    url = server.url if refuses == "to speak" else f"http://127.0.0.1:{deaf.getsockname()[1]}"
    scope = RequestContext()
    async with session_for(url, **REAL) as session:
        ends = await _became(session, *[GET] * 60, scope=scope)
        assert all(how == ("ConnectFailed" if refuses == "to connect" else how) for _, how in ends)
        assert all(7 < at < 9 for at, _ in ends), ends
        assert session.stopped_by is scope.stopped_by is not None
        assert session.auth_failure is None
        began = _now()
        with pytest.raises(ConnectFailed) as caught:
            await session.send(GET, scope=RequestContext(), path=PATH)
        assert _now() == began
    assert caught.value.sent_at is None


async def test_a_host_that_has_answered_once_is_waited_for(deaf: socket.socket, server: Any, session_for: Any) -> None:
    async def handler(_: Any, out: Any) -> None:
        if 0 < _now() - began < 300:
            out.reset()
        else:
            await out.json(200, {"id": 1})

    began = _now()
    server.handler = handler
    async with session_for(server.url, **REAL) as session:
        began = _now() + 1e9
        await session.send(GET, scope=RequestContext(), path=PATH)
        began = _now() - 1e-3
        ends = await _became(session, *[GET] * 20)
        assert session.stopped_by is None
    assert [how for _, how in ends] == ["ok"] * 20
    assert min(at for at, _ in ends) > 298
