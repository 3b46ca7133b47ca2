"""share-connector as it is typed: looked at, shared, moved, stopped, and each mistake in one sentence."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli, RemoteSandbox

NAME = "example_connector_1"


@pytest.fixture
def share(cli: Cli, sandbox: RemoteSandbox) -> Cli:
    return lambda *words: cli("share-connector", *words, "--client-file", sandbox.client_file)


def test_it_is_moved_stopped_and_shared_again(share: Cli, sandbox: RemoteSandbox) -> None:
    already = share(NAME, "--yes")
    assert (already.code, already.out) == (0, f"{NAME}: version 2 is shared with all customers already\n")
    looked = share(NAME, "--version", "1", "--dry-run")
    moved = f"{NAME}: version 2 is shared with all customers; then version 1 is shared with all customers\n"
    assert (looked.code, looked.out) == (0, moved)
    assert sandbox.ledger() == []
    assert share(NAME, "--version", "1", "--yes").code == 0
    stopped = share("562501", "--stop", "--yes")
    assert stopped.out == f"{NAME}: not shared with customers (before: version 1 is shared with all customers)\n"
    assert share("Example CRM", "--yes").code == 0
    assert [effect["kind"].partition(".")[2] for effect in sandbox.ledger()] == [
        "oem_shared",
        "suppressed",
        "oem_shared",
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((NAME, "--stop", "--version", "1"), 2, "--stop shares no version"),
        ((NAME, "--version", "1"), 2, "add --yes"),
        (("nonesuch", "--yes"), 2, "has no custom connector 'nonesuch'"),
        ((NAME, "--version", "9", "--yes"), 1, "404"),
    ],
)
def test_a_mistake_is_said_in_one_line(
    share: Cli, sandbox: RemoteSandbox, words: tuple[str, ...], code: int, said: str
) -> None:
    refused = share(*words)
    assert (refused.code, refused.out) == (code, "")
    assert said in refused.err
    assert "Traceback" not in refused.err
    assert sandbox.ledger() == []
