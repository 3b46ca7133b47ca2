"""The requests that the confirmation names, beside those sent: eleven jobs on fresh, half-done and done fleets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fleet import API_PACKAGE, CREDENTIALS, PACKAGE, SandboxProcess, fleet
from tests.here import FIRST

pytestmark = [pytest.mark.slow, pytest.mark.chaos, pytest.mark.timeout(1800)]

SIZE = 200
WORST = 1.3
FLEETS = {"fresh": range(SIZE), "half-done": range(SIZE // 2, SIZE * 3 // 2), "done": range(SIZE)}
"""In this order the second fleet has one half that the first run left done, and one that nothing was done to."""

_OF_API = ("--folder", "API")
JOBS: dict[str, Sequence[str]] = {
    "import-package": (str(PACKAGE), "--folder", "CRM"),
    "authorize-connections": ("--from", str(CREDENTIALS)),
    "start-recipes": ("--folder", "CRM"),
    "stop-recipes": ("--folder", "CRM"),
    "rollout": (str(API_PACKAGE), *_OF_API, "--connections", str(CREDENTIALS), "--secrets-to", "keys.jsonl"),
    "enable-api-platform": (*_OF_API, "--client", "Second", "--secrets-to", "second.jsonl"),
    "disable-endpoints": _OF_API,
    "create-folder": ("--folder", "Reports/Daily"),
    "set-properties": ("-p", "tier=gold"),
    "add-member": ("--name", "Ana", "--external-id", "U-1", "--role", "Admin"),
    "upgrade-plan": ("--plan", "oem_enterprise"),
}


def test_what_the_prompt_says_is_a_bound_and_not_far_off(tmp_path: Path) -> None:
    rows = []
    with fleet(tmp_path, customers=SIZE * 3 // 2) as vendor:
        for job, arguments in JOBS.items():
            rows += [(job, name, *played(vendor, job, arguments, name)) for name in FLEETS]
    print("\n| job | fleet | prompt | sent | prompt / sent |\n| --- | --- | ---: | ---: | ---: |")
    for job, name, said, sent in rows:
        print(f"| {job} | {name} | {said:,} | {sent:,} | {said / sent:.2f} |")
    assert [row for row in rows if not row[3] <= row[2] <= WORST * row[3]] == []


def played(vendor: SandboxProcess, job: str, arguments: Sequence[str], name: str) -> tuple[int, int]:
    """The bound that the prompt named (of a fleet on which something is done: for that case), and what was sent."""
    accounts = vendor.home / "accounts.txt"
    accounts.write_text("".join(f"{FIRST + place}\n" for place in FLEETS[name]))
    before = vendor.requests()["total"]
    done = vendor.cli(job, *arguments, "--accounts", str(accounts), *vendor.policy, "--json", timeout_s=900)
    assert done.code == 0, done.err
    said = [int(number.replace(",", "")) for number in re.findall(r"  up to ([\d,]+) requests? in about", done.err)]
    assert len(said) == (1 if name == "fresh" else 2), done.err
    assert said == sorted(said, reverse=True)
    return said[-1], vendor.requests()["total"] - before
