"""One process per run."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import bulkops
from bulkops.errors import JournalError, RunLocked
from bulkops.journal import Journal
from bulkops.journal.sqlite.locks import Locks

ROOT = Path(bulkops.__file__).parents[1]


@pytest.fixture
def locks(tmp_path: Path) -> Locks:
    return Locks(tmp_path)


async def test_a_run_is_worked_on_by_one(locks: Locks) -> None:
    assert await locks.worker("r1") is None
    async with locks.run("r1"):
        assert await locks.worker("r1") is not None
        assert await locks.worker("r2") is None
        with pytest.raises(RunLocked) as caught:
            async with locks.run("r1"):
                pass
        assert (caught.value.run_id, caught.value.pid) == ("r1", os.getpid())
        assert f"run r1 is already in progress in process {os.getpid()}; wait" in str(caught.value)
        assert await locks.worker("r1") is not None
        async with locks.run("r2"):
            pass
    assert await locks.worker("r1") is None
    async with locks.run("r1"):
        pass


async def test_who_only_looks_does_not_keep_a_run_from_its_worker(locks: Locks, tmp_path: Path) -> None:
    """`is_locked` on a dead run's file takes its lock for a moment, and on a busy machine for longer."""
    file = tmp_path / "run-r1.lock"
    file.write_text("r1 1")
    handle = os.open(file, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    looker = threading.Timer(0.3, os.close, [handle])
    looker.start()
    async with locks.run("r1"):
        looker.join()


async def test_a_lock_is_given_back_after_an_exception(locks: Locks) -> None:
    with pytest.raises(ZeroDivisionError):
        async with locks.run("r1"):
            raise ZeroDivisionError
    assert await locks.worker("r1") is None


@pytest.mark.parametrize("run_id", ["../../escape", "a/b", "\ud800", "\0"])
async def test_no_run_id_leads_out_of_the_directory(locks: Locks, tmp_path: Path, run_id: str) -> None:
    async with locks.run(run_id):
        assert await locks.worker(run_id) is not None
    assert {file.parent for file in tmp_path.rglob("*.lock")} == {tmp_path}  # noqa: ASYNC240


async def test_a_lock_that_cannot_be_opened(tmp_path: Path) -> None:
    locks = Locks(tmp_path / "missing")
    with pytest.raises(JournalError, match=r"cannot open the lock .*run-r1.lock: .*; check who owns"):
        async with locks.run("r1"):
            pass


async def test_a_link_in_the_lock_s_place_is_not_followed(locks: Locks, tmp_path: Path) -> None:
    (tmp_path / "run-r1.lock").symlink_to(tmp_path / "target")
    with pytest.raises(JournalError, match="cannot open the lock"):
        async with locks.run("r1"):
            pass
    assert not (tmp_path / "target").exists()


HOLDER = """
import asyncio, sys, time
from bulkops.journal import Journal
async def main():
    async with Journal.open(sys.argv[1]) as journal:
        async with journal.lock_run("r1"):
            print("held", flush=True)
            time.sleep(60)
asyncio.run(main())
"""


async def test_a_killed_process_holds_nothing(place: str) -> None:
    child = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs on this loop
        [sys.executable, "-c", HOLDER, place],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"held\n"
        async with Journal.open(place) as journal:
            assert await journal.is_locked("r1")
            with pytest.raises(RunLocked, match=f"process {child.pid}"):
                async with journal.lock_run("r1"):
                    pass
            child.send_signal(signal.SIGKILL)
            child.wait(10)
            assert not await journal.is_locked("r1")
            async with journal.lock_run("r1"):
                assert await journal.is_locked("r1")
    finally:
        child.kill()
        child.wait(10)
        child.stdout.close()


async def test_taking_a_lock_does_not_block_the_loop(place: str, nothing_blocks: Any) -> None:
    async with Journal.open(place) as journal, journal.lock_run("r1"):
        assert await journal.is_locked("r1")
        with pytest.raises(RunLocked):
            async with journal.lock_run("r1"):
                pass


@pytest.mark.parametrize(("content", "pid"), [("", None), ("r9 abc", None), ("\xff", None)])
async def test_a_holder_that_did_not_say_who_it_is(locks: Locks, tmp_path: Path, content: str, pid: Any) -> None:
    async with locks.run("r1"):
        (tmp_path / "run-r1.lock").write_text(content, encoding="latin-1")
        with pytest.raises(RunLocked, match="in another process") as caught:
            async with locks.run("r1"):
                pass
    assert caught.value.pid is pid
