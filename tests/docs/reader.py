"""Someone who reads a page from the top and does what each block says, in an empty directory."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import attrs

from tests.docs.markdown import Block
from tests.fleet import clean_environment

RUN: Final = frozenset({"bash", "python"})
PLAIN: Final = frozenset({"text"})
"""Output and drawings: nothing to be done."""

_EXPORT: Final = re.compile(r"^export (.+)$", re.MULTILINE)
_SOURCED: Final = re.compile(r"^\. (\S+)$", re.MULTILINE)
_TIMEOUT_S: Final = 300


@attrs.define
class Reader:
    """`home`: an empty directory. Use as a context manager: what was left running in the background is ended."""

    home: Path
    environment: dict[str, str] = attrs.field(factory=dict)
    background: list[subprocess.Popen[bytes]] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        clean = clean_environment()
        path = f"{Path(sys.executable).parent}{os.pathsep}{clean.get('PATH', '')}"
        self.environment = clean | {"PATH": path, "NO_COLOR": "1", "XDG_STATE_HOME": str(self.home / ".state")}
        # A plugin that our tests stand on breaks where pytest-asyncio is not installed; a reader has neither.
        self.environment["PYTEST_ADDOPTS"] = "-p no:looptime_plugin"

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.background:
            process.send_signal(signal.SIGINT)
        for process in self.background:
            try:
                process.communicate(timeout=300)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()

    def do(self, block: Block) -> None:
        """Raises: AssertionError with all that was printed when the block does not end as it says."""
        if block.language in PLAIN or block.key == "not run":
            return
        if block.key == "file":
            (self.home / block.value).parent.mkdir(parents=True, exist_ok=True)
            (self.home / block.value).write_text(block.text, encoding="utf-8")
        elif block.key == "background":
            self._begin(block)
        else:
            self._run(block)

    def _run(self, block: Block) -> None:
        commands = {"bash": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-W", "error", "-c"]}
        done = subprocess.run(
            [*commands[block.language], block.text],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        wanted = int(block.value) if block.key == "exit" else 0
        assert done.returncode == wanted, f"{block}: exit {done.returncode}, not {wanted}\n{done.stdout}{done.stderr}"
        if block.language == "bash":
            self._export(block.text)

    def _begin(self, block: Block) -> None:
        """Start it, and set the variables that it says to set: the reader copies that line."""
        process = subprocess.Popen(
            ["bash", "-c", f"exec {block.text}"],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.background.append(process)
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        said, until = "", time.monotonic() + 60
        while _EXPORT.search(said) is None or "client file" not in said:
            assert process.poll() is None, f"{block}: it ended: {said}"
            assert time.monotonic() < until, f"{block}: {said}"
            select.select([process.stdout], [], [], 0.2)
            said += (process.stdout.read() or b"").decode()
        self._export(said)

    def _export(self, text: str) -> None:
        """The reader has one terminal: what is exported there stays, also by a file that is read with `.`"""
        for name in _SOURCED.findall(text):
            self._export((self.home / name).read_text(encoding="utf-8"))
        for line in _EXPORT.findall(text):
            self.environment |= dict(pair.split("=", 1) for pair in line.partition("#")[0].split())
