"""A plan changes nothing, says what a run would do and when it would end; a saved one guards the run."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.fleet import PACKAGE, Ended, SandboxProcess, fleet
from tests.pace import time_scale


def plan(vendor: SandboxProcess, *arguments: str) -> Ended:
    """`bulkops plan` of the rollout job."""
    vendor.rollout_command()
    job, journal = str(vendor.home / f"{PACKAGE.stem}.toml"), str(vendor.journal)
    selection = () if "--accounts" in arguments else ("--accounts", "all")
    return vendor.cli(
        *("plan", job, "--client-file", str(vendor.client_file), "--journal", journal), *selection, *arguments
    )


def test_a_plan_says_what_a_run_would_do_and_changes_nothing(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=8, time_scale=200) as vendor:
        before = plan(vendor)
        assert before.code == 0, before.err
        future = (
            "8 accounts: create folder 'CRM', import 3 recipes, authorize 'CRM', authorize 'Web shop', start 3 recipes"
        )
        assert future in before.out
        assert "looking at 8 of 8 accounts" in before.err
        assert vendor.ledger() == []
        assert vendor.rollout().code == 0
        effects = vendor.ledger()
        after = plan(vendor)
        assert (after.code, "8 accounts: unchanged" in after.out) == (0, True), after.out
        assert vendor.ledger() == effects


def test_a_sample_and_no_look_at_all(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=20, time_scale=200) as vendor:
        sample = plan(vendor, "--sample", "5", "--json")
        found = json.loads(sample.out)
        assert (len(found["accounts"]), found["inventory"]) == (5, 20)
        assert found["requests"]["managed_users.imports.create"] == 20
        accounts = tmp_path / "accounts.txt"
        accounts.write_text("".join(f"{4100231 + n}\n" for n in range(20)))
        counted = vendor.requests()["total"]
        offline = plan(vendor, "--offline", "--accounts", str(accounts))
        assert (offline.code, vendor.requests()["total"]) == (0, counted), offline.err


def test_accounts_that_drifted_since_the_plan_are_skipped(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=6, time_scale=200) as vendor:
        saved = str(tmp_path / "plan.json")
        assert plan(vendor, "--save", saved).code == 0
        first = tmp_path / "first.txt"
        first.write_text("4100231\n4100232\n")
        assert vendor.rollout("--accounts", str(first)).code == 0
        done = vendor.rollout("--plan", saved)
        assert (done.code, done.outcomes) == (0, {"skipped": 2, "changed": 4}), done.err
        assert {row["reason"] for row in done.report["accounts"] if row["outcome"] == "skipped"} == {
            "the account has changed since the plan; now: nothing to do"
        }
        other = vendor.cli(
            "start-recipes", "--folder", "CRM", "--accounts", str(first), "--from-plan", saved, *vendor.policy
        )
        assert (other.code, "another operation" in other.err) == (2, True), other.err


@pytest.mark.slow
@pytest.mark.measures
@pytest.mark.timeout(900)
@pytest.mark.parametrize("customers", [100, pytest.param(200, marks=pytest.mark.chaos), 300])
def test_the_finish_time_is_within_15_percent(tmp_path: Path, customers: int) -> None:
    (tmp_path / "run").mkdir()
    scale = time_scale(15)
    with fleet(tmp_path, customers=customers, time_scale=scale) as vendor:
        foreseen = json.loads(plan(vendor, "--json").out)
    # Another vendor of the same seed: what planning sent is not in the windows that the run finds.
    with fleet(tmp_path / "run", customers=customers, time_scale=scale) as vendor:
        done = vendor.rollout()
        assert done.code == 0, done.err
        took_s = (_instant(done.report["ended_at"]) - _instant(done.report["created_at"])).total_seconds()
        ratio = took_s / foreseen["seconds"]
        print(f"{customers} accounts: planned {foreseen['seconds']:.1f} s, took {took_s:.1f} s, ratio {ratio:.3f}")
        assert 0.85 <= ratio <= 1.15


def _instant(iso: str) -> datetime:
    return datetime.fromisoformat(iso)
