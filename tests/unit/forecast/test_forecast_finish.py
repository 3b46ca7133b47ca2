"""The finish time of small jobs, whose arithmetic can be followed: which quota binds, what the last account adds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bulkops.catalogue import QUOTAS
from bulkops.forecast import RunShape, by_quota, forecast, way
from bulkops.operations import Each, Operation
from bulkops.rate_limit import Limit
from bulkops.settings import Tuning

LIST = "managed_users.recipes.list"
FOLDERS, STARTS, IMPORTS = "managed_users.folders.list", "managed_users.recipes.start", "managed_users.imports.create"


def seconds(requests: dict[str, float], *, waves: tuple[int, ...], **tuning: Any) -> tuple[Any, str | None]:
    found = forecast(
        requests,
        operation=Operation(),
        pace=RunShape(waves=waves, concurrency=200, soak_s=7.0),
        quotas=QUOTAS,
        tuning=Tuning(**tuning),
        latency_s=0.0,
    )
    return pytest.approx(found.seconds, abs=0.1), found.quota


@pytest.mark.parametrize(
    ("requests", "accounts", "expected"),
    [
        ({FOLDERS: 60}, 60, (1.2, "max_rate")),
        ({FOLDERS: 61}, 61, (60.0, "assumed.customer.folders")),
        ({FOLDERS: 600}, 600, (541.2, "assumed.customer.folders")),
        ({FOLDERS: 600}, 100, (541.2, "assumed.customer.folders")),
        ({STARTS: 2001}, 667, (120.0, "embedded.recipes.other")),
        ({FOLDERS: 120, STARTS: 3001}, 60, (180.0, "embedded.recipes.other")),
        ({}, 100, (0.0, None)),
    ],
)
def test_the_narrowest_quota_binds(
    requests: dict[str, float], accounts: int, expected: tuple[float, str | None]
) -> None:
    assert expected == seconds(requests, waves=(accounts,))


def test_the_last_imports_keep_a_run_waiting() -> None:
    took_s, bound_by = seconds({IMPORTS: 100}, waves=(100,))
    assert took_s == pytest.approx(45.0, abs=5.0)
    assert bound_by is None


def test_each_wave_waits_for_the_end_and_the_soak_of_the_one_before() -> None:
    assert seconds({FOLDERS: 120}, waves=(20, 100)) == (
        pytest.approx(60.0 + 7.0 + 1.2, abs=0.2),
        "assumed.customer.folders",
    )
    assert seconds({FOLDERS: 40}, waves=(20, 20))[0] == pytest.approx(0.4 + 7.0 + 0.4, abs=0.2)


def test_shares_and_lifted_limits_count() -> None:
    assert seconds({FOLDERS: 60}, waves=(60,), share=0.5) == (60.6, "assumed.customer.folders")
    assert seconds({FOLDERS: 600}, waves=(600,), unlimited=True, max_rate=None) == (0.0, None)


class Costs(Operation):
    def cost(self, foreseen: Any) -> Any:
        return {STARTS: 1}


def test_an_account_sends_its_requests_in_the_order_of_the_parts(tmp_path: Path) -> None:
    answers = str(tmp_path / "answers.jsonl")
    chain = Each(FOLDERS, output=answers) >> Each(LIST, output=answers) >> Costs() >> Each(LIST, output=answers)
    assert way(chain, {FOLDERS: 1, LIST: 3, "managed_users.recipes.get": 2, STARTS: 1}) == [
        (FOLDERS, 1),
        (LIST, 1.5),
        (STARTS, 1),
        (LIST, 1.5),
        ("managed_users.recipes.get", 2),
    ]


def test_requests_are_counted_by_quota() -> None:
    assert by_quota({FOLDERS: 2, "managed_users.folders.create": 1, STARTS: 0}) == {"assumed.customer.folders": 3}
    assert Limit(60, 60.0) in QUOTAS["assumed.customer.folders"]
