"""--only-new: who joined since the earlier runs of the same operation, by the inventories in the journal."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bulkops.operations import UpgradePlan
from bulkops.runs import PreviousRuns, earlier_runs
from tests.cli.conftest import CUSTOMERS, Cli, RemoteSandbox
from tests.fleet import PACKAGE


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: RemoteSandbox) -> tuple[object, ...]:
    """Of all twelve customers, with an own journal."""
    monkeypatch.chdir(tmp_path)
    return ("--accounts", "all", "--client-file", sandbox.client_file, "--yes", "--json", "--quiet")


def test_nobody_is_taken_up_twice_and_a_night_with_nobody_new_is_a_good_one(
    cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...]
) -> None:
    command = ("upgrade-plan", "--plan", "big", *policy)
    first = cli(*command, "--only-new", "--limit", "2")
    assert (first.code, first.outcomes) == (0, {"changed": 2})
    assert first.err == (
        "only new: ./.bulkops has no earlier run of this operation, so every account is new; 2 accounts to work on\n"
    )
    foreseen = cli("plan", *command, "--only-new")
    assert (foreseen.code, json.loads(foreseen.out)["inventory"]) == (0, CUSTOMERS - 2)
    rest = cli(*command, "--only-new")
    assert (rest.code, rest.outcomes) == (0, {"changed": CUSTOMERS - 2})
    assert f"the 2 accounts of earlier runs (the newest is {json.loads(first.out)['run']}) are left out" in rest.err
    before = len(sandbox.ledger())
    nobody = cli(*command, "--only-new")
    assert (nobody.code, nobody.out) == (0, "")
    assert nobody.err.endswith("are left out; no new account: nothing to do\n")
    assert len(sandbox.ledger()) == before
    assert json.loads(cli("report", "--format", "json").out)["run"] == json.loads(rest.out)["run"], "no run was made"


def test_another_operation_knows_nobody(cli: Cli, policy: tuple[object, ...]) -> None:
    assert cli("upgrade-plan", "--plan", "big", *policy).code == 0
    other = cli("upgrade-plan", "--plan", "bigger", *policy, "--only-new")
    assert other.outcomes == {"changed": CUSTOMERS}
    assert "no earlier run of this operation" in other.err


@pytest.mark.parametrize(
    "words",
    [
        ("import-package", "--manifest", "12", "--folder", "CRM"),
        ("copy", "--from", "partner", "--folder", "CRM rollout"),
    ],
)
def test_an_export_is_the_same_operation_although_each_run_exports_anew(
    cli: Cli, policy: tuple[object, ...], words: tuple[str, ...]
) -> None:
    command = (*words, *policy, "--only-new")
    assert cli(*command, "--limit", "1").outcomes == {"changed": 1}
    assert cli(*command, "--limit", "1").outcomes == {"changed": 1}
    assert "the 2 accounts of earlier runs" in cli("plan", *command).err


def test_accounts_that_were_not_done_are_not_new_and_are_named(
    cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...], tmp_path: Path
) -> None:
    (tmp_path / "few.txt").write_text("\n".join(sandbox.accounts.read_text().split()[:3]))
    command = ("start-recipes", "--folder", "Nowhere", *policy[2:])
    assert cli(*command, "--accounts", "few.txt").outcomes == {"failed": 3}
    (tmp_path / "few.txt").write_text("\n".join(sandbox.accounts.read_text().split()[:4]))
    again = cli(*command, "--accounts", "few.txt", "--only-new")
    assert again.outcomes == {"failed": 1}
    assert "only new: 3 of them were not done: `bulkops runs` lists the runs to resume or retry" in again.err


def test_what_a_later_run_made_good_is_not_named(
    cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...], tmp_path: Path
) -> None:
    (tmp_path / "few.txt").write_text("\n".join(sandbox.accounts.read_text().split()[:2]))
    everything = (*policy[2:], "--accounts", "few.txt")
    command = ("start-recipes", "--folder", "CRM", *everything)
    assert cli(*command).outcomes == {"failed": 2}
    assert cli("import-package", PACKAGE, "--folder", "CRM", *everything).outcomes == {"changed": 2}
    (tmp_path / "c.toml").write_text(
        "".join(f'[connections."{name}".input]\nkey = "x"\n' for name in ("CRM", "Web shop"))
    )
    assert cli("authorize-connections", "--from", "c.toml", *everything).outcomes == {"changed": 2}
    assert cli(*command).outcomes == {"changed": 2}
    later = cli(*command, "--only-new")
    assert later.err.endswith("no new account: nothing to do\n")
    assert "not done" not in later.err


def test_runs_on_another_host_do_not_count(cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...]) -> None:
    cli("upgrade-plan", "--plan", "big", *policy)

    def known(host: Any, workspace: Any) -> Any:
        return asyncio.run(earlier_runs(UpgradePlan(plan_id="big"), host=host, workspace=workspace, journal=".bulkops"))

    assert len(known(sandbox.url, "17293").outcomes) == len(known(sandbox.url, None).outcomes) == CUSTOMERS
    assert known(sandbox.url, "90001") == PreviousRuns()
    assert known("https://app.eu.workato.com", "17293") == PreviousRuns()


def test_the_other_name_of_an_account_does_not_make_it_new(
    cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...], tmp_path: Path
) -> None:
    """By the list of customers both names are known; a file alone cannot tell."""
    customers = cli("call", "managed_users.list", "--client-file", sandbox.client_file)
    named = [row["external_id"] for row in json.loads(customers.out) if row["external_id"]][:2]
    assert len(named) == 2, customers.out
    (tmp_path / "few.txt").write_text("".join(f"E{name}\n" for name in named))
    command = ("upgrade-plan", "--plan", "big", *policy[2:], "--only-new")
    assert cli(*command, "--accounts", "few.txt").outcomes == {"changed": 2}
    everybody = cli(*command, "--accounts", "all")
    assert everybody.outcomes == {"changed": CUSTOMERS - 2}
    (tmp_path / "few.txt").write_text("Esomebody-else\n")
    refused = cli(*command, "--accounts", "few.txt")
    assert refused.code == 2
    assert "use other ids (Esomebody-else, " in refused.err
    assert "give --accounts all" in refused.err


def test_a_job_may_say_it(cli: Cli, sandbox: RemoteSandbox, policy: tuple[object, ...], tmp_path: Path) -> None:
    job = tmp_path / "nightly.toml"
    job.write_text(
        '[selection]\naccounts = "all"\nonly_new = true\n[[operation]]\nuse = "upgrade-plan"\nplan_id = "big"\n'
    )
    first = cli("run", "nightly.toml", *policy[2:])
    assert first.code == 0, first.err
    assert first.outcomes == {"changed": CUSTOMERS}
    assert cli("run", "nightly.toml", *policy[2:]).out == ""
