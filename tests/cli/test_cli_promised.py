"""What the docs promise of looking at runs, and of nights on which nothing is to be done."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, RemoteSandbox, Start

ACCOUNT = "4100231"


@pytest.fixture
def changing(sandbox: RemoteSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    """A command that changes accounts, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return ("upgrade-plan", "--plan", "big", "--client-file", str(sandbox.client_file), "--yes")


@pytest.mark.parametrize(
    "look",
    [
        ("runs",),
        ("report",),
        ("show", "--format", "html"),
        ("compare", "RUN"),
        ("watch",),
        ("watch", "--quiet"),
    ],
)
def test_looking_at_runs_needs_no_token_and_sends_nothing(
    cli: Cli, sandbox: RemoteSandbox, changing: tuple[object, ...], monkeypatch: pytest.MonkeyPatch, look: Any
) -> None:
    run = json.loads(cli(*changing, "--accounts", ACCOUNT, "--json").out)["run"]
    if look[0] == "compare":
        assert cli(*changing, "--accounts", ACCOUNT).code == 0
    monkeypatch.delenv("WORKATO_API_TOKEN")
    before = sandbox.count()
    seen = cli(*(run if word == "RUN" else word for word in look))
    assert seen.code == (1 if look[0] == "compare" else 0), seen.err
    assert "1 changed" in seen.out
    assert sandbox.count() == before


def test_a_night_on_which_nobody_is_new_reads_two_things_and_tells_nobody(
    cli: Cli, sandbox: RemoteSandbox, changing: tuple[object, ...]
) -> None:
    assert cli(*changing, "--accounts", "all").code == 0
    before = sandbox.requests()["quotas"]
    notify = f'{sys.executable} -c \'open("told", "w")\''
    night = cli(*changing, "--accounts", "all", "--only-new", "--on-finish", notify)
    assert (night.code, night.out) == (0, "")
    after = sandbox.requests()["quotas"]
    grown = {name for name, one in after.items() if one != before.get(name)}
    assert grown == {"assumed.partner.workspace", "embedded.customers.other"}
    assert not Path("told").exists()


def test_what_the_command_at_the_end_prints_goes_to_stderr(
    background: Start, sandbox: RemoteSandbox, changing: tuple[object, ...]
) -> None:
    notify = f"{sys.executable} -c 'print(6 * 7)'"
    done = background(*changing, "--accounts", ACCOUNT, "--json", "--on-finish", notify, env=sandbox.access)
    out, err = done.communicate(300)
    assert done.wait() == 0, err
    assert err.splitlines()[-1] == "42"
    assert json.loads(out)["outcomes"]["changed"] == 1
