"""Invoke as a user would: argv, exit code, stdout and stderr apart; against a sandbox in a process of its own."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import pytest

from bulkops.cli.app import main
from tests.fleet import Ended as Result, SandboxProcess, clean_environment, fleet
from tests.here import FIRST
from tests.processes import Process

ROOT = Path(__file__).parents[2]
CUSTOMERS = 12

Cli: TypeAlias = Callable[..., Result]
Start: TypeAlias = Callable[..., Process]


@attrs.define
class RemoteSandbox(SandboxProcess):
    """A sandbox, and the files that a user of it has at hand."""

    @property
    def accounts(self) -> Path:
        return self.home / "accounts.txt"

    def count(self) -> int:
        """API requests so far."""
        return int(self.requests()["total"])

    def effects(self, kind: str) -> list[dict[str, Any]]:
        return [effect for effect in self.ledger() if effect["kind"] == kind]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with the project importable and without colors."""
    return clean_environment() | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"} | dict(extra or {})


def without_a_reader() -> int:
    """The end of a pipe to which nobody listens."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.fixture(scope="session")
def _sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteSandbox]:
    # So fast that quotas play no part here; whether they are kept is other tests' business.
    with fleet(tmp_path_factory.mktemp("sandbox"), customers=CUSTOMERS, time_scale=600) as vendor:
        sandbox = RemoteSandbox(vendor.url, vendor.token, vendor.home)
        sandbox.accounts.write_text("\n".join(str(FIRST + place) for place in range(CUSTOMERS)))
        yield sandbox


@pytest.fixture
def sandbox(_sandbox_process: RemoteSandbox, monkeypatch: pytest.MonkeyPatch) -> RemoteSandbox:
    """A fresh sandbox of 12 customers, named in this process's environment and in `accounts`."""
    _sandbox_process.ask("reset", {})
    for name, value in _sandbox_process.access.items():
        monkeypatch.setenv(name, value)
    return _sandbox_process


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """`cli("runs", "--journal", path)`: the command line in this process, without a terminal."""

    def invoke(*arguments: str | Path) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return invoke


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def policy(here: Path, sandbox: RemoteSandbox) -> tuple[str, ...]:
    """All customers, and a journal of their own."""
    return ("--accounts", str(sandbox.accounts), "--client-file", str(sandbox.client_file), "--yes")


def halted(cli: Cli, sandbox: RemoteSandbox, *job: str) -> Result:
    """How a run ended that was to create folders, which nobody may."""
    sandbox.ask("rights", {"deny": ["managed_users.folders.create"]})
    ended = cli(*job, "--breaker", "3", "--concurrency", "2", "--yes", "--json")
    assert ended.code == 3, ended.err
    sandbox.ask("rights", {"deny": []})
    return ended


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    yield
    logger = logging.getLogger("bulkops")
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


@pytest.fixture(scope="session")
def shell() -> Cli:
    """`shell("--version")`: `python -m bulkops` in a process of its own; `code=` runs a program text instead."""

    def invoke(*arguments: str | Path, code: str | None = None, env: Mapping[str, str] | None = None) -> Result:
        start = ["-c", code] if code is not None else ["-m", "bulkops"]
        done = subprocess.run(
            [sys.executable, *start, *map(str, arguments)],
            check=False,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return invoke


@pytest.fixture
def background() -> Iterator[Start]:
    """`background("resume", env=...)`: a process to be sent signals, or with `streams` of its own; whatever still runs
    at the end is killed."""
    processes: list[Process] = []

    def start(*arguments: str | Path, env: Mapping[str, str], streams: Mapping[int, int] | None = None) -> Process:
        command = [*map(str, arguments)]
        processes.append(Process(command, env=environment(env), cwd=Path.cwd(), streams=streams))
        return processes[-1]

    yield start
    for process in processes:
        process.close()
