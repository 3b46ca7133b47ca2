"""`SharedRuns`: runs that are handed over to workers: requests, claims, endings, and the workers.

A request says that workers are to end accounts of a run. One worker coordinates the run: it holds the run's lock. An
account belongs to the worker that has claimed it. All times are the database's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Literal, TypeAlias

import attrs

from bulkops.clock import Clock
from bulkops.journal import queries
from bulkops.journal.base import Reading
from bulkops.journal.codec import decode
from bulkops.journal.postgres import writes
from bulkops.journal.postgres.locks import PostgresLocks
from bulkops.journal.reader import Reader
from bulkops.journal.records import AccountResult, AccountRow, InventoryRow, RunRecord
from bulkops.journal.writer import Writer
from bulkops.outcome import Outcome

StopKind: TypeAlias = Literal["halt", "drain", "abort", "auth"]

MOST_LOST: Final = 3
"""Workers that may die while they work on an account; `claim_account` of the schema has the same number."""


@attrs.frozen(kw_only=True)
class Stop:
    """Why workers begin no account of a run any more."""

    reason: str
    kind: StopKind


@attrs.frozen(kw_only=True)
class HandedOver:
    """A run that workers are to end. `request`: how; `is_coordinated`: a worker coordinates it.

    One without a heartbeat coordinates it until this process, by its own heartbeats, can tell that it is dead.
    """

    run_id: str
    request: Mapping[str, Any]
    stop: Stop | None
    is_coordinated: bool


@attrs.frozen(kw_only=True)
class Ended:
    """An account that ended, as number `number` of its request."""

    seq: int
    number: int
    result: AccountResult


@attrs.frozen(kw_only=True)
class Free:
    """An account to end that no live worker has claimed. `claims_lost`: workers that died while they worked on it."""

    seq: int
    claims_lost: int


WAITS: Final = "waits, and tries again: "
"""Start of the problem of a worker that cannot keep the quotas of a run yet."""


@attrs.frozen(kw_only=True)
class WorkerRow:
    """A `bulkops worker`. Times are wall-clock seconds since the epoch, by the database.

    `state`: alive, dead or ended; `beat_age_s`: since its last heartbeat; `accounts`: that it has claimed; `runs`: ids
    of the runs that it works on; `problems`: by run, why it cannot.
    """

    process_id: int
    host: str
    pid: int
    place: str
    settings: Mapping[str, Any]
    state: str
    began_at: float
    beat_at: float
    beat_age_s: float
    accounts: int
    runs: Sequence[str]
    problems: Mapping[str, str]

    @property
    def stuck(self) -> str | None:
        """Why it works on no run although it is to: it has no ledger. None: nothing like it."""
        waits = (problem for problem in self.problems.values() if problem.startswith(WAITS))
        return None if self.runs else next(waits, None)


@attrs.frozen
class Claim:
    """An account that the worker with this pid, on this host, works on."""

    account: str
    pid: int
    host: str


class SharedRuns:
    """See the module. What is awaited and writes is durable when it returns. Raises: JournalError."""

    def __init__(self, reader: Reader, writer: Writer | None, locks: PostgresLocks, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._locks = locks
        self._clock = clock

    # Requests

    async def create(self, record: RunRecord, inventory: Sequence[InventoryRow], request: Mapping[str, Any]) -> None:
        """As `Journal.create_run`, and hand it over in the same transaction."""
        await self._write(writes.create_run(record, inventory, request))

    async def hand_over(self, run_id: str, request: Mapping[str, Any], seqs: Sequence[int]) -> None:
        """Hand over these accounts of a run."""
        await self._write(writes.request_run(run_id, request, seqs))

    async def handed_over(self) -> list[HandedOver]:
        """Runs that workers are to end, oldest first."""
        return await self._reader.ask(_handed_over, self._own)

    async def is_handed_over(self, run_id: str) -> bool:
        return any(one.run_id == run_id for one in await self.handed_over())

    async def stop(self, run_id: str, reason: str, kind: StopKind) -> None:
        """Begin no account of the run any more. The first reason counts; only an abort comes on top of it."""
        await self._write(writes.stop_run(run_id, reason, kind))

    def coordinate(self, run_id: str) -> AbstractAsyncContextManager[None]:
        """Hold the run's lock as its coordinator. Raises: RunLocked."""
        return self._locks.run(run_id, coordinates=True)

    async def wanted(self, run_id: str) -> list[AccountRow]:
        """Accounts that workers have still to end, in inventory order."""
        return await self._reader.ask(queries.accounts, run_id, None, None, "a.wanted")

    async def stop_of(self, run_id: str) -> Stop | None:
        return await self._reader.ask(_stop_of, run_id)

    async def ended(self, run_id: str, *, after: int = 0) -> list[Ended]:
        """Accounts that ended since the request, in the order in which they ended, after that number."""
        return await self._reader.ask(_ended, run_id, after)

    async def free(self, run_id: str, seqs: Sequence[int]) -> list[Free]:
        """Those of these accounts that have not ended and that no live worker has claimed."""
        return await self._reader.ask(_free, run_id, list(seqs))

    # Claims

    async def claim(self, run_id: str, seq: int) -> AccountRow | None:
        """Claim an account. None when another live worker has it, when it has ended, or when the run is stopping."""
        await self._write(writes.claim_account(run_id, seq))
        return await self._reader.ask(_claimed, run_id, seq, self._own)

    async def release(self, run_id: str, seq: int) -> None:
        """Give back an account that was not begun."""
        await self._write(writes.release_account(run_id, seq))

    async def end_account(self, run_id: str, seq: int, ending: AccountResult, *, gives_back: bool = False) -> None:
        """As `Journal.end_account`. `gives_back`: this worker stops, and another one goes on with the account."""
        await self._write(writes.end_account(run_id, seq, ending, self._clock.now(), gives_back=gives_back))

    async def claims(self, run_id: str) -> list[Claim]:
        """Accounts in progress, in inventory order."""
        return await self._reader.ask(_claims, run_id)

    # Workers

    async def begin_worker(self, settings: Mapping[str, Any]) -> None:
        """This process is a worker, and gives signs of life from now on."""
        await self._write(writes.begin_worker(settings))

    async def join(self, run_id: str, problem: str | None = None) -> None:
        """This worker works on the run, or cannot because of the problem."""
        await self._write(writes.join_run(run_id, problem))

    async def leave(self, run_id: str) -> None:
        await self._write(writes.leave_run(run_id))

    async def bury(self) -> None:
        """Declare workers dead whose lease has ended, and free their accounts."""
        await self._write(writes.bury_workers())

    async def workers(self) -> list[WorkerRow]:
        """Live workers, and those that were declared dead or ended within the last hour."""
        return await self._reader.ask(_workers)

    @property
    def _own(self) -> int | None:
        return None if self._writer is None else self._writer.current_process

    async def _write(self, write: writes.Data) -> None:
        assert self._writer is not None  # noqa: S101 - `Journal.shared_runs` has seen to it
        await self._writer.durable(write)


def _stop(reason: str | None, kind: StopKind) -> Stop | None:
    return None if reason is None else Stop(reason=reason, kind=kind)


def _handed_over(reading: Reading, own: int | None) -> list[HandedOver]:
    rows = reading.execute(
        """SELECT r.run_id, r.request, r.stopping, r.stop_kind, EXISTS
             (SELECT 1 FROM locks l JOIN processes p USING (process_id) WHERE l.run_id = r.run_id AND (is_alive(p) OR
                NOT p.ended AND NOT p.dead AND NOT (SELECT is_steady(me) FROM processes me WHERE me.process_id = ?)))
           FROM runs r WHERE r.request IS NOT NULL ORDER BY r.number""",
        (own,),
    )
    return [
        HandedOver(run_id=run_id, request=decode(request), stop=_stop(reason, kind), is_coordinated=coordinated)
        for run_id, request, reason, kind, coordinated in rows
    ]


def _stop_of(reading: Reading, run_id: str) -> Stop | None:
    row = reading.execute("SELECT stopping, stop_kind FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    return None if row is None else _stop(*row)


def _ended(reading: Reading, run_id: str, after: int) -> list[Ended]:
    rows = reading.execute(
        """SELECT seq, ended_nr, outcome, failure_class, cause FROM accounts
           WHERE run_id = ? AND ended_nr > ? ORDER BY ended_nr""",
        (run_id, after),
    )
    return [
        Ended(
            seq=seq,
            number=number,
            result=AccountResult(outcome=Outcome(outcome), failure_class=failure_class, cause=cause),
        )
        for seq, number, outcome, failure_class, cause in rows
    ]


def _free(reading: Reading, run_id: str, seqs: list[int]) -> list[Free]:
    rows = reading.execute(
        """SELECT seq, claims_lost FROM accounts
           WHERE run_id = ? AND seq = ANY(?) AND wanted AND NOT is_held(process_id, NULL) ORDER BY seq""",
        (run_id, seqs),
    )
    return [Free(seq=seq, claims_lost=lost) for seq, lost in rows]


def _claimed(reading: Reading, run_id: str, seq: int, own: int | None) -> AccountRow | None:
    """The account if this process has claimed it."""
    is_own = "a.seq = ? AND a.wanted AND a.process_id = ?"
    return next(iter(queries.accounts(reading, run_id, None, None, is_own, seq, own)), None)


def _claims(reading: Reading, run_id: str) -> list[Claim]:
    rows = reading.execute(
        """SELECT a.account, p.pid, p.host FROM accounts a JOIN processes p USING (process_id)
           WHERE a.run_id = ? AND is_held(a.process_id, NULL) ORDER BY a.seq""",
        (run_id,),
    )
    return [Claim(*row) for row in rows]


def _workers(reading: Reading) -> list[WorkerRow]:
    runs: dict[int, list[str]] = {}
    problems: dict[int, dict[str, str]] = {}
    for process_id, run_id, problem in reading.execute(
        "SELECT process_id, run_id, problem FROM worker_runs ORDER BY run_id"
    ):
        if problem is None:
            runs.setdefault(process_id, []).append(run_id)
        else:
            problems.setdefault(process_id, {})[run_id] = problem
    rows = reading.execute(
        """SELECT p.process_id, p.host, p.pid, p.place, p.worker,
             CASE WHEN is_alive(p) THEN 'alive' WHEN p.ended THEN 'ended' ELSE 'dead' END,
             p.began_wall_s, p.beat_wall_s, now_s() - p.beat_wall_s,
             (SELECT count(*) FROM accounts a WHERE a.process_id = p.process_id)
           FROM processes p WHERE p.worker IS NOT NULL AND (is_alive(p) OR p.beat_wall_s > now_s() - 3600)
           ORDER BY p.process_id"""
    )
    return [
        WorkerRow(
            process_id=process_id,
            host=host,
            pid=pid,
            place=place,
            settings=decode(worker),
            state=state,
            began_at=began,
            beat_at=beat,
            beat_age_s=max(0.0, age),
            accounts=accounts,
            runs=runs.get(process_id, []) if state == "alive" else [],
            problems=problems.get(process_id, {}) if state == "alive" else {},
        )
        for process_id, host, pid, place, worker, state, began, beat, age, accounts in rows
    ]
