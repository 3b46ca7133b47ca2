"""create-folder, create-connection, set-properties as a user types them: the examples of their help, and a job file."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkops.cli.app import bulkops

CREDENTIALS = """
[connections.CRM]
provider = "salesforce"
[connections.CRM.input]
host = "https://example.my.salesforce.com"
api_key = { env = "CRM_KEY_{region}" }
"""
JOB = """
[selection]
accounts = "customers.csv"
[[operation]]
use = "create-folder"
folder = "Shops/{region}"
[[operation]]
use = "create-connection"
name = "CRM"
folder = "Shops/{region}"
from = "connections.toml"
external_id = "crm-{tier}"
[[operation]]
use = "set-properties"
project = "Shops"
properties = { "crm.tier" = "{tier}", "crm.object" = "Account" }
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Any) -> Path:
    """A directory with the files that the examples name."""
    rows = ["id,region,tier", "4100231,NORTH,gold", "4100232,SOUTH,tin"]
    (tmp_path / "customers.csv").write_text("\n".join(rows))
    (tmp_path / "connections.toml").write_text(CREDENTIALS)
    for name, value in {"CRM_KEY_NORTH": "n", "CRM_KEY_SOUTH": "s", "SHOP_TOKEN": "canary-shop"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BULKOPS_CLIENT_FILE", str(sandbox.client_file))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def effects(sandbox: Any) -> Counter[str]:
    return Counter(effect["kind"] for effect in sandbox.ledger())


def test_the_examples_of_the_help_do_what_they_say(cli: Callable[..., Any], sandbox: Any, desk: Path) -> None:
    assert cli("create-folder", "--folder", "Shop", "--accounts", "all", "--yes").code == 0  # which one example needs
    for name in ("create-folder", "create-connection", "set-properties"):
        for example in bulkops.commands[name].examples:  # type: ignore[attr-defined]
            planned = cli("plan", *shlex.split(example))
            before = effects(sandbox)
            done = cli(*shlex.split(example), "--yes", "--json")
            assert (done.code, planned.code) == (0, 0), (example, done, planned)
            report = json.loads(done.out)
            assert report["outcomes"]["changed"] in {2, 12}, example
            if not example.startswith("create-connection --name CRM --from"):  # these shells are there by then
                assert effects(sandbox) != before
    assert effects(sandbox) == {
        "folder.created": 12 + 24 + 4,
        "connection.created": 12,
        "connection.authorized": 2,
        "property.set": 4 + 12,
    }
    assert b"canary-shop" not in b"".join(path.read_bytes() for path in desk.rglob(".bulkops/**/*") if path.is_file())


def test_a_job_of_all_three_is_planned_done_and_undone(cli: Callable[..., Any], sandbox: Any, desk: Path) -> None:
    job = desk / "shops.toml"
    job.write_text(JOB)
    planned = cli("plan", str(job))
    assert planned.code == 0, planned.err
    for words in ("create folder 'Shops/NORTH'", "create salesforce connection 'CRM' with its credentials", "crm.tier"):
        assert words in planned.out
    assert effects(sandbox) == {}
    done = cli("run", str(job), "--yes", "--json")
    assert json.loads(done.out)["outcomes"]["changed"] == 2, done.err
    made = {"folder.created": 4, "connection.created": 2, "connection.authorized": 2, "property.set": 4}
    assert effects(sandbox) == made
    again = cli("run", str(job), "--yes", "--json")
    assert json.loads(again.out)["outcomes"]["unchanged"] == 2
    assert effects(sandbox) == made
    undone = cli("undo", json.loads(done.out)["run"], "--yes", "--json")
    report = json.loads(undone.out)
    assert (undone.code, report["outcomes"]["changed"]) == (0, 2)
    notes = [row["detail"]["set-properties"] for row in report["accounts"]]
    assert all(note.startswith("left as it is: ") and "the API cannot delete a property" in note for note in notes)
    gone = {"connection.disconnected": 2, "connection.deleted": 2, "folder.deleted": 4}
    assert effects(sandbox) == made | gone


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create-folder",), "--folder"),
        (("create-folder", "--folder", "A//B"), "is not a path of folders"),
        (("create-connection", "--name", "X"), "give a provider"),
        (("create-connection", "--name", "X", "--from", "connections.toml"), "no table for connection 'X'"),
        (("set-properties", "-p", "x"), "is not NAME=VALUE"),
        (("set-properties", "-p", "a=1", "-p", "a=2"), "a is given twice"),
        (("set-properties", "-p", "shop.token=abc"), "looks secret"),
        (("set-properties", "-p", "a={teir}"), "no column 'teir'"),
    ],
)
def test_mistakes_are_told_before_anything_is_sent(
    cli: Callable[..., Any], sandbox: Any, desk: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = cli(*arguments, "--accounts", "customers.csv", "--yes")
    assert (done.code, words in done.err) == (2, True), done.err
    assert (sandbox.count(), "Traceback" in done.err) == (0, False)
