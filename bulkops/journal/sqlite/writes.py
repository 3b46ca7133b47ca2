"""Writes to the journal, one function per kind of row. Each returns a job for the writer's thread.

Values are copied and encoded when the job is made, times are taken then too; only an inventory, which may be long,
is encoded in the thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bulkops.clock import Instant
from bulkops.errors import JournalError
from bulkops.journal.base import not_in_journal
from bulkops.journal.codec import LONGEST_NAME, encode, utf8_text, utf8_text_or_none
from bulkops.journal.copying import COLUMNS, RunCopy, check_whole, read_copy
from bulkops.journal.records import NAMED, AccountResult, InventoryRow, RunRecord, RunState, StepState
from bulkops.journal.sqlite.committer import Change, Job
from bulkops.journal.sqlite.processes import Processes
from bulkops.journal.sqlite.steps import StepWrite
from bulkops.outcome import Outcome

_NUMBER: Final = "(SELECT number FROM runs WHERE run_id = ?)"
_PUT_FACT: Final = "INSERT OR REPLACE INTO facts (tenant, account, kind, key, value) VALUES (?, ?, ?, ?, ?)"


def create_run(record: RunRecord, inventory: Sequence[InventoryRow]) -> Job:
    """The run and its whole inventory, or nothing."""
    run_id = utf8_text(record.run_id)
    run = (
        run_id,
        record.created_at,
        utf8_text(record.title),
        encode(record.operation),
        utf8_text(record.host),
        utf8_text_or_none(record.workspace),
        utf8_text(record.inventory_hash),
        record.inventory_count,
        encode(record.policy),
        encode(record.tuning),
        record.state.value,
        utf8_text_or_none(record.reason),
        record.ended_at,
    )

    def job(connection: sqlite3.Connection, _: Processes) -> None:
        try:
            connection.execute(
                """INSERT INTO runs (run_id, created_at, title, operation, host, workspace, inventory_hash,
                     inventory_count, policy, tuning, state, reason, ended_at)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                run,
            )
        except sqlite3.IntegrityError as error:
            raise JournalError(f"run {run_id} is already in the journal", remedy="use a new run id") from error
        try:
            connection.executemany(
                "INSERT INTO accounts (run_id, seq, account, params, outcome) VALUES (?, ?, ?, ?, ?)",
                (
                    (run_id, row.seq, utf8_text(row.account), encode(row.params), Outcome.NOT_ATTEMPTED.value)
                    for row in inventory
                ),
            )
        except sqlite3.IntegrityError as error:
            raise JournalError(
                f"the inventory of run {run_id} has a duplicate sequence number", remedy="number the accounts from 0"
            ) from error
        connection.executemany(
            _PUT_FACT,
            (
                (
                    utf8_text(record.tenant),
                    utf8_text(row.account),
                    *NAMED,
                    encode(row.name[:LONGEST_NAME]),
                )
                for row in inventory
                if row.name
            ),
        )

    return job


def set_state(run_id: str, state: RunState, reason: str | None, now: Instant) -> Job:
    ended_at = None if state is RunState.RUNNING else now.wall_s
    return _change_one(
        "UPDATE runs SET state = ?, reason = ?, ended_at = ? WHERE run_id = ?",
        (state.value, utf8_text_or_none(reason), ended_at, utf8_text(run_id)),
        missing=f"run {run_id}",
    )


def set_policy(run_id: str, policy: Mapping[str, Any], tuning: Mapping[str, Any]) -> Job:
    return _change_one(
        "UPDATE runs SET policy = ?, tuning = ? WHERE run_id = ?",
        (encode(policy), encode(tuning), utf8_text(run_id)),
        missing=f"run {run_id}",
    )


def set_operation(run_id: str, operation: Mapping[str, Any]) -> Job:
    return _change_one(
        "UPDATE runs SET operation = ? WHERE run_id = ?",
        (encode(operation), utf8_text(run_id)),
        missing=f"run {run_id}",
    )


_NO_ANSWER: Final = "was_unknown = 0, failure_class = NULL, cause = NULL, reason = NULL, remedy = NULL, detail = NULL"
_ENDS_WELL: Final = frozenset({Outcome.CHANGED, Outcome.UNCHANGED})
"""Outcomes of accounts without an open intent."""
_FIRST_START: Final = f"""
UPDATE accounts SET outcome = NULL, started_at = ?, ended_at = NULL, {_NO_ANSWER}
WHERE run_id = ? AND seq = ? AND outcome = 'not_attempted'
"""  # noqa: S608 - constants
"""Most accounts, in one statement."""
_STAYS_UNKNOWN: Final = """
SELECT 1 FROM accounts a WHERE run_id = ? AND seq = ?
  AND (outcome = 'unknown' OR (outcome IS NULL AND was_unknown))
  AND NOT EXISTS (SELECT 1 FROM steps s WHERE s.run_id = a.run_id AND s.seq = a.seq AND s.state = 'intent')
"""


def delete_run(run_id: str) -> Job:
    name = (utf8_text(run_id),)

    def job(connection: sqlite3.Connection, _: Processes) -> None:
        connection.execute(f"DELETE FROM step_rows WHERE run = {_NUMBER}", name)  # noqa: S608 - a constant
        for table in ("events", "accounts", "processes", "runs"):
            connection.execute(f"DELETE FROM {table} WHERE run_id = ?", name)  # noqa: S608 - four constants

    return job


def start_account(run_id: str, seq: int, now: Instant) -> Job:
    """Start an account. An unknown one stays unknown if this process is killed, unless it has open intents: those are
    settled one by one, which makes its outcome known.
    """
    key = (utf8_text(run_id), seq)
    start = _change_one(
        "UPDATE accounts SET outcome = NULL, started_at = ?, ended_at = NULL WHERE run_id = ? AND seq = ?",
        (now.wall_s, *key),
        missing=f"account {seq} of run {run_id}",
    )

    def job(connection: sqlite3.Connection, processes: Processes) -> None:
        if connection.execute(_FIRST_START, (now.wall_s, *key)).rowcount:
            return
        stays = connection.execute(_STAYS_UNKNOWN, key).fetchone() is not None
        start(connection, processes)
        kept = "was_unknown = 1" if stays else _NO_ANSWER
        connection.execute(f"UPDATE accounts SET {kept} WHERE run_id = ? AND seq = ?", key)  # noqa: S608 - constants

    return job


def end_account(run_id: str, seq: int, ending: AccountResult, now: Instant) -> Job:
    """The answer of one account; and that none of its open intents can send anything after now."""
    change = _change_one(
        """UPDATE accounts SET outcome = ?, failure_class = ?, cause = ?, reason = ?, remedy = ?, detail = ?,
             ended_at = ? WHERE run_id = ? AND seq = ?""",
        (
            ending.outcome.value,
            utf8_text_or_none(ending.failure_class),
            utf8_text_or_none(ending.cause),
            utf8_text_or_none(ending.reason),
            utf8_text_or_none(ending.remedy),
            encode(ending.detail),
            now.wall_s,
            utf8_text(run_id),
            seq,
        ),
        missing=f"account {seq} of run {run_id}",
    )

    if ending.outcome in _ENDS_WELL:
        return change

    def job(connection: sqlite3.Connection, processes: Processes) -> None:
        change(connection, processes)
        connection.execute(
            f"""UPDATE step_rows SET quiet_boot_s = ?
                WHERE run = {_NUMBER} AND seq = ? AND state = ? AND process_id = ? AND quiet_boot_s IS NULL""",  # noqa: S608 - a constant
            (now.boot_s, utf8_text(run_id), seq, StepState.INTENT.value, processes.current),
        )

    return job


_INTENT: Final = StepState.INTENT.value
"""Once: `.value` of an enum is a call."""
_NULL: Final = encode(None)
"""JSON's: for SQL's NULL, as for True and False, `sqlite3` looks for an adapter, which takes longer than the row."""


def begin_step(run_id: str, seq: int, step: str, data: object, boot_s: float) -> Job:
    return StepWrite((utf8_text(run_id), seq, utf8_text(step), _INTENT, encode(data), _NULL, 0, boot_s))


def end_step(
    run_id: str, seq: int, step: str, state: StepState, result: object, *, changed: bool, boot_s: float
) -> Job:
    return StepWrite((utf8_text(run_id), seq, utf8_text(step), str(state), _NULL, encode(result), int(changed), boot_s))


def begin_process(run_id: str) -> Job:
    name = utf8_text(run_id)
    return lambda connection, processes: processes.begin(connection, name)


def end_process() -> Job:
    return lambda connection, processes: processes.end(connection)


def put_fact(tenant: str, account: str, kind: str, key: str, value: object) -> Job:
    row = (
        utf8_text(tenant),
        utf8_text(account),
        utf8_text(kind),
        utf8_text(key),
        encode(value),
    )

    def job(connection: sqlite3.Connection, _: Processes) -> None:
        connection.execute(_PUT_FACT, row)

    return job


def add_event(run_id: str, kind: str, data: object, now: Instant) -> Job:
    row = (utf8_text(run_id), now.wall_s, utf8_text(kind), encode(data))

    def job(connection: sqlite3.Connection, _: Processes) -> None:
        connection.execute("INSERT INTO events (run_id, at, kind, data) VALUES (?, ?, ?, ?)", row)

    return job


def _change_one(statement: str, values: tuple[object, ...], *, missing: str) -> Change:
    def job(connection: sqlite3.Connection, _: Processes) -> None:
        if connection.execute(statement, values).rowcount != 1:
            raise not_in_journal(utf8_text(missing))

    return job


def add_copy(copy: RunCopy) -> Job:
    """All rows of a run of another journal, or nothing. What this journal knows of an account stays."""

    def job(connection: sqlite3.Connection, _: Processes) -> None:
        if connection.execute("SELECT 1 FROM runs WHERE run_id = ?", (copy.run_id,)).fetchone() is not None:
            raise JournalError(f"run {copy.run_id} is already in the journal", remedy="delete it there first")
        (newest,) = connection.execute("SELECT coalesce(max(process_id), 0) FROM processes").fetchone()
        for table, columns in COLUMNS.items():
            rows = [list(row) for row in copy.rows[table]]
            if "process_id" in columns:
                place = columns.index("process_id")
                for row in rows:
                    row[place] += newest + 1
            into, values = f"{table} ({', '.join(columns)})", ", ".join("?" * len(columns))
            if table == "steps":
                into, values = into.replace("steps (run_id", "step_rows (run"), values.replace("?", _NUMBER, 1)
            connection.executemany(f"INSERT OR IGNORE INTO {into} VALUES ({values})", rows)  # noqa: S608 - constants
        check_whole(read_copy(connection, copy.run_id), copy)

    return job


def nothing() -> Job:
    """A write that only waits for those before it."""
    return lambda connection, processes: None
