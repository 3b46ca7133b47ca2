"""`ApiSession`: sends one call. The order: host, quota, connection, response, verdict, and perhaps a retry."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from random import Random
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self, TypeVar

import anyio
import attrs
import msgspec

from bulkops.asyncio_only import require_asyncio
from bulkops.catalogue import QUOTAS, Call, RetryClass, explored_quotas
from bulkops.errors import (
    ApiError,
    ConfigError,
    OutcomeUnknown,
    TransportError,
    Unauthorized,
    WouldChange,
    leaves_open,
)
from bulkops.events import AttemptEnded, Event, HostClosed, Observer, guarded, ignore
from bulkops.logs import get_logger
from bulkops.pacing import Pacer, RetryBudget, Slot
from bulkops.rate_limit import Limit
from bulkops.session._account_keys import AccountNames, counts_emails, key_of
from bulkops.session._admission import Admission
from bulkops.session._attempt import Attempt, PendingCall
from bulkops.session._classify import classify
from bulkops.session._context import Heartbeat, Reply, RequestContext
from bulkops.session._download import download
from bulkops.session._request import PathValues, QueryValues, Redactor, Request, build
from bulkops.session._response import RawResponse
from bulkops.session._retry import TRANSIENT, FailedAttempt
from bulkops.session._rights import Rights
from bulkops.session._transport import Transport
from bulkops.session._waits import WaitCancelled
from bulkops.settings import Settings

T = TypeVar("T")

log = get_logger("bulkops.session")

_STAYS_CLOSED: Final = frozenset({None, 401, *TRANSIENT})
_NEWS: Final = 0.1
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class ApiSession:
    """One credential, one set of quotas, one pool of connections. An async context manager; enter it once.

    `quotas`: the limits that count, by name; `pacer`: keeps them, and has the statistics.
    """

    def __init__(self, settings: Settings, *, observe: Observer = ignore, rng: Random | None = None) -> None:
        tuning = settings.tuning
        self.settings = settings
        self.quotas: Mapping[str, Sequence[Limit]] = MappingProxyType({**QUOTAS, **tuning.quotas})
        self._by_key = {
            name: counts_emails(limits) for name, limits in self.quotas.items() if any(limit.key for limit in limits)
        }
        self._names = AccountNames()
        self._rng = rng or Random()  # noqa: S311 - spreads retries, protects nothing
        self.pacer = Pacer(
            self.quotas,
            max_rate=tuning.max_rate,
            server_timeout_s=tuning.server_timeout_s,
            share=tuning.share,
            unlimited=tuning.unlimited,
            explore=explored_quotas(tuning),
            backoff_base_s=tuning.backoff_base_s,
            backoff_cap_s=tuning.backoff_cap_s,
            rng=self._rng,
            observe=self._emit,
        )
        self._budget = RetryBudget(base_s=tuning.backoff_base_s, cap_s=tuning.backoff_cap_s, rng=self._rng)
        self._observers: list[Observer] = [] if observe is ignore else [guarded(observe)]
        self._transport = Transport(settings)
        self._redact = Redactor(settings.auth.token)
        self._admission = Admission(self.pacer, self._budget)
        self._may_leave = self._admission.may_leave  # made once: each attempt has it
        self.leasing = anyio.Lock()
        """Held while a run begins or ends its use of the credential; other runs wait for it."""
        self._rights = Rights(self._deliver)
        self._ids = count(1)
        self._id_prefix = uuid.uuid4().hex[:8]

    async def __aenter__(self) -> Self:
        require_asyncio()
        if self._admission.is_started:
            raise ConfigError("the session is already open", remedy="enter it once, and share it")
        await self._transport.__aenter__()
        self._admission.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pump = None
        try:
            pump = await self._admission.end()
        finally:
            await self._transport.__aexit__(kind, error, traceback)
        if error is None and pump is not None and not pump.cancelled():
            pump.result()

    @property
    def stopped_by(self) -> ApiError | None:
        """Why nothing is sent any more: the token was refused, or the host was never reached."""
        return self._admission.stopped_by

    @property
    def auth_failure(self) -> Unauthorized | None:
        """The 401 after which nothing more is sent: requests in flight finish, all others raise."""
        return self.stopped_by if isinstance(self.stopped_by, Unauthorized) else None

    @property
    def heartbeat(self) -> Heartbeat | None:
        """While there is one, nothing leaves unless it is fresh."""
        return self._admission.heartbeat

    @heartbeat.setter
    def heartbeat(self, sign: Heartbeat | None) -> None:
        self._admission.heartbeat = sign

    def subscribe(self, observe: Observer) -> Callable[[], None]:
        """Let `observe` see every attempt and every change of a quota from now on. Returns: what ends it."""
        self._observers.append(observe)
        return lambda: self._observers.remove(observe)

    async def send(
        self,
        call: Call,
        *,
        scope: RequestContext,
        path: PathValues = _NOTHING,
        query: QueryValues = _NOTHING,
        json: object = None,
        data: bytes | None = None,
        poll: bool = False,
    ) -> Reply:
        """The 2xx reply to `call`, sent as often as contract C4 and `_retry` allow.

        Waiting for the quota, for a closed gate and for the retry budget counts only against `scope.deadline`; attempts
        and backoffs count against `call_timeout_s` too. `poll`: the response does not count as progress of the account.

        Raises: WouldChange (nothing sent) for a changing call in a read-only scope; InputError for a value that cannot
        stand in the address; OutcomeUnknown when the server may have acted on a call that must not be repeated; else
        the error of the last attempt, or of an earlier one that left it open whether the server acted. A
        `RequestTimeout` or `Unauthorized` whose `sent_at` is None was raised before anything left.
        """
        if scope.read_only and call.retry is not RetryClass.IDEMPOTENT:
            raise WouldChange(call.id, call=call.id)
        if scope.stand_in is not None:
            answer = scope.stand_in(call, path, query)
            if answer is not None:
                return answer
        request = build(call, auth=self.settings.auth, path=path, query=query, json=json, data=data)
        if not call.is_read:
            await scope.about_to_write()
        key = self._key(call, scope.account, json) if call.quota in self._by_key else None
        reply = await self._deliver(request, key, scope)
        scope.progress += not poll
        return reply

    async def _deliver(self, request: Request, key: str | None, scope: RequestContext) -> Reply:
        """Send a request as often as needed."""
        pending = PendingCall(
            request=request, request_id=f"{self._id_prefix}-{next(self._ids):x}", scope=scope, key=key
        )
        counted, is_change = scope.counted, not request.call.is_read
        counted.unfinished += is_change
        self._admission.host.arrived()
        try:
            slot = self._admission.slot_now(pending)
            if slot is None:
                slot = await self._admission.slot(pending)
            while True:
                outcome = await self._try(pending, slot)
                if isinstance(outcome, Reply):
                    return outcome
                if outcome is not None and self._rights.is_doubtful(outcome.error, request.call):
                    outcome = attrs.evolve(outcome, error=await self._rights.meaning(outcome.error, pending))
                slot = await self._slot_again(pending, outcome)
        except BaseException as error:
            if self.stopped_by is not None and isinstance(error, ApiError):
                scope.stopped_by = self.stopped_by
            counted.lost_writes += pending.tries.unknown is not None
            raise
        finally:
            counted.unfinished -= is_change
            self._admission.host.left()
            self._admission.settle(pending, ok=False)

    def same_account(self, number: int, external_id: str) -> None:
        """A customer has both: quotas that are counted per workspace count them as one."""
        self._names.learn(number, external_id)

    def _key(self, call: Call, account: str | None, json: object) -> str | None:
        """The key under which the vendor counts the request separately, within its quota."""
        name = self._names.counted(account)
        return key_of(name, json) if self._by_key[call.quota] else name

    async def download(self, url: str, *, most_bytes: int) -> bytes:
        """The file at an address that an answer named, from the vendor's hosts alone and without credentials.

        Raises: InputError for an address elsewhere; StatusError; TransportError.
        """
        return await download(url, settings=self.settings, most_bytes=most_bytes, rng=self._rng)

    async def _try(self, pending: PendingCall, slot: Slot) -> Reply | FailedAttempt | None:
        """One attempt, from its slot to the verdict on its answer; None: it did not leave, and may."""
        tuning, tries = self.settings.tuning, pending.tries
        tries.attempt += 1
        timeout_s = min(tuning.attempt_timeout_s, tuning.call_timeout_s - tries.spent_s)
        attempt = Attempt(pending, slot, timeout_s=timeout_s, may_leave=self._may_leave)
        result = None
        try:
            result = await self._transport.exchange(pending.request, pending.request_id, attempt)
        except WaitCancelled:
            pass
        finally:
            attempt.end()
            self._admission.host.tried(
                pending, answered=attempt.status is not None and attempt.status not in _STAYS_CLOSED
            )
            if result is None and attempt.sent_at is not None:
                has_ended = attempt.status is not None and not leaves_open(attempt.status)
                pending.scope.counted.lost_writes += not (has_ended or pending.request.call.is_read)
                self._tell(pending, attempt, status=None, error="cancelled")
        if result is None:
            tries.attempt -= 1
            return None
        tries.spent_s += attempt.elapsed_s
        if pending.scope.witness is not None and isinstance(result, RawResponse):
            pending.scope.witness(result.status, result.headers, result.body)
        outcome = self._learn(pending, attempt, classify(result, attempt, one_line=self._redact))
        self._tell(
            pending,
            attempt,
            status=outcome.status,
            error=outcome.error.message if isinstance(outcome, FailedAttempt) else None,
        )
        return outcome

    async def _slot_again(self, pending: PendingCall, failed: FailedAttempt | None) -> Slot:
        """A slot for another attempt. Raises: the call's error, if there is no further attempt.

        `failed` None: the attempt before did not leave: the heartbeat became old, or the request was withdrawn, while
        it was connecting.
        """
        admission, tries = self._admission, pending.tries
        if failed is None:
            is_resend = tries.probe is not None
            admission.settle(pending, ok=None)
            await asyncio.sleep(0)  # one that was withdrawn is cancelled here
            return await (admission.slot_after(pending, 0.0) if is_resend else admission.slot(pending))
        call, host = pending.request.call, admission.host
        tries.note(failed, at=asyncio.get_running_loop().time(), host_answered_at=host.answered_at)
        if failed.away_s and not host.is_away and failed.may_be_resent(call):
            self._note_away(await admission.doubt(pending, failed.away_s), failed)
        verdict = tries.verdict(
            call,
            failed,
            tuning=self.settings.tuning,
            host_known=host.is_reached,
            host_away=host.is_away,
            rng=self._rng,
        )
        if isinstance(verdict, ApiError):
            raise verdict
        if failed.is_refusal or (failed.away_s and host.is_away):  # a closed quota, or a closed host, is the wait
            return await admission.slot(pending)
        return await admission.slot_after(pending, verdict)

    def _learn(self, pending: PendingCall, attempt: Attempt, outcome: Reply | FailedAttempt) -> Reply | FailedAttempt:
        """Update token, host and budget from the response. Returns: the outcome with its final meaning."""
        call, status = pending.request.call, attempt.status
        is_usable = status is not None and status < 500
        if status is not None:
            self._admission.host.answered(usable=is_usable)
        if isinstance(outcome, FailedAttempt):
            outcome = self._learn_from_failure(attempt, outcome)
        if is_usable and status not in {401, 429}:
            self._rights.worked(attempt)
        if is_usable and status != 429:
            self._budget.succeeded(call.quota)
        self._admission.settle(pending, ok=is_usable)
        return outcome

    def _learn_from_failure(self, attempt: Attempt, failed: FailedAttempt) -> FailedAttempt:
        call, error = attempt.pending.request.call, failed.error
        silence = error.__cause__ if isinstance(error, OutcomeUnknown) else error
        if isinstance(error, Unauthorized):
            if not self._rights.is_doubtful(error, call) and not attempt.pending.scope.tolerates_401:
                self._admission.stop(error)
        elif isinstance(silence, TransportError):
            self._admission.host.failed(silence, began_at=attempt.began_at, is_permanent=failed.is_permanent)
        elif failed.away_s:
            self._note_away(self._admission.host.announced(attempt.pending, failed.away_s), failed)
        return failed

    def _note_away(self, more_s: float, failed: FailedAttempt) -> None:
        """Report that the host is closed for `more_s` longer. Other requests in flight may announce the same outage
        again.
        """
        self._admission.extend(more_s)
        if more_s > _NEWS * failed.away_s:
            self._emit(HostClosed(seconds=failed.away_s, said=failed.error.message))

    def _tell(self, pending: PendingCall, attempt: Attempt, *, status: int | None, error: str | None) -> None:
        """Notify observers and the log; without a receiver no event is created."""
        is_logged = log.is_enabled_for("debug")
        if not self._observers and not is_logged:
            return
        call = pending.request.call
        event = AttemptEnded(
            request_id=pending.request_id,
            call=call.id,
            account=pending.scope.account,
            quota=call.quota,
            attempt=pending.tries.attempt,
            waited_s=attempt.slot.waited_s,
            latency_s=attempt.elapsed_s,
            status=status,
            error=error,
            correlation_id=attempt.correlation_id,
        )
        self._emit(event)
        if is_logged:
            log.debug("attempt", **msgspec.structs.asdict(event))

    def _emit(self, event: Event) -> None:
        for observe in tuple(self._observers):
            observe(event)
