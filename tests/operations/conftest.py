"""What a user of the operations has around them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fleet import SECRETS


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials in the environment, and a directory for what is written beside a job."""
    monkeypatch.chdir(tmp_path)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
