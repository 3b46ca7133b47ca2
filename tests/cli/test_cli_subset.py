"""--accounts, --exclude and --limit of resume, retry and undo: what is not selected stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

import bulkops
from bulkops import Workato
from bulkops.errors import InputError
from bulkops.settings import Settings, Tuning
from tests.cli.conftest import Cli, RemoteSandbox

FIRST = 4100231


@pytest.fixture
def folders(sandbox: RemoteSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    """A command that makes a folder in each account, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return ("create-folder", "--folder", "Night", "--client-file", str(sandbox.client_file), "--yes", "--json")


def paused(cli: Cli, folders: tuple[object, ...], waves: str = "1,rest") -> Any:
    """A run of twelve accounts that waits behind its first wave."""
    run = cli(*folders, "--accounts", "all", "--waves", waves, "--approve")
    assert run.code == 5, run.err
    return run.report["run"]


def made(sandbox: RemoteSandbox) -> Any:
    return sorted(effect["account"] for effect in sandbox.effects("folder.created"))


def test_resume_of_a_few_accounts_then_of_the_others(
    cli: Cli, sandbox: RemoteSandbox, folders: tuple[object, ...]
) -> None:
    paused(cli, folders)
    few = cli("resume", "--accounts", f"{FIRST},{FIRST + 4},{FIRST + 2}", "--approve", "--yes", "--json")
    assert (few.code, few.report["state"]) == (0, "partial"), few.err
    assert few.outcomes == {"changed": 3, "not_attempted": 9}
    assert "1 of the 3 accounts given have nothing to resume" in few.err
    assert few.err.splitlines()[-1].startswith("resume with: bulkops resume ")
    assert made(sandbox) == [FIRST, FIRST + 2, FIRST + 4]
    assert "partial" in cli("runs").out
    assert cli("report").out.startswith("Resumed in part: 3 changed, 9 not attempted of 12 accounts")
    rest = cli("resume", "--yes", "--json")
    assert (rest.code, rest.outcomes) == (0, {"changed": 12}), rest.err
    assert made(sandbox) == [FIRST + n for n in range(12)]


def test_resume_of_the_first_ones_and_all_but_some(
    cli: Cli, sandbox: RemoteSandbox, folders: tuple[object, ...]
) -> None:
    paused(cli, folders)
    first = cli("resume", "--limit", "2", "--approve", "--yes", "--json")
    assert (first.code, first.outcomes) == (0, {"changed": 3, "not_attempted": 9}), first.err
    Path("not-these.txt").write_text(f"{FIRST + 11}\n99\n")
    most = cli("resume", "--exclude", "not-these.txt", "--yes", "--json")
    assert (most.code, most.outcomes) == (0, {"changed": 11, "not_attempted": 1}), most.err
    assert FIRST + 11 not in made(sandbox)


def test_a_gate_passed_for_selected_accounts_asks_again_when_its_wave_has_ended(
    cli: Cli, folders: tuple[object, ...]
) -> None:
    """The second wave has four accounts. One account of the third goes first; the gate then asks for the others."""
    paused(cli, folders, waves="1,4,rest")
    ahead = cli("resume", "--accounts", str(FIRST + 8), "--approve", "--yes", "--json")
    assert ahead.code == 5, ahead.err  # the gate behind the second wave asks
    ahead = cli("resume", "--accounts", str(FIRST + 8), "--approve", "--yes", "--json")
    assert (ahead.code, ahead.outcomes) == (0, {"changed": 2, "not_attempted": 10}), ahead.err
    second = cli("resume", "--approve", "--yes", "--json")
    assert (second.code, second.outcomes) == (5, {"changed": 6, "not_attempted": 6}), second.err
    third = cli("resume", "--approve", "--yes", "--json")
    assert (third.code, third.outcomes) == (0, {"changed": 12}), third.err


def test_retry_of_selected_accounts(cli: Cli, folders: tuple[object, ...]) -> None:
    Path("accounts.txt").write_text("1\n2\n3\n")  # there are no such accounts
    failed = cli(*folders, "--accounts", "accounts.txt")
    assert failed.outcomes == {"failed": 3}, failed.err
    again = cli("retry", "--accounts", "2", "--yes")
    assert again.err.startswith("1 account at "), again.err
    assert again.code == 1
    assert cli("retry", "--limit", "2", "--yes").err.startswith("2 accounts at ")


def test_undo_of_selected_accounts(cli: Cli, sandbox: RemoteSandbox, folders: tuple[object, ...]) -> None:
    done = cli(*folders, "--accounts", "all")
    assert done.code == 0, done.err
    run = done.report["run"]
    planned = cli("plan", "undo", run, "--accounts", str(FIRST + 5))
    assert "1 account : undo" in planned.out, planned.err
    one = cli("undo", run, "--accounts", str(FIRST + 5), "--yes", "--json")
    assert (one.code, one.outcomes) == (0, {"changed": 1}), one.err
    assert [effect["account"] for effect in sandbox.effects("folder.deleted")] == [FIRST + 5]
    last = cli("undo", run, "--limit", "2", "--yes", "--json")
    assert [row["account"] for row in last.report["accounts"]] == [str(FIRST + 11), str(FIRST + 10)]


@pytest.mark.parametrize("verb", ["resume", "retry", "undo"])
def test_an_account_that_the_run_does_not_have_is_refused(
    cli: Cli, sandbox: RemoteSandbox, folders: tuple[object, ...], verb: str
) -> None:
    paused(cli, folders)
    before = sandbox.count()
    for selection in (("--accounts", f"{FIRST},77"), ("--exclude", "others.txt")):
        Path("others.txt").write_text("EORG-1\n")
        refused = cli(verb, *selection, "--yes")
        assert refused.code == 2, refused.err
        assert "is not in run" in refused.err
        assert "such as 4100231" in refused.err
    assert sandbox.count() == before


@pytest.mark.parametrize("verb", ["resume", "retry"])
def test_nothing_of_what_is_selected_is_left(cli: Cli, folders: tuple[object, ...], verb: str) -> None:
    paused(cli, folders)
    nothing = cli(verb, "--accounts", str(FIRST), "--yes")
    assert (nothing.code, nothing.out) == (0, "")
    assert f"nothing to {verb}: no selected account of run" in nothing.err


async def test_in_the_library(sandbox: RemoteSandbox, tmp_path: Path) -> None:
    ids = [FIRST + n for n in range(4)]
    settings = Settings.from_env(tuning=Tuning.from_file(sandbox.client_file))
    async with Workato.from_settings(settings) as workato:
        operation = bulkops.operations.CreateFolder("Night")
        control = bulkops.StopSignal()
        control.drain()
        fleet = bulkops.Fleet(workato, journal=tmp_path)
        await attrs.evolve(fleet, stop=control).run(operation, ids)
        part = await fleet.resume(accounts=ids[1:], exclude=[ids[2]])
        assert part is not None
        assert part.state == "partial"
        assert [row.account for row in part.accounts if row.outcome == "changed"] == [str(ids[1]), str(ids[3])]
        with pytest.raises(InputError, match="account 77 is not in run"):
            await fleet.resume(accounts=[77])
        undone = await fleet.undo(part.run_id, limit=1)
        assert [(row.account, row.outcome) for row in undone.accounts] == [(str(ids[3]), "changed")]
        assert await fleet.retry(part.run_id, accounts=[ids[0]]) is not None
