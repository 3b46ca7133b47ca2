"""`bulkops audit` as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli, RemoteSandbox


@pytest.fixture(autouse=True)
def _in_a_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_two_audits_and_what_changed(cli: Cli, sandbox: RemoteSandbox) -> None:
    file = ("--client-file", sandbox.client_file)
    accounts = ("--accounts", str(sandbox.accounts))
    first = cli("audit", "access", *accounts, *file, "-o", "before.jsonl")
    assert first.code == 0, first.err
    assert first.err == "12 accounts, 3 people: before.jsonl\n"
    added = cli(
        "add-member",
        "--name",
        "Kim",
        "--email",
        "kim@x.example",
        "--role",
        "Admin",
        *accounts,
        *file,
        "--limit",
        "2",
        "--yes",
    )
    assert added.code == 0, added.err
    effects = len(sandbox.ledger())
    assert cli("audit", "access", *accounts, *file, "-o", "now.jsonl", "--members-only").code == 0
    assert len(sandbox.ledger()) == effects
    changed = cli("audit", "compare", "before.jsonl", "now.jsonl")
    assert changed.code == 1
    assert changed.out.count("added ") == 2
    assert "kim@x.example: member, Admin, dev" in changed.out
    assert changed.err == "groups and projects are not compared: one of the audits has only members\n"
    same = cli("audit", "compare", "now.jsonl", "now.jsonl")
    assert (same.code, same.out) == (0, "no change\n")
    page = cli("audit", "access", *accounts, *file, "-o", "access.html")
    assert page.code == 0
    assert "kim@x.example" in Path("access.html").read_text()
    assert Path("access.html").stat().st_mode & 0o77 == 0  # it names people


def test_an_account_that_cannot_be_read_is_named(cli: Cli, sandbox: RemoteSandbox) -> None:
    result = cli("audit", "access", "--accounts", "1,4100231", "--client-file", sandbox.client_file, "-o", "a.csv")
    assert result.code == 1
    assert "not read: 1: " in result.err
    assert Path("a.csv").read_text().startswith("account,workspace,person,")
    file = ("--client-file", sandbox.client_file)
    for accounts, name in (("4100231", "all.jsonl"), ("1,4100231", "part.jsonl")):
        cli("audit", "access", "--accounts", accounts, *file, "-o", name)
    assert Path("all.jsonl").read_text().startswith('{"audit": ')
    compared = cli("audit", "compare", "all.jsonl", "part.jsonl")
    assert (compared.code, compared.out) == (1, "unknown  1: only one of the audits could read it\n")
    same = cli("audit", "compare", "part.jsonl", "part.jsonl")
    assert (same.code, same.out) == (0, "no change\n")
    assert same.err == "neither audit could read 1 account in full, which may have changed: 1\n"


def test_an_account_to_exclude_that_does_not_exist_is_told(cli: Cli, sandbox: RemoteSandbox) -> None:
    Path("not.txt").write_text("4100231\n99\n")
    chosen = ("--accounts", "all", "--exclude", "not.txt", "--limit", "1", "--members-only")
    result = cli("audit", "access", *chosen, "--client-file", sandbox.client_file)
    assert result.code == 0, result.err
    assert result.err == "not.txt: 1 account to exclude not found among the accounts: 99\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("access",), "No accounts given"),
        (("access", "--accounts", "all", "-o", "a.xml"), "audit cannot write junit: use text, csv, jsonl or html"),
        (("access", "--accounts", "all", "-o", "nowhere/a.csv"), "cannot write nowhere/a.csv"),
        (("compare", "a.jsonl", "b.jsonl"), "cannot read the audit a.jsonl"),
    ],
)
def test_mistakes_are_found_before_anything_is_sent(
    cli: Cli, sandbox: RemoteSandbox, arguments: tuple[str, ...], words: str
) -> None:
    before = sandbox.count()
    result = cli("audit", *arguments)
    assert result.code == 2
    assert words in result.err
    assert sandbox.count() == before


def test_a_refused_token_ends_it(cli: Cli, sandbox: RemoteSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKATO_API_TOKEN", "sandbox-not-this-one")
    result = cli("audit", "access", "--accounts", "all", "--client-file", sandbox.client_file, "-o", "a.csv")
    assert result.code == 4
    assert not Path("a.csv").exists()
