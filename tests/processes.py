"""`python -m bulkops` in processes of their own, forked from one that has imported it: a start takes 20 ms, not one
second. Each is a process like any other: it has its own environment and can be sent signals, killed and outlived."""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).parents[1]
PREPARE = "TESTS_PREPARE"
"""Environment variable of a process: MODULE:FUNCTION, called in it first."""


class Process:
    """The part of `subprocess.Popen[str]` that tests use."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        terminal: int | None = None,
        streams: Mapping[int, int] | None = None,
    ) -> None:
        """`terminal`: the end of a pseudo-terminal that it has for its own, in place of pipes; `streams`: descriptors
        by what they are there, {0: its stdin}. They are closed here."""
        self.returncode: int | None = None
        self._status, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(_server(), [b"+"], [theirs.fileno()])
        ends = {number: os.pipe() for number in (1, 2)}
        self.stdout, self.stderr = (os.fdopen(reading, encoding="utf-8") for reading, _ in ends.values())
        pipes = {number: writing for number, (_, writing) in ends.items()}
        given = {0: terminal} if terminal is not None else {**pipes, **(streams or {})}
        facts = {"env": dict(env), "cwd": str(cwd), "streams": [*given], "terminal": terminal is not None}
        said = json.dumps({"arguments": [*arguments], **facts}).encode()
        socket.send_fds(self._status, [len(said).to_bytes(4, "big")], [*given.values()])
        self._status.sendall(said)
        for descriptor in {*pipes.values(), *given.values()}:
            os.close(descriptor)
        if terminal is not None:
            self.stdout.close()
            self.stderr.close()
        self.pid = int.from_bytes(_exactly(self._status, 4), "big")

    def poll(self) -> int | None:
        return self._wait(0)

    def wait(self, timeout: float | None = None) -> int:
        """Raises: subprocess.TimeoutExpired."""
        code = self._wait(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("bulkops", timeout or 0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What is left of both outputs, once it has ended. Raises: subprocess.TimeoutExpired."""
        texts: dict[str, str] = {}

        def read(name: str, stream: IO[str]) -> None:
            texts[name] = "" if stream.closed else stream.read()
            stream.close()

        readers = [threading.Thread(target=read, args=each, daemon=True) for each in self._streams()]
        end = None if timeout is None else time.monotonic() + timeout
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(None if end is None else max(0.0, end - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired("bulkops", timeout or 0)
        self.wait(None if end is None else max(0.0, end - time.monotonic()))
        return texts["out"], texts["err"]

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Leave nothing of it: it is killed if it runs, and its outputs are closed."""
        with contextlib.suppress(ProcessLookupError):  # it has ended this moment
            self.kill()
        self.wait(60)
        for _, stream in self._streams():
            stream.close()

    def _streams(self) -> list[tuple[str, IO[str]]]:
        return [("out", self.stdout), ("err", self.stderr)]

    def _wait(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], timeout)[0]:
            self.returncode = int.from_bytes(_exactly(self._status, 4), "big", signed=True)
            self._status.close()
        return self.returncode


@functools.cache
def _server() -> socket.socket:
    """The way to this process's server, which ends with this process."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, __file__, str(theirs.fileno())]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        server = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdout=subprocess.PIPE, env=env)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    atexit.register(_end_server, ours, server)
    return ours


def _end_server(ours: socket.socket, server: subprocess.Popen[bytes]) -> None:
    ours.close()
    with server:  # at the end closes its output and waits for it
        server.terminate()


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionError("the server of processes has ended")
        data += part
    return data


def _serve(control: socket.socket) -> None:
    import bulkops

    for module in pkgutil.walk_packages(bulkops.__path__, "bulkops."):
        if module.name not in {"bulkops.testing", "bulkops.telemetry", "bulkops.__main__"}:
            importlib.import_module(module.name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who supervise
    print("ready", flush=True)
    while True:
        asked, given, _, _ = socket.recv_fds(control, 1, 1)
        if not asked:
            return
        with socket.socket(fileno=given[0]) as connection:
            if os.fork() == 0:
                control.close()
                _supervise(connection)


def _supervise(connection: socket.socket) -> None:
    """Start one process, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, given, _, _ = socket.recv_fds(connection, 4, 3)
    said = json.loads(_exactly(connection, int.from_bytes(length, "big")))
    pid = os.fork()
    if pid == 0:
        connection.close()
        _become(said, *given)
    for descriptor in given:
        os.close(descriptor)
    connection.sendall(pid.to_bytes(4, "big"))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    connection.sendall(code.to_bytes(4, "big", signed=True))
    os._exit(0)


def _become(said: Mapping[str, Any], *given: int) -> NoReturn:
    """`python -m bulkops` with these arguments, as far as it can tell."""
    if said["terminal"]:
        os.login_tty(*given)
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    else:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, descriptor in zip(said["streams"], given, strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)
    # Both may be ignored where the tests run: a shell ignores SIGINT in a background job, nohup ignores SIGHUP.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.chdir(str(said["cwd"]))
    os.environ.clear()
    os.environ.update(said["env"])
    sys.argv = ["bulkops", *said["arguments"]]
    module, _, function = os.environ.pop(PREPARE, "").partition(":")
    if module:
        getattr(importlib.import_module(module), function)()
    from bulkops.__main__ import main

    _leave(main())


def run_script() -> NoReturn:
    """Be `python -W error FILE.py ...`: what `PREPARE` names for an example."""
    warnings.simplefilter("error")
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
    _leave(0)


def _leave(code: int) -> NoReturn:
    """End as Python does, but for freeing what was imported, which takes longer than most commands."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):  # Python's own end tells of an output without a reader or room
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
