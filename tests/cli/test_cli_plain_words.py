"""What a new user types wrong, or reads first: each answer names the thing and the next step."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bulkops.hosts import DATA_CENTERS
from bulkops.settings import SANDBOX_TOKEN
from tests.cli.conftest import Cli, RemoteSandbox, Start, environment

PACKAGE = Path(__file__).parents[2] / "bulkops" / "_demo" / "crm-v1.zip"


pytestmark = pytest.mark.usefixtures("here", "sandbox")


def words(text: Any) -> Any:
    return " ".join(text.split())


@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_package_is_not_a_job_file(cli: Cli, command: str) -> None:
    refused = cli(command, PACKAGE, "--accounts", "all", "--yes")
    assert refused.code == 2
    assert "is a package, not a job file" in refused.err
    assert f"bulkops import-package {PACKAGE} --folder NAME --accounts FILE" in words(refused.err)
    written = cli("init", PACKAGE)
    assert written.code == 0, "the other command that it names"


@pytest.mark.parametrize(
    ("given", "spelled"),
    [("ORG-1,ORG-2", "EORG-1 EORG-2"), ("ORG-1", "EORG-1"), ("EORG-1", "EORG-1"), ("4100231,ORG-2", "4100231 EORG-2")],
)
def test_how_external_ids_are_written(cli: Cli, given: str, spelled: str) -> None:
    refused = cli("create-folder", "--folder", "X", "--accounts", given, "--yes")
    assert refused.code == 2
    hint = "external ids need an E before them, one id per line: printf '%s\\n'"
    assert f"{hint} {spelled} | bulkops" in words(refused.err)


def test_a_path_is_not_taken_for_an_external_id(cli: Cli) -> None:
    refused = cli("create-folder", "--folder", "X", "--accounts", "customers.csv", "--yes")
    assert refused.err.splitlines()[-1] == "  try: check the path"


@pytest.mark.parametrize("command", [("report",), ("compare", "20260102-k3f9")])
def test_a_file_whose_ending_names_no_format(cli: Cli, command: Any) -> None:
    refused = cli(*command, "-o", "foo.pdf")
    assert refused.code == 2
    assert "foo.pdf: no report format has the ending .pdf. Use .txt" in words(refused.err)
    assert not Path("foo.pdf").exists()


def test_an_ending_that_says_text_and_a_format_that_is_named(cli: Cli, sandbox: RemoteSandbox) -> None:
    fast = ("--client-file", sandbox.client_file, "--yes", "--quiet")
    assert cli("create-folder", "--folder", "X", "--accounts", "4100231", *fast).code == 0
    for name, more in (("report.txt", ()), ("report", ()), ("report.pdf", ("--format", "csv"))):
        assert cli("report", "-o", name, *more).code == 0
        assert Path(name).read_text()


@pytest.mark.parametrize(
    ("waves", "why"),
    [
        ("50%,60%,rest", "the percentages add up to 110 %"),
        ("50%,50%,rest", "no accounts are left for 'rest'"),
        ("100%,1", "no accounts are left for '1'"),
    ],
)
def test_waves_of_more_than_everything(cli: Cli, sandbox: RemoteSandbox, waves: str, why: str) -> None:
    before = sandbox.count()
    refused = cli("create-folder", "--folder", "X", "--accounts", "all", "--waves", waves, "--yes")
    assert refused.code == 2
    assert why in refused.err
    assert sandbox.count() == before


def test_waves_that_add_up(cli: Cli) -> None:
    assert cli("config", "show", "--waves", "10%,40%,rest").code == 0
    assert cli("config", "show", "--waves", "40%").code == 0, "the last one repeats"


def test_settings_come_before_quotas(cli: Cli) -> None:
    names = [line.split()[0] for line in cli("config", "show").out.splitlines()[1:]]
    first = next(place for place, name in enumerate(names) if name.startswith("quotas."))
    assert all(name.startswith("quotas.") for name in names[first:])
    assert {"webhook", "log", "token", "waves"} <= set(names[:first])


@pytest.mark.parametrize("host", [None, *DATA_CENTERS, "https://WWW.workato.com:443/", "https://workato.com."])
def test_a_sandbox_token_is_never_sent_to_the_vendor(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, sandbox: RemoteSandbox, host: Any
) -> None:
    assert sandbox.token.startswith(SANDBOX_TOKEN)
    if host is None:
        monkeypatch.delenv("WORKATO_HOST")
    else:
        monkeypatch.setenv("WORKATO_HOST", host)
    refused = cli("call", "managed_users.list")
    assert refused.code == 2, refused.err
    assert "the token is a sandbox's, but the host is the vendor's" in refused.err
    assert sandbox.token not in refused.err


def test_the_sandbox_writes_what_another_shell_needs(background: Start) -> None:
    files = ("--client-file", "client.toml", "--env-file", "sandbox.env")
    process = background("sandbox", "--customers=1", "--time-scale=600", *files, env={})
    greeting = process.stdout.readline()
    assert "sandbox with 1 customer on http" in greeting
    assert stat.S_IMODE(os.stat("sandbox.env").st_mode) == 0o600
    shell = f". ./sandbox.env && {sys.executable} -m bulkops call managed_users.list"
    done = subprocess.run(["sh", "-c", shell], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 1
