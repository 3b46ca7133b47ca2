"""Knowledge about one account beyond the steps of the current run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import attrs

from bulkops.errors import TaskFailed
from bulkops.journal import Journal, StepRow, StepState
from bulkops.steps.effect import as_json
from bulkops.steps.writes_outside_steps import OUTSIDE_STEPS

_WORKED_ON: Final = "accounts of earlier runs"

_LOCK_WAIT_S: Final = 600.0
"""Seconds. A run that shares its quotas holds a lock for seconds; a suspended one holds it until it is resumed."""


@attrs.frozen(kw_only=True)
class AccountMemory:
    """The account in other runs of this journal, and what the operations of this run share in memory.

    `cache`: shared by the operations of a chain on this account; `shared`: shared by the accounts of the
    run in this process: for what another process may read or guess again.
    """

    journal: Journal
    tenant: str
    account: str
    shared: dict[str, Any]
    cache: dict[str, Any] = attrs.field(factory=dict)

    async def recall(self, kind: str, key: str) -> Any:
        return await self.journal.get_fact(self.tenant, self.account, kind, key)

    async def remember(self, kind: str, key: str, value: Any) -> None:
        await self.journal.put_fact(self.tenant, self.account, kind, key, as_json(value, f"the value of {key!r}"))

    async def done_in(self, run_id: str) -> dict[str, StepRow]:
        """The account's steps that another run finished with an effect, by name, in the order they were begun."""
        rows = await self.journal.steps_of(run_id, self.account)
        return {
            name: row
            for name, row in rows.items()
            if row.state is StepState.DONE and row.changed and name != OUTSIDE_STEPS
        }

    async def was_worked_on(self) -> bool:
        """Whether an earlier run of this journal ended the account as changed or unchanged, so that it existed."""
        if _WORKED_ON not in self.shared:
            self.shared[_WORKED_ON] = await self.journal.worked_on(self.tenant)
        return self.account in self.shared[_WORKED_ON]

    @asynccontextmanager
    async def exclusive(self, name: str) -> AsyncIterator[None]:
        """Keep every other account of this tenant out of the section of that name, whatever process works on it: with
        this database, or of this user on this machine.

        For a list that the API replaces as a whole: read, merge, write.
        Raises: TaskFailed when another run holds the lock for minutes.
        """
        async with self.journal.exclusive(f"{self.tenant} {name}", within_s=_LOCK_WAIT_S) as is_mine:
            if not is_mine:
                raise TaskFailed(
                    f"another run has held the lock of the {name} for {_LOCK_WAIT_S:g} s",
                    failure_class="kept-by-another",
                    remedy="check whether that run is suspended, then `bulkops retry`",
                )
            yield
