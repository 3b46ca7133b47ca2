"""`bulkops doctor --learn` as a user types it."""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path

import pytest

from bulkops.cli.doctor import learn as command
from tests.cli.conftest import Cli, RemoteSandbox


@pytest.fixture(autouse=True)
def _in_a_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _unspaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test with the real rate is the slow one."""
    monkeypatch.setattr(command, "REQUESTS_PER_S", 10_000.0)


@pytest.mark.usefixtures("_unspaced")
def test_a_tenant_is_learned_and_confirmed_the_next_time(cli: Cli, sandbox: RemoteSandbox) -> None:
    before = sandbox.count()
    first = cli("doctor", "--learn", "--client-file", sandbox.client_file, "--record", "replies")
    assert first.code == 0, first.err
    assert sandbox.count() - before <= 40
    assert first.err.startswith(f"reads only: at most 40 requests to {sandbox.url}")
    assert "confirmed foreign_customer: 404" in first.out
    assert "0 contradicted" in first.out
    text = Path("vendor.toml").read_text()
    assert tomllib.loads(text)["e_ids"] is True
    with Path("replies/replies.jsonl").open() as kept:
        assert json.loads(kept.readline())["call"] == "users.me"
    again = cli("doctor", "--learn", "--client-file", sandbox.client_file, "--json")
    assert again.code == 0
    states = {json.loads(line)["check"] for line in again.out.splitlines()}
    assert "differs" not in states
    assert Path("vendor.toml").read_text() == text
    assert sandbox.ledger() == []


@pytest.mark.usefixtures("_unspaced")
def test_a_refused_token_and_a_wrong_account(cli: Cli, sandbox: RemoteSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = cli("doctor", "--learn", "--client-file", sandbox.client_file, "--account", "ORG-1")
    assert wrong.code == 2
    assert "'ORG-1' is not an account id" in wrong.out
    monkeypatch.setenv("WORKATO_API_TOKEN", "sandbox-not-this-one")
    before = sandbox.count()
    refused = cli("doctor", "--learn", "--client-file", sandbox.client_file)
    assert refused.code == 4
    assert sandbox.count() - before == 2  # whose the token is may be unreadable: one more decides
    assert not Path("vendor.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--learn", "rollout.toml"), "--learn takes no job"),
        (("--learn", "--check-writes"), "--learn takes no job and no --check-writes"),
        (("--account", "7"), "--account and --record need --learn"),
        (("--record", "replies"), "--account and --record need --learn"),
        (("--learn", "-o", "nowhere/vendor.toml"), "cannot write nowhere/vendor.toml"),
    ],
)
def test_mistakes_are_found_before_anything_is_sent(
    cli: Cli, sandbox: RemoteSandbox, arguments: tuple[str, ...], words: str
) -> None:
    before = sandbox.count()
    result = cli("doctor", *arguments)
    assert result.code == 2
    assert words in result.err + result.out
    assert sandbox.count() == before


@pytest.mark.slow
def test_requests_are_spread(cli: Cli, sandbox: RemoteSandbox) -> None:
    began = time.monotonic()
    assert cli("doctor", "--learn", "--client-file", sandbox.client_file).code == 0
    assert time.monotonic() - began > 6  # 30 requests at 4 a second, the first burst apart
