"""The workspace of a token: a run, a plan or an undo of one workspace is refused with the token of another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import CUSTOMERS, RemoteSandbox
from tests.fleet import Ended, SandboxProcess, fleet, kill, wait_until

HERE, THERE = "17293", "90001"
"""The sandbox's own workspace, and another partner's on the same host."""

OTHER_TOKEN = "sandbox-token-of-another-partner"
Cli = Callable[..., Ended]


@pytest.fixture
def policy(sandbox: RemoteSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    monkeypatch.chdir(tmp_path)
    return ("--client-file", str(sandbox.client_file), "--yes")


@pytest.fixture
def other(sandbox: RemoteSandbox) -> SandboxProcess:
    """The second partner: same customers, own books."""
    sandbox.ask("workspaces", {"workspace": int(THERE), "token": OTHER_TOKEN})
    return SandboxProcess(sandbox.url, OTHER_TOKEN, sandbox.home)


@pytest.fixture
def begun(cli: Cli, sandbox: RemoteSandbox, policy: tuple[str, ...]) -> str:
    """A run that was halted: some accounts failed, some were not attempted."""
    sandbox.ask("rights", {"deny": ["managed_users.folders.create"]})
    failed = cli(
        "create-folder",
        "--folder",
        "Archive",
        "--accounts",
        sandbox.accounts,
        "--breaker",
        "3",
        "--concurrency",
        "2",
        *policy,
        "--json",
    )
    assert failed.code == 3, failed.err
    sandbox.ask("rights", {"deny": []})
    run: str = failed.report["run"]
    return run


def as_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKATO_API_TOKEN", OTHER_TOKEN)


def assert_refused(ended: Ended, other: SandboxProcess) -> None:
    """Exit 2, both workspaces by name, and one request: the question whose token it is."""
    assert ended.code == 2, ended.err
    assert f"workspace {HERE}" in ended.err
    assert f"workspace {THERE}" in ended.err
    assert "set WORKATO_API_TOKEN to a token of workspace" in ended.err
    counted = other.requests()
    assert counted["total"] == counted["quotas"]["assumed.partner.workspace"]["requests"] == 1
    assert other.ledger() == []


@pytest.mark.parametrize("command", ["resume", "retry"])
def test_a_run_goes_on_with_a_token_of_its_own_workspace_alone(
    cli: Cli, begun: str, other: SandboxProcess, policy: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    with monkeypatch.context() as patch:
        as_the_other(patch)
        assert_refused(cli(command, begun, *policy), other)
    assert cli(command, begun, *policy, "--json").outcomes["changed"] > 0


@pytest.mark.parametrize("command", [("undo",), ("plan", "undo")])
def test_an_undo_is_of_the_workspace_that_the_run_changed(
    cli: Cli,
    sandbox: RemoteSandbox,
    other: SandboxProcess,
    policy: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    done = cli("create-folder", "--folder", "Archive", "--accounts", sandbox.accounts, *policy, "--json")
    assert done.outcomes == {"changed": CUSTOMERS}
    as_the_other(monkeypatch)
    assert_refused(cli(*command, done.report["run"], *policy), other)


@pytest.mark.parametrize("accounts", ["all", "accounts.txt"])
def test_a_saved_plan_is_carried_out_in_its_own_workspace(
    cli: Cli,
    sandbox: RemoteSandbox,
    other: SandboxProcess,
    policy: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    accounts: str,
) -> None:
    selection = ("--accounts", "all" if accounts == "all" else sandbox.accounts)
    job = ("create-folder", "--folder", "Archive", *selection, *policy)
    assert cli("plan", *job, "--save", "plan.json").code == 0
    assert json.loads(Path("plan.json").read_text())["workspace"] == HERE
    with monkeypatch.context() as patch:
        as_the_other(patch)
        assert_refused(cli(*job, "--from-plan", "plan.json"), other)
    assert cli(*job, "--from-plan", "plan.json", "--json").outcomes == {"changed": CUSTOMERS}


def test_report_and_doctor_name_the_workspace(cli: Cli, sandbox: RemoteSandbox, policy: tuple[str, ...]) -> None:
    done = cli("create-folder", "--folder", "Archive", "--accounts", sandbox.accounts, *policy, "--json")
    assert done.report["workspace"] == HERE
    assert f", workspace {HERE}\n" in cli("report").out
    assert f"workspace the token belongs to workspace {HERE}" in cli("doctor", "--client-file", policy[1]).out


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_may_not_read_its_workspace_works_all_the_same(tmp_path: Path, status: int) -> None:
    assumptions = tmp_path / "assumptions.toml"
    assumptions.write_text(f"missing_right = {status}\n")
    with fleet(tmp_path, customers=4, time_scale=600, deny="users.me", assumptions=assumptions) as vendor:
        (tmp_path / "accounts.txt").write_text("4100231\n4100232\n")
        job = ("create-folder", "--folder", "Archive", "--accounts", "accounts.txt", *vendor.policy)
        done = vendor.cli(*job, "--json")
        assert (done.code, done.outcomes, done.report["workspace"]) == (0, {"changed": 2}, None), done.err
        told = vendor.cli("report", "--journal", str(vendor.journal))
        assert "workspace not known" in told.out
        doctor = vendor.cli("doctor", "--client-file", str(vendor.client_file))
        assert (doctor.code, "note  workspace unknown" in doctor.out) == (0, True), doctor.out
        undone = vendor.cli("undo", *vendor.policy, "--json")
        assert (undone.code, undone.outcomes) == (0, {"changed": 2}), undone.err


def test_a_run_that_was_killed_writes_nothing_into_another_partners_customers(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=60, time_scale=60) as vendor:
        process = vendor.start(*vendor.rollout_command())
        wait_until(process, lambda: vendor.kinds()["import.completed"], 5)
        kill(process)
        vendor.ask("workspaces", {"workspace": int(THERE), "token": OTHER_TOKEN})
        other = SandboxProcess(vendor.url, OTHER_TOKEN, vendor.home)
        assert_refused(vendor.cli("resume", *vendor.policy, WORKATO_API_TOKEN=OTHER_TOKEN), other)
