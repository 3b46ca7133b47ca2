"""SIGKILL in a rollout of API endpoints: nothing is made twice, and a key whose secret nobody saw gets a new one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bulkops.testing import CrashResult
from tests.chaos.crash import crashing
from tests.chaos.tally import Trials
from tests.fleet import API_PACKAGE, CREDENTIALS

SEED = 20261125
both_versions = pytest.mark.parametrize(
    "version", [pytest.param("v2", marks=pytest.mark.slow), pytest.param("v1", marks=pytest.mark.chaos)]
)


def job(home: Path, version: str) -> Path:
    path = home / "rollout.toml"
    path.write_text(
        f"""
[[operation]]
use = "rollout"
package = "{API_PACKAGE}"
folder = "API"
connections = "{CREDENTIALS}"
secrets_to = "keys.jsonl"
api_platform = "{version}"
"""
    )
    return path


def said(trials: Trials, result: CrashResult, home: Path) -> None:
    """Count the trials; the test fails for what is wrong. A new secret for a key is right where its first was lost."""
    faults = [fault for fault in result.faults if ".refreshed " not in fault]
    bad = {fault.partition(": ")[0] for fault in faults}
    trials.seed = SEED
    trials.add(
        len(result.trials),
        survived=len(result.trials) - len(bad),
        twice=sum(1 for trial in result.trials for what in trial.twice if ".refreshed " not in what),
        lost=sum(trial.lost for trial in result.trials),
    )
    assert faults == []
    lines: list[dict[str, Any]] = [json.loads(line) for line in (home / "keys.jsonl").read_text().splitlines()]
    assert {account for trial in result.trials for account in trial.accounts} <= {line["account"] for line in lines}


@both_versions
@pytest.mark.timeout(300)
@pytest.mark.fault("a killed request still runs on the server")
def test_every_change_that_arrives_after_its_sender_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials, version: str
) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        result = bench.run(job=job(tmp_path, version), mode="late", per_trial=1)
        # a folder, an import, two connections, a client, a key, four starts, three endpoints
        assert len(result.trials) == 13
        assert any(".refreshed " in fault for fault in result.faults), "nobody had a secret to lose"
        said(trials, result, tmp_path)


@pytest.mark.chaos
@pytest.mark.timeout(700)
@pytest.mark.parametrize(("version", "accounts"), [("v2", 3), ("v1", 1)])
@pytest.mark.fault("SIGKILL at every journal write and request boundary")
def test_every_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: Trials, version: str, accounts: int
) -> None:
    with crashing(tmp_path, monkeypatch) as bench:
        result = bench.run(job=job(tmp_path, version), per_trial=accounts)
        assert len(result.trials) >= 150
        said(trials, result, tmp_path)
