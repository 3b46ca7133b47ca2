"""`Context`: what an operation holds while it works on one account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bulkops.client import Account
from bulkops.errors import WouldChange
from bulkops.journal import REMARKS
from bulkops.settings import Tuning
from bulkops.steps.log import Probe, StepLog
from bulkops.steps.memory import AccountMemory


class Context:
    """One account under one operation of one run.

    `account`: its API, bound to the run's quotas and order; `params`: the other columns of the account file;
    `detail`: JSON data that an operation adds to the report.
    """

    def __init__(self, *, account: Account, params: Mapping[str, str], log: StepLog, memory: AccountMemory) -> None:
        self.account = account
        self.params = params
        self.detail: dict[str, Any] = {}
        self._log = log
        self._memory = memory

    @property
    def planning(self) -> bool:
        """Whether this is a plan: nothing may be written, and `step` raises WouldChange."""
        return self.account.scope.read_only

    def add_note(self, words: str, here: str | None = None) -> None:
        """Add a note to the account's line in the report. It is not a failure.

        Args:
            words: the same text for every account that the note is about, so that they are shown together.
            here: what it means for this account.
        """
        self.detail.setdefault(REMARKS, []).append({"words": words} | ({} if here is None else {"here": here}))

    async def step(
        self,
        name: str,
        fn: Callable[[], Awaitable[Any]],
        *,
        probe: Probe | None = None,
        repeatable: bool = False,
        data: Any = None,
        changes: bool = True,
        check: str | None = None,
    ) -> Any:
        """Do one effect exactly once, also when the process dies in between. Returns the JSON data that `fn` returned.

        A finished step answers from the journal. Before `fn` runs, an intent is durable; an intent without a result
        (a killed process, a lost reply) is settled by `probe` before anything is sent again.

        Args:
            name: unique within the operation and account.
            fn: sends the request; returns JSON data.
            probe: looks whether the effect happened; returns the step's result, or None for "it did not". What it
                finds is final; nothing found counts only when the request cannot be running any more
                (`server_timeout_s` after it can have left): then it is asked again. May raise TaskUnknown.
            repeatable: `fn` may run again when its outcome is unknown (setting a state twice is harmless).
            data: JSON data to remember with the intent, for the probe.
            changes: False for steps that change nothing for the customer.
            check: what to look at by hand when the outcome stays unknown.
        Raises: TaskUnknown when the effect is unknown and nothing can settle it; what `fn` raised otherwise.
        """
        if self.planning and not self._log.is_done(name):
            raise WouldChange(name)
        return await self._log.step(
            name, fn, probe=probe, repeatable=repeatable, data=data, changes=changes, check=check
        )

    def began(self, name: str) -> bool:
        """Whether an earlier process of this run began the step and left its outcome unknown."""
        return self._log.began(name)

    def is_done(self, name: str) -> bool:
        """Whether this run, in any of its processes, has finished the step."""
        return self._log.is_done(name)

    def result(self, name: str) -> Any:
        """The journaled result of a finished step. None also when the step is not done: `is_done` tells."""
        return self._log.result(name)

    async def reset_step(self, name: str) -> None:
        """Forget a finished step: its effect is known to be gone, and the step may run again."""
        await self._log.reset(name)

    async def recall(self, kind: str, key: str) -> Any:
        """What an earlier run of this journal remembered about the account, or None."""
        return await self._memory.recall(kind, key)

    async def remember(self, kind: str, key: str, value: Any) -> None:
        """Keep a JSON value about the account for later runs of this journal."""
        await self._memory.remember(kind, key, value)


def log_of(ctx: Context) -> StepLog:
    """The account's step log, for the engine and the built-in operations."""
    return ctx._log


def memory_of(ctx: Context) -> AccountMemory:
    """The account's memory, for the built-in operations."""
    return ctx._memory


def tuning_of(ctx: Context) -> Tuning:
    """The client's tuning, for the built-in operations."""
    return ctx.account.session.settings.tuning
