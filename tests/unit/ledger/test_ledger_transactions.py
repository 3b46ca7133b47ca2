"""The transactions of the local ledger: who may have which share, and when a recorded quota has a slot."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from bulkops.clock import MARGIN_S
from bulkops.errors import JournalError, RunLocked
from bulkops.ledger.quota_sharing import MAX_MEMBERS, Allotment
from bulkops.ledger.schema import FILE_NAME, open_ledger
from bulkops.ledger.slots import Request, Settled
from bulkops.ledger.transactions import LedgerTransactions
from bulkops.pacing import Full, HeldSlot, window_length_s
from bulkops.rate_limit import Limit
from tests.unit.ledger.conftest import HOST, SERVER_TIMEOUT_S, Begin, StepClock

NEVER = float("-inf")
KILLED_S = MARGIN_S + SERVER_TIMEOUT_S
DIVIDED_S = window_length_s(120.0)


def renew(process: LedgerTransactions, *, part: float = 0.0, used: float = 0.0) -> Allotment:
    return process.renew((), part=part, used=used)


def held(*ages_s: float, quota: str = "q") -> list[HeldSlot]:
    return [HeldSlot(quota, None, -age_s, 60.0) for age_s in ages_s]


def told(slots: Sequence[HeldSlot]) -> list[float]:
    return sorted(round(slot.counted_in_s, 3) for slot in slots)


# -- one after the other ------------------------------------------------------------------------------------------


def test_the_first_process_has_the_whole_of_each_quota(begin: Begin) -> None:
    assert renew(begin()) == Allotment(share=1.0, members=1, has_grown=True)


def test_one_that_ended_leaves_its_slots(begin: Begin, clock: StepClock) -> None:
    first = begin("r1")
    renew(first)
    first.end((), held(1.0, 30.0, -5.0))
    clock.pass_s(10)
    allotment = renew(begin("r2"))
    assert (allotment.share, allotment.killed_in_s, told(allotment.slots)) == (1.0, NEVER, [-40.0, -11.0, -5.0])
    clock.pass_s(25)
    assert renew(begin("r3"), used=0.5).slots == (), "it takes nothing over before the other has made room"


def test_many_slots_are_left_as_they_are(begin: Begin) -> None:
    first = begin("r1")
    renew(first)
    left = [*held(*3 * [float(age_s) for age_s in range(1, 51)]), *held(2.0, quota="r")]
    left[1].key = "a"
    left[70].longest_s = 90.0
    first.end((), left)
    assert sorted(map(repr, renew(begin("r2")).slots)) == sorted(map(repr, left))


def test_a_slot_is_told_until_no_window_counts_it(begin: Begin, clock: StepClock) -> None:
    first = begin("r1")
    first.end((), held(0.0))
    for seconds, slots in [(59.0, [-59.0]), (2.0, [])]:
        clock.pass_s(seconds)
        process = begin("r2")
        assert told(renew(process).slots) == slots
        process.end((), ())


def test_one_that_was_killed_closes_the_quotas_of_the_next(begin: Begin, clock: StepClock) -> None:
    first = begin("r1")
    renew(first)
    clock.pass_s(7)
    renew(first, part=1.0)
    first.close()
    clock.pass_s(5)
    assert renew(begin("r2")) == Allotment(share=1.0, members=1, has_grown=True, killed_in_s=KILLED_S - 5)


@pytest.mark.parametrize(
    ("passed_s", "is_known"), [(KILLED_S + DIVIDED_S - 1, True), (KILLED_S + DIVIDED_S + 1, False)]
)
def test_one_that_was_killed_long_ago_closes_nothing(
    begin: Begin, clock: StepClock, passed_s: Any, is_known: bool
) -> None:
    first = begin("r1")
    renew(first)
    first.close()
    clock.pass_s(passed_s)
    assert (renew(begin("r2")).killed_in_s > NEVER) == is_known


def test_one_that_was_killed_before_it_had_a_share_closes_nothing(begin: Begin) -> None:
    begin("r1").close()
    assert renew(begin("r2")).killed_in_s == NEVER


def test_a_session_does_not_inherit_from_itself(begin: Begin) -> None:
    first = begin("r1", holder="pacer")
    renew(first)
    first.end((), held(1.0))
    second = begin("r2", holder="pacer")
    assert renew(second, used=0.9).slots == ()
    second.end((), held(1.0))
    assert told(renew(begin("r3", holder="another")).slots) == [-1.0, -1.0]


def test_credentials_have_nothing_to_do_with_each_other(begin: Begin) -> None:
    first = begin("r1", workspace="1", share=False)
    renew(first)
    take(first)
    for other in (begin("r2", host="https://app.eu.workato.com"), begin("r3", workspace="2")):
        assert renew(other).share == 1.0
        assert isinstance(take(other, limits=(Limit(1, 60.0),)), int)
    first.close()
    assert renew(begin("r4", workspace="3")).killed_in_s == NEVER
    with pytest.raises(RunLocked, match="run r3"):
        begin("r5", workspace="2", share=False)


def test_an_unknown_workspace_may_be_any_of_the_host(begin: Begin) -> None:
    one, two = begin("r1", workspace="1"), begin("r2", workspace="2")
    assert renew(one).share == renew(two).share == 1.0
    with pytest.raises(RunLocked):
        begin("r3", share=False)
    unknown = begin("r4")
    assert renew(unknown) == Allotment(share=0.0, members=2)
    assert renew(one, part=0.5).share == 0.5
    assert renew(unknown).share == 0.0, "the other one has not made room"
    assert renew(two, part=0.5).share == 0.5
    assert renew(unknown).share == 0.5
    take(unknown)
    for known in (one, two):
        assert isinstance(take(known, limits=(Limit(1, 60.0),)), Full)
    unknown.end((), held(1.0))
    assert told(renew(one, part=0.5).slots) == told(renew(two, part=0.5).slots) == [-1.0]


# -- side by side -------------------------------------------------------------------------------------------------


def test_another_run_is_refused_unless_it_shares(begin: Begin) -> None:
    first = begin("r1", share=False)
    with pytest.raises(RunLocked) as caught:
        begin("r2", share=False)
    assert (caught.value.run_id, caught.value.pid) == ("r1", os.getpid())
    assert f"run r1 is already using this credential in process {os.getpid()}, on host {HOST}; " in str(caught.value)
    begin("r3", share=True)
    first.end((), ())
    with pytest.raises(RunLocked, match="run r3"):
        begin("r4", share=False)


def test_a_refused_one_leaves_nothing(begin: Begin, tmp_path: Path) -> None:
    process = begin("r1")
    with pytest.raises(RunLocked):
        begin("r2", share=False)
    assert len(list(tmp_path.glob("*.lock"))) == 1
    assert renew(process).members == 1
    process.end((), ())
    assert list(tmp_path.glob("*.lock")) == []


def test_there_are_not_endlessly_many(begin: Begin) -> None:
    for number in range(MAX_MEMBERS):
        begin(f"r{number}")
    with pytest.raises(RunLocked, match="run r"):
        begin("r9")


def test_a_newcomer_waits_until_the_other_has_made_room(begin: Begin) -> None:
    first, second = begin("r1"), None
    renew(first)
    second = begin("r2")
    assert renew(second) == Allotment(share=0.0, members=2)
    assert renew(first, part=1.0, used=0.9) == Allotment(share=1.0, members=2)
    assert renew(first, part=0.5, used=0.6).share == 0.6, "some of what it sent is still in the window"
    assert renew(second).share == 0.0
    assert renew(first, part=0.5, used=0.5).share == 0.5
    assert renew(second) == Allotment(share=0.5, members=2, has_grown=True)
    assert renew(first, part=0.5, used=0.5) == Allotment(share=0.5, members=2)


def test_who_holds_more_than_a_fair_share_gets_none_yet(begin: Begin) -> None:
    """Its slots of before would be counted by nobody."""
    renew(begin("r1"), part=0.0)
    second = begin("r2")
    first = begin("r3")
    assert renew(first, used=0.4).share == renew(second).share == 0.0


def test_one_that_ended_frees_its_share_with_its_slots(begin: Begin) -> None:
    first, second, third = begin("r1"), begin("r2"), begin("r3")
    for process in (first, second, third):
        assert renew(process).share == pytest.approx(1 / 3)
    first.end((), held(3.0))
    allotment = renew(second, part=1 / 3)
    assert (allotment.share, allotment.members, told(allotment.slots)) == (0.5, 2, [-3.0])
    second.end((), held(4.0))
    allotment = renew(third, part=1 / 3)
    assert (allotment.share, allotment.members, told(allotment.slots)) == (1.0, 1, [-4.0, -3.0])


def test_each_that_was_killed_keeps_its_share_until_its_requests_have_left_every_window(
    begin: Begin, clock: StepClock
) -> None:
    """Seen: of three the last one had the whole quota when the first kill was a window ago."""
    processes = [begin("r1"), begin("r2"), begin("r3")]
    for process in processes:
        renew(process)
    processes[0].close()
    seen = []
    waits_s = KILLED_S + DIVIDED_S
    for passed_s in (0.0, 59.0, waits_s - 60, 2.0, 57.0, 2.0):
        clock.pass_s(passed_s)
        if passed_s == 59.0:
            renew(processes[1], part=1 / 3)
            processes[1].close()
        seen.append(round(renew(processes[2], part=1 / 3, used=0.1).share, 3))
    assert seen == [0.333, 0.333, 0.333, 0.333, 0.333, 1.0]


def test_a_newcomer_does_not_get_the_share_of_one_that_was_killed(begin: Begin, clock: StepClock) -> None:
    first, second = begin("r1"), begin("r2")
    for process in (first, second):
        renew(process)
    second.close()
    clock.pass_s(1)
    third = begin("r3")
    assert renew(third) == Allotment(share=0.0, members=2)
    for _ in range(int(KILLED_S + DIVIDED_S) + 1):
        clock.pass_s(1)
        renew(first, part=0.5)
    assert renew(third).share == 0.5


def test_one_that_stands_still_loses_its_share_when_nothing_of_it_counts_any_more(
    begin: Begin, clock: StepClock
) -> None:
    first, second = begin("r1"), begin("r2")
    assert renew(first).share == renew(second).share == 0.5
    for _ in range(int(KILLED_S + DIVIDED_S)):
        clock.pass_s(1)
        renew(second, part=0.5)
    third = begin("r3")
    assert renew(third).share == 0.0
    clock.pass_s(2)
    assert renew(second, part=1 / 3).share == renew(third).share == pytest.approx(1 / 3)
    begin("r4")
    assert renew(first, part=0.5, used=0.3) == Allotment(share=0.0, members=4), "it learns it with its next heartbeat"
    with pytest.raises(RunLocked):
        begin("r5", share=False)


# -- recorded quotas ----------------------------------------------------------------------------------------------


def take(
    process: LedgerTransactions,
    *,
    key: str | None = None,
    limits: Sequence[Limit] = (Limit(2, 3600.0),),
    settled: Any = (),
) -> int | Full:
    [answer] = process.take(settled, [Request("q", key, limits)])
    return answer


def test_a_recorded_quota_is_one_for_all_processes(begin: Begin, clock: StepClock) -> None:
    first, second = begin("r1"), begin("r2")
    one, other = take(first), take(second)
    assert isinstance(one, int)
    assert isinstance(other, int)
    assert take(first) == Full(0.5, is_key=False), "both are in flight"
    clock.pass_s(10)
    full = take(first, settled=[Settled(one, clock.boot_s - 4)])
    assert isinstance(full, Full)
    assert full.again_in_s == pytest.approx(window_length_s(3600.0) - 4)
    assert isinstance(take(first, settled=[Settled(one, None)]), int), "it never left"
    assert isinstance(take(second, settled=[Settled(other, clock.boot_s - window_length_s(3600.0))]), int)


def test_requests_of_one_commit_see_each_other(begin: Begin) -> None:
    answers = begin().take((), [Request("q", None, (Limit(2, 60.0),))] * 3)
    assert [isinstance(answer, Full) for answer in answers] == [False, False, True]


def test_a_window_of_one_key_is_no_matter_of_others(begin: Begin) -> None:
    limits = (Limit(3, 60.0), Limit(1, 1200.0, "workspace"))
    process = begin()
    assert isinstance(take(process, key="a\udcff", limits=limits), int)
    assert take(process, key="a\udcff", limits=limits) == Full(0.5, is_key=True)
    for key in (None, "b"):
        assert isinstance(take(process, key=key, limits=limits), int)
    assert take(process, key="c", limits=limits) == Full(0.5, is_key=False)


def test_after_the_end_what_was_in_flight_counts_until_the_server_gives_it_up(begin: Begin, clock: StepClock) -> None:
    first = begin("r1")
    take(first, limits=(Limit(1, 60.0),))
    first.end((), ())
    clock.pass_s(5)
    full = take(begin("r2"), limits=(Limit(1, 60.0),))
    assert isinstance(full, Full)
    assert full.again_in_s == pytest.approx(SERVER_TIMEOUT_S + window_length_s(60.0) - 5)


def test_after_a_kill_what_was_in_flight_counts_until_the_server_gives_it_up(begin: Begin, clock: StepClock) -> None:
    first = begin("r1")
    answered = take(first, limits=(Limit(2, 60.0),))
    assert isinstance(answered, int)
    take(first, limits=(Limit(2, 60.0),), settled=[Settled(answered, clock.boot_s)])
    clock.pass_s(7)
    renew(first)
    first.close()
    clock.pass_s(5)
    second = begin("r2")
    waits_s = []
    for _ in range(2):
        full = take(second, limits=(Limit(1, 60.0),))
        assert isinstance(full, Full)
        waits_s.append(full.again_in_s)
        clock.pass_s(50)
    assert waits_s == pytest.approx([KILLED_S - 5 + window_length_s(60.0), KILLED_S - 55 + window_length_s(60.0)])


def test_what_was_sent_before_the_lease_is_on_record_with_it(begin: Begin) -> None:
    first = begin("r1", slots=held(1.0))
    assert take(first, limits=(Limit(1, 60.0),)) == Full(
        cast("Any", pytest.approx(window_length_s(60.0) - 1)), is_key=False
    )
    first.end((), ())
    assert renew(begin("r2")).slots == (), "recorded quotas are not inherited"


# -- time ---------------------------------------------------------------------------------------------------------


def test_after_a_reboot_nothing_is_older_than_it_is(begin: Begin, clock: StepClock) -> None:
    ended, killed = begin("r1"), begin("r2")
    for process in (ended, killed):
        renew(process)
    take(ended)
    ended.end((), held(20.0))
    killed.close()
    clock.boot_id, clock.boot_s = "boot-b", 12.0
    clock.wall_s += 1e6
    third = begin("r3")
    allotment = renew(third)
    assert told(allotment.slots) == [-32.0]
    assert allotment.killed_in_s == KILLED_S - 12
    full = take(third, limits=(Limit(1, 3600.0),))
    assert isinstance(full, Full)
    assert full.again_in_s == pytest.approx(SERVER_TIMEOUT_S + window_length_s(3600.0) - 12)


def test_what_nobody_counts_is_forgotten(begin: Begin, clock: StepClock, tmp_path: Path) -> None:
    for number in range(3):
        process = begin(f"r{number}", host=f"http://127.0.0.1:{number}")
        renew(process)
        take(process)
        if number:
            process.end((), held(1.0))
        else:
            process.close()
        clock.pass_s(10_000)
    begin("last")
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        for table, rows in [("processes", 1), ("slots", 0)]:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (rows,)
    assert len(list(tmp_path.glob("*.lock"))) == 1


def test_only_begin_and_renew_are_heartbeats(begin: Begin, clock: StepClock) -> None:
    """One that stood still must learn what became of its share before anything else of it leaves."""
    process = begin()
    clock.pass_s(5)
    take(process)
    assert process.beat_boot_s == clock.boot_s - 5
    renew(process)
    assert process.beat_boot_s == clock.boot_s


def test_a_slow_disk_dates_a_heartbeat_ahead(begin: Begin, clock: StepClock) -> None:
    process = begin()
    process._commit_s = 3.0
    renew(process)
    assert process.beat_boot_s == clock.boot_s + 3.0
    process.close()
    assert renew(begin("r2")).killed_in_s == KILLED_S + 3.0, "whoever reads it sees the same date"


# -- the file -----------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_ledger(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"PK\x03\x04 not a database" * 300)
    with pytest.raises(JournalError, match=f"the ledger .*{FILE_NAME} cannot be used: .*; delete it"):
        open_ledger(tmp_path)


def test_an_emptied_ledger_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    """The slots that it had would be taken again."""
    open_ledger(tmp_path).close()
    (tmp_path / FILE_NAME).write_bytes(b"")
    with pytest.raises(JournalError, match=f"the ledger .*{FILE_NAME} has lost its content: .*; delete it when no run"):
        open_ledger(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    open_ledger(tmp_path).close()
    assert [each.name for each in tmp_path.iterdir() if each.stat().st_size] == [FILE_NAME]


def test_a_ledger_is_made_without_links_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    for _ in range(2):
        open_ledger(tmp_path).close()
    made, here = tmp_path / FILE_NAME, tmp_path / "second"
    here.mkdir()

    def refuse_late(_: object, path: Path) -> None:
        made.rename(path)  # by another process, which has just begun to use it
        refuse()

    monkeypatch.setattr(os, "link", refuse_late)
    number = made.stat().st_ino
    with pytest.raises(JournalError, match="File exists"):
        open_ledger(here)
    assert (here / FILE_NAME).stat().st_ino == number, "its slots are kept"
    open_ledger(here).close()


def test_a_ledger_of_another_version(tmp_path: Path) -> None:
    with closing(open_ledger(tmp_path)) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(JournalError, match="has schema version 9, but this bulkops supports version"):
        open_ledger(tmp_path)


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"cannot be used: .*No such file or directory.*; check who owns"):
        open_ledger(tmp_path / "missing")


def test_a_commit_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    with closing(open_ledger(tmp_path)) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
