"""`Halt`: once nothing new may start, releases every account without an effect; the others finish."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import anyio
import attrs

from bulkops.journal import AccountResult, AccountRow
from bulkops.outcome import Outcome
from bulkops.runs.halting.failure_limit_and_breaker import HaltRules
from bulkops.runs.policy import Policy
from bulkops.steps import StepLog, StoppedBetween

_AGAIN_S: Final = 0.1
"""Seconds. An account whose intent is being committed at the halt may be waiting for its quota a moment later."""

_WELL: Final = frozenset({Outcome.CHANGED, Outcome.UNCHANGED})


@attrs.define(eq=False)
class Turn:
    """One account in progress. `scope` holds its operation: cancelled when the account is let go."""

    log: StepLog
    scope: anyio.CancelScope = attrs.field(factory=anyio.CancelScope)
    is_let_go: bool = False

    async def hold_back(self) -> None:
        """Before the first effect: a released account that is not cancelled yet begins none."""
        if self.is_let_go:
            await anyio.sleep_forever()


class Admitting(Protocol):
    """See `Admission`, whose methods these are."""

    async def admit(self, account: str, priority: tuple[int, int]) -> bool: ...

    def leave(self, account: str, *, teaches: bool) -> None: ...

    def stop(self) -> None: ...


class Halt:
    """Whether anything new may start. One per run and process.

    `reason`: why nothing new starts, or None. `announce`: called once, when that begins. `gives_back`: another process
    goes on with the accounts that are released.
    """

    def __init__(
        self, policy: Policy, rules: HaltRules, admission: Admitting, *, announce: Callable[[str], object]
    ) -> None:
        self.reason: str | None = None
        self.gives_back = False
        self._policy = policy
        self._rules = rules
        self._admission = admission
        self._announce = announce
        self._turns: set[Turn] = set()
        self._started = 0
        self._held: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def stop(self, reason: str, *, gives_back: bool = False) -> None:
        """Start nothing new, and release the accounts without an effect. The first reason counts."""
        if self.reason is not None:
            return
        self.reason = reason
        self.gives_back = gives_back
        self._announce(reason)
        self._release()
        self._admission.stop()
        self._let_go()

    def close(self) -> None:
        """No account is in progress any more."""
        self._admission.stop()
        if self._timer is not None:
            self._timer.cancel()

    # -- accounts -----------------------------------------------------------------------------------------------

    async def start(self, row: AccountRow) -> bool:
        """Wait until the account may start. Returns False when nothing new may; `ended` follows on each True."""
        while self.reason is None and not self._is_within_limit():
            room = asyncio.get_running_loop().create_future()
            self._held.append(room)
            await room
        self._started += 1
        has_effects = row.outcome in {Outcome.UNKNOWN, Outcome.CANCELLED}
        if self.reason is None and await self._admission.admit(row.account, (not has_effects, row.seq)):
            return True
        self._started -= 1
        return False

    def ended(self, row: AccountRow, ending: AccountResult) -> str | None:
        """Count an account's answer. Returns the reason to halt, or None."""
        self._started -= 1
        is_first_pass = row.outcome is Outcome.NOT_ATTEMPTED
        self._admission.leave(row.account, teaches=is_first_pass and ending.outcome in _WELL)
        reason = self._rules.judge(ending)
        self._release()
        return reason

    @contextmanager
    def turn(self, log: StepLog) -> Iterator[Turn]:
        """While inside, the account can be released."""
        turn = Turn(log)
        log.before_effect = turn.hold_back
        log.before_operation = self._before_operation
        self._turns.add(turn)
        if self.reason is not None:
            self._let_go()
        try:
            yield turn
        finally:
            self._turns.discard(turn)

    def _before_operation(self) -> None:
        if self.reason is not None and self._policy.on_halt == "stop":
            raise StoppedBetween

    # -- halting ------------------------------------------------------------------------------------------------

    def _let_go(self) -> None:
        for turn in list(self._turns):
            if not turn.is_let_go and turn.log.withdraw():
                turn.is_let_go = True
                turn.scope.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(_AGAIN_S, self._let_go) if self._turns else None

    def _is_within_limit(self) -> bool:
        """Whether the limit holds even if every account that was started fails, and one more."""
        left = self._rules.failures_left
        return not self._policy.strict_failures or left is None or self._started < left + 1

    def _release(self) -> None:
        while self._held:
            room = self._held.popleft()
            if not room.done():
                room.set_result(None)
