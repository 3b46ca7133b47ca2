"""One process per run, one run per credential."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

import bulkops
from bulkops.errors import JournalError, RunLocked
from bulkops.journal import Journal
from bulkops.journal.locks import MAX_SHARERS, Locks, _try_lock, shared_directory

ROOT = Path(bulkops.__file__).parents[1]
HOST = "https://www.workato.com"


@pytest.fixture
def locks(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    return Locks(tmp_path, shared)


def test_a_run_is_worked_on_by_one(locks):
    assert not locks.is_run_locked("r1")
    with locks.run("r1"):
        assert locks.is_run_locked("r1")
        assert not locks.is_run_locked("r2")
        with pytest.raises(RunLocked) as caught, locks.run("r1"):
            pass
        assert (caught.value.run_id, caught.value.pid) == ("r1", os.getpid())
        assert f"run r1 is being worked on by process {os.getpid()}; wait" in str(caught.value)
        assert locks.is_run_locked("r1")
        with locks.run("r2"):
            pass
    assert not locks.is_run_locked("r1")
    with locks.run("r1"):
        pass


def test_who_only_looks_does_not_keep_a_run_from_its_worker(locks, tmp_path):
    """`is_locked` on a dead run's file takes its lock for a moment, and on a busy machine for longer."""
    file = tmp_path / "run-r1.lock"
    file.write_text("r1 1")
    handle = os.open(file, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    looker = threading.Timer(0.3, os.close, [handle])
    looker.start()
    with locks.run("r1"):
        looker.join()


def test_a_lock_is_given_back_after_an_exception(locks):
    with pytest.raises(ZeroDivisionError), locks.run("r1"):
        raise ZeroDivisionError
    assert not locks.is_run_locked("r1")


def test_a_second_run_on_the_host_is_noticed_from_another_journal(locks, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    others = Locks(tmp_path / "elsewhere", tmp_path / "shared")
    with locks.host(HOST, "r1"):
        with pytest.raises(RunLocked) as caught, others.host(HOST, "r2"):
            pass
        assert (caught.value.run_id, caught.value.pid) == ("r1", os.getpid())
        for words in [f"run r1 is being worked on by process {os.getpid()}", HOST, "quotas"]:
            assert words in str(caught.value)
        with others.host("https://app.eu.workato.com", "r2"):
            pass
    with others.host(HOST, "r2"):
        pass


def test_several_runs_may_share_a_host(locks):
    with locks.host(HOST, "r1"):
        assert locks.sharers(HOST) == 1
        with locks.host(HOST, "r2", share=True), locks.host(HOST, "r3", share=True):
            assert locks.sharers(HOST) == 3
            assert locks.sharers("https://other") == 0
        assert locks.sharers(HOST) == 1
    assert locks.sharers(HOST) == 0


def test_nobody_is_alone_beside_a_sharer(locks):
    with ExitStack() as first:
        first.enter_context(locks.host(HOST, "r1"))
        with locks.host(HOST, "r2", share=True):
            first.close()
            with pytest.raises(RunLocked, match="run r2 is being worked on"), locks.host(HOST, "r3"):
                pass


def test_there_are_not_endlessly_many_sharers(locks):
    with ExitStack() as stack:
        for number in range(MAX_SHARERS):
            stack.enter_context(locks.host(HOST, f"r{number}", share=True))
        with pytest.raises(RunLocked, match="run r0"), locks.host(HOST, "r9", share=True):
            pass


@pytest.mark.parametrize(("content", "run_id", "pid"), [("", "", None), ("r9 abc", "r9", None), ("\xff", "", None)])
def test_a_holder_that_did_not_say_who_it_is(locks, tmp_path, content, run_id, pid):
    with locks.host(HOST, "r1"):
        (file,) = (tmp_path / "shared").glob("*.0.lock")
        file.write_text(content, encoding="latin-1")
        with pytest.raises(RunLocked, match="by another process") as caught, locks.host(HOST, "r2"):
            pass
    assert caught.value.pid is pid
    assert caught.value.run_id == (run_id or caught.value.run_id)


@pytest.mark.parametrize("run_id", ["../../escape", "a/b", "\ud800", "\0"])
def test_no_run_id_leads_out_of_the_directory(locks, tmp_path, run_id):
    with locks.run(run_id):
        assert locks.is_run_locked(run_id)
    assert {file.parent for file in tmp_path.rglob("*.lock")} == {tmp_path}


def test_a_lock_that_cannot_be_opened(tmp_path):
    locks = Locks(tmp_path / "missing", tmp_path)
    with pytest.raises(JournalError, match=r"cannot open the lock .*run-r1.lock: .*; check who owns"), locks.run("r1"):
        pass


def test_a_link_in_the_lock_s_place_is_not_followed(locks, tmp_path):
    (tmp_path / "run-r1.lock").symlink_to(tmp_path / "target")
    with pytest.raises(JournalError, match="cannot open the lock"), locks.run("r1"):
        pass
    assert not (tmp_path / "target").exists()


def test_a_file_system_that_cannot_lock(tmp_path):
    handle = os.open(tmp_path, os.O_RDONLY)
    os.close(handle)
    with pytest.raises(JournalError, match=r"the file system cannot lock .*x.lock: Bad file descriptor; keep"):
        _try_lock(handle, tmp_path / "x.lock", 0.1)


HOLDER = """
import asyncio, sys, time
from bulkops.journal import Journal
async def main():
    async with Journal.open(sys.argv[1]) as journal:
        with journal.lock_run("r1"), journal.lock_host("h", "r1"):
            print("held", flush=True)
            time.sleep(60)
asyncio.run(main())
"""


@pytest.mark.anyio
async def test_a_killed_process_holds_nothing(directory):
    child = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs on this loop
        [sys.executable, "-c", HOLDER, str(directory)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"held\n"
        async with Journal.open(directory) as journal:
            assert journal.is_locked("r1")
            with pytest.raises(RunLocked, match=f"process {child.pid}"), journal.lock_run("r1"):
                pass
            with pytest.raises(RunLocked, match=f"process {child.pid}"), journal.lock_host("h", "r2"):
                pass
            child.send_signal(signal.SIGKILL)
            child.wait(10)
            assert not journal.is_locked("r1")
            with journal.lock_run("r1"), journal.lock_host("h", "r2"):
                assert journal.is_locked("r1")
    finally:
        child.kill()
        child.wait(10)
        child.stdout.close()


@pytest.mark.anyio
async def test_taking_a_lock_does_not_block_the_loop(directory, nothing_blocks):
    async with Journal.open(directory) as journal:
        with journal.lock_run("r1"), journal.lock_host(HOST, "r1"):
            assert journal.is_locked("r1")
            with pytest.raises(RunLocked), journal.lock_run("r1"):
                pass


def test_the_shared_directory_is_the_users_alone(tmp_path):
    place = shared_directory({"XDG_STATE_HOME": str(tmp_path)})
    assert place == tmp_path / "bulkops"
    assert place.stat().st_mode & 0o777 == 0o700
    assert shared_directory({"XDG_STATE_HOME": str(tmp_path)}) == place


def test_without_a_given_place_locks_lie_below_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert shared_directory({}) == tmp_path / ".local" / "state" / "bulkops"


@pytest.mark.parametrize("trap", ["open", "link", "file"])
def test_a_shared_directory_of_others_is_refused(tmp_path, trap):
    place = tmp_path / "bulkops"
    if trap == "open":
        place.mkdir()
        place.chmod(0o777)
        words = "open to other users"
    elif trap == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        place.symlink_to(tmp_path / "elsewhere")
        words = "open to other users"
    else:
        place.write_text("x")
        words = "cannot make the directory for locks"
    with pytest.raises(JournalError, match=f"{words}.*XDG_STATE_HOME"):
        shared_directory({"XDG_STATE_HOME": str(tmp_path)})
