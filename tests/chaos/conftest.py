"""Each test of the kit counts in one row of the table: `@pytest.mark.fault("...")` names it, `trials` counts more."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tests.chaos.tally import Trials

_TRIALS = pytest.StashKey[Trials]()


def pytest_runtest_setup(item: pytest.Item) -> None:
    marker = item.get_closest_marker("fault")
    stem = item.path.stem.removeprefix("test_").replace("_", " ")
    item.stash[_TRIALS] = Trials(marker.args[0] if marker else f"{item.path.parent.name}: {stem}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if call.when == "call" or (call.when == "setup" and report.failed):
        item.stash[_TRIALS].ended(passed=report.passed)
    return report


@pytest.fixture
def trials(request: pytest.FixtureRequest) -> Trials:
    """To be told what was tried, when a test is more than one trial."""
    found: Trials = request.node.stash[_TRIALS]
    return found
