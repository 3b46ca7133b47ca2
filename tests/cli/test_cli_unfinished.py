"""A job whose last run is unfinished: starting it again names the command that goes on with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import CUSTOMERS, Cli, RemoteSandbox, halted
from tests.cli.pseudo import on_a_terminal


@pytest.fixture
def job(policy: tuple[str, ...]) -> tuple[str, ...]:
    return ("create-folder", "--folder", "Archive", *policy[:-1], "--concurrency", "2")


def test_yes_goes_on_with_a_warning(cli: Cli, sandbox: RemoteSandbox, job: tuple[str, ...]) -> None:
    run = halted(cli, sandbox, *job).report["run"]
    again = cli(*job, "--yes", "--json")
    assert f"run {run} of the same operation is unfinished (" in again.err
    assert f"`bulkops resume {run}` continues it" in again.err
    assert (again.code, again.outcomes) == (0, {"changed": CUSTOMERS})
    assert "unfinished" not in cli(*job, "--yes").err, "its newest run is finished now"


def test_a_person_reads_it_before_the_question(cli: Cli, sandbox: RemoteSandbox, job: tuple[str, ...]) -> None:
    run = halted(cli, sandbox, *job).report["run"]
    code, seen = on_a_terminal(job, (f"Start this run ({CUSTOMERS} accounts)? [y]es, [N]o ", "n\n"), sandbox=sandbox)
    assert (code, seen.index(f"`bulkops resume {run}`") < seen.index("Start this run")) == (2, True), seen
    assert sandbox.effects("folder.created") == []


def test_another_operation_is_another_job(cli: Cli, sandbox: RemoteSandbox, job: tuple[str, ...]) -> None:
    halted(cli, sandbox, *job)
    other = ("create-folder", "--folder", "Orders", *job[3:])
    assert "unfinished" not in cli(*other, "--yes").err


@pytest.mark.parametrize("is_absolute", [False, True])
def test_the_command_finds_the_journal(
    cli: Cli, sandbox: RemoteSandbox, job: tuple[str, ...], is_absolute: bool
) -> None:
    """An absolute path stays one: cron starts a run in another directory than the one in which its mail is read."""
    journal = str(Path.cwd() / "night") if is_absolute else "night"
    run = halted(cli, sandbox, *job, "--journal", journal).report["run"]
    again = cli(*job, "--journal", journal, "--yes")
    assert f"`bulkops resume {run} --journal {journal}` continues it" in again.err
