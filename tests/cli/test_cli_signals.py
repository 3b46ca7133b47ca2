"""Ctrl-C, SIGTERM and SIGHUP: once drains, twice aborts; outside a run they end the command with one sentence."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import pytest

from bulkops.__main__ import _end_as_interrupt
from bulkops.cli.signals import listening
from bulkops.runs import StopSignal
from tests.cli.conftest import Cli, RemoteSandbox, Start, environment
from tests.cli.pseudo import on_a_terminal
from tests.cli.stuck import FIFO
from tests.fleet import fleet, wait_until
from tests.patience import until
from tests.processes import PREPARE, Process

FIRST = "accounts that have begun an effect finish; press Ctrl-C again to stop now"
SECOND = "stopping now; resume settles the accounts in progress"
INTERRUPTED = "error: interrupted; no run was in progress\n"
NOTHING = bytes(4)
"""The count of bytes in an empty pipe, as ioctl has it."""
COMMANDS = [
    ("start-recipes", "--folder", "CRM", "--accounts", "-", "--yes"),
    ("start-recipes", "--folder", "CRM", "--accounts", "4100231", "--exclude", "-", "--yes"),
    ("plan", "start-recipes", "--folder", "CRM", "--accounts", "-"),
    ("resume", "20260102-k3f9", "--accounts", "-", "--yes"),
    ("audit", "access", "--accounts", "-"),
    ("call", "managed_users.folders.create", "--account", "1", "--body", "-", "--yes"),
]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """The signals as they were; a suite that nohup started ignores SIGHUP, and its tests do not."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_once_and_twice(number: Any) -> None:
    said: list[str] = []
    control = StopSignal()
    before = signal.getsignal(number)
    with listening(control, said.append):
        assert not control.draining
        os.kill(os.getpid(), number)
        await until(lambda: control.draining)
        assert (control.reason, control.aborting) == (f"interrupted by {number.name}", False)
        os.kill(os.getpid(), number)
        await until(lambda: control.aborting)
    assert said == [FIRST, SECOND]
    assert signal.getsignal(number) in {before, signal.default_int_handler}


async def test_a_lost_terminal_never_stops_at_once() -> None:
    """Its shell and the kernel send one SIGHUP each."""
    said: list[str] = []
    control = StopSignal()
    with listening(control, said.append):
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: control.reason == "interrupted by SIGHUP")
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)  # comes after it, and counts
        await until(lambda: control.aborting)
    assert said == [FIRST, SECOND]
    os.kill(os.getpid(), signal.SIGHUP)  # nor does it end the report


async def test_a_hangup_after_ctrl_c_does_not_count() -> None:
    said: list[str] = []
    control = StopSignal()
    with listening(control, said.append):
        os.kill(os.getpid(), signal.SIGINT)
        await until(lambda: control.draining)
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)
    assert said == [FIRST]
    assert not control.aborting


async def test_nohup_is_respected() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _end_as_interrupt()
    with listening(StopSignal(), lambda _: None):
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize("times", [0, 2])
async def test_ctrl_c_that_a_background_job_ignores_is_ignored_again_after_the_run(times: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    said: list[str] = []
    with listening(StopSignal(), said.append):
        for count in range(1, times + 1):
            os.kill(os.getpid(), signal.SIGINT)
            await until(lambda: len(said) == count)  # noqa: B023 - awaited in its round
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


async def test_without_a_signal_nothing_is_said_and_handlers_are_as_before() -> None:
    said: list[str] = []
    _end_as_interrupt()
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    assert signal.SIG_DFL not in before
    with listening(StopSignal(), said.append):
        pass
    assert said == []
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before


def test_a_run_whose_terminal_is_lost_is_resumed(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=12, time_scale=20) as vendor:
        ours, theirs = pty.openpty()
        command = vendor.rollout_command("--concurrency", "2")
        process = Process(command, env=vendor.environment(TERM="xterm"), cwd=tmp_path, terminal=theirs)

        def begun() -> int:
            if select.select([ours], [], [], 0)[0]:
                os.read(ours, 65536)  # or a full terminal would stop it
            return vendor.kinds()["folder.created"]

        with closing(process):
            wait_until(process, begun, 1)
            os.close(ours)
            assert process.wait(120) == 130
        listed = vendor.cli("runs", "--journal", str(vendor.journal))
        assert "interrupted" in listed.out
        done = vendor.cli("resume", *vendor.policy, "--json")
        assert (done.code, done.outcomes) == (0, {"changed": 12}), done.err
        assert vendor.twice() == []


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "fifo")
    return tmp_path / "fifo"


def interrupt(process: Process, pipe: IO[bytes], number: int) -> None:
    """Write one account, and send the signal when it has been read."""
    pipe.write(b"4100231\n")
    wait_until(process, lambda: int(fcntl.ioctl(pipe, termios.FIONREAD, NOTHING) == NOTHING), 1)
    process.send_signal(number)


def ended(process: Process) -> tuple[int | None, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_an_interrupt_ends_the_reading_of_a_pipe_that_has_no_end(
    background: Start, here: Path, sandbox: RemoteSandbox, fifo: Path, command: Any, number: Any
) -> None:
    environment = {PREPARE: "tests.cli.stuck:read_stdin_from_fifo", FIFO: str(fifo)}
    process = background(*command, env=sandbox.access | environment)
    with fifo.open("wb", buffering=0) as ours:
        interrupt(process, ours, number)
        assert ended(process) == (130, "", INTERRUPTED)


def test_an_interrupt_ends_the_reading_of_a_named_pipe(
    background: Start, here: Path, sandbox: RemoteSandbox, fifo: Path
) -> None:
    words = ("start-recipes", "--folder", "CRM", "--accounts", fifo, "--yes")
    process = background(*words, env=sandbox.access)
    with fifo.open("wb", buffering=0) as ours:
        interrupt(process, ours, signal.SIGINT)
        assert ended(process) == (130, "", INTERRUPTED)


def test_accounts_come_from_a_command_of_the_shell(here: Path, sandbox: RemoteSandbox) -> None:
    words = '"$0" -m bulkops plan start-recipes --offline --folder CRM --accounts <(echo oops; echo 7)'
    command, env = ["bash", "-c", words, sys.executable], environment(sandbox.access)
    done = subprocess.run(command, env=env, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert re.match(r"error: /dev/fd/\d+, line 1: 'oops' is neither ", done.stderr), done.stderr


def test_ctrl_c_ends_a_list_of_accounts_that_is_typed(here: Path, sandbox: RemoteSandbox) -> None:
    words = ("start-recipes", "--folder", "CRM", "--accounts", "-", "--yes")
    code, seen = on_a_terminal(words, ("press Ctrl-D to end the list", "4100231\n\x03"), sandbox=sandbox)
    assert code == 130, seen
    assert "interrupted; no run was in progress" in seen


def test_an_interrupt_does_not_wait_for_a_thread_that_never_ends(
    background: Start, here: Path, sandbox: RemoteSandbox, fifo: Path
) -> None:
    """Python waits for each thread at exit."""
    environment = {PREPARE: "tests.cli.stuck:with_a_thread_that_never_ends", FIFO: str(fifo)}
    process = background(*COMMANDS[0], env=sandbox.access | environment)
    with fifo.open("wb", buffering=0) as ours:
        interrupt(process, ours, signal.SIGINT)
        assert ended(process) == (130, "", INTERRUPTED)


def test_an_interrupt_while_modules_are_imported_shows_no_traceback(shell: Cli) -> None:
    """The command line takes a moment to import, in which a user may notice a slip."""
    program = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(name, *_):\n"
        "        if name == 'bulkops.cli.app': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting)\n"
        "from bulkops.__main__ import main\n"
        "sys.exit(main())\n"
    )
    ended = shell("runs", code=program)
    assert (ended.code, ended.out, ended.err) == (130, "", "error: interrupted\n")


def test_a_journal_without_workers_says_how_a_run_is_stopped(cli: Cli) -> None:
    result = cli("stop")
    assert result.code == 2
    assert "workers need a journal in PostgreSQL, and ./.bulkops is a directory" in result.err
    assert result.err.endswith("without workers, press Ctrl-C in the run's process to stop it\n")
