"""The demo: a new package, the same again, its next version, and that again, on a sandbox in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli

PACKAGE = Path(__file__).parents[2] / "bulkops" / "_demo" / "crm-v1.zip"
FAST = ("--customers", "6", "--time-scale", "600")


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    for name in ("DEMO_CRM_KEY", "DEMO_SHOP_KEY"):
        monkeypatch.setenv(name, "made-up")


def reports(text: Any) -> Any:
    """One JSON document a round."""
    decoder, place, found = json.JSONDecoder(), 0, []
    while place < len(text.rstrip()):
        document, place = decoder.raw_decode(text, place)
        found.append({name: count for name, count in document["outcomes"].items() if count})
        place += len(text[place:]) - len(text[place:].lstrip())
    return found


def test_every_second_round_finds_nothing_left_to_do(cli: Cli, tmp_path: Path) -> None:
    result = cli("demo", *FAST, "--rounds", "4", "--json")
    assert result.code == 0, result.err
    assert reports(result.out) == [{"changed": 6}, {"unchanged": 6}, {"changed": 6}, {"unchanged": 6}]
    last = result.err.splitlines()[-1]
    assert ", 0 of them refused, and 12 imports" in last
    assert not (tmp_path / ".bulkops").exists()
    assert list(tmp_path.glob("bulkops-demo-*")) == []


def test_the_journal_is_kept_on_request(cli: Cli, tmp_path: Path) -> None:
    result = cli("demo", *FAST, "--keep", "--quiet")
    assert result.code == 0
    (line,) = result.err.splitlines()
    directory = line.split()[-1]
    assert "6 changed" in cli("report", "--journal", directory).out


def test_a_package_and_a_journal_of_ones_own(cli: Cli, tmp_path: Path) -> None:
    result = cli("demo", *FAST, "--package", PACKAGE, "--journal", "mine", "--json", "--quiet")
    assert (result.code, result.err) == (0, "")
    assert reports(result.out) == [{"changed": 6}]
    assert "6 changed" in cli("runs", "--journal", "mine").out


def test_a_bad_package_is_one_clear_line(cli: Cli, tmp_path: Path) -> None:
    result = cli("demo", *FAST, "--package", "missing.zip")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: cannot read the package missing.zip")
