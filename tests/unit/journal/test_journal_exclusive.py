"""Exclusive sections: one task at a time, of all processes with a journal; a dead process is passed over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from bulkops.errors import JournalError
from bulkops.journal import Journal
from bulkops.journal.postgres.schema import LEASE_S
from bulkops.postgres import is_database_url
from tests.unit.journal.conftest import StepClock

SECTION = "https://www.workato.com customer managers"

_ENTER = """
import asyncio, sys
from bulkops.journal import Journal

async def main(place, log, times, section, name):
    async with Journal.open(place) as journal:
        for _ in range(int(times)):
            async with journal.exclusive(section, within_s=60) as is_mine:
                assert is_mine
                note(log, name)
                await asyncio.sleep(3600 if times == "1" else 0.003)
                note(log, name)

def note(log, name):
    with open(log, "a") as file:
        print(name, file=file)

asyncio.run(main(*sys.argv[1:]))
"""
"""A process that enters so many times and notes both ends; once: it stays inside."""


def process(place: str, log: Path, times: int, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _ENTER, place, str(log), str(times), SECTION, name])


async def test_two_processes_are_never_inside_together(place: str, directory: Path, tmp_path: Path) -> None:
    async with Journal.open(place):
        pass  # its tables are there
    log = tmp_path / "log"
    both = [process(place, log, 5, name) for name in ("a", "b")]
    for one in both:
        assert await anyio.to_thread.run_sync(one.wait, 60) == 0
    names = log.read_text().split()
    assert all(one == two for one, two in zip(names[::2], names[1::2], strict=True)), names
    assert sorted(names) == ["a"] * 10 + ["b"] * 10


async def test_a_killed_process_is_passed_over(place: str, directory: Path, tmp_path: Path, clock: StepClock) -> None:
    """In a database when its lease has ended; on one machine at once. It can write nothing afterwards."""
    async with Journal.open(place, clock=clock) as journal:
        await journal.flush()
        log = tmp_path / "log"
        holder = process(place, log, 1, "holder")
        try:
            while not log.exists():
                assert holder.poll() is None
                await anyio.sleep(0.01)
            async with journal.exclusive(SECTION, within_s=0.3) as is_mine:
                assert not is_mine, "it lives"
        finally:
            holder.kill()
            holder.wait()
        if is_database_url(place):
            await pass_steadily(journal, clock, LEASE_S - 1)
            async with journal.exclusive(SECTION, within_s=0.3) as is_mine:
                assert not is_mine, "its lease has not ended"
            await pass_steadily(journal, clock, 2)
        async with journal.exclusive(SECTION, within_s=10) as is_mine:
            assert is_mine
    assert log.read_text() == "holder\n"


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_a_process_that_stood_still_itself_passes_nobody_over(place: str, clock: StepClock) -> None:
    async with Journal.open(place, clock=clock) as one, Journal.open(place, clock=clock) as other:
        async with one.exclusive(SECTION, within_s=1):
            await pass_steadily(other, clock, LEASE_S + 1)
            await one.put_fact("tenant", "E1", "customer", "name", "Acme")
            clock.pass_s(LEASE_S + 60)  # the database was away: every heartbeat is old
            async with other.exclusive(SECTION, within_s=0.3) as is_mine:
                assert not is_mine
        await one.put_fact("tenant", "E1", "customer", "name", "it lives")


async def pass_steadily(journal: Journal, clock: StepClock, seconds: int) -> None:
    """With a heartbeat of this process in each second."""
    for _ in range(seconds):
        clock.pass_s(1.0)
        await journal.put_fact("tenant", "E1", "customer", "name", "Acme")


async def test_the_order_is_that_of_arrival(postgres: str) -> None:
    entered: list[int] = []

    async def enter(number: int, journal: Journal) -> None:
        async with journal.exclusive(SECTION, within_s=60):
            entered.append(number)

    async with Journal.open(postgres) as one, Journal.open(postgres) as other:
        async with anyio.create_task_group() as tasks, one.exclusive(SECTION, within_s=60) as is_mine:
            assert is_mine
            for number in range(4):
                tasks.start_soon(enter, number, (one, other)[number % 2])
                await anyio.sleep(0.1)
        async with other.exclusive("another section", within_s=0) as is_mine:
            assert is_mine
    assert entered == [0, 1, 2, 3]


async def test_a_reader_enters_nothing(postgres: str) -> None:
    async with Journal.open(postgres, read_only=True) as journal:
        with pytest.raises(JournalError, match="open for reading only"):
            async with journal.exclusive(SECTION, within_s=1):
                pass
