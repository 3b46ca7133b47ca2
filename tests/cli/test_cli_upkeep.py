"""The commands that keep accounts up, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, RemoteSandbox

ACCOUNTS = 3


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: RemoteSandbox) -> tuple[object, ...]:
    """Three accounts with columns, and an own journal."""
    monkeypatch.chdir(tmp_path)
    ids = sandbox.accounts.read_text().split()[:ACCOUNTS]
    rows = "".join(f"{account},u-{n},big\n" for n, account in enumerate(ids))
    (tmp_path / "accounts.csv").write_text("id,who,plan\n" + rows)
    return ("--accounts", "accounts.csv", "--client-file", sandbox.client_file, "--yes", "--json")


def test_each_command_changes_once_and_is_planned(cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...]) -> None:
    commands = [
        ("import-package", "--manifest", "12", "--folder", "CRM"),
        ("upgrade-plan", "--plan", "{plan}"),
        ("upgrade-plan", "--plan", "bigger", "--via", "call"),
        ("downgrade-plan",),
        (
            "add-member",
            "--name",
            "Ana {who}",
            "--external-id",
            "{who}",
            "--email",
            "{who}@x.example",
            "--role",
            "Admin",
        ),
        ("add-member", "--name", "Bob", "--role", "Analyst", "--via", "member", "--oauth-id", "o-{who}"),
        ("remove-member", "--external-id", "{who}", "--email", "{who}@x.example"),
        ("remove-member", "--name", "Bob", "--via", "member"),
    ]
    for command in commands:
        before = len(sandbox.ledger())
        foreseen = cli("plan", *command, *policy)
        assert foreseen.code == 0, foreseen.err
        assert len(sandbox.ledger()) == before
        done = cli(*command, *policy)
        assert (done.code, done.outcomes) == (0, {"changed": ACCOUNTS}), done.err
        again = cli(*command, *policy)
        assert (again.code, again.outcomes) == (0, {"unchanged": ACCOUNTS}), again.err
    stopped = cli("stop-recipes", "--folder", "CRM", *policy)
    assert (stopped.code, stopped.outcomes) == (0, {"unchanged": ACCOUNTS})
    # Accounts are worked on side by side: which one ends first is nobody's promise.
    assert sorted(effect["key"] for effect in sandbox.effects("member.removed")) == [
        *["Bob"] * ACCOUNTS,
        *(f"u-{n}" for n in range(ACCOUNTS)),
    ]


def test_customers_of_a_file_are_created(
    cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...], tmp_path: Path
) -> None:
    (tmp_path / "accounts.csv").write_text("external_id,company,mail\nN-1,One,1@x.example\nN-2,Two,2@x.example\n")
    command = ("create-customer", "--name", "{company}", "--notification-email", "{mail}", "--plan", "big", *policy)
    done = cli(*command)
    assert (done.code, done.outcomes) == (0, {"changed": 2}), done.err
    assert [row["detail"]["customer"]["plan_id"] for row in json.loads(done.out)["accounts"]] == ["big", "big"]
    again = cli(*command)
    assert (again.code, again.outcomes) == (0, {"unchanged": 2})
    run_id = json.loads(done.out)["run"]
    undone = cli("undo", run_id, *policy[2:])
    assert undone.code == 2
    assert "cannot be undone" in undone.err
    assert len(sandbox.effects("customer.created")) == 2


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("upgrade-plan",), "--plan"),
        (("upgrade-plan", "--plan", "p", "--via", "magic"), "magic"),
        (("downgrade-plan", "--plan", "small", "--via", "call"), "takes only plan 'free'"),
        (("add-member", "--name", "Ana"), "--role"),
        (("add-member", "--name", "Ana", "--role", "Admin", "--via", "member"), "needs oauth_id"),
        (("add-member", "--name", "{who", "--role", "Admin"), "braces without a column name"),
        (("remove-member",), "no external_id, email or name given"),
        (("stop-recipes",), "--folder"),
        (("import-package", "--folder", "CRM"), "Give either PKG.zip or --manifest ID"),
        (("import-package", "x.zip", "--manifest", "12", "--folder", "CRM"), "Give either PKG.zip or --manifest ID"),
        (("import-package", "--manifest", "0", "--folder", "CRM"), "manifest"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_sent(
    cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...], command: Any, words: str
) -> None:
    before = sandbox.count()
    result = cli(*command, *policy)
    assert result.code == 2
    assert words in result.err
    assert result.out == ""
    assert sandbox.count() == before


def test_an_unknown_manifest_ends_the_run_before_it_begins(
    cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...]
) -> None:
    result = cli("import-package", "--manifest", "99", "--folder", "CRM", *policy)
    assert result.code == 2
    assert "export manifest 99 does not exist" in result.err
    assert "no runs" in cli("runs").err
