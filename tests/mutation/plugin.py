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
"""Environment variable: a file, JSON: the tests to run, in this order, as seconds that each may take by node id."""

COLLECTED: Final = "MUTATION_COLLECTED"
"""Environment variable: the file to write the node ids of all collected tests to, one a line."""

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
    if COLLECTED in os.environ:
        Path(os.environ[COLLECTED]).write_text("\n".join(item.nodeid for item in items), encoding="utf-8")
    if CHOSEN not in os.environ:
        return
    limits: dict[str, float] = json.loads(Path(os.environ[CHOSEN]).read_text(encoding="utf-8"))
    order = {test: place for place, test in enumerate(limits)}
    dropped = [item for item in items if item.nodeid not in order]
    items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])
    for item in items:
        item.add_marker(pytest.mark.timeout(limits[item.nodeid]), append=False)
    config.hook.pytest_deselected(items=dropped)
