"""Queries for the steps of a run, as `bulkops.journal.queries`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from bulkops.clock import Instant, ProcessRecord
from bulkops.journal.base import Reading
from bulkops.journal.codec import decode, utf8_text
from bulkops.journal.queries import accounts
from bulkops.journal.records import AccountRow, StepRow, StepState, StepTiming

_LIFE: Final = "l.boot_id, l.beat_boot_s, l.beat_wall_s, l.ended"


def steps(connection: Reading, run_id: str, seq: int, own_process: int | None) -> dict[str, StepRow]:
    now = connection.now()
    rows = connection.execute(
        f"""SELECT s.step, s.state, s.data, s.result, s.changed, s.process_id, s.began_boot_s, s.quiet_boot_s, {_LIFE}
            FROM steps s JOIN processes l USING (process_id) WHERE s.run_id = ? AND s.seq = ?
            ORDER BY s.process_id, s.began_boot_s, s.step""",  # noqa: S608 - constants
        (utf8_text(run_id), seq),
    )
    found = {}
    for step, state, data, result, changed, process_id, began_boot_s, quiet_boot_s, *process in rows:
        age_s = 0.0
        if state == StepState.INTENT:
            age_s = _intent_age_s(_process(process), began_boot_s, quiet_boot_s, now, alive=process_id == own_process)
        found[step] = StepRow(
            step=step,
            state=StepState(state),
            data=decode(data),
            result=decode(result),
            changed=bool(changed),
            began_age_s=age_s,
        )
    return found


def step_marks(connection: Reading, run_id: str) -> list[StepTiming]:
    """Of all accounts of a run: by account, then in the order in which they began. Without data and results."""
    rows = connection.execute(
        """SELECT s.seq, s.step, s.state, s.changed, s.began_boot_s + (l.beat_wall_s - l.beat_boot_s) AS began_at
           FROM steps s JOIN processes l USING (process_id) WHERE s.run_id = ? ORDER BY s.seq, began_at, s.step""",
        (utf8_text(run_id),),
    )
    return [
        StepTiming(seq=seq, step=step, state=StepState(state), changed=bool(changed), began_at=began_at)
        for seq, step, state, changed, began_at in rows
    ]


def steps_of(connection: Reading, run_id: str, account: str, own_process: int | None) -> dict[str, StepRow]:
    row = connection.execute(
        "SELECT seq FROM accounts WHERE run_id = ? AND account = ?",
        (utf8_text(run_id), utf8_text(account)),
    ).fetchone()
    return {} if row is None else steps(connection, run_id, row[0], own_process)


def changed_accounts(connection: Reading, run_id: str) -> list[AccountRow]:
    changed = connection.execute(
        "SELECT DISTINCT seq FROM steps WHERE run_id = ? AND state = ? AND changed",
        (utf8_text(run_id), StepState.DONE.value),
    )
    seqs = {seq for (seq,) in changed}
    return [row for row in accounts(connection, run_id, None, None) if row.seq in seqs]


def _intent_age_s(
    process: ProcessRecord, began_boot_s: float, quiet_boot_s: float | None, now: Instant, *, alive: bool
) -> float:
    """Seconds since the intent's request can have left at the latest.

    When its account has ended since: that moment. Else, a process that still lives can send it right now; one that
    died could until then.
    """
    if quiet_boot_s is not None:
        return process.age_s(quiet_boot_s, now)
    return 0.0 if alive else process.idle_s(now, since_boot_s=began_boot_s)


def _process(row: Iterable[Any]) -> ProcessRecord:
    boot_id, beat_boot_s, beat_wall_s, ended = row
    return ProcessRecord(boot_id=boot_id, beat_boot_s=beat_boot_s, beat_wall_s=beat_wall_s, ended=bool(ended))
