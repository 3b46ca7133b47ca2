"""Who may send at all: the first request goes alone, and after a 401 nobody does. Slots are settled exactly once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Any

import anyio
import pytest

from bulkops.catalogue import CALLS, Call
from bulkops.errors import ConfigError, Forbidden, Invalid, NotFound, RequestTimeout, Unauthorized
from bulkops.events import AttemptEnded
from bulkops.pacing import HeldSlot, Pacer, Quota
from bulkops.pacing.slots_in_hand import Returned
from bulkops.rate_limit import Limit
from bulkops.session import ApiSession, RequestContext
from bulkops.session._attempt import Attempt, PendingCall
from bulkops.session._request import build
from bulkops.session._retry import MAX_RESENDS
from bulkops.session._transport import Transport
from bulkops.session._waits import WaitCancelled
from tests.patience import until

GET = CALLS["managed_users.get"]
CREATE = CALLS["managed_users.folders.create"]
PATH = {"managed_user_id": "7"}


async def _all(session: ApiSession, count: int) -> list[object]:
    """What became of `count` sends at once: replies and errors."""
    results: list[object] = []

    async def one(number: int) -> None:
        try:
            results.append(await session.send(GET, scope=RequestContext(seq=number), path={"managed_user_id": number}))
        except (Unauthorized, NotFound, RequestTimeout) as error:
            results.append(error)

    async with anyio.create_task_group() as tasks:
        for number in range(count):
            tasks.start_soon(one, number)
    return results


async def test_bad_token_costs_one_request(server: Any, session: ApiSession) -> None:
    async def handler(_: Any, out: Any) -> None:
        await asyncio.sleep(0.02)
        await out.json(401, {"message": "Unauthorized"})

    server.handler = handler
    results = await _all(session, 50)
    assert isinstance(session.auth_failure, Unauthorized)
    assert len(server.seen) == 1
    assert all(isinstance(result, Unauthorized) for result in results)
    assert sum(result.sent_at is not None for result in results) == 1  # type: ignore[attr-defined]
    assert len({result.cause for result in results}) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [200, 404])
async def test_others_wait_until_the_first_has_its_reply(server: Any, session: ApiSession, status: int) -> None:
    waiting_with: list[int] = []

    async def handler(_: Any, out: Any) -> None:
        if len(server.seen) == 1:
            await asyncio.sleep(0.05)
            waiting_with.append(len(server.seen))
        await out.json(status, {"id": 1})

    server.handler = handler
    results = await _all(session, 20)
    assert waiting_with == [1]
    assert len(results) == len(server.seen) == 20


async def test_when_the_first_gets_no_reply_the_next_one_tries_alone(server: Any, session: ApiSession) -> None:
    together = 0
    most = 0

    async def handler(_: Any, out: Any) -> None:
        nonlocal together, most
        if len(server.seen) > 3:
            await out.json(200, {"id": 1})
            return
        together += 1
        most = max(most, together)
        await asyncio.sleep(0.01)
        together -= 1
        out.reset()

    server.handler = handler
    results = await _all(session, 10)
    assert most == 1
    assert not any(isinstance(result, Exception) for result in results)


async def test_cancelled_first_request_leaves_the_door_to_the_next(server: Any, session_for: Any) -> None:
    async def handler(_: Any, out: Any) -> None:
        if len(server.seen) == 1:
            await asyncio.sleep(60)
        await out.json(200, {"id": 1})

    server.handler = handler
    async with session_for(server.url) as session, anyio.create_task_group() as tasks:
        first = asyncio.create_task(session.send(GET, scope=RequestContext(), path=PATH))
        await until(lambda: server.seen)
        first.cancel()
        assert (await session.send(GET, scope=RequestContext(), path=PATH)).status == 200
        tasks.cancel_scope.cancel()


async def test_after_a_401_nothing_new_is_sent_and_what_is_out_finishes(server: Any, session_for: Any) -> None:
    release = asyncio.Event()

    async def handler(seen: Any, out: Any) -> None:
        if seen.target.endswith("/401"):
            await out.json(401, {"message": "revoked"})
            return
        if seen.target.endswith("/1"):
            await release.wait()
        await out.json(200, {"id": 1})

    server.handler = handler
    results: dict[str, object] = {}

    async def one(session: ApiSession, name: str, call: Call, account: int) -> None:
        try:
            results[name] = await session.send(call, scope=RequestContext(), path={"managed_user_id": account})
        except Unauthorized as error:
            results[name] = error

    quotas = {GET.quota: (Limit(1000, 0.05),), CREATE.quota: (Limit(1, 3600.0),)}
    changes: dict[str, Any] = {
        "unlimited": False,
        "quotas": quotas,
    }
    async with session_for(server.url, **changes) as session, anyio.create_task_group() as tasks:
        await session.send(CREATE, scope=RequestContext(), path=PATH)  # its quota is used up for an hour
        await session.send(GET, scope=RequestContext(), path=PATH)
        tasks.start_soon(one, session, "out", GET, 1)
        for number in range(5):
            tasks.start_soon(one, session, f"queued {number}", CREATE, 7)
        await until(lambda: len(server.seen) == 3 and session.pacer.statistics()[CREATE.quota].waiting == 5)
        await one(session, "refused", GET, 401)
        await until(lambda: len(results) == 6)  # all but the one that is out, at once and not in an hour
        release.set()
    assert len(server.seen) == 4
    assert not isinstance(results["out"], Exception)
    queued = [results[f"queued {number}"] for number in range(5)]
    assert all(isinstance(result, Unauthorized) and result.sent_at is None for result in queued)


@pytest.mark.parametrize("answer", [200, 403, 404, 422])
async def test_a_401_of_a_family_that_never_worked_is_a_missing_right_and_stops_nobody(
    server: Any, session: ApiSession, answer: int
) -> None:
    """The vendor answers 401 when the API client's role lacks the whole family of calls."""

    async def handler(seen: Any, out: Any) -> None:
        await out.json(401 if "folders" in seen.target else answer, {"message": "Unauthorized"})

    server.handler = handler
    scope = RequestContext()
    with contextlib.suppress(NotFound, Forbidden, Invalid):
        await session.send(GET, scope=RequestContext(), path=PATH)
    for _ in range(2):
        with pytest.raises(Forbidden) as caught:
            await session.send(CREATE, scope=scope, path=PATH, json={})
        assert (caught.value.status, caught.value.failure_class) == (401, "forbidden")
        assert "has none of the calls of 'folders'" in str(caught.value)
        assert ("revoked" in str(caught.value)) is (answer != 200), "named unless the token was seen to work"
    with contextlib.suppress(NotFound, Forbidden, Invalid):
        await session.send(GET, scope=RequestContext(), path=PATH)
    assert session.stopped_by is session.auth_failure is scope.stopped_by is None
    assert len(server.seen) == 4 + (answer == 200), "a read that had worked is asked once whether the token still does"
    assert not caught.value.may_have_acted


@pytest.mark.parametrize("then", [401, 404, 500])
async def test_a_revoked_token_is_not_taken_for_a_missing_right(server: Any, session: ApiSession, then: int) -> None:
    """Accounts that all send the first call of their family at once ask once."""

    async def handler(seen: Any, out: Any) -> None:
        is_first = len(server.seen) == 1
        await out.json(401 if "folders" in seen.target else 200 if is_first else then, {"message": "Unauthorized"})

    server.handler = handler
    await session.send(GET, scope=RequestContext(), path=PATH)
    scopes = [RequestContext(account=str(number)) for number in range(3)]
    kinds: list[type[Exception]] = []

    async def one(scope: RequestContext) -> None:
        with pytest.raises((Unauthorized, Forbidden)) as caught:
            await session.send(CREATE, scope=scope, path=PATH, json={})
        kinds.append(caught.type)

    async with anyio.create_task_group() as tasks:
        for scope in scopes:
            tasks.start_soon(one, scope)
    questions = len([seen for seen in server.seen if "folders" not in seen.target]) - 1
    is_refused = then == 401
    assert set(kinds) == {Unauthorized if is_refused else Forbidden}
    assert {scope.stopped_by for scope in scopes} == {session.auth_failure}
    assert (session.auth_failure is not None) is is_refused
    assert questions == (1 + MAX_RESENDS if then == 500 else 1)
    if then == 500:
        then, before = 200, len(server.seen)
        await one(RequestContext())
        assert len(server.seen) == before + 2, "an answer that says nothing of the token is not remembered"


async def test_a_429_does_not_say_that_the_token_is_good(server: Any, session_for: Any) -> None:
    """Gateways count before they look at the token."""

    async def handler(seen: Any, out: Any) -> None:
        await out.json(429 if "folders" in seen.target else 401, {"message": "no"}, Retry_After="60")

    server.handler = handler
    async with session_for(server.url) as session, anyio.create_task_group() as tasks:
        waiting = partial(session.send, CREATE, scope=RequestContext(), path=PATH, json={})

        async def refused() -> None:
            with pytest.raises(Unauthorized):
                await waiting()

        tasks.start_soon(refused)
        await until(lambda: server.seen)
        with pytest.raises(Unauthorized):
            await session.send(GET, scope=RequestContext(), path=PATH)
    assert len(server.seen) == 2


@pytest.mark.parametrize("before", [429, 500, 503])
async def test_a_401_before_any_call_has_worked_stops_all(server: Any, session: ApiSession, before: int) -> None:
    """Neither a refusal for the rate nor trouble of the server says that the token was good."""

    async def handler(seen: Any, out: Any) -> None:
        first = len(server.seen) == 1
        await out.json(before if first else 401, {"message": "no"}, **({"Retry_After": "1"} if before == 429 else {}))

    server.handler = handler
    with pytest.raises(Unauthorized):
        await session.send(GET, scope=RequestContext(), path=PATH)
    assert session.auth_failure is not None
    assert len(server.seen) == 2


async def test_what_is_still_connecting_when_the_token_is_refused_does_not_leave(server: Any, session_for: Any) -> None:
    """The last look is at the moment of leaving: a slot that was granted before the 401 is given back unused."""
    session = session_for(server.url)
    async with session, Transport(session.settings) as transport:
        slot = await session.pacer.slot(GET.quota)
        request = build(GET, auth=session.settings.auth, path=PATH, query={})
        pending = PendingCall(request=request, request_id="r", scope=RequestContext(), key=None)
        attempt = Attempt(pending, slot, timeout_s=1.0, may_leave=lambda: False)
        with pytest.raises(WaitCancelled):
            await transport.exchange(request, "r", attempt)
        attempt.end()
        statistics = session.pacer.statistics()[GET.quota]
    assert server.connections == 1
    assert server.seen == []
    assert attempt.sent_at is None
    assert (statistics.requests, statistics.in_flight) == (0, 0)


async def test_later_sends_say_why_nothing_left(server: Any, session: ApiSession) -> None:
    server.handler = lambda _, out: out.json(401, {"message": "revoked"})
    with pytest.raises(Unauthorized, match="401 revoked"):
        await session.send(GET, scope=RequestContext(), path=PATH)
    with pytest.raises(Unauthorized, match=r"not sent: the server has already refused the token \(revoked\)") as caught:
        await session.send(CREATE, scope=RequestContext(), path=PATH, json={})
    assert caught.value.sent_at is None
    assert len(server.seen) == 1


@pytest.mark.parametrize("cancel_after_s", [0.0, 0.002, 0.03, 0.06])
async def test_cancellation_settles_every_slot_once(server: Any, session_for: Any, cancel_after_s: float) -> None:
    """Wherever the cancellation strikes - in the queue, connecting, waiting for the answer - no slot stays taken."""

    async def handler(_: Any, out: Any) -> None:
        await asyncio.sleep(0.02)
        await out.json(200, {"id": 1})

    server.handler = handler
    quotas = {GET.quota: (Limit(1000, 0.05),)}
    changes: dict[str, Any] = {"unlimited": False, "quotas": quotas, "server_timeout_s": 0.01}
    async with session_for(server.url, **changes) as session:
        await session.send(GET, scope=RequestContext(), path=PATH)
        with anyio.move_on_after(cancel_after_s):
            await _all(session, 120)
        statistics = session.pacer.statistics()[GET.quota]
        assert statistics.in_flight == 0
        assert statistics.waiting == 0
        await until(lambda: session.pacer.statistics()[GET.quota].used == 0)
        assert (await session.send(GET, scope=RequestContext(), path=PATH)).status == 200


async def test_cancelled_attempt_is_told_as_one_that_left(server: Any, session_for: Any) -> None:
    async def handler(_: Any, __: Any) -> None:
        await asyncio.sleep(60)

    server.handler = handler
    events: list[Any] = []
    async with session_for(server.url, observe=events.append) as session, anyio.create_task_group() as tasks:
        tasks.start_soon(partial(session.send, CREATE, scope=RequestContext(account="7"), path=PATH, json={}))
        await until(lambda: server.seen)
        tasks.cancel_scope.cancel()
    (event,) = [event for event in events if isinstance(event, AttemptEnded)]
    assert (event.status, event.error, event.account) == (None, "cancelled", "7")


async def test_observers_see_each_attempt(server: Any, session_for: Any) -> None:
    server.handler = lambda _, out: out.json(503 if len(server.seen) == 1 else 200, {"message": "busy"})
    seen: list[Any] = []
    later: list[Any] = []
    async with session_for(server.url, observe=seen.append) as session:
        await session.send(GET, scope=RequestContext(account="7"), path=PATH)
        unsubscribe = session.subscribe(later.append)
        reply = await session.send(GET, scope=RequestContext(), path=PATH)
        unsubscribe()
        await session.send(GET, scope=RequestContext(), path=PATH)
    attempts = [event for event in seen if isinstance(event, AttemptEnded)]
    assert [(event.attempt, event.status, event.error) for event in attempts[:2]] == [
        (1, 503, "503 busy"),
        (2, 200, None),
    ]
    assert attempts[0].quota == GET.quota
    assert [event.request_id for event in later if isinstance(event, AttemptEnded)] == [reply.request_id]


class Heartbeat:
    """Fresh or not by turns: `answers`, then always fresh."""

    def __init__(self, *answers: bool) -> None:
        self._answers = list(answers)
        self.asked_to_wait = 0

    @property
    def is_fresh(self) -> bool:
        return self._answers.pop(0) if self._answers else True

    async def until_fresh(self) -> None:
        self.asked_to_wait += 1


@pytest.mark.parametrize(("answers", "waits"), [((True,), 0), ((False,), 1), ((False, False, True, False), 3)], ids=str)
async def test_nothing_leaves_on_an_old_sign_of_life(
    server: Any, session: ApiSession, answers: tuple[bool, ...], waits: int
) -> None:
    """Whoever follows a killed process counts from its last sign of life; a request that left long after it would be
    looked for too early, and its effect asked for twice."""
    await session.send(GET, scope=RequestContext(), path=PATH)  # opens the door
    session.heartbeat = sign = Heartbeat(*answers)
    reply = await session.send(GET, scope=RequestContext(), path=PATH)
    assert (sign.asked_to_wait, sign.is_fresh) == (waits, True)
    assert len(server.seen) == 2
    assert reply.attempt == 1, "what did not leave was no attempt"


@pytest.mark.parametrize("answers", [(True, False), (True, True, False)], ids=str)
async def test_a_resend_that_waits_for_a_sign_of_life_needs_the_retry_budget(
    server: Any, session: ApiSession, answers: tuple[bool, ...]
) -> None:
    """After a stall of the disk, an outage of the host would meet the resends of all accounts at once."""
    tokens = []

    async def handler(seen: Any, out: Any) -> None:
        tokens.append(session._budget.tokens(GET.quota))
        await out.json(503 if len(tokens) == 2 else 200, {"id": 1, "name": "x"})

    server.handler = handler
    await session.send(GET, scope=RequestContext(), path=PATH)  # opens the door
    session.heartbeat = sign = Heartbeat(*answers)
    await session.send(GET, scope=RequestContext(), path=PATH)
    assert (tokens, sign.is_fresh) == ([10, 10, 9], True)
    assert sign.asked_to_wait


class Store:
    """A common store of slots. It gives one whenever the hand is empty, and takes all back while the second request
    connects: then the session asks its heartbeat for the second time.
    """

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._asked = 0
        self.given = 0

    def share(self, quota: Quota, held: Sequence[HeldSlot]) -> None:
        assert quota.shared is not None
        self._hand = quota.shared

    def wake(self) -> None:
        if not len(self._hand):
            self.given += 1
            self._hand.add(self.given, 0.0)
            self._pacer.wake()

    @property
    def returned(self) -> Sequence[Returned]:
        return self._hand.returned

    @property
    def is_fresh(self) -> bool:
        self._asked += 1
        if self._asked == 2:
            self._hand.clear()
        return True

    async def until_fresh(self) -> None:
        return


async def test_nothing_leaves_with_a_slot_that_was_given_to_others(server: Any, session_for: Any) -> None:
    """A process that stood still while it connected was declared dead; now it is alive again."""
    changes: dict[str, Any] = {"unlimited": False, "quotas": {GET.quota: (Limit(1000, 60.0),)}}
    async with session_for(server.url, **changes) as session:
        await session.send(GET, scope=RequestContext(), path=PATH)  # opens the door
        session.heartbeat = store = Store(session.pacer)
        session.pacer.share_slots(store)
        reply = await session.send(GET, scope=RequestContext(), path=PATH)
        assert [back.counted_by is not None for back in store.returned] == [False, True], "it left with a new slot"
        session.pacer.share_slots(None)
    assert len(server.seen) == 2
    assert reply.attempt == 1


async def test_a_session_sends_only_within_its_block(server: Any, session_for: Any) -> None:
    session: ApiSession = session_for(server.url)
    with pytest.raises(ConfigError, match="the session is not open; use it inside"):
        await session.send(GET, scope=RequestContext(), path=PATH)
    assert server.seen == []


async def test_a_request_whose_time_is_up_does_not_leave(server: Any, session: ApiSession) -> None:
    scope = RequestContext(deadline=asyncio.get_running_loop().time() - 1)
    with pytest.raises(RequestTimeout, match="not sent: its time limit passed while it waited for a slot") as caught:
        await session.send(GET, scope=scope, path=PATH)
    assert not caught.value.may_have_acted
    assert server.seen == []
