"""export-package as it is typed: out of the partner's workspace, out of accounts, planned, and in a job file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, RemoteSandbox
from tests.fleet import PACKAGE

PARTNER = ("--folder", "CRM rollout", "-o")


@pytest.fixture(autouse=True)
def _as_the_sandbox_says(monkeypatch: pytest.MonkeyPatch, sandbox: RemoteSandbox) -> None:
    monkeypatch.setenv("BULKOPS_CLIENT_FILE", str(sandbox.client_file))


def test_out_of_the_partners_workspace(cli: Cli, sandbox: RemoteSandbox, here: Path) -> None:
    first = cli("export-package", "--manifest", "12", "-o", "crm.zip")
    assert (first.code, first.out.splitlines()[0].split(" bytes")[0]) == (0, "crm.zip: 3 recipes, 2 connections, 2806")
    assert "exporting manifest 12 of the partner's workspace" in first.err
    again = cli("export-package", *PARTNER, "crm.zip", "--json", "-q")
    facts = json.loads(again.out)
    assert (facts["written"], again.err) == (False, "")
    assert f"sha256 {facts['sha256']}" in first.out
    assert facts["recipes"] == ["Functions/Upsert CRM contact", "New order to CRM", "Nightly contact check"]
    assert [len(sandbox.effects(kind)) for kind in ("manifest.created", "manifest.deleted")] == [1, 1]
    other = cli("export-package", "--folder", "CRM API", "-o", "crm.zip")
    assert other.code == 2
    assert "crm.zip exists with other contents" in other.err
    assert "--overwrite" in other.err
    replaced = cli("export-package", "--folder", "CRM API", "-o", "crm.zip", "--overwrite")
    assert (replaced.code, replaced.out.startswith("crm.zip: 4 recipes")) == (0, True)
    imported = cli(
        "import-package", "crm.zip", "--folder", "API", "--accounts", sandbox.accounts, "--limit", "1", "--yes"
    )
    assert imported.code == 0, imported.err


def test_a_plan_of_it_sends_reads_alone(cli: Cli, sandbox: RemoteSandbox, here: Path) -> None:
    for what in (("--manifest", "12"), ("--folder", "CRM rollout")):
        foreseen = cli("plan", "export-package", *what, "-o", "crm.zip")
        assert foreseen.code == 0, foreseen.err
        assert "  recipe: new_order_to_crm.recipe.json\n" in foreseen.out
    assert json.loads(cli("plan", "export-package", *PARTNER, "crm.zip", "--json").out)["assets"][0]["type"] == "recipe"
    assert sandbox.ledger() == []
    assert list(here.iterdir()) == []
    asked = sandbox.count()
    assert cli("plan", "export-package", *PARTNER, "crm.zip", "--offline").code == 0
    assert sandbox.count() == asked
    assert "leave out --save" in cli("plan", "export-package", *PARTNER, "crm.zip", "--save", "p.json").err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "No destination"),
        (("--folder", "CRM"), "No destination"),
        (("--folder", "CRM", "-o", "x.zip", "--into", "d"), "No destination"),
        (("-o", "x.zip"), "Nothing to export"),
        (("-o", "x.zip", "--manifest", "1", "--folder", "CRM"), "Nothing to export"),
        (("-o", "x.zip", "--manifest", "1", "--accounts", "all"), "give --into DIR for the accounts"),
        (("--into", "d", "--manifest", "1", "--accounts", "all"), "A manifest belongs to one workspace"),
        (("--into", "d", "--folder", "CRM"), "No accounts given"),
        (("--into", "d", "--folder", " ", "--accounts", "all"), "the folder's name is empty"),
        (("-o", "no/such/x.zip", "--manifest", "12"), "cannot write into"),
        (("-o", ".", "--manifest", "12"), "is a directory"),
        (("-o", "x.zip", "--manifest", "99"), "export manifest 99 does not exist"),
        (("-o", "x.zip", "--folder", "CRM/Nix"), "no folder is named 'CRM/Nix' in the partner's workspace"),
    ],
)
def test_what_cannot_be(cli: Cli, sandbox: RemoteSandbox, here: Path, arguments: Any, words: str) -> None:
    refused = cli("export-package", *arguments)
    assert refused.code == 2
    assert words in refused.err
    assert sandbox.ledger() == []
    assert list(here.iterdir()) == []


def test_a_directory_with_too_long_a_name(cli: Cli, sandbox: RemoteSandbox, here: Path) -> None:
    refused = cli("export-package", "--into", "d" * 300, "--folder", "CRM", "--accounts", "all", "--yes")
    assert (refused.code, "File name too long; choose" in refused.err.replace("\n  try: ", "; ")) == (2, True), (
        refused.err
    )
    assert sandbox.ledger() == []


def test_out_of_accounts_by_command_and_by_job(cli: Cli, sandbox: RemoteSandbox, here: Path) -> None:
    accounts = ("--accounts", sandbox.accounts, "--yes", "--json")
    assert cli("import-package", PACKAGE, "--folder", "CRM", *accounts).code == 0
    done = cli("export-package", "--folder", "CRM", "--into", "packages", *accounts)
    rows = json.loads(done.out)["accounts"]
    assert (done.code, {row["outcome"] for row in rows}) == (0, {"changed"})
    for row in rows:
        assert row["detail"]["package"]["file"] == str(here / "packages" / f"{row['account']}.zip")
    (here / "export.toml").write_text(
        '[[operation]]\nuse = "export-package"\nfolder = "CRM"\ninto = "packages"\ninclude_tags = true\n'
    )
    again = cli("run", "export.toml", *accounts)
    assert {row["outcome"] for row in json.loads(again.out)["accounts"]} == {"unchanged"}
    foreseen = cli("plan", "export.toml", "--accounts", sandbox.accounts)
    assert "export folder 'CRM'; its file is there: kept if it holds the same" in foreseen.out
    undone = cli("undo", json.loads(done.out)["run"], "--yes", "--json")
    assert (undone.code, len(sandbox.effects("manifest.deleted"))) == (0, len(rows)), undone.err
    assert len(list((here / "packages").iterdir())) == len(rows)
