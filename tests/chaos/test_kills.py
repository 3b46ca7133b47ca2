"""200 kills spread over 20 rollouts of 100 accounts, with faults on; the ledger against a run nobody disturbed."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.chaos.tally import Trials
from tests.fleet import SandboxProcess, fleet, kill

CUSTOMERS = 100
KILLS = 10
FAULTS = "error=0.03,reset=0.02,throttle=0.01,slow=0.02,malformed=0.01"
FIRST = 4100231

Effects = Counter[tuple[str, str]]


def of_each(vendor: SandboxProcess) -> dict[int, Effects]:
    found: dict[int, Effects] = {}
    for effect in vendor.ledger():
        found.setdefault(effect["account"], Counter())[effect["kind"], effect["key"]] += 1
    return found


def undisturbed(home: Path) -> Effects:
    """What the main job does to one account when nothing goes wrong."""
    home.mkdir()
    with fleet(home, customers=1, time_scale=400, quotas="off") as vendor:
        assert vendor.rollout().code == 0
        return of_each(vendor)[FIRST]


def killed_and_resumed(vendor: SandboxProcess, draw: random.Random, accounts: Path) -> int:
    """Kill a run KILLS times, each when it has sent a drawn number of requests more; how many were really killed."""
    process = vendor.start(*vendor.rollout_command("--accounts", str(accounts)))
    for nth in range(KILLS):
        goal = vendor.requests()["total"] + draw.randint(1, 130)
        while process.poll() is None and vendor.requests()["total"] < goal:
            time.sleep(draw.uniform(0.001, 0.02))
        if process.poll() is not None:  # done, or ended with accounts that failed by the faults
            process.communicate()
            return nth
        kill(process)
        process = vendor.start("resume", *vendor.policy, "--json")
    process.communicate(timeout=300)
    return KILLS


def finished(vendor: SandboxProcess) -> dict[str, int]:
    """Resumed and retried until every account is changed; the outcomes then, or after ten rounds."""
    shown: dict[str, int] = {}
    for _ in range(10):
        shown = vendor.cli("show", "--journal", str(vendor.journal), "--format", "json").outcomes
        if shown == {"changed": CUSTOMERS}:
            break
        vendor.cli("retry" if "failed" in shown else "resume", *vendor.policy, "--json")
        vendor.cli("resume", *vendor.policy, "--json")
    return shown


@pytest.mark.chaos
@pytest.mark.timeout(400)
@pytest.mark.fault("SIGKILL at seeded moments, 100 accounts, faults on")
@pytest.mark.parametrize("rollout", range(20))
def test_seeded_kills(tmp_path: Path, trials: Trials, rollout: int) -> None:
    trials.seed = 20261125
    draw = random.Random(f"{trials.seed}/{rollout}")
    expected = undisturbed(tmp_path / "undisturbed")
    accounts = tmp_path / "accounts.txt"
    accounts.write_text("".join(f"{FIRST + number}\n" for number in range(CUSTOMERS)))
    with fleet(tmp_path, customers=CUSTOMERS, time_scale=100, seed=rollout, faults=FAULTS) as vendor:
        kills = killed_and_resumed(vendor, draw, accounts)
        outcomes = finished(vendor)
        happened = of_each(vendor)
    twice = sum((happened.get(FIRST + n, Counter()) - expected).total() for n in range(CUSTOMERS))
    missing = sum((expected - happened.get(FIRST + n, Counter())).total() for n in range(CUSTOMERS))
    lost = CUSTOMERS - outcomes.get("changed", 0)
    is_well = not (twice or missing or lost)
    trials.add(kills, survived=kills if is_well else 0, twice=twice, lost=lost)
    print(f"rollout {rollout}: {kills} kills, {outcomes}, {twice} effects twice, {missing} missing")
    assert is_well
    assert kills == KILLS, "it was over before it had been killed ten times"
