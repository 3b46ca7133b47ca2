"""`RecordedRuns`: what a journal holds of its runs; a base class of `Journal`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bulkops.errors import JournalError
from bulkops.journal import queries, step_queries
from bulkops.journal.reader import Reader
from bulkops.journal.records import (
    AccountRow,
    AccountTiming,
    EventRow,
    RunRecord,
    StepRow,
    StepTiming,
)
from bulkops.journal.writer import Writer
from bulkops.outcome import Outcome


class RecordedRuns:
    """Questions to a journal. Each raises JournalError, in words, when the database fails."""

    def __init__(self, name: str, reader: Reader, writer: Writer | None) -> None:
        self._name = name
        self._reader = reader
        self._writer = writer

    @property
    def _own_process(self) -> int | None:
        return None if self._writer is None else self._writer.current_process

    async def get_run(self, run_id: str | None = None) -> RunRecord:
        """The run of this id, or of the only one that begins so; "latest" (as without an id) or "previous".

        Raises: JournalError for none or several, naming the journal and the candidates.
        """
        if run_id is not None:
            return await self._reader.ask(queries.run_by_name, run_id, self._name)
        newest = await self._reader.ask(queries.newest_run, unfinished=False)
        if newest is None:
            raise JournalError(f"{self._name} has no run yet", remedy="start one, or give another --journal DIR")
        return newest

    async def newest_unfinished(self) -> RunRecord | None:
        """The newest run that did not take every account up: died, halted, paused, interrupted or refused."""
        return await self._reader.ask(queries.newest_run, unfinished=True)

    async def list_runs(self) -> list[RunRecord]:
        """Newest first."""
        return await self._reader.ask(queries.runs)

    async def accounts(
        self, run_id: str, *, outcomes: Iterable[Outcome] | None = None, failure_class: str | None = None
    ) -> list[AccountRow]:
        """One row an account, in inventory order, with effective outcomes; filters narrow it.

        While a process works on the run, accounts without `ended_at` but with `started_at` are in flight.
        """
        return await self._reader.ask(queries.accounts, run_id, outcomes, failure_class)

    async def all_accounts(self, run_id: str) -> Sequence[AccountRow]:
        """All of them, in a sequence that makes a row when it is asked for: a million take sixty megabytes."""
        return await self._reader.ask(queries.all_accounts, run_id)

    async def counts(self, run_id: str, places: range | None = None) -> dict[Outcome, int]:
        """Accounts by effective outcome: all seven keys. `places`: of these accounts of the inventory; None: of all."""
        return await self._reader.ask(queries.counts, run_id, places)

    async def latest_outcomes(self, run_ids: Iterable[str]) -> dict[str, Outcome]:
        """Of each account of these runs, its effective outcome in the newest of them."""
        return await self._reader.ask(queries.latest_outcomes, list(run_ids))

    async def history(self, account: str) -> list[tuple[RunRecord, AccountRow]]:
        """The account in each run that has it, newest run first."""
        return await self._reader.ask(queries.history, account)

    async def worked_on(self, tenant: str) -> set[str]:
        """Accounts of this tenant, by their names, that a run left `changed` or `unchanged`."""
        return await self._reader.ask(queries.worked_on, tenant)

    async def in_flight(self, run_id: str) -> int:
        """Accounts started and not ended: at work when a process is (`is_locked`), else left behind by a dead one."""
        return await self._reader.ask(queries.in_flight, run_id)

    async def between_s(self, run_id: str) -> float:
        """Seconds between the run's processes, in which none worked on it."""
        return await self._reader.ask(queries.between_s, run_id)

    async def last_seen_at(self, run_id: str) -> float | None:
        """Wall-clock time of the newest heartbeat of a process on the run; None: without any."""
        return await self._reader.ask(queries.last_seen_at, run_id)

    async def steps(self, run_id: str, seq: int) -> dict[str, StepRow]:
        """All steps of an account by name."""
        return await self._reader.ask(step_queries.steps, run_id, seq, self._own_process)

    async def steps_of(self, run_id: str, account: str) -> dict[str, StepRow]:
        """All steps of the account by name, in the order in which they began; none when it is not in the run."""
        return await self._reader.ask(step_queries.steps_of, run_id, account, self._own_process)

    async def changed_accounts(self, run_id: str) -> list[AccountRow]:
        """Those on which a finished step had an effect, in inventory order."""
        return await self._reader.ask(step_queries.changed_accounts, run_id)

    async def account_marks(self, run_id: str) -> list[AccountTiming]:
        """Of the accounts that were begun or have their answer, in inventory order; cheap beside `accounts`."""
        return await self._reader.ask(queries.account_marks, run_id)

    async def step_marks(self, run_id: str) -> list[StepTiming]:
        """Of all accounts of a run: by account, then in the order in which they began."""
        return await self._reader.ask(step_queries.step_marks, run_id)

    async def get_fact(self, tenant: str, account: str, kind: str, key: str) -> Any:
        """The value that `put_fact` stored, in any run of this journal; None without one."""
        return await self._reader.ask(queries.fact, tenant, account, kind, key)

    async def events(self, run_id: str, *, skip: int = 0, kind: str = "") -> list[EventRow]:
        """In the order in which they were added, without the first `skip`. `kind`: only those."""
        return await self._reader.ask(queries.events, run_id, skip, kind)
