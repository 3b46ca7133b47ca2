"""Thirty accounts whose connection cannot be authorized: named once, the others done; or a halt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fleet import fleet


@pytest.mark.parametrize("customers", [20, pytest.param(300, marks=pytest.mark.slow)])
def test_one_line_names_the_cause(tmp_path: Path, customers: int) -> None:
    bad = customers // 10
    with fleet(tmp_path, customers=customers, time_scale=200, faults="unauthorizable=0.1") as vendor:
        done = vendor.rollout("--breaker", "off")
        assert (done.code, done.outcomes) == (1, {"changed": customers - bad, "failed": bad}), done.err
        shown = vendor.cli("show", "--journal", str(vendor.journal))
        lines = [line for line in shown.out.splitlines() if re.search(rf"\b{bad} accounts?: connection", line)]
        assert len(lines) == 1, shown.out
        assert "cannot be authorized" in lines[0]


@pytest.mark.parametrize("customers", [60, pytest.param(300, marks=pytest.mark.slow)])
def test_max_failures_halts_with_no_more_overshoot_than_printed(tmp_path: Path, customers: int) -> None:
    allowed = customers // 30
    with fleet(tmp_path, customers=customers, time_scale=200, faults="unauthorizable=0.1") as vendor:
        done = vendor.rollout("--max-failures", str(allowed), "--concurrency", "10")
        assert done.code == 3, done.err
        assert done.report["state"] == "halted"
        assert allowed < done.outcomes["failed"] <= allowed + 10
        assert done.outcomes["not_attempted"] > 0
        assert sum(done.outcomes.values()) == customers
        assert re.search(r"\b10 more\b", done.err), done.err
