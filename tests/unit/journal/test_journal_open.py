"""Opening: rights, wrong files, other versions, reading only."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

import bulkops
from bulkops.errors import JournalCorrupt, JournalError
from bulkops.journal import InventoryRow, Journal, Location
from bulkops.journal.sqlite.schema import open_for_reading, open_for_writing
from tests.unit.journal.conftest import Make

pytestmark = pytest.mark.usefixtures("nothing_blocks")

ROOT = Path(bulkops.__file__).parents[1]
FILE = "journal.sqlite3"


@pytest.fixture
async def made(directory: Path, record: Make, inventory: list[InventoryRow]) -> Path:
    async with Journal.open(directory) as journal:
        await journal.create_run(record(), inventory)
    return directory


async def test_directory_and_files_are_the_users_alone(directory: Path) -> None:
    async with Journal.open(directory / "deeper"):
        modes = await anyio.to_thread.run_sync(
            lambda: {entry.name: entry.stat().st_mode & 0o777 for entry in os.scandir(directory / "deeper")}
        )
        assert modes == dict.fromkeys([FILE, f"{FILE}-wal", f"{FILE}-shm"], 0o600)
        assert await anyio.to_thread.run_sync(lambda: (directory / "deeper").stat().st_mode & 0o777) == 0o700


async def test_a_closed_journal_is_one_file(made: Path) -> None:
    assert await anyio.to_thread.run_sync(lambda: sorted(os.listdir(made))) == [FILE]


async def test_any_directory_name_will_do(tmp_path: Path, record: Make, directory: Path) -> None:
    odd = tmp_path / os.fsdecode(b"a b?c#d%41 \xff")
    for _ in range(2):
        async with Journal.open(odd) as journal:
            assert len(await journal.list_runs()) == 0
    assert await anyio.to_thread.run_sync(lambda: sorted(os.listdir(odd))) == [FILE]


async def test_reading_only_makes_nothing_and_says_so(tmp_path: Path, directory: Path) -> None:
    with pytest.raises(JournalError, match=f"the journal {directory} does not exist; give the directory"):
        async with Journal.open(directory, read_only=True):
            pass
    assert await anyio.to_thread.run_sync(lambda: not directory.exists())
    await anyio.to_thread.run_sync(lambda: (tmp_path / "file").write_text("x"))
    with pytest.raises(JournalError, match=r"the journal .* does not exist"):
        async with Journal.open(tmp_path / "file", read_only=True):
            pass


async def test_a_journal_whose_maker_was_killed_does_not_exist_and_can_be_made(directory: Path) -> None:
    def half_made() -> None:
        directory.mkdir()
        for side in ("", "-journal", "-wal", "-shm"):
            (directory / f"{FILE}.new{side}").write_bytes(b"half")

    await anyio.to_thread.run_sync(half_made)
    with pytest.raises(JournalError, match=r"the journal .* does not exist"):
        async with Journal.open(directory, read_only=True):
            pass
    async with Journal.open(directory) as journal:
        assert await journal.list_runs() == []
    assert await anyio.to_thread.run_sync(lambda: sorted(os.listdir(directory))) == [FILE]


def test_a_journal_is_whole_though_the_disk_is_full_when_its_maker_closes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite moves a log into its file then, and is silent if it cannot."""

    class Full(sqlite3.Connection):
        def close(self) -> None:
            before = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
            try:
                super().close()
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Full))
    open_for_writing(tmp_path).close()
    with closing(open_for_reading(tmp_path)) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (0,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_journal_that_is_made_during_a_look_has_lost_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    there = Path.exists

    def exists(path: Path) -> bool:
        """The first run begins after the reader has looked for the file, and before it looks for the log."""
        if path.name == f"{FILE}-wal" and Path.exists is exists:
            monkeypatch.undo()
            opened.append(open_for_writing(tmp_path))
            opened[0].execute("INSERT INTO facts VALUES ('h', '7', 'k', 'key', '1')")
        return there(path)

    monkeypatch.setattr(Path, "exists", exists)
    with closing(open_for_reading(tmp_path)) as connection, closing(opened[0]):
        assert connection.execute("SELECT count(*) FROM facts").fetchone() == (1,)


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("lost", ["content", "file", "volume"])
async def test_a_journal_that_has_lost_its_content_is_not_taken_for_a_new_one(
    made: Path, lost: str, read_only: bool
) -> None:
    """As after a copy to a full disk, or one of the log alone."""

    def lose() -> None:
        (made / f"{FILE}-wal").write_bytes(b"all that is left")
        if lost == "content":
            os.truncate(made / FILE, 0)
        else:
            (made / FILE).unlink()
        if lost == "volume":
            (made / FILE).symlink_to(made / "not mounted" / FILE)

    await anyio.to_thread.run_sync(lose)
    place = Location.of(made)
    assert await anyio.to_thread.run_sync(place.exists)
    words = {
        "content": "empty",
        "file": f"missing, but its log {FILE}-wal is there",
        "volume": "a link to a missing file",
    }
    with pytest.raises(JournalCorrupt, match=f"lost its content: .*{FILE} is {words[lost]}; restore it from a backup"):
        async with Journal.open(place, read_only=read_only):
            pass
    assert await anyio.to_thread.run_sync((made / f"{FILE}-wal").read_bytes) == b"all that is left"


async def test_reading_only_refuses_to_write(made: Path) -> None:
    async with Journal.open(made, read_only=True) as journal:
        write: Callable[[], None]
        for write in [lambda: journal.start_account("r", 0), lambda: journal.add_event("r", "x")]:
            with pytest.raises(JournalError, match="open for reading only"):
                write()
        with pytest.raises(JournalError, match="open for reading only"):
            await journal.flush()
        assert await journal.steps("r", 0) == {}


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_file_that_is_no_database(directory: Path, read_only: bool) -> None:
    def spoil() -> None:
        directory.mkdir()
        (directory / FILE).write_bytes(b"PK\x03\x04 not a database" * 300)

    await anyio.to_thread.run_sync(spoil)
    with pytest.raises(JournalCorrupt, match=rf"{FILE} is damaged: file is not a database; move the file away"):
        async with Journal.open(directory, read_only=read_only):
            pass


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_database_of_another_program_is_left_alone(directory: Path, read_only: bool) -> None:
    def make() -> bytes:
        directory.mkdir()
        connection = sqlite3.connect(directory / FILE)
        connection.execute("CREATE TABLE runs (a)")
        connection.close()
        return (directory / FILE).read_bytes()

    before = await anyio.to_thread.run_sync(make)
    with pytest.raises(JournalError, match="is an SQLite database, but not a bulkops journal"):
        async with Journal.open(directory, read_only=read_only):
            pass
    assert await anyio.to_thread.run_sync((directory / FILE).read_bytes) == before


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_journal_of_another_version(made: Path, read_only: bool) -> None:
    def age() -> None:
        connection = sqlite3.connect(made / FILE)
        connection.execute("PRAGMA user_version = 7")
        connection.close()

    await anyio.to_thread.run_sync(age)
    with pytest.raises(JournalError, match="schema version 7, but this bulkops supports version 6; use the bulkops"):
        async with Journal.open(made, read_only=read_only):
            pass


async def test_a_place_that_cannot_be_written(tmp_path: Path, directory: Path) -> None:
    await anyio.to_thread.run_sync(lambda: (tmp_path / "file").write_text("x"))
    for place in [tmp_path / "file", tmp_path / "file" / "below"]:
        with pytest.raises(JournalError, match=r"cannot write a journal in .*file.*: .*; choose another directory"):
            async with Journal.open(place):
                pass


async def test_a_directory_in_the_file_s_place(directory: Path) -> None:
    await anyio.to_thread.run_sync(lambda: (directory / FILE).mkdir(parents=True))
    with pytest.raises(JournalError, match="cannot write a journal in"):
        async with Journal.open(directory):
            pass
    with pytest.raises(JournalError, match=f"cannot read the journal .*{FILE}: Is a directory"):
        async with Journal.open(directory, read_only=True):
            pass


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_name_that_is_too_long(tmp_path: Path, read_only: bool) -> None:
    place = Location.of(tmp_path / ("d" * 300))
    assert await anyio.to_thread.run_sync(place.exists), "opening it says what is wrong"
    with pytest.raises(JournalError, match=f"cannot .*{'d' * 300}.*: File name too long"):
        async with Journal.open(place, read_only=read_only):
            pass


def test_a_file_system_without_locks_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lockless(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", lockless)
    with pytest.raises(
        JournalError, match=f"the file system cannot lock {tmp_path}: No locks available; keep the journal"
    ):
        open_for_writing(tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_file_system_that_locks_no_directory_is_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As NFS, which locks only files that are open for writing."""

    def only_files(handle: int, operation: int) -> None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    monkeypatch.setattr(fcntl, "flock", only_files)
    open_for_writing(tmp_path).close()
    assert os.listdir(tmp_path) == [FILE]


def test_a_new_journal_may_be_opened_by_many_at_the_same_moment(tmp_path: Path) -> None:
    for attempt in range(10):
        together = threading.Barrier(8)

        def open_one(directory: Path = tmp_path / str(attempt), together: Any = together) -> None:
            together.wait()
            open_for_writing(directory).close()

        with ThreadPoolExecutor(8) as pool:
            for opened in [pool.submit(open_one) for _ in range(8)]:
                opened.result()


READ_ONLY_DIRECTORY = """
import asyncio, os, sys
import anyio
from bulkops.journal import Journal
from bulkops.errors import JournalError
async def main():
    await anyio.to_thread.run_sync(int)  # all that is imported late
    if os.geteuid() == 0:  # root may write everywhere
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    try:
        async with Journal.open(sys.argv[1], read_only=True) as journal:
            print(len(await journal.list_runs()))
    except JournalError as error:
        print(type(error).__name__, error)
    try:
        async with Journal.open(sys.argv[1]):
            print("opened for writing")
    except JournalError as error:
        print(error)
asyncio.run(main())
"""


@pytest.mark.parametrize("case", ["closed in order", "killed", "copied without its side file", "unreadable"])
async def test_reading_in_a_read_only_directory(made: Path, case: str) -> None:
    await anyio.to_thread.run_sync(_read_in_a_read_only_directory, made, case)


def _read_in_a_read_only_directory(made: Path, case: Any) -> None:
    place = Path(tempfile.mkdtemp(prefix="bulkops-test-"))  # pytest's own directories are closed to other users
    try:
        shutil.copy(made / FILE, place / FILE)
        if case in {"killed", "copied without its side file"}:
            script = (
                "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
                "c.execute('UPDATE runs SET title = 1'); c.commit(); os._exit(0)"
            )
            subprocess.run([sys.executable, "-c", script, str(place / FILE)], check=True)
            assert (place / f"{FILE}-wal").exists()
        if case == "copied without its side file":
            (place / f"{FILE}-shm").unlink()
        for file in place.iterdir():
            file.chmod(0o000 if case == "unreadable" else 0o444)
        place.chmod(0o555)
        before = sorted(os.listdir(place))
        read, written = _read_as_someone_else(place)
        if case == "copied without its side file":
            assert read.startswith("JournalError")
            assert "cannot be opened" in read
        elif case == "unreadable":
            assert "Permission denied; check who owns the file" in read
        else:
            assert read == "1"
        assert "cannot write a journal in" in written
        assert sorted(os.listdir(place)) == before
    finally:
        place.chmod(0o755)
        shutil.rmtree(place)


def _read_as_someone_else(place: Any) -> Any:
    result = subprocess.run(
        [sys.executable, "-c", READ_ONLY_DIRECTORY, str(place)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stderr == ""
    return result.stdout.splitlines()
