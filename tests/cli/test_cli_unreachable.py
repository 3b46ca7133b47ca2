"""A host where nobody listens: each command ends with exit code 2 and one sentence, instead of trying for minutes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkops.session import _host
from tests.cli.conftest import Cli, RemoteSandbox
from tests.fleet import fleet

COMMANDS = [
    ("run", "rollout.toml", "--yes"),
    ("run", "rollout.toml", "--accounts", "some.txt", "--yes"),
    ("plan", "rollout.toml"),
    ("plan", "rollout.toml", "--accounts", "some.txt"),
    ("call", "managed_users.get", "--account", "4100231"),
    ("each", "managed_users.get", "--accounts", "some.txt", "--yes"),
    ("doctor", "rollout.toml"),
]

COMMANDS_THAT_LIST = [
    ("run", "rollout.toml", "--yes"),
    ("plan", "rollout.toml"),
    ("create-folder", "--folder", "A", "--accounts", "all", "--yes"),
    ("audit", "access", "--accounts", "all"),
    ("doctor", "rollout.toml"),
]


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a bound port that does not listen. Its patience is short here: others test how long it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_host, "UNREACHED_S", 0.2)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        monkeypatch.setenv("WORKATO_HOST", url)
        monkeypatch.setenv("WORKATO_API_TOKEN", "t0ken-of-nobody")
        yield url


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:3]))
def test_a_host_that_was_never_reached_is_exit_2_and_one_sentence(cli: Cli, dead: str, command: Any) -> None:
    assert cli("init").code == 0
    Path("some.txt").write_text("4100231\n4100232\n")
    result = cli(*command)
    assert result.code == 2
    said = [line for line in (result.out + result.err).splitlines() if "cannot connect" in line]
    assert len(said) == 1
    assert f"cannot connect to {dead}: Connection refused" in said[0]
    assert "check the network and WORKATO_HOST" in result.out + result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("command", COMMANDS_THAT_LIST, ids=lambda command: " ".join(command[:2]))
@pytest.mark.parametrize(
    "trouble",
    [("rights", {"deny": ["managed_users.list"]}), ("faults", {"malformed": 1.0})],
    ids=["refused", "malformed"],
)
def test_a_list_of_accounts_that_cannot_be_read_is_exit_2(
    cli: Cli, sandbox: RemoteSandbox, here: Path, trouble: tuple[str, Any], command: Any
) -> None:
    assert cli("init").code == 0
    before = len(sandbox.effects("folder.created"))
    sandbox.ask(*trouble)
    result = cli(*command, "--client-file", str(sandbox.client_file))
    sandbox.ask("reset", {})
    assert result.code == 2, result.err
    assert "Traceback" not in result.err
    assert len(sandbox.effects("folder.created")) == before
    assert cli("runs").out == ""


def test_no_run_is_made_for_a_host_that_was_never_reached(cli: Cli, dead: str) -> None:
    cli("init")
    Path("some.txt").write_text("4100231\n")
    assert cli("run", "rollout.toml", "--accounts", "some.txt", "--yes").code == 2
    assert cli("runs").out == ""


def test_a_run_whose_host_is_gone_when_it_is_resumed_stays_as_it_was(
    cli: Cli, dead: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("some.txt").write_text("4100231\n4100232\n")
    with fleet(tmp_path, customers=2, time_scale=600) as vendor:
        for name, value in vendor.access.items():
            monkeypatch.setenv(name, value)
        each = ("each", "managed_users.get", "--accounts", "some.txt", "--waves", "1,rest", "--approve", "--yes")
        assert cli(*each).code == 5
    result = cli("resume", "--approve", "--yes")
    assert result.code == 2
    assert f"cannot connect to {vendor.url}" in result.err
    assert "paused" in cli("runs").out
