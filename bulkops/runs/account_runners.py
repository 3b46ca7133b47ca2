"""Who takes the accounts of a run to their ends: this process itself, or workers on several machines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

import attrs

from bulkops.journal import AccountResult, AccountRow


class AccountRunner(Protocol):
    """Takes accounts to their ends."""

    async def run(self, row: AccountRow) -> AccountResult:
        """Take one account to its end and return how it ended. The journal has it. Raises: JournalError."""
        ...


class Team(AccountRunner, Protocol):
    """Workers of other processes."""

    def at_work(self, stopped: Callable[[str, str], object]) -> AbstractAsyncContextManager[None]:
        """While inside, workers take accounts. `stopped` is called with reason and kind when another process stops the
        run."""
        ...

    async def settle(self) -> Collection[int]:
        """Wait until no worker has an account of the run any more: a predecessor has sent some that nobody awaits.

        Returns the places of those that ended. Raises: JournalError.
        """
        ...

    def stop(self, reason: str, kind: Literal["halt", "abort"] = "halt") -> None:
        """Let workers begin no account of the run any more, or stop those in progress now."""
        ...


@attrs.frozen(kw_only=True)
class Predecessor:
    """What a coordinator that died has done for the same request.

    `ended`: results in the order in which the accounts ended, and `seqs`: their places; `waves`: numbers of the waves
    that began; `soaks`: by the end of a wave, the seconds since its soak began; `age_s`: of the request.
    """

    ended: Sequence[AccountResult] = ()
    seqs: Collection[int] = frozenset()
    waves: Collection[int] = frozenset()
    soaks: Mapping[int, float] = attrs.field(factory=dict)
    age_s: float = 0.0
