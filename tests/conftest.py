"""What every test stands on: asyncio under anyio, and seeds that are written down."""

from __future__ import annotations

import gc
import itertools
import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.fleet import SECRETS
from tests.postgres import (  # noqa: F401 - fixtures
    postgres,
    postgres_databases,
    postgres_role,
    postgres_server,
    second_postgres,
)

settings.register_profile("bulkops", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("bulkops")

_NUMBERS = itertools.count()
AMBIENT = {"GITHUB_STEP_SUMMARY", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}


MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 * 1024**3
"""Ten times what one PostgreSQL server takes; each process of the tests may start one."""

COLLECTED_AFTER = 10_000
"""New objects before the garbage collector looks through them: by default it takes twice the time."""


def pytest_configure() -> None:
    """Temporary files are in memory where the system keeps room for it: no commit of a journal waits for a disk.

    `TMPDIR` names another place.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    system = os.statvfs(MEMORY)
    if system.f_bavail * system.f_frsize >= ROOM_BYTES and not system.f_flag & os.ST_NOEXEC:
        tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays until the end: the garbage collector need not look through it again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(COLLECTED_AFTER)
        gc.enable()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """aiohttp speaks asyncio only."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _a_place_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where processes of one user meet, ours must meet neither other tests' nor the developer's own; and no proxy
    stands between a test and its sandbox."""
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("state")
        patch.setenv("XDG_STATE_HOME", str(place))
        for name in list(os.environ):
            if name.lower() in {"http_proxy", "https_proxy", "all_proxy"}:
                patch.delenv(name)
        yield place


@pytest.fixture(autouse=True)
def _a_ledger_of_its_own(_a_place_of_our_own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port may be another sandbox's soon: its requests are nobody else's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(_a_place_of_our_own / str(next(_NUMBERS))))


@pytest.fixture(autouse=True)
def _no_ambient_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own token must never reach a test, nor a test a real host; terminals and pipelines differ."""
    for name in list(os.environ):
        if name.startswith(("WORKATO_", "BULKOPS_")) or name in AMBIENT:
            monkeypatch.delenv(name)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the example package's connections take from the environment."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def surroundings(credentials: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials, and a directory for what is written beside a job, such as secrets that the vendor shows once."""
    monkeypatch.chdir(tmp_path)
