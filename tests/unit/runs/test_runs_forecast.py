"""The finish time as arithmetic: which quota binds, and what the last account adds."""

from __future__ import annotations

import pytest

from bulkops.catalogue import QUOTAS
from bulkops.runs.forecast import by_quota, forecast
from bulkops.settings import Limit, Tuning

FOLDERS, STARTS, IMPORTS = "managed_users.folders.list", "managed_users.recipes.start", "managed_users.imports.create"


def seconds(requests: dict[str, float], *, accounts: int = 100, **tuning: object) -> tuple[float, str | None]:
    found = forecast(
        requests,
        accounts=accounts,
        concurrency=200,
        quotas=QUOTAS,
        tuning=Tuning(**tuning),  # type: ignore[arg-type]  # fields by name
        latency_s=0.0,
    )
    return found.seconds, found.quota


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ({FOLDERS: 60}, (1.2, "max_rate")),
        ({FOLDERS: 61}, (60.0, "assumed.customer.folders")),
        ({FOLDERS: 600}, (540.0, "assumed.customer.folders")),
        ({STARTS: 3000}, (120.0, "embedded.recipes.other")),
        ({FOLDERS: 120, STARTS: 3000}, (120.0, "embedded.recipes.other")),
        ({}, (0.0, None)),
    ],
)
def test_the_narrowest_quota_binds(requests: dict[str, float], expected: tuple[float, str | None]) -> None:
    assert seconds(requests) == expected


def test_the_last_imports_keep_a_run_waiting() -> None:
    assert seconds({IMPORTS: 100})[0] == pytest.approx(4.0 + 30.0)


def test_shares_and_lifted_limits_count() -> None:
    assert seconds({FOLDERS: 60}, share=0.5) == (60.0, "assumed.customer.folders")
    assert seconds({FOLDERS: 600}, unlimited=True, max_rate=None) == (0.0, None)


def test_requests_are_counted_by_quota() -> None:
    assert by_quota({FOLDERS: 2, "managed_users.folders.create": 1, STARTS: 0}) == {"assumed.customer.folders": 3}
    assert Limit(60, 60.0) in QUOTAS["assumed.customer.folders"]
