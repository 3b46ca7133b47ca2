"""Queries of the journal, as functions of a connection.

They are in the SQL that SQLite and PostgreSQL share, and run in the reader's thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Any, Final

from bulkops.errors import JournalError
from bulkops.journal.base import Reading, Rows
from bulkops.journal.codec import decode, utf8_text
from bulkops.journal.packed import Packed
from bulkops.journal.records import (
    NAMED,
    AccountRow,
    AccountTiming,
    EventRow,
    RunRecord,
    RunState,
)
from bulkops.outcome import Outcome

NAMES: Final = {"latest": 0, "previous": 1}
"""Names of runs by age: how many runs are newer."""

_SHOWN: Final = 5
"""Number of runs that the error about an ambiguous id names."""

_ALL: Final = 2**63 - 1
"""As LIMIT: no limit, in every SQL."""

MOST_ACCOUNTS: Final = 2**31 - 1
"""Of a run: the largest integer of a column in PostgreSQL."""

_NOT_ENDED: Final = "its process died while it worked on the account, or is still at work"
_LOOK_AGAIN: Final = "`bulkops resume` checks first, then continues"

_RUNS: Final = """
SELECT r.run_id, r.created_at, r.title, r.operation, r.host, r.workspace, r.inventory_hash,
  r.inventory_count, r.policy, r.tuning, r.state, r.reason, r.ended_at, l.pid, l.beat_wall_s
FROM runs r LEFT JOIN processes l ON l.process_id = (SELECT max(process_id) FROM processes WHERE run_id = r.run_id)
"""

_TENANT: Final = "r.host || coalesce(' workspace ' || r.workspace, '')"
"""As `records.tenant`."""

_OUTCOME: Final = """
CASE WHEN a.outcome IS NOT NULL THEN a.outcome
  WHEN a.was_unknown THEN 'unknown'
  WHEN EXISTS (SELECT 1 FROM steps s
    WHERE s.run_id = a.run_id AND s.seq = a.seq AND s.state = 'intent') THEN 'unknown'
  ELSE 'cancelled' END
"""

_LEFT: Final = """
SELECT 1 FROM accounts a WHERE a.run_id = r.run_id
  AND (a.outcome IS NULL OR a.outcome IN ('not_attempted', 'cancelled', 'unknown'))
"""


def runs(connection: Reading) -> list[RunRecord]:
    """All runs, newest first."""
    return [_run(row) for row in connection.execute(_RUNS + "ORDER BY r.number DESC")]


def newest_run(connection: Reading, *, unfinished: bool) -> RunRecord | None:
    """`unfinished`: one that left accounts to resume, or whose process died before it could say that it ended."""
    condition = f"WHERE r.state = 'running' OR EXISTS ({_LEFT})" if unfinished else ""
    row = connection.execute(f"{_RUNS} {condition} ORDER BY r.number DESC LIMIT 1").fetchone()
    return None if row is None else _run(row)


def run_by_name(connection: Reading, name: str, where: str) -> RunRecord:
    """The run of that id, the only one whose id begins so, or what `NAMES` means. Raises: JournalError."""
    prefix = utf8_text(name)
    known = [str(run_id) for (run_id,) in connection.execute("SELECT run_id FROM runs ORDER BY number DESC")]
    if prefix in NAMES:
        found = known[NAMES[prefix] :][:1]
        if not found:
            raise JournalError(f"run {prefix!r} does not exist in {where}", remedy="`bulkops runs` lists the runs")
        return _run(connection.execute(_RUNS + "WHERE r.run_id = ?", found).fetchone())
    found = [prefix] if prefix in known else [run_id for run_id in known if run_id.startswith(prefix)]
    if not found:
        raise JournalError(f"run {prefix!r} does not exist in {where}", remedy="`bulkops runs` lists the runs")
    if len(found) > 1:
        names = ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
        raise JournalError(
            f"{len(found)} runs in {where} begin with {prefix!r}: {names}",
            remedy="type more of the id; `bulkops runs` lists the runs",
        )
    return _run(connection.execute(_RUNS + "WHERE r.run_id = ?", found).fetchone())


def accounts(
    connection: Reading,
    run_id: str,
    outcomes: Iterable[Outcome] | None,
    failure_class: str | None,
    only: str = "true",
    *values: object,
) -> list[AccountRow]:
    """In inventory order, with effective outcomes. `only`, `values`: a condition on `accounts a` and its values."""
    return [_account(row) for row in _accounts(connection, run_id, outcomes, failure_class, only, *values)]


def all_accounts(connection: Reading, run_id: str) -> Packed[AccountRow]:
    """The same of the whole run, however large it is."""
    return Packed(_account, (_checked(tuple(row)) for row in _accounts(connection, run_id, None, None, "true")))


def _checked(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The row, which is made an account later. Raises: ValueError for an unreadable one, which is reported here."""
    _account(row)
    return row


def _accounts(
    connection: Reading,
    run_id: str,
    outcomes: Iterable[Outcome] | None,
    failure_class: str | None,
    only: str,
    *values: object,
) -> Rows:
    condition, given = only, list(values)
    if outcomes is not None:
        wanted = [outcome.value for outcome in outcomes]
        condition += f" AND {_OUTCOME} IN ({_marks(wanted)})"
        given += wanted
    if failure_class is not None:
        condition += " AND a.failure_class = ?"
        given.append(utf8_text(failure_class))
    return connection.execute(
        f"""SELECT a.seq, a.account, a.params, {_OUTCOME}, a.failure_class, a.cause, a.reason, a.remedy, a.detail,
              a.started_at, a.ended_at, a.outcome IS NULL AND NOT a.was_unknown, f.value
            FROM accounts a JOIN runs r ON r.run_id = a.run_id
              LEFT JOIN facts f ON f.tenant = {_TENANT} AND f.account = a.account AND f.kind = ? AND f.key = ?
            WHERE a.run_id = ? AND {condition} ORDER BY a.seq""",  # noqa: S608 - constants and question marks
        [*NAMED, utf8_text(run_id), *given],
    )


def _account(row: Sequence[Any]) -> AccountRow:
    seq, account, params, outcome, failure_class, cause, reason, remedy, *more = row
    detail, started_at, ended_at, is_open, name = more
    return AccountRow(
        seq=seq,
        account=account,
        params=decode(params),
        outcome=Outcome(outcome),
        failure_class=failure_class,
        cause=_NOT_ENDED if is_open else cause,
        reason=_NOT_ENDED if is_open else reason,
        remedy=_LOOK_AGAIN if is_open else remedy,
        detail=decode(detail) or {},
        started_at=started_at,
        ended_at=ended_at,
        name=None if name is None else decode(name),
    )


def history(connection: Reading, account: str) -> list[tuple[RunRecord, AccountRow]]:
    """The account in each run that has it, newest run first; external ids in any case."""
    rows = connection.execute(
        """SELECT run_id, seq FROM accounts JOIN runs USING (run_id)
           WHERE lower(account) = lower(?) ORDER BY number DESC""",
        (utf8_text(account),),
    ).fetchall()
    found = []
    for run_id, seq in rows:
        record = _run(connection.execute(_RUNS + "WHERE r.run_id = ?", (run_id,)).fetchone())
        found += [(record, row) for row in accounts(connection, run_id, None, None) if row.seq == seq]
    return found


def account_marks(connection: Reading, run_id: str) -> list[AccountTiming]:
    """Of the accounts that were begun or have their answer, in inventory order."""
    rows = connection.execute(
        """SELECT seq, account, outcome, cause, started_at, ended_at FROM accounts
           WHERE run_id = ? AND (started_at IS NOT NULL OR ended_at IS NOT NULL) ORDER BY seq""",
        (utf8_text(run_id),),
    )
    return [
        AccountTiming(
            seq=seq,
            account=account,
            outcome=None if outcome is None else Outcome(outcome),
            cause=cause,
            started_at=started_at,
            ended_at=ended_at,
        )
        for seq, account, outcome, cause, started_at, ended_at in rows
    ]


def counts(connection: Reading, run_id: str, places: range | None) -> dict[Outcome, int]:
    """Accounts by effective outcome: all seven keys, in the order of the enumeration. `places`: None: of all."""
    start, end = (0, MOST_ACCOUNTS) if places is None else (places.start, places.stop)
    rows = connection.execute(
        f"SELECT {_OUTCOME}, count(*) FROM accounts a WHERE a.run_id = ? AND a.seq >= ? AND a.seq < ? GROUP BY 1",  # noqa: S608 - constants
        (utf8_text(run_id), start, end),
    )
    return dict.fromkeys(Outcome, 0) | {Outcome(outcome): count for outcome, count in rows}


def latest_outcomes(connection: Reading, run_ids: Iterable[str]) -> dict[str, Outcome]:
    """By account: its effective outcome in the newest of these runs that has it."""
    wanted = [utf8_text(run_id) for run_id in run_ids]
    rows = connection.execute(
        f"""SELECT a.account, {_OUTCOME} FROM accounts a JOIN runs r USING (run_id)
            WHERE r.run_id IN ({_marks(wanted)}) ORDER BY r.number""",  # noqa: S608 - question marks
        wanted,
    )
    return {account: Outcome(outcome) for account, outcome in rows}


def worked_on(connection: Reading, tenant: str) -> set[str]:
    """Accounts of this tenant that a run left `changed` or `unchanged`."""
    rows = connection.execute(
        f"""SELECT DISTINCT a.account FROM accounts a JOIN runs r USING (run_id)
            WHERE {_TENANT} = ? AND a.outcome IN ('changed', 'unchanged')""",  # noqa: S608 - a constant
        (utf8_text(tenant),),
    )
    return {account for (account,) in rows}


def between_s(connection: Reading, run_id: str) -> float:
    """Seconds between the processes of a run, in which none worked on it."""
    rows = connection.execute(
        """SELECT boot_id, began_boot_s, began_wall_s, beat_boot_s, beat_wall_s
           FROM processes WHERE run_id = ? ORDER BY process_id""",
        (utf8_text(run_id),),
    ).fetchall()
    gaps: Iterable[float] = (
        began_boot_s - beat_boot_s if boot_id and boot_id == boot_before else began_wall_s - beat_wall_s
        for (boot_before, _, _, beat_boot_s, beat_wall_s), (boot_id, began_boot_s, began_wall_s, _, _) in pairwise(rows)
    )
    return sum(max(0.0, gap) for gap in gaps)


def last_seen_at(connection: Reading, run_id: str) -> float | None:
    """Wall-clock time of the newest activity on the run: a heartbeat, an account, or a step."""
    row = connection.execute(
        """SELECT max(at) FROM (
             SELECT beat_wall_s AS at FROM processes WHERE run_id = ?
             UNION ALL SELECT CASE WHEN ended_at > started_at THEN ended_at ELSE started_at END
               FROM accounts WHERE run_id = ?
             UNION ALL SELECT s.began_boot_s + (l.beat_wall_s - l.beat_boot_s)
               FROM steps s JOIN processes l USING (process_id) WHERE s.run_id = ?) AS seen""",
        3 * (utf8_text(run_id),),
    ).fetchone()
    return None if row[0] is None else float(row[0])


def in_flight(connection: Reading, run_id: str) -> int:
    (count,) = connection.execute(
        "SELECT count(*) FROM accounts WHERE run_id = ? AND outcome IS NULL", (utf8_text(run_id),)
    ).fetchone()
    return int(count)


def fact(connection: Reading, tenant: str, account: str, kind: str, key: str) -> Any:
    row = connection.execute(
        "SELECT value FROM facts WHERE tenant = ? AND account = ? AND kind = ? AND key = ?",
        (utf8_text(tenant), utf8_text(account), utf8_text(kind), utf8_text(key)),
    ).fetchone()
    return None if row is None else decode(row[0])


def events(connection: Reading, run_id: str, skip: int, kind: str) -> list[EventRow]:
    """In the order in which they were added, without the first `skip`. `kind`: "" for all."""
    rows = connection.execute(
        "SELECT at, kind, data FROM events WHERE run_id = ? AND ? IN (kind, '') ORDER BY event_id LIMIT ? OFFSET ?",
        (utf8_text(run_id), kind, _ALL, skip),
    )
    return [EventRow(at=at, kind=kind, data=decode(data)) for at, kind, data in rows]


def _marks(values: Collection[object]) -> str:
    """Question marks for IN (...), which must not be empty."""
    return ", ".join("?" * len(values)) or "NULL"


def _run(row: tuple[Any, ...]) -> RunRecord:
    return RunRecord(
        run_id=row[0],
        created_at=row[1],
        title=row[2],
        operation=decode(row[3]),
        host=row[4],
        workspace=row[5],
        inventory_hash=row[6],
        inventory_count=row[7],
        policy=decode(row[8]),
        tuning=decode(row[9]),
        state=RunState(row[10]),
        reason=row[11],
        ended_at=row[12],
        pid=row[13],
        last_beat_at=row[14],
    )
