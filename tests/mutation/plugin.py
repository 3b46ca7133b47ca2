"""A pytest plugin for mutation runs: keeps how long each test took, or runs chosen tests in a given order."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

DURATIONS: Final = "MUTATION_DURATIONS"
"""Environment variable: the file to write durations to, as JSON: seconds by node id."""

CHOSEN: Final = "MUTATION_CHOSEN"
"""Environment variable: the file with the node ids to run, one a line; all other collected tests are deselected."""

COVERED: Final = "MUTATION_COVERED"
"""Environment variable: settings of coverage for the processes that tests start."""

_took_s: dict[str, float] = defaultdict(float)


def pytest_runtest_setup() -> None:
    if COVERED in os.environ:  # not before: the processes of pytest-xdist must not start a coverage of their own
        os.environ["COVERAGE_PROCESS_START"] = os.environ[COVERED]
        os.environ.pop("COVERAGE_FILE", None)  # that of this process has begun with it


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _took_s[report.nodeid] += report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    if DURATIONS in os.environ and not hasattr(session.config, "workerinput"):
        kept = {test: round(took_s, 4) for test, took_s in sorted(_took_s.items())}
        Path(os.environ[DURATIONS]).write_text(json.dumps(kept, indent=0), encoding="utf-8")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if CHOSEN not in os.environ:
        return
    order = {
        test: place for place, test in enumerate(Path(os.environ[CHOSEN]).read_text(encoding="utf-8").splitlines())
    }
    dropped = [item for item in items if item.nodeid not in order]
    items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])
    config.hook.pytest_deselected(items=dropped)
