"""How old an intent is at least, and when a process last can have sent something."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bulkops.clock import BEAT_S, MARGIN_S, ProcessRecord, SystemClock
from bulkops.errors import JournalError
from bulkops.journal import AccountResult, Instant, InventoryRow, Journal
from bulkops.outcome import Outcome
from bulkops.postgres import is_database_url
from tests.unit.journal.conftest import Make, StepClock

of_a_file = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
"""Clocks of a machine that restarts. A database has one clock."""

RUN = "20261122-101530-k3f"
HOST = "http://127.0.0.1:8080"


@pytest.fixture
async def dead(place: str, clock: StepClock, record: Make, inventory: list[InventoryRow]) -> AsyncIterator[Journal]:
    """A process beat at +0, wrote intents at +0 and +0.5, and is seen no more (its journal is merely not closed)."""
    async with Journal.open(place, clock=clock) as journal:
        await journal.create_run(record(), inventory)
        journal.start_beating(RUN)
        await journal.begin_step(RUN, 0, "early", None)
        clock.pass_s(0.5)
        await journal.begin_step(RUN, 0, "late", None)
        yield journal


async def _ages(place: str, clock: StepClock) -> Any:
    async with Journal.open(place, read_only=True, clock=clock) as journal:
        return {name: step.began_age_s for name, step in (await journal.steps(RUN, 0)).items()}


async def test_a_dead_process_can_have_sent_until_a_margin_after_its_last_sign(
    dead: Journal, place: str, clock: StepClock
) -> None:
    clock.pass_s(20)
    ages = await _ages(place, clock)
    early = 20.0 if is_database_url(place) else 20.5  # there, each commit is a heartbeat
    assert ages == {"early": early - MARGIN_S, "late": 20.0 - MARGIN_S}


async def test_nothing_is_older_than_the_last_beat_however_old_the_intent(
    dead: Journal, place: str, clock: StepClock
) -> None:
    clock.pass_s(100)
    dead.start_beating(RUN)  # a sign of life
    await dead.begin_step(RUN, 1, "other", None)
    clock.pass_s(7)
    dead_for = 7 - MARGIN_S
    async with Journal.open(place, read_only=True, clock=clock) as journal:
        assert (await journal.steps(RUN, 1))["other"].began_age_s == dead_for


async def test_just_after_death_the_age_is_nothing(dead: Journal, place: str, clock: StepClock) -> None:
    clock.pass_s(1)
    assert await _ages(place, clock) == {"early": 0.0, "late": 0.0}


async def test_a_living_process_can_send_right_now(dead: Journal, clock: StepClock) -> None:
    clock.pass_s(1000)
    assert {step.began_age_s for step in (await dead.steps(RUN, 0)).values()} == {0.0}


async def test_an_ended_account_sends_nothing_any_more(dead: Journal, place: str, clock: StepClock) -> None:
    """Whoever asks, and when the account is taken up again too."""
    clock.pass_s(10)
    await dead.end_account(RUN, 0, AccountResult(outcome=Outcome.UNKNOWN))
    clock.pass_s(5)
    dead.start_account(RUN, 0)
    await dead.flush()
    assert {step.began_age_s for step in (await dead.steps(RUN, 0)).values()} == {5.0}
    assert await _ages(place, clock) == {"early": 5.0, "late": 5.0}
    await dead.begin_step(RUN, 0, "late", None)
    assert (await dead.steps(RUN, 0))["late"].began_age_s == 0.0


async def test_who_ends_an_account_does_not_speak_for_the_intents_of_others(
    dead: Journal, place: str, clock: StepClock
) -> None:
    clock.pass_s(10)
    async with Journal.open(place, clock=clock) as successor:
        successor.start_beating(RUN)
        await successor.end_account(RUN, 0, AccountResult(outcome=Outcome.UNKNOWN))
        clock.pass_s(1)
        assert (await successor.steps(RUN, 0))["late"].began_age_s == 11 - MARGIN_S


async def test_a_process_that_stopped_in_order_needs_no_margin(
    place: str, clock: StepClock, record: Make, inventory: list[InventoryRow]
) -> None:
    async with Journal.open(place, clock=clock) as journal:
        await journal.create_run(record(), inventory)
        journal.start_beating(RUN)
        await journal.begin_step(RUN, 0, "import", None)
        clock.pass_s(3)
        journal.stop_beating()
        await journal.flush()
        clock.pass_s(4)
    clock.pass_s(5)
    assert (await _ages(place, clock))["import"] == 9.0


async def test_closing_says_that_nothing_is_sent_any_more(place: str, clock: StepClock, record: Make) -> None:
    async with Journal.open(place, clock=clock) as journal:
        await journal.create_run(record(), [])
        await journal.begin_step(RUN, 0, "import", None)  # begins a life of its own accord
        clock.pass_s(3)
    clock.pass_s(5)
    assert (await _ages(place, clock))["import"] == 5.0


async def test_two_runs_of_one_process_are_two_lives(place: str, clock: StepClock, record: Make) -> None:
    async with Journal.open(place, clock=clock) as journal:
        for run_id in ["a", "b"]:
            await journal.create_run(record(run_id), [])
            journal.start_beating(run_id)
        await journal.flush()
        clock.pass_s(5)
        first, second = await journal.get_run("a"), await journal.get_run("b")
        assert first.pid == second.pid is not None
        assert first.last_beat_at == clock.wall_s - 5


async def test_a_life_that_an_intent_began_becomes_that_of_the_run(place: str, clock: StepClock, record: Make) -> None:
    """Else its intents would pass for those of a process that ended."""
    async with Journal.open(place, clock=clock) as journal:
        await journal.create_run(record(), [])
        await journal.begin_step(RUN, 0, "import", None)
        journal.start_beating(RUN)
        await journal.flush()
        clock.pass_s(60)
        assert (await journal.steps(RUN, 0))["import"].began_age_s == 0.0


@of_a_file
async def test_a_wall_clock_that_steps_does_not_matter_within_one_boot(
    dead: Journal, place: str, clock: StepClock
) -> None:
    clock.pass_s(20)
    clock.wall_s -= 86_400
    assert (await _ages(place, clock))["late"] == 18.0
    clock.wall_s += 10 * 86_400
    assert (await _ages(place, clock))["late"] == 18.0


@of_a_file
async def test_after_a_reboot_the_time_since_it_counts(dead: Journal, place: str, clock: StepClock) -> None:
    clock.boot_id, clock.boot_s = "boot-b", 30.0
    clock.wall_s += 60
    assert (await _ages(place, clock)) == {"early": 28.0, "late": 27.5}


@pytest.mark.parametrize("step_s", [86_400.0, 1e9])
@of_a_file
async def test_a_wall_clock_that_stepped_over_a_reboot_makes_nothing_older(
    dead: Journal, place: str, clock: StepClock, step_s: float
) -> None:
    """A machine without a clock of its own starts in 1970 and is set right later."""
    clock.boot_id, clock.boot_s = "boot-b", 3.0
    clock.wall_s += step_s
    assert max((await _ages(place, clock)).values()) <= 3.0


@of_a_file
async def test_an_implausible_wall_clock_makes_no_age(dead: Journal, place: str, clock: StepClock) -> None:
    clock.boot_id, clock.boot_s = "boot-b", 1e9
    clock.wall_s -= 60
    assert (await _ages(place, clock)) == {"early": 0.0, "late": 0.0}


@given(
    beats=st.integers(0, 5),
    after=st.floats(0, MARGIN_S - BEAT_S),
    intent=st.floats(0, 1),
    departure=st.floats(0, 1),
    later=st.floats(0, 100),
    wall_step=st.floats(-1e6, 1e6),
)
def test_an_age_is_never_over_estimated(
    beats: Any, after: Any, intent: Any, departure: Any, later: Any, wall_step: Any
) -> None:
    """A process beats each second, a commit takes up to `after`; it dies before the next beat is on the disk. Its
    request left at any time between the intent and its death."""
    began = 1000.0
    died = began + beats * BEAT_S + BEAT_S + after
    life = ProcessRecord(boot_id="a", beat_boot_s=began + beats * BEAT_S, beat_wall_s=5e8, ended=False)
    wrote = began + intent * (died - began)
    left = wrote + departure * (died - wrote)
    now = Instant("a", died + later, 5e8 + wall_step)
    assert life.idle_s(now, since_boot_s=wrote) <= now.boot_s - left + 1e-6
    assert life.idle_s(now) <= later + 1e-6


@given(
    lived=st.floats(0, 1e5),
    down=st.floats(0, 1e5),
    up=st.floats(0, 1e5),
    wall_step=st.floats(-1e9, 1e9),
    ended=st.booleans(),
    knows_boots=st.booleans(),
)
def test_over_a_reboot_an_age_is_never_over_estimated(
    lived: Any, down: Any, up: Any, wall_step: Any, ended: Any, knows_boots: Any
) -> None:
    """Whatever the wall clock did meanwhile, and on a system that does not tell its boots apart."""
    process = ProcessRecord(
        boot_id="a" if knows_boots else "", beat_boot_s=1000.0 + lived, beat_wall_s=5e8, ended=ended
    )
    now = Instant("b" if knows_boots else "", up, 5e8 + down + up + wall_step)
    assert process.idle_s(now) <= down + up + 1e-6
    assert process.age_s(1000.0, now) <= lived + down + up + 1e-6


def test_system_clock_knows_its_boot(tmp_path: Path) -> None:
    (tmp_path / "boot_id").write_text("b3c9\n")
    first = SystemClock(boot_id_file=tmp_path / "boot_id").now()
    assert first.boot_id == "b3c9"
    second = SystemClock(boot_id_file=tmp_path / "boot_id").now()
    assert second.boot_s >= first.boot_s
    assert abs(second.wall_s - first.wall_s) < 60


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_without_a_boot_id_both_clocks_must_agree_on_an_age(tmp_path: Path, content: Any) -> None:
    if content is not None:
        (tmp_path / "boot_id").write_bytes(content)
    now = SystemClock(boot_id_file=tmp_path / "boot_id").now()
    assert now.boot_id == ""
    life = ProcessRecord(boot_id="", beat_boot_s=now.boot_s - 1000, beat_wall_s=now.wall_s - 10, ended=True)
    assert life.idle_s(now) == pytest.approx(10)


async def test_nothing_may_leave_while_the_last_sign_of_life_is_older_than_the_margin(
    directory: Path, clock: StepClock, record: Make
) -> None:
    """A stalled disk, a journal kept busy: a process that is killed then would have sent what nobody counts."""
    async with Journal.open(directory, clock=clock) as journal:
        assert not journal.is_fresh, "none is on the disk yet"
        journal.start_beating(RUN)
        await journal.until_fresh()
        with closing(sqlite3.connect(directory / "journal.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            clock.pass_s(MARGIN_S)
            assert journal.is_fresh
            clock.pass_s(0.1)
            journal.start_beating(RUN)
            waiting = asyncio.create_task(journal.until_fresh())
            await asyncio.sleep(0.01)
            assert not waiting.done()
            other.execute("ROLLBACK")
            await waiting
        assert journal.is_fresh


async def test_who_waits_for_a_sign_of_life_that_never_comes_is_told(directory: Path, clock: StepClock) -> None:
    async def waits() -> None:
        async with Journal.open(directory, clock=clock) as journal:
            with closing(sqlite3.connect(directory / "journal.sqlite3", isolation_level=None)) as other:
                other.execute("DROP TABLE events")
            journal.add_event(RUN, "x")
            await journal.until_fresh()

    with pytest.raises(JournalError, match="no such table"):
        await waits()
