"""The main job as its user runs it: real processes, real HTTP, the ledger as witness."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fleet import PACKAGE_2, fleet
from tests.pace import time_scale

RECIPES, CONNECTIONS = 3, 2


@pytest.mark.parametrize("customers", [12, pytest.param(300, marks=pytest.mark.slow)])
def test_once_again_and_a_second_version(tmp_path: Path, customers: int) -> None:
    with fleet(tmp_path, customers=customers, time_scale=200) as vendor:
        first = vendor.rollout()
        assert (first.code, first.outcomes) == (0, {"changed": customers}), first.err
        kinds = vendor.kinds()
        assert kinds["folder.created"] == 2 * customers  # CRM and the package's own sub-folder
        assert kinds["import.completed"] == customers
        assert kinds["connection.authorized"] == CONNECTIONS * customers
        assert kinds["recipe.started"] == RECIPES * customers

        again = vendor.rollout()
        assert (again.code, again.outcomes) == (0, {"unchanged": customers}), again.err
        assert vendor.kinds() == kinds

        second = vendor.rollout(package=PACKAGE_2)
        assert (second.code, second.outcomes) == (0, {"changed": customers}), second.err
        assert vendor.kinds()["import.completed"] == 2 * customers

        still = vendor.rollout(package=PACKAGE_2)
        assert (still.code, still.outcomes) == (0, {"unchanged": customers}), still.err
        assert vendor.kinds()["import.completed"] == 2 * customers
        assert vendor.refused() == 0


@pytest.mark.slow
@pytest.mark.measures
@pytest.mark.timeout(900)
@pytest.mark.parametrize("window", ["sliding", "fixed", "bucket"])
def test_documented_quotas_are_used_to_the_full_and_never_exceeded(tmp_path: Path, window: str) -> None:
    """The connections' 60 a minute bind, with two calls an account."""
    customers, scale = 300, time_scale(15)
    with fleet(tmp_path, customers=customers, time_scale=scale, window=window) as vendor:
        done = vendor.rollout()
        assert (done.code, done.outcomes) == (0, {"changed": customers}), done.err
        counted = vendor.requests()["quotas"]
        assert {name: quota["refused"] for name, quota in counted.items() if quota["refused"]} == {}
        for name, quota in counted.items():
            for limit in quota["limits"]:
                assert limit["max_in_window"] <= limit["limit"], name
        # The first window's worth may leave at once; every further one needs its window.
        bounds = {
            name: (quota["requests"] / limit["limit"] - 1) * limit["window_s"]
            for name, quota in counted.items()
            for limit in quota["limits"][:1]
        }
        run = done.report
        took_s = _seconds(run["ended_at"]) - _seconds(run["created_at"])
        bound_s = max(bounds.values())
        print(f"{window}: {took_s:.1f} s, lower bound {bound_s:.1f} s, ratio {took_s / bound_s:.3f}")
        assert took_s < 1.3 * bound_s


def _seconds(iso: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(iso).timestamp()


@pytest.mark.parametrize("customers", [40, pytest.param(300, marks=pytest.mark.slow)])
def test_faults_lose_nothing_and_double_nothing(tmp_path: Path, customers: int) -> None:
    with fleet(tmp_path, customers=customers, time_scale=200, faults="error=0.05,reset=0.02,throttle=0.01") as vendor:
        accounts = tmp_path / "accounts.txt"
        accounts.write_text("".join(f"{4100231 + n}\n" for n in range(customers)))
        done = vendor.rollout("--accounts", str(accounts))
        rounds = 1
        while done.code and rounds < 6:
            verb = "retry" if done.outcomes.get("failed") else "resume"
            done = vendor.cli(verb, *vendor.policy, "--json")
            rounds += 1
        assert (done.code, done.outcomes) == (0, {"changed": customers}), done.err
        assert vendor.twice() == []
        assert vendor.kinds()["import.completed"] == customers
        print(f"{customers} accounts done in {rounds} round(s)")
