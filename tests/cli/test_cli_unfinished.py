"""A job whose last run is unfinished: starting it again names the command that goes on with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import CUSTOMERS, RemoteSandbox
from tests.cli.pseudo import on_a_terminal
from tests.fleet import Ended

Cli = Callable[..., Ended]


@pytest.fixture
def job(sandbox: RemoteSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    monkeypatch.chdir(tmp_path)
    accounts = ("--accounts", str(sandbox.accounts), "--client-file", str(sandbox.client_file))
    return ("create-folder", "--folder", "Archive", *accounts, "--concurrency", "2")


def halted(cli: Cli, sandbox: RemoteSandbox, job: tuple[str, ...]) -> str:
    sandbox.ask("rights", {"deny": ["managed_users.folders.create"]})
    ended = cli(*job, "--breaker", "3", "--yes", "--json")
    assert ended.code == 3, ended.err
    sandbox.ask("rights", {"deny": []})
    run: str = ended.report["run"]
    return run


def test_yes_goes_on_with_a_warning(cli: Cli, sandbox: RemoteSandbox, job: tuple[str, ...]) -> None:
    run = halted(cli, sandbox, job)
    again = cli(*job, "--yes", "--json")
    assert f"run {run} of the same operation is unfinished (" in again.err
    assert f"`bulkops resume {run}` continues it" in again.err
    assert (again.code, again.outcomes) == (0, {"changed": CUSTOMERS})
    assert "unfinished" not in cli(*job, "--yes").err, "its newest run is finished now"


def test_a_person_reads_it_before_the_question(cli: Cli, sandbox: RemoteSandbox, job: tuple[str, ...]) -> None:
    run = halted(cli, sandbox, job)
    code, seen = on_a_terminal(job, (f"Start this run ({CUSTOMERS} accounts)? [y]es, [N]o ", "n\n"), sandbox=sandbox)
    assert (code, seen.index(f"`bulkops resume {run}`") < seen.index("Start this run")) == (2, True), seen
    assert sandbox.effects("folder.created") == []


def test_another_operation_is_another_job(cli: Cli, sandbox: RemoteSandbox, job: tuple[str, ...]) -> None:
    halted(cli, sandbox, job)
    other = ("create-folder", "--folder", "Orders", *job[3:])
    assert "unfinished" not in cli(*other, "--yes").err


def test_the_command_finds_the_journal(cli: Cli, sandbox: RemoteSandbox, job: tuple[str, ...]) -> None:
    run = halted(cli, sandbox, (*job, "--journal", "night"))
    again = cli(*job, "--journal", "night", "--yes")
    assert f"`bulkops resume {run} --journal night` continues it" in again.err
