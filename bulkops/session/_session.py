"""`ApiSession`: one call, done right. Order of things: door, quota, connection, answer, verdict, and perhaps again."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from random import Random
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self, TypeVar

import attrs

from bulkops.catalogue import QUOTAS, Call, RetryClass
from bulkops.errors import ConfigError, RequestTimeout, Unauthorized, WouldChange, leaves_open
from bulkops.events import AttemptEnded, Event, Observer, guarded, ignore
from bulkops.logs import get_logger
from bulkops.pacing import Pacer, RetryBudget, Slot
from bulkops.session._attempt import Attempt, Errand
from bulkops.session._counting import counts_emails, key_of
from bulkops.session._download import download
from bulkops.session._request import PathValues, QueryValues, Redactor, build
from bulkops.session._retrying import Failed
from bulkops.session._scope import Reply, Scope, SignOfLife
from bulkops.session._transport import Transport
from bulkops.session._verdict import judge
from bulkops.session._waiting import Door, GaveUpWaiting, Waiting
from bulkops.settings import Limit, Settings

T = TypeVar("T")

log = get_logger("bulkops.session")
_listening = logging.getLogger("bulkops.session")
_listeners = logging.getLogger("bulkops.session")

_LOGGED: Final = tuple(field.name for field in attrs.fields(AttemptEnded))
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class ApiSession:
    """One credential, one set of quotas, one pool of connections. An async context manager; enter it once.

    `auth_failure`: the first 401. After it nothing more is sent: those in flight finish, everybody else raises.
    `sign_of_life`: while there is one, nothing leaves unless it is fresh.
    `quotas`: the limits that count, by name; `pacer`: keeps them, and has the statistics.
    """

    def __init__(self, settings: Settings, *, observe: Observer = ignore, rng: Random | None = None) -> None:
        tuning = settings.tuning
        self.settings = settings
        self.quotas: Mapping[str, Sequence[Limit]] = MappingProxyType({**QUOTAS, **tuning.quotas})
        self._by_email = frozenset(name for name, limits in self.quotas.items() if counts_emails(limits))
        self.auth_failure: Unauthorized | None = None
        self.sign_of_life: SignOfLife | None = None
        self._rng = rng or Random()  # noqa: S311 - spreads retries, protects nothing
        self.pacer = Pacer(
            self.quotas,
            max_rate=tuning.max_rate,
            server_timeout_s=tuning.server_timeout_s,
            share=tuning.share,
            unlimited=tuning.unlimited,
            backoff_base_s=tuning.backoff_base_s,
            backoff_cap_s=tuning.backoff_cap_s,
            rng=self._rng,
            observe=self._emit,
        )
        self._budget = RetryBudget(base_s=tuning.backoff_base_s, cap_s=tuning.backoff_cap_s, rng=self._rng)
        self._observers: list[Observer] = [] if observe is ignore else [guarded(observe)]
        self._transport = Transport(settings)
        self._redact = Redactor(settings.auth.token)
        self._door = Door()
        self._waiting = Waiting()
        self._host_answered_at: float | None = None
        self._ids = count(1)
        self._id_prefix = uuid.uuid4().hex[:8]
        self._pump: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._pump is not None:
            raise ConfigError("the session is already open", remedy="enter it once, and share it")
        await self._transport.__aenter__()
        self._pump = asyncio.create_task(self.pacer.run(), name="bulkops.pacer")
        self._pump.add_done_callback(lambda _: self._waiting.end())  # nobody waits for slots that never come
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pump, self._pump = self._pump, None
        if pump is None:
            return
        try:
            pump.cancel()
            await asyncio.wait([pump])
        finally:
            await self._transport.__aexit__(kind, error, traceback)
        if error is None and not pump.cancelled():
            pump.result()

    def subscribe(self, observe: Observer) -> Callable[[], None]:
        """Let `observe` see every attempt and every change of a quota from now on. Returns: what ends it."""
        self._observers.append(observe)
        return lambda: self._observers.remove(observe)

    async def send(
        self,
        call: Call,
        *,
        scope: Scope,
        path: PathValues = _NOTHING,
        query: QueryValues = _NOTHING,
        json: object = None,
        data: bytes | None = None,
        poll: bool = False,
    ) -> Reply:
        """The 2xx reply to `call`, sent as often as contract C4 and `_retrying` allow.

        Waiting for the quota, for a closed gate and for the retry budget counts only against `scope.deadline`; attempts
        and backoffs count against `call_timeout_s` too. `poll`: the reply does not bring the account further.

        Raises: WouldChange (nothing sent) for a changing call in a read-only scope; InputError for a value that cannot
        stand in the address; OutcomeUnknown when the server may have acted on a call that must not be repeated; else
        the error of the last attempt, or of an earlier one that left it open whether the server acted. A
        `RequestTimeout` or `Unauthorized` whose `sent_at` is None was raised before anything left.
        """
        if scope.read_only and call.retry is not RetryClass.IDEMPOTENT:
            raise WouldChange(call.id)
        request = build(call, auth=self.settings.auth, path=path, query=query, json=json, data=data)
        if not call.is_read:
            await scope.about_to_write()
        key = key_of(scope.account, json) if call.quota in self._by_email else scope.account
        errand = Errand(request=request, request_id=f"{self._id_prefix}-{next(self._ids):x}", scope=scope, key=key)
        try:
            while True:
                outcome = await self._try(errand)
                if isinstance(outcome, Reply):
                    scope.progress += not poll
                    return outcome
                await self._before_resending(errand, outcome)
        except BaseException as error:
            scope.token_refused |= isinstance(error, Unauthorized)
            scope.counted.lost_writes += errand.tries.unknown is not None
            raise
        finally:
            self._settle_retry(errand, ok=False)

    async def download(self, url: str, *, most_bytes: int) -> bytes:
        """The file at an address that an answer named, from the vendor's hosts alone and without credentials.

        Raises: InputError for an address elsewhere; StatusError; TransportError.
        """
        return await download(url, settings=self.settings, most_bytes=most_bytes, rng=self._rng)

    async def _try(self, errand: Errand) -> Reply | Failed:
        """One attempt, from waiting for its slot to the verdict on its answer."""
        slot = self._slot_now(errand)
        if slot is None:
            slot = await self._wait(errand, self._slot(errand))
        tuning, tries = self.settings.tuning, errand.tries
        tries.attempt += 1
        timeout_s = min(tuning.attempt_timeout_s, tuning.call_timeout_s - tries.spent_s)
        attempt = Attempt(errand, slot, timeout_s=timeout_s, may_leave=self._may_leave)
        result = None
        try:
            result = await self._transport.exchange(errand.request, errand.request_id, attempt)
        except GaveUpWaiting:
            pass
        finally:
            attempt.end()
            self._door.tried(answered=attempt.status not in {None, 401})
            if result is None and attempt.sent_at is not None:
                has_ended = attempt.status is not None and not leaves_open(attempt.status)
                errand.scope.counted.lost_writes += not (has_ended or errand.request.call.is_read)
                self._tell(errand, attempt, status=None, error="cancelled")
        if result is None and self._may_send():  # its sign of life grew old, or it was withdrawn, while connecting
            tries.attempt -= 1
            await asyncio.sleep(0)  # one that was withdrawn is cancelled here
            return await self._try(errand)
        if result is None:
            raise self._refusal(errand)
        tries.spent_s += attempt.elapsed_s
        outcome = judge(result, attempt, one_line=self._redact)
        self._learn(errand, attempt, outcome)
        self._tell(
            errand, attempt, status=outcome.status, error=outcome.error.message if isinstance(outcome, Failed) else None
        )
        return outcome

    def _slot_now(self, errand: Errand) -> Slot | None:
        """A slot when nothing has to be waited for: most requests of a session need no more than this."""
        scope = errand.scope
        if not self._door.is_open or not self._may_leave() or self._is_late(scope):
            return None
        return self.pacer.slot_now(errand.request.call.quota, key=errand.key)

    async def _slot(self, errand: Errand) -> Slot:
        """A slot with which the errand may leave: while the session's first request is out nobody else's does."""
        call, scope = errand.request.call, errand.scope
        while True:
            await self._door.approach()
            if self.sign_of_life is not None:
                await self.sign_of_life.until_fresh()
            slot = await self.pacer.slot(call.quota, key=errand.key, priority=scope.priority)
            if self._is_fresh() and self._door.enter():
                return slot
            slot.unused()

    async def _before_resending(self, errand: Errand, failed: Failed) -> None:
        """Wait until the errand may be tried again. Raises: its error, when it may not."""
        call, tries = errand.request.call, errand.tries
        tries.note(failed, at=self._now(), host_answered_at=self._host_answered_at)
        pause_s = tries.pause_s(call, failed, tuning=self.settings.tuning, host_known=self._door.is_open, rng=self._rng)
        if pause_s is None:
            raise tries.final(failed.error)
        if failed.is_refusal:
            return  # the quota is closed: its queue is the wait
        await self._wait(errand, asyncio.sleep(pause_s))
        tries.spent_s += pause_s
        tries.probe = await self._wait(errand, self._budget.acquire(call.quota))

    async def _wait(self, errand: Errand, awaitable: Awaitable[T]) -> T:
        """Wait as long as there is something to hope for. Raises: what `_refusal` says."""
        counted = errand.scope.counted
        counted.waits += 1
        try:
            if self._may_send() and not self._is_late(errand.scope):
                return await self._waiting.wait(awaitable, until=errand.scope.deadline)
        except GaveUpWaiting:
            pass
        finally:
            counted.waits -= 1
            _never_awaited(awaitable)
        raise self._refusal(errand)

    def _may_send(self) -> bool:
        return self.auth_failure is None and self._pump is not None and not self._pump.done()

    def _is_fresh(self) -> bool:
        return self.sign_of_life is None or self.sign_of_life.is_fresh

    def _may_leave(self) -> bool:
        return self._may_send() and self._is_fresh()

    def _is_late(self, scope: Scope) -> bool:
        return scope.deadline is not None and self._now() >= scope.deadline

    def _refusal(self, errand: Errand) -> Exception:
        """Why nothing (more) is sent for the errand."""
        facts = errand.facts()
        if self.auth_failure is not None:
            error = Unauthorized(
                f"not sent: the server refused the token before ({self.auth_failure.said})",
                status=self.auth_failure.status,
                said=self.auth_failure.said,
                remedy=self.auth_failure.remedy,
                **facts,
            )
            error.cause = self.auth_failure.cause
            return errand.tries.final(error)
        if self._pump is None:
            return ConfigError("the session is not open", remedy="use it inside `async with`")
        if self._pump.done():
            return RuntimeError("the task that hands out the quota's slots has ended")
        late = "not sent: its time was up before it was its turn"
        remedy = "raise account_timeout_s or call_timeout_s in a client file"
        return errand.tries.final(RequestTimeout(late, remedy=remedy, **facts))

    def _learn(self, errand: Errand, attempt: Attempt, outcome: Reply | Failed) -> None:
        """What the answer says about the token, the host and the budget."""
        status = attempt.status
        is_verdict = status == 401 and not errand.scope.tolerates_401
        if is_verdict and isinstance(outcome, Failed) and isinstance(outcome.error, Unauthorized):
            self.auth_failure = self.auth_failure or outcome.error
            self._waiting.end()
        host_is_well = status is not None and status < 500
        if host_is_well:
            self._host_answered_at = self._now()
            if status != 429:
                self._budget.succeeded(errand.request.call.quota)
        self._settle_retry(errand, ok=host_is_well)

    def _settle_retry(self, errand: Errand, *, ok: bool) -> None:
        """Tell the budget what came of the retry it lent, exactly once."""
        probe, errand.tries.probe = errand.tries.probe, None
        if probe is not None:
            self._budget.settled(errand.request.call.quota, probe=probe, ok=ok)

    def _tell(self, errand: Errand, attempt: Attempt, *, status: int | None, error: str | None) -> None:
        """Observers and the log; an event that nobody wants is not made."""
        is_logged = _listeners.isEnabledFor(logging.DEBUG)
        if not self._observers and not is_logged:
            return
        call = errand.request.call
        event = AttemptEnded(
            request_id=errand.request_id,
            call=call.id,
            account=errand.scope.account,
            quota=call.quota,
            attempt=errand.tries.attempt,
            waited_s=attempt.slot.waited_s,
            latency_s=attempt.elapsed_s,
            status=status,
            error=error,
        )
        self._emit(event)
        if is_logged:
            log.debug("attempt", **{name: getattr(event, name) for name in _LOGGED})

    def _emit(self, event: Event) -> None:
        for observe in tuple(self._observers):
            observe(event)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _never_awaited(awaitable: Awaitable[Any]) -> None:
    """A coroutine that was not even begun is closed, so that it does not warn."""
    if asyncio.iscoroutine(awaitable):
        awaitable.close()
