"""`Halt`: once nothing new may start, it lets go of every account without an effect; the others go on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import anyio
import attrs

from bulkops.journal import Ending
from bulkops.runs.halting.admission import Admission
from bulkops.runs.halting.limits import HaltRules
from bulkops.runs.policy import Policy
from bulkops.session import Scope
from bulkops.steps import StepLog, StoppedBetween

_AGAIN_S: Final = 0.1
"""Seconds. An account whose intent is being committed at the halt may be waiting for its quota a moment later."""

_BEGUN_BEFORE: Final = -(10**9)
"""Priority of accounts with effects of an earlier process: before any that this one has brought along."""


@attrs.define(eq=False)
class Turn:
    """One account in flight. `scope` holds its operation: cancelled when the account is let go."""

    account: str
    log: StepLog
    api: Scope
    scope: anyio.CancelScope = attrs.field(factory=anyio.CancelScope)
    is_let_go: bool = False
    is_well: bool = False
    """Whether it succeeded: then it teaches the admission what an account takes."""


class Halt:
    """Whether anything new may start. One per run and process.

    `reason`: why nothing new starts, or None. `announce`: called once, when that begins.
    """

    def __init__(
        self, policy: Policy, rules: HaltRules, admission: Admission, *, announce: Callable[[str], object]
    ) -> None:
        self.reason: str | None = None
        self._policy = policy
        self._rules = rules
        self._admission = admission
        self._announce = announce
        self._turns: set[Turn] = set()
        self._started = 0
        self._held: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def stop(self, reason: str) -> None:
        """Start nothing new, and let go of the accounts that have no effect. The first reason counts."""
        if self.reason is not None:
            return
        self.reason = reason
        self._announce(reason)
        self._release()
        self._let_go()

    def close(self) -> None:
        """No account is in flight any more."""
        self._admission.close()
        if self._timer is not None:
            self._timer.cancel()

    # -- accounts -----------------------------------------------------------------------------------------------

    async def may_start(self) -> bool:
        """Whether another account may be taken up. With strict failures it waits until no overshoot is possible.

        `ended` follows on each True.
        """
        while self.reason is None and not self._is_within_limit():
            room = asyncio.get_running_loop().create_future()
            self._held.append(room)
            await room
        if self.reason is not None:
            return False
        self._started += 1
        return True

    def ended(self, ending: Ending) -> str | None:
        """Count an account's answer. Returns the reason to halt, or None."""
        self._started -= 1
        reason = self._rules.judge(ending)
        self._release()
        return reason

    @contextmanager
    def turn(self, account: str, log: StepLog, api: Scope) -> Iterator[Turn]:
        """While inside, the account may be let go."""
        turn = Turn(account, log, api)
        is_resumed = log.has_effect
        log.before_effect = lambda: self._admit(turn, (-api.progress, api.seq))
        log.before_operation = self._before_operation
        self._turns.add(turn)
        if self.reason is not None:
            self._let_go()
        try:
            yield turn
        finally:
            self._turns.discard(turn)
            self._admission.leave(account, well=turn.is_well and not is_resumed)

    async def take_up(self, turn: Turn) -> None:
        """Before anything is sent for an account: with effects of an earlier process it counts as open at once."""
        if turn.log.has_effect:
            await self._admit(turn, (_BEGUN_BEFORE, turn.api.seq))
            turn.log.before_effect = None

    async def _admit(self, turn: Turn, priority: tuple[int, int]) -> None:
        if self.reason is not None:
            await anyio.sleep_forever()  # it was let go, and is cancelled here
        await self._admission.admit(turn.account, priority)

    def _before_operation(self) -> None:
        if self.reason is not None and self._policy.on_halt == "stop":
            raise StoppedBetween

    # -- halting ------------------------------------------------------------------------------------------------

    def _let_go(self) -> None:
        for turn in list(self._turns):
            if not turn.is_let_go and (not self._admission.is_open(turn.account) or turn.log.withdraw()):
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
