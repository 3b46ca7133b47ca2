"""`bulkops plan` as a user drives it: offline without a token, exit codes for scripts, and the run that follows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bulkops.forecast import POLL
from tests.cli.conftest import Cli, RemoteSandbox
from tests.fleet import PACKAGE, SECRETS, main_job_text

from .conftest import CUSTOMERS, Result


@pytest.fixture
def job(sandbox: RemoteSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The main job as a user has it: in a directory with a journal and an account file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BULKOPS_CLIENT_FILE", str(sandbox.client_file))
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    Path("job.toml").write_text(main_job_text())
    return ("job.toml", "--accounts", str(sandbox.accounts))


def requests(plan: Result) -> dict[str, float]:
    """Without the polls of imports, which depend on the latency that was seen."""
    found: dict[str, float] = json.loads(plan.out)["requests"]
    return {call: count for call, count in found.items() if call != POLL}


def test_an_offline_plan_needs_no_token_and_asks_nobody(
    cli: Cli, sandbox: RemoteSandbox, job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    online = cli("plan", *job, "--json")
    assert online.code == 0, online.err
    counted = sandbox.count()
    for name in ("WORKATO_API_TOKEN", "WORKATO_HOST"):
        monkeypatch.delenv(name)
    offline = cli("plan", *job, "--offline", "--json")
    assert (offline.code, offline.err) == (0, "")
    assert sandbox.count() == counted
    assert requests(offline) == requests(online)
    assert cli("plan", "job.toml", "--accounts", "all", "--offline").code == 2


def test_an_offline_plan_leaves_no_journal(cli: Cli, sandbox: RemoteSandbox, job: Any) -> None:
    assert cli("plan", *job, "--offline").code == 0
    assert not Path(".bulkops").exists()
    refused = cli("plan", "import-package", "--manifest", "12", "--folder", "A", *job[1:], "--offline", "--export")
    assert (refused.code, "leave out --offline" in refused.err) == (2, True)


@pytest.mark.parametrize("command", [("plan", "--offline"), ("plan",), ("run", "--yes")])
def test_a_misspelled_column_is_found_before_anything_is_sent(
    cli: Cli, sandbox: RemoteSandbox, job: Any, command: tuple[str, ...]
) -> None:
    Path("job.toml").write_text('[[operation]]\nuse = "create-folder"\nfolder = "CRM/{regoin}"\n')
    Path("accounts.csv").write_text("id,name,region\n4100231,Acme,North\n")
    counted = sandbox.count()
    refused = cli(command[0], "job.toml", "--accounts", "accounts.csv", *command[1:])
    assert refused.code == 2
    assert "accounts.csv has no column 'regoin', read by create-folder (folder)" in refused.err
    assert "did you mean 'region'? its columns are name, region" in refused.err
    refused = cli(command[0], "job.toml", "--accounts", "all", *command[1:])
    assert refused.code == 2
    assert "the customer list has no column 'regoin', read by create-folder (folder)" in refused.err
    assert sandbox.count() == counted
    assert not Path(".bulkops").exists()


def test_a_detailed_exit_code_says_whether_there_are_changes(
    cli: Cli, sandbox: RemoteSandbox, job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    detailed = ("plan", *job, "--detailed-exitcode")
    assert cli(*detailed).code == 2
    assert cli(*detailed, "--offline").code == 2
    assert cli("run", *job, "--yes").code == 0
    assert cli(*detailed).code == 0
    assert cli("plan", "start-recipes", "--folder", "Nowhere", *job[1:], "--detailed-exitcode").code == 1
    assert cli("plan", "nothing.toml", "--accounts", "all", "--detailed-exitcode").code == 1
    assert cli(*detailed, "--no-such-flag").code == 1
    monkeypatch.setenv("WORKATO_API_TOKEN", "sandbox-wrong")
    assert cli(*detailed).code == 4


def test_a_run_that_leaves_out_what_its_plan_found_impossible_is_no_success(
    cli: Cli, sandbox: RemoteSandbox, job: Any
) -> None:
    first, second, *_ = sandbox.accounts.read_text().splitlines()
    Path("one.txt").write_text(first)
    Path("two.txt").write_text(f"{first}\n{second}\n")
    assert cli("import-package", PACKAGE, "--folder", "CRM", "--accounts", "one.txt", "--yes").code == 0
    start = ("stop-recipes", "--folder", "CRM", "--accounts", "two.txt")
    assert cli("plan", *start, "--save", "plan.json").code == 1
    done = cli(*start, "--from-plan", "plan.json", "--yes", "--json")
    assert (done.code, done.outcomes) == (1, {"skipped": 1, "unchanged": 1}), done.err
    (skipped,) = [row for row in done.report["accounts"] if row["outcome"] == "skipped"]
    assert skipped["reason"] == "the plan found that it cannot be done: no folder is named 'CRM'"
    assert "retry" not in done.err
    text = cli("report", done.report["run"])
    assert "no folder is named 'CRM'" in text.out


def test_the_prompt_the_plan_and_the_run_agree(cli: Cli, sandbox: RemoteSandbox, job: Any) -> None:
    planned = cli("plan", *job, "--json")
    expected = sum(json.loads(planned.out)["requests"].values())
    for made in ("most", "likely"):
        counted = sandbox.count()
        done = cli("run", *job, "--yes")
        assert done.code == 0, done.err
        found = [int(n.replace(",", "")) for n in re.findall(r"up to ([\d,]+) requests", done.err)]
        sent = sandbox.count() - counted
        assert len(found) == (1 if made == "most" else 2)
        assert sent <= found[-1] <= 1.3 * sent + 4 * CUSTOMERS
        assert expected <= found[0]
    assert re.search(rf"requests in about .+ if {CUSTOMERS} accounts are still as run \S+ left them", done.err)
