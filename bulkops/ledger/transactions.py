"""The local ledger's transactions: SQLite and kernel locks, each method one commit. Independent of the event loop."""

from __future__ import annotations

import math
import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import attrs

from bulkops.clock import MARGIN_S, Clock, Instant, ProcessRecord
from bulkops.errors import RunLocked
from bulkops.ledger.base import Credential, LeaseTerms
from bulkops.ledger.quota_sharing import MAX_MEMBERS, Allotment
from bulkops.ledger.schema import FILE_NAME, describe, open_ledger
from bulkops.ledger.slots import (
    SAME_CREDENTIAL,
    Owner,
    Request,
    Settled,
    learn,
    put_slots,
    settle_slots,
    slots_left_behind,
    take_slot,
)
from bulkops.locks import held, holder_at, process_words
from bulkops.pacing import LONGEST_DIVIDED_S, Explored, Full, HeldSlot, window_length_s

_WORKING: Final = "working"
_ENDED: Final = "ended"
_KILLED: Final = "killed"

_DIVIDED_S: Final = window_length_s(LONGEST_DIVIDED_S)
_SLOW_S: Final = 0.5
"""Seconds. If a commit takes longer, heartbeats are old before they are on the disk, so they are dated ahead."""
_TINY: Final = 1e-9


_NOBODY: Final = Owner(Credential(""), "")


@attrs.frozen
class _Process:
    process_id: int
    workspace: str | None
    label: str
    pid: int
    share: float
    counted_by: float
    """Boot-clock time by which the server has counted all its requests, if its newest heartbeat was its last."""


@attrs.define
class LedgerTransactions:
    """One process's access to the ledger, used by one thread at a time."""

    directory: Path
    clock: Clock
    beat_boot_s: float = -math.inf
    """Boot clock of the newest heartbeat on the disk."""
    _mine: Owner = _NOBODY
    _server_timeout_s: float = 0.0
    _lock: ExitStack = attrs.field(factory=ExitStack)
    _commit_s: float = 0.0
    _connection: sqlite3.Connection = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._connection = open_ledger(self.directory)

    def close(self) -> None:
        """Without `end` before it, the state is as after a kill."""
        self._connection.close()
        self._lock.close()

    # -- a lease ------------------------------------------------------------------------------------------------

    def begin(self, terms: LeaseTerms, slots: Iterable[HeldSlot]) -> None:
        """Raises: RunLocked when others are at work, or too many of them."""
        credential = terms.credential
        self._mine = Owner(credential, terms.holder)
        self._server_timeout_s = terms.server_timeout_s
        with self._transaction(beats=True) as now:
            self._redate(now)
            self._forget(now)
            others = self._working(now)
            if others and (not terms.share or len(others) >= MAX_MEMBERS):
                raise _in_use(others[0], credential.host)
            self._mine = Owner(credential, terms.holder, int.from_bytes(os.urandom(7)))
            self._connection.execute(
                """INSERT INTO processes (process_id, host, workspace, label, holder, pid, boot_id, beat_boot_s,
                     beat_wall_s, server_timeout_s, share, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)""",
                (
                    self._mine.process_id,
                    credential.host,
                    credential.workspace,
                    terms.label,
                    terms.holder,
                    os.getpid(),
                    now.boot_id,
                    now.boot_s,
                    now.wall_s,
                    terms.server_timeout_s,
                    _WORKING,
                ),
            )
            self._lock.enter_context(held(self._lock_file(self._mine.process_id), terms.label))
            put_slots(self._connection, self._mine, slots, now, recorded=True)

    def renew(
        self, settled: Sequence[Settled], *, part: float, used: float, explored: Sequence[Explored] = ()
    ) -> Allotment:
        """A heartbeat; give share back, or take what is free. `explored`: what this process knows."""
        with self._transaction(beats=True) as now:
            settle_slots(self._connection, settled)
            others = self._working(now)
            killed = self._killed(now)
            (share,) = self._connection.execute(
                "SELECT share FROM processes WHERE process_id = ?", (self._mine.process_id,)
            ).fetchone()
            is_alone = not others and not share
            share = min(share, max(part, used))
            members = 1 + round(_most(others, lambda _: 1.0))
            fair, has_grown = 1 / members, False
            if share < fair - _TINY and used <= fair + _TINY:
                # A process without others waits only for each quota's own window.
                taken = _most(others if is_alone else others + killed, lambda process: process.share)
                if taken + fair <= 1 + _TINY:
                    share, has_grown = fair, True
            self._set_share(self._mine.process_id, share)
            return Allotment(
                share=share,
                members=members,
                has_grown=has_grown,
                slots=slots_left_behind(self._connection, self._mine, now) if has_grown else (),
                killed_in_s=max((process.counted_by - now.boot_s for process in killed), default=-math.inf)
                if has_grown and is_alone
                else -math.inf,
                explored=learn(self._connection, self._mine, explored),
            )

    def take(self, settled: Sequence[Settled], requests: Sequence[Request]) -> list[int | Full]:
        """For each request the id of its slot, or a refusal."""
        with self._transaction() as now:
            settle_slots(self._connection, settled)
            return [take_slot(self._connection, self._mine, request, now) for request in requests]

    def end(self, settled: Sequence[Settled], slots: Iterable[HeldSlot], *, explored: Sequence[Explored] = ()) -> None:
        """End in order: only these slots of divided quotas, and recorded slots, remain."""
        with self._transaction() as now:
            settle_slots(self._connection, settled)
            learn(self._connection, self._mine, explored)
            self._connection.execute(
                "UPDATE slots SET counted_boot_s = ? WHERE process_id = ? AND counted_boot_s IS NULL",
                (now.boot_s + self._server_timeout_s, self._mine.process_id),
            )
            put_slots(self._connection, self._mine, slots, now, recorded=False)
            self._connection.execute(
                "UPDATE processes SET state = ?, share = 0 WHERE process_id = ?", (_ENDED, self._mine.process_id)
            )
        self._lock.close()
        self._lock_file(self._mine.process_id).unlink(missing_ok=True)

    # -- others -------------------------------------------------------------------------------------------------

    def _working(self, now: Instant) -> list[_Process]:
        """Other processes at work. Detects killed processes, and takes the share of stalled ones."""
        found = []
        for process in self._processes(_WORKING):
            if holder_at(self._lock_file(process.process_id)) is None:
                self._bury(process)
            elif process.share and process.counted_by + _DIVIDED_S < now.boot_s:
                # It may send nothing before its next heartbeat, and learns then that its share is gone.
                self._set_share(process.process_id, 0.0)
                found.append(attrs.evolve(process, share=0.0))
            else:
                found.append(process)
        return found

    def _set_share(self, process_id: int, share: float) -> None:
        self._connection.execute("UPDATE processes SET share = ? WHERE process_id = ?", (share, process_id))

    def _bury(self, process: _Process) -> None:
        self._connection.execute("UPDATE processes SET state = ? WHERE process_id = ?", (_KILLED, process.process_id))
        self._connection.execute(
            "UPDATE slots SET counted_boot_s = ? WHERE process_id = ? AND counted_boot_s IS NULL",
            (process.counted_by, process.process_id),
        )
        self._lock_file(process.process_id).unlink(missing_ok=True)

    def _killed(self, now: Instant) -> list[_Process]:
        """Processes whose requests a divided quota may still count."""
        killed = self._processes(_KILLED)
        return [process for process in killed if process.share and process.counted_by + _DIVIDED_S > now.boot_s]

    def _processes(self, state: str, *, any_credential: bool = False) -> list[_Process]:
        """Other processes, of this credential or one that may be the same."""
        rows = self._connection.execute(
            f"""SELECT process_id, workspace, label, pid, share, beat_boot_s + server_timeout_s FROM processes
                WHERE ({SAME_CREDENTIAL} OR ?) AND state = ? AND process_id <> ?""",  # noqa: S608 - constants
            (
                self._mine.host,
                self._mine.workspace,
                self._mine.workspace,
                any_credential,
                state,
                self._mine.process_id,
            ),
        ).fetchall()
        return [
            _Process(process_id, workspace, label, pid, share, counted_by + MARGIN_S)
            for process_id, workspace, label, pid, share, counted_by in rows
        ]

    # -- time ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self, *, beats: bool = False) -> Iterator[Instant]:
        """One commit. Yields: now. `beats`: it is a heartbeat too.

        Other commits are not: a stalled process must learn about its share before it sends.
        """
        beat_boot_s = self.beat_boot_s
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            now = self.clock.now()
            yield now
            if beats:
                beat_boot_s = self._beat(now)
            began = time.monotonic()
            self._connection.execute("COMMIT")
            self._commit_s = time.monotonic() - began
        except BaseException as error:
            if self._connection.in_transaction:
                self._connection.rollback()
            if isinstance(error, sqlite3.Error):
                raise describe(error, self.directory / FILE_NAME) from error
            raise
        self.beat_boot_s = beat_boot_s

    def _beat(self, now: Instant) -> float:
        ahead_s = self._commit_s if self._commit_s > _SLOW_S else 0.0
        self._connection.execute(
            "UPDATE processes SET beat_boot_s = ?, beat_wall_s = ? WHERE process_id = ?",
            (now.boot_s + ahead_s, now.wall_s + ahead_s, self._mine.process_id),
        )
        return now.boot_s + ahead_s

    def _redate(self, now: Instant) -> None:
        """Convert the times of processes of earlier boots to this boot's clock, never to an earlier moment."""
        rows = self._connection.execute(
            "SELECT process_id, boot_id, beat_boot_s, beat_wall_s FROM processes WHERE boot_id <> ? OR boot_id = ''",
            (now.boot_id,),
        ).fetchall()
        for process_id, boot_id, beat_boot_s, beat_wall_s in rows:
            record = ProcessRecord(boot_id=boot_id, beat_boot_s=beat_boot_s, beat_wall_s=beat_wall_s, ended=True)
            moved_s = now.boot_s - record.age_s(beat_boot_s, now) - beat_boot_s
            self._connection.execute(
                "UPDATE processes SET boot_id = ?, beat_boot_s = beat_boot_s + ? WHERE process_id = ?",
                (now.boot_id, moved_s, process_id),
            )
            self._connection.execute(
                "UPDATE slots SET counted_boot_s = counted_boot_s + ? WHERE process_id = ?", (moved_s, process_id)
            )

    def _forget(self, now: Instant) -> None:
        """Delete rows that no window counts any more, of any credential."""
        for process in self._processes(_WORKING, any_credential=True):
            if holder_at(self._lock_file(process.process_id)) is None:
                self._bury(process)
        self._connection.execute("DELETE FROM slots WHERE counted_boot_s + longest_s < ?", (now.boot_s,))
        self._connection.execute(
            """DELETE FROM processes WHERE state <> ? AND beat_boot_s + server_timeout_s < ?
                 AND NOT EXISTS (SELECT 1 FROM slots s WHERE s.process_id = processes.process_id)""",
            (_WORKING, now.boot_s - _DIVIDED_S - MARGIN_S),
        )

    def _lock_file(self, process_id: int) -> Path:
        return self.directory / f"process-{process_id}.lock"


def _most(processes: Sequence[_Process], what: Callable[[_Process], float]) -> float:
    """The sum over the processes of one workspace, the one where it is largest; unknown ones may be of any."""
    sums: defaultdict[str | None, float] = defaultdict(float)
    for process in processes:
        sums[process.workspace] += what(process)
    unknown = sums.pop(None, 0.0)
    return unknown + max(sums.values(), default=0.0)


def _in_use(other: _Process, host: str) -> RunLocked:
    return RunLocked(
        f"run {other.label} is already using this credential in {process_words(other.pid)}, on host {host}",
        run_id=other.label,
        pid=other.pid,
        remedy="wait for it (--if-running wait), or share the quotas with it (--if-running share)",
    )
