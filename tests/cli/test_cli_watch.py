"""Watching a run from a second shell: while it goes on, when it ends, when its process dies, and when it is over."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bulkops.cli import watch_run
from bulkops.cli.progress import Plain
from bulkops.journal import AccountResult, InventoryRow, Journal, RunRecord, RunState
from bulkops.outcome import Outcome
from bulkops.report import Report
from tests.cli.conftest import RemoteSandbox, Result
from tests.cli.pseudo import on_a_terminal
from tests.cli.test_cli_runs import until
from tests.fleet import PACKAGE
from tests.processes import Process

Cli = Callable[..., Result]
Background = Callable[..., Process]


@pytest.fixture
def importing(sandbox: RemoteSandbox) -> tuple[str | Path, ...]:
    selection = ("--accounts", sandbox.accounts, "--client-file", sandbox.client_file, "--yes")
    return ("import-package", PACKAGE, "--folder", "CRM", *selection)


async def test_it_follows_wave_by_wave_and_writes_nothing(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watch_run, "_OFTEN_S", 0.002)
    monkeypatch.setattr(watch_run, "_SHARE", 0)
    monkeypatch.setattr(watch_run, "display_for", lambda *, quiet: Plain(interval_s=0.0))
    record = RunRecord(
        run_id="20260102-k3f9",
        created_at=time.time(),
        title="a title\x1b[2J",
        operation={},
        host="h",
        inventory_hash="",
        inventory_count=6,
        policy={"waves": "2,rest"},
        tuning={},
    )
    async with Journal.open(here) as journal:
        await journal.create_run(record, [InventoryRow(seq=seq, account=str(seq)) for seq in range(6)])
        async with journal.lock_run(record.run_id):
            journal.start_beating(record.run_id)
            await journal.flush()
            watched = asyncio.create_task(watch_run.watch(str(here), None, quiet=False))

            async def said(words: str) -> None:
                seen = ""
                while words not in seen:
                    assert not watched.done(), watched
                    await asyncio.sleep(0.002)
                    seen = shown[0] = shown[0] + capsys.readouterr().err

            shown = [""]
            await said("watching run 20260102-k3f9")
            assert f"in process {os.getpid()}: a title\\x1b[2J" in shown[0]
            journal.add_event(record.run_id, "process", {"share": 1.0, "quotas": {}})
            for number, (start, end) in enumerate([(0, 2), (2, 6)], start=1):
                journal.add_event(record.run_id, "wave", {"wave": number, "of": 2, "size": end - start})
                for seq in range(start, end):
                    journal.start_account(record.run_id, seq)
                await journal.flush()
                await said(f"wave {number} of 2: {end - start} accounts")
                await said(f"{end - start} in flight")
                for seq in range(start, end):
                    await journal.end_account(record.run_id, seq, AccountResult(outcome=Outcome.CHANGED))
                await said(f"{end}/6 accounts: {end} changed")
            await journal.set_state(record.run_id, RunState.FINISHED)
            assert not watched.done(), "its process may have more to do"
        report = await watched
    assert isinstance(report, Report)
    assert (report.exit_code, report.state) == (0, RunState.FINISHED)
    assert "\x1b" not in shown[0]


def _record(run_id: str) -> RunRecord:
    return RunRecord(
        run_id=run_id,
        created_at=time.time(),
        title="a title",
        operation={},
        host="h",
        inventory_hash="",
        inventory_count=1,
        policy={},
        tuning={},
    )


async def _until_said(words: str, capsys: pytest.CaptureFixture[str], watched: asyncio.Task[Report]) -> str:
    seen = ""
    while words not in seen:
        assert not watched.done(), watched
        await asyncio.sleep(0.002)
        seen += capsys.readouterr().err
    return seen


@pytest.mark.parametrize("name", [None, "20260102"])
async def test_a_queued_run_is_known_before_it_is_in_the_journal(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str | None
) -> None:
    """It waits for the credential, and has not listed its accounts yet (--if-running wait)."""
    monkeypatch.setattr(watch_run, "_OFTEN_S", 0.002)
    async with Journal.open(here) as journal:
        await journal.create_run(_record("20260101-old"), [InventoryRow(seq=0, account="1")])
        await journal.set_state("20260101-old", RunState.FINISHED)
        async with journal.lock_run("20260102-k3f9"):
            watched = asyncio.create_task(watch_run.watch(str(here), name, quiet=True))
            await _until_said(f"run 20260102-k3f9 is queued in process {os.getpid()}", capsys, watched)
            await journal.create_run(_record("20260102-k3f9"), [InventoryRow(seq=0, account="1")])
            await _until_said("watching run 20260102-k3f9", capsys, watched)
            await journal.end_account("20260102-k3f9", 0, AccountResult(outcome=Outcome.CHANGED))
            await journal.set_state("20260102-k3f9", RunState.FINISHED)
        report = await watched
    assert (report.run_id, report.exit_code) == ("20260102-k3f9", 0)


async def test_who_watches_a_run_is_told_which_one_is_queued_behind_it(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watch_run, "_OFTEN_S", 0.002)
    async with Journal.open(here) as journal:
        await journal.create_run(_record("20260101-on"), [InventoryRow(seq=0, account="1")])
        async with journal.lock_run("20260102-next"):
            async with journal.lock_run("20260101-on"):
                watched = asyncio.create_task(watch_run.watch(str(here), None, quiet=True))
                await _until_said("watching run 20260101-on", capsys, watched)
                await journal.end_account("20260101-on", 0, AccountResult(outcome=Outcome.CHANGED))
                await journal.set_state("20260101-on", RunState.FINISHED)
            await watched
    assert "run 20260102-next is queued: `bulkops watch 20260102-next`" in capsys.readouterr().err


@pytest.mark.parametrize("state", [RunState.INTERRUPTED, RunState.PAUSED, RunState.HALTED, RunState.RUNNING])
async def test_it_does_not_end_before_the_process_that_resumes_has_begun(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: RunState
) -> None:
    """`resume` in one shell, `watch` in the next one a moment later, or a supervisor that resumes what was killed."""
    monkeypatch.setattr(watch_run, "_OFTEN_S", 0.002)
    monkeypatch.setattr(watch_run, "_COMING_S", 30.0)
    looks = 0

    async def is_locked(self: Journal, run_id: str, really: Callable[..., Awaitable[bool]] = Journal.is_locked) -> bool:
        nonlocal looks
        looks += 1
        return await really(self, run_id)

    monkeypatch.setattr(Journal, "is_locked", is_locked)
    async with Journal.open(here) as journal:
        await journal.create_run(_record("20260102-k3f9"), [InventoryRow(seq=0, account="1")])
        await journal.set_state("20260102-k3f9", state)
        watched = asyncio.create_task(watch_run.watch(str(here), None, quiet=True))
        while looks < 4:
            assert not watched.done()
            await asyncio.sleep(0.002)
        async with journal.lock_run("20260102-k3f9"):
            await _until_said("watching run 20260102-k3f9", capsys, watched)
            await journal.end_account("20260102-k3f9", 0, AccountResult(outcome=Outcome.CHANGED))
            await journal.set_state("20260102-k3f9", RunState.FINISHED)
        report = await watched
    assert report.exit_code == 0


def test_a_run_that_is_over_is_reported_with_its_exit_code(
    cli: Cli,
    here: Path,
    sandbox: RemoteSandbox,
    importing: tuple[str | Path, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch_run, "_COMING_S", 0.0)
    assert cli("watch").code == 2
    assert cli(*importing, "--waves", "2,rest", "--approve", "--quiet").code == 5
    paused = cli("watch")
    assert paused.code == 5
    assert paused.out.startswith("Paused: 2 changed, 10 not attempted")
    assert "--approve" in paused.out.splitlines()[-1]
    assert paused.err == ""
    run_id = cli("runs").out.splitlines()[1].split()[0]
    assert cli("resume", "--approve", "--yes", "--quiet").code == 0
    assert cli("watch", run_id[:15]).out == cli("report", run_id).out


def ended(process: Process) -> tuple[str, str]:
    """What is left to read of one that a line was read of: `communicate` would miss what came with that line."""
    process.wait(timeout=30)
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdout.read(), process.stderr.read()


@pytest.mark.slow
def test_until_it_ends_from_two_shells_and_one_leaves(
    here: Path, background: Background, sandbox: RemoteSandbox, importing: tuple[str | Path, ...]
) -> None:
    run = background(*importing, "--waves", "6,rest", "--soak", "1h", env=sandbox.access)
    until(lambda: len(sandbox.effects("import.completed")) == 6)
    stays = background("watch", env={})
    assert stays.stderr is not None
    assert f"in process {run.pid}: import crm-v1.zip" in stays.stderr.readline()
    code, seen = on_a_terminal(["watch"], ("wave 2", "\x03"), sandbox=sandbox)
    assert code == 130, seen
    assert "wave 1 of 2" in seen
    assert "█ 6 changed" in seen
    assert "6 accounts to come" in seen
    assert "stopped watching; the run continues" in seen
    assert run.poll() is None
    run.send_signal(signal.SIGINT)  # which ends the soak
    told, _ = run.communicate(timeout=30)
    out, err = ended(stays)
    assert stays.returncode == run.returncode == 130
    assert out.splitlines()[0].startswith("Interrupted: 6 changed, 6 not attempted of 12 accounts")
    assert out.splitlines()[-1] == told.splitlines()[-1]
    assert err.splitlines()[-1] == "6/12 accounts: 6 changed"


@pytest.mark.slow
def test_a_process_that_dies_is_said_with_how_to_go_on(
    cli: Cli, here: Path, background: Background, sandbox: RemoteSandbox, importing: tuple[str | Path, ...]
) -> None:
    sandbox.ask("faults", {"slow": 1.0})
    run = background(*importing, "--concurrency", "2", env=sandbox.access)
    until(lambda: sandbox.count() > 1)  # the first asks whose the token is, before the run is in the journal
    watcher = background("watch", env={})
    assert watcher.stderr is not None
    assert "watching run" in watcher.stderr.readline()
    run.kill()
    out, err = ended(watcher)
    assert watcher.returncode == 130, err
    lines = out.splitlines()
    assert lines[0].startswith("Interrupted: ")
    assert lines[1] == "reason: the process that worked on it died"
    assert lines[-1].startswith("resume with: bulkops resume ")
