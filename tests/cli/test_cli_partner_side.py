"""Deleting customers and granting managers, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, RemoteSandbox
from tests.cli.pseudo import on_a_terminal

ACCOUNTS = 3
MEANT = "--delete-everything-in-them"


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: RemoteSandbox) -> tuple[object, ...]:
    """Three accounts with columns, and an own journal."""
    monkeypatch.chdir(tmp_path)
    ids = sandbox.accounts.read_text().split()[:ACCOUNTS]
    rows = "".join(f"{account},{'lee' if n else 'sam'}@partner.example\n" for n, account in enumerate(ids))
    (tmp_path / "accounts.csv").write_text("id,csm\n" + rows)
    return ("--accounts", "accounts.csv", "--client-file", str(sandbox.client_file))


def test_customers_are_deleted_when_it_is_meant(cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...]) -> None:
    foreseen = cli("plan", "delete-customer", *policy)
    assert (foreseen.code, "delete the customer with everything in it" in foreseen.out) == (0, True)
    done = cli("delete-customer", MEANT, *policy, "--yes", "--json")
    assert (done.code, done.outcomes) == (0, {"changed": ACCOUNTS}), done.err
    assert "THIS CANNOT BE UNDONE" in done.err
    assert len(sandbox.effects("customer.deleted")) == ACCOUNTS
    again = cli("delete-customer", MEANT, *policy, "--yes", "--json")
    assert (again.code, again.outcomes) == (0, {"unchanged": ACCOUNTS})
    undone = cli("undo", json.loads(done.out)["run"], "--yes")
    assert (undone.code, "cannot be undone" in undone.err) == (2, True)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "cannot ask for confirmation"),
        ((MEANT,), "cannot ask for confirmation"),
        (("--yes",), "add --delete-everything-in-them (in a job file: delete_everything_in_them = true)"),
        (("--yes", MEANT, "--accounts", "all"), "--accounts all is not allowed"),
    ],
)
def test_nobody_is_deleted_by_the_way(
    cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...], flags: Any, words: str
) -> None:
    before = sandbox.count()
    refused = cli("delete-customer", *policy, *flags)
    assert (refused.code, refused.out) == (2, "")
    assert words in " ".join(refused.err.split())
    assert sandbox.count() == before


@pytest.mark.parametrize(
    ("flag", "selection", "words"),
    [
        ("", "accounts.csv", "add --delete-everything-in-them"),
        ("delete_everything_in_them = true", "all", "--accounts all is not allowed"),
        ("delete_everything_in_them = true", "accounts.csv", ""),
    ],
)
def test_a_job_file_says_it_too(
    cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...], flag: str, selection: str, words: str
) -> None:
    first = '[[operation]]\nuse = "downgrade-plan"\n'
    job = f'[selection]\naccounts = "{selection}"\n{first}[[operation]]\nuse = "delete-customer"\n{flag}\n'
    Path("leave.toml").write_text(job)
    ran = cli("run", "leave.toml", *policy[2:], "--yes", "--json")
    assert ran.code == (2 if words else 0), ran.err
    assert words in " ".join(ran.err.split())
    assert len(sandbox.effects("customer.deleted")) == (0 if words else ACCOUNTS)


@pytest.mark.parametrize(
    ("answer", "number", "code", "deleted"),
    [("n\n", "", 2, 0), ("y\n", "yes\n", 2, 0), ("y\n", "4\n", 2, 0), ("y\n", "3\n", 0, 3), ("y\n3\n", "\n", 2, 0)],
)
def test_on_a_terminal_it_asks_twice(
    sandbox: RemoteSandbox, policy: tuple[object, ...], answer: str, number: str, code: int, deleted: int
) -> None:
    steps = [("(3 accounts)? [y]es, [N]o ", answer), ("to confirm: ", number)]
    exit_code, seen = on_a_terminal(["delete-customer", *policy], *steps, sandbox=sandbox)
    assert exit_code == code, seen
    assert "nothing brings them back" in seen
    assert ("Type the number of accounts (3) to confirm:" in seen) is answer.startswith("y")
    assert len(sandbox.effects("customer.deleted")) == deleted


def test_managers_by_column(cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...]) -> None:
    command = ("grant-manager", "--manager", "{csm}", "--role", "Integrator", *policy, "--yes", "--json")
    foreseen = cli("plan", *command[:-2])
    assert foreseen.code == 0, foreseen.err
    assert "2 accounts: make 'lee@partner.example' a customer manager as Integrator" in foreseen.out
    assert "2 embedded.customer_managers" in foreseen.out
    assert sandbox.effects("customer_manager.created") == []
    done = cli(*command)
    assert (done.code, done.outcomes) == (0, {"changed": ACCOUNTS}), done.err
    assert sorted(effect["key"][:3] for effect in sandbox.effects("manager.granted")) == ["lee", "lee", "sam"]
    assert cli(*command).outcomes == {"unchanged": ACCOUNTS}
    undone = cli("undo", json.loads(done.out)["run"], "--yes", "--json")
    assert undone.outcomes == {"changed": ACCOUNTS}, undone.err
    assert len(sandbox.effects("customer_manager.deleted")) == 2
    assert sandbox.effects("all_workspaces.granted") == []


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("grant-manager",), "--manager"),
        (("grant-manager", "--manager", "lee"), "neither an e-mail nor an id"),
        (("grant-manager", "--manager", "{csm"), "braces without a column name"),
        (("grant-manager", "--manager", "{nobody}"), "has no column 'nobody'"),
        (("grant-manager", "--manager", "4400", "--role", " "), "role is empty"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_sent(
    cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...], command: Any, words: str
) -> None:
    before = sandbox.count()
    refused = cli(*command, *policy, "--yes", "--json")
    assert (refused.code, refused.out, words in refused.err) == (2, "", True), refused.err
    assert sandbox.count() == before
