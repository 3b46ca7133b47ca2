"""A bad token costs two requests (tests/cli/test_cli_runs.py: fewer accounts); a revoked one stops everything, and a
new one finishes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fleet import fleet


def _accounts(home: Path, count: int) -> str:
    path = home / "accounts.csv"
    path.write_text("id\n" + "".join(f"{4100231 + n}\n" for n in range(count)))
    return str(path)


@pytest.mark.slow
def test_an_expired_token_costs_two_requests_however_many_accounts_are_listed(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=300, time_scale=200) as vendor:
        vendor.ask("faults", {"expired": 1})
        refused = vendor.rollout("--accounts", _accounts(tmp_path, 300))
        assert (refused.code, refused.outcomes) == (4, {"not_attempted": 300}), refused.err
        assert vendor.requests()["total"] == 2
        assert vendor.ledger() == []


@pytest.mark.parametrize("customers", [40, pytest.param(300, marks=pytest.mark.slow)])
def test_a_token_revoked_in_mid_run(tmp_path: Path, customers: int) -> None:
    with fleet(tmp_path, customers=customers, time_scale=200, faults=f"revoke_after={customers * 5}") as vendor:
        halted = vendor.rollout("--accounts", _accounts(tmp_path, customers))
        assert halted.code == 4, halted.err
        assert sum(halted.report["outcomes"].values()) == customers
        assert halted.outcomes.get("failed", 0) == 0
        assert "resume" in halted.err
        refused = vendor.requests()["total"] - customers * 5
        assert refused <= 200, "after the first 401 nothing new starts: only what was in flight"

        vendor.ask("token", {"token": "a-new-token-0001"})
        done = vendor.cli("resume", *vendor.policy, "--json", WORKATO_API_TOKEN="a-new-token-0001")
        assert (done.code, done.outcomes) == (0, {"changed": customers}), done.err
        assert vendor.twice() == []
