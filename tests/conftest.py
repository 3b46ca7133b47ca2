"""What every test stands on: asyncio under anyio, and seeds that are written down."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.fleet import SECRETS

settings.register_profile("bulkops", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("bulkops")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """aiohttp speaks asyncio only."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_ambient_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own token must never reach a test, nor a test a real host."""
    for name in list(os.environ):
        if name.startswith(("WORKATO_", "BULKOPS_")) or name == "GITHUB_STEP_SUMMARY":
            monkeypatch.delenv(name)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the example package's connections take from the environment."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def surroundings(credentials: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials, and a directory for what is written beside a job, such as secrets that the vendor shows once."""
    monkeypatch.chdir(tmp_path)
