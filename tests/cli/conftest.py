"""Invoke as a user would: argv, exit code, stdout and stderr apart; against a sandbox in a process of its own."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from bulkops.cli.app import main

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "bulkops" / "_demo" / "crm-v1.zip"
CUSTOMERS = 12


@attrs.frozen
class Result:
    code: int
    out: str
    err: str


@attrs.frozen
class RemoteSandbox:
    """A sandbox, and the files that a user of it has at hand."""

    url: str
    token: str
    client_file: Path
    accounts: Path

    def get(self, name: str) -> Any:
        return self._ask(name, None)

    def post(self, name: str, data: object) -> Any:
        return self._ask(name, json.dumps(data).encode())

    def count(self) -> int:
        """API requests so far."""
        return int(self.get("requests")["total"])

    def effects(self, kind: str) -> list[dict[str, Any]]:
        return [effect for effect in self.get("ledger")["effects"] if effect["kind"] == kind]

    @property
    def environment(self) -> dict[str, str]:
        return {"WORKATO_HOST": self.url, "WORKATO_API_TOKEN": self.token}

    def _ask(self, name: str, body: bytes | None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{name}", data=body, headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what a developer may have set, with the project importable."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("WORKATO_", "BULKOPS_"))}
    return plain | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"} | dict(extra or {})


@pytest.fixture(scope="session")
def _sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteSandbox]:
    directory = tmp_path_factory.mktemp("sandbox")
    client_file = directory / "client.toml"
    # So fast that quotas play no part here; whether they are kept is other tests' business.
    arguments = ["--json", "--customers", str(CUSTOMERS), "--time-scale", "600", "--client-file", str(client_file)]
    process = subprocess.Popen(
        [sys.executable, "-m", "bulkops", "sandbox", *arguments], env=environment(), stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        try:
            first = json.loads(process.stdout.readline())
            accounts = directory / "accounts.txt"
            yield RemoteSandbox(first["url"], first["token"], client_file, accounts)
        finally:
            process.terminate()
    assert process.returncode == 0


@pytest.fixture
def sandbox(_sandbox_process: RemoteSandbox, monkeypatch: pytest.MonkeyPatch) -> RemoteSandbox:
    """A fresh sandbox of 12 customers, named in this process's environment and in `accounts`."""
    _sandbox_process.post("reset", {})
    for name, value in _sandbox_process.environment.items():
        monkeypatch.setenv(name, value)
    _sandbox_process.accounts.write_text("\n".join(customer_ids(_sandbox_process)))
    _sandbox_process.post("reset", {})
    return _sandbox_process


def customer_ids(sandbox: RemoteSandbox) -> list[str]:
    request = urllib.request.Request(
        f"{sandbox.url}/api/managed_users", headers={"Authorization": f"Bearer {sandbox.token}"}
    )
    with urllib.request.urlopen(request, timeout=10) as reply:
        data = json.load(reply)
    rows = data["result"] if isinstance(data, dict) else data
    return [str(row["id"]) for row in rows]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """`cli("runs", "--journal", path)`: the command line in this process, without a terminal."""

    def invoke(*arguments: str | Path) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return invoke


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    yield
    logger = logging.getLogger("bulkops")
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


@pytest.fixture(scope="session")
def shell() -> Callable[..., Result]:
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
            timeout=60,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return invoke


@pytest.fixture
def background() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`background("resume", env=...)`: a process to be sent signals; whatever still runs at the end is killed."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path, env: Mapping[str, str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "bulkops", *map(str, arguments)],
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()
