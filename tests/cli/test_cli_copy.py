"""copy as it is typed: each mistake in one sentence before anything is sent, and never a token in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli, RemoteSandbox

TOKEN = "wrkprod-canary-4f1c"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "harbour"), "'harbour' is not an account id"),
        ((), "accounts.txt has no column 'from'"),
        (("--from", "4100231", "--from-host", "eu"), "the source's token is missing"),
        (("--from", "4100231", "--from-token", "{env:STAGING}"), "the source's host is missing"),
        (("--from", "1", "--from-host", "eu", "--from-token", TOKEN), "from_token is not a reference to a secret"),
        (("--from", "1", "--from-host", "eu", "--from-token", "{env:STAGING}"), "variable STAGING is not set"),
        (("--from", "1", "--from-host", "eu", "--from-token", "{file:no-such}"), "cannot read"),
        (("--from", "1", "--from-host", "mars", "--from-token", "{env:HOME}"), "neither a URL nor a data center"),
        (("--from", "1", "--from-host", "http://x.example", "--from-token", "{env:HOME}"), "plain http"),
    ],
)
def test_a_mistake_is_said_before_anything_is_sent(
    cli: Cli, sandbox: RemoteSandbox, words: tuple[str, ...], said: str
) -> None:
    refused = cli("copy", *words, "--to", sandbox.accounts, "--yes")
    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err
    assert TOKEN not in refused.err
    assert "Traceback" not in refused.err
    assert sandbox.count() == 0


def test_a_job_copies_by_pairs(cli: Cli, sandbox: RemoteSandbox, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("from,to\npartner,4100231\npartner,4100232\n")
    job = tmp_path / "job.toml"
    job.write_text('[selection]\naccounts = "pairs.csv"\n[[operation]]\nuse = "copy"\nfolders = ["CRM rollout"]\n')
    flags = ("--client-file", sandbox.client_file, "--journal", tmp_path / "journal")
    done = cli("run", job, *flags, "--yes")
    assert done.code == 0, done.err
    assert "2 changed of 2 accounts" in done.out
    assert len(sandbox.effects("package.exported")) == 1
    assert len(sandbox.effects("import.completed")) == 2
