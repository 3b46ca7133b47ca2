"""The sandbox as a value for tests, and as a process for the command line."""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
import anyio.to_thread

from bulkops.errors import ConfigError
from bulkops.files import write_whole
from bulkops.sandbox.app import Service
from bulkops.sandbox.faults import Faults
from bulkops.sandbox.server import HttpServer
from bulkops.sandbox.settings import HOST, SandboxSettings


class Sandbox:
    """A stand-in for the vendor's API on a loopback port, for as long as the `async with` lasts.

        async with Sandbox(SandboxSettings(customers=3)) as sandbox:
            ...  # sandbox.url, sandbox.token

    Everything else may be asked only inside.
    """

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()
        self._service: Service
        self._http: HttpServer
        self._port = 0

    async def __aenter__(self) -> Self:
        self._service = Service(self.settings)
        self._http = HttpServer(self._service.handle)
        self._port = await self._http.start(self.settings.port)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._service.close()
        await self._http.stop()

    async def restart(self, *, away_s: float = 0.0) -> None:
        """Go away for `away_s` and come back on the same port with everything that was there, as a vendor does.

        Connections end and requests in flight are cut off; what had been read takes effect all the same.
        """
        await self._http.stop()
        await anyio.sleep(away_s)
        self._http = HttpServer(self._service.handle)
        await self._http.start(self._port)

    @property
    def url(self) -> str:
        """Base URL, without a path."""
        return f"http://{HOST}:{self._port}"

    @property
    def token(self) -> str:
        """The token that the API takes now."""
        return self._service.credentials.token

    @property
    def client_file(self) -> str:
        """TOML text for the client: quotas and durations of this sandbox."""
        return self.settings.client_file()

    def effects(self) -> list[dict[str, Any]]:
        """What happened, oldest first: `t`, `account`, `kind`, `key` (as `GET /_sandbox/ledger`)."""
        return self._service.state.ledger.effects()

    def requests(self) -> dict[str, Any]:
        """Counts of every API request (as `GET /_sandbox/requests`)."""
        return self._service.state.requests()

    def set_faults(self, faults: Faults | Mapping[str, Any] | str | None = None) -> None:
        """Replace all faults; None ends them. A text is read as `Faults.parse` does. Raises: ConfigError."""
        if isinstance(faults, str):
            faults = Faults.parse(faults)
        elif not isinstance(faults, Faults):
            faults = Faults.from_mapping(faults or {})
        self._service.set_faults(faults)

    def deny(self, *patterns: str) -> None:
        """The token has no right to these calls from now on, `*` for any letters; none: it may do everything again.

        Raises: ConfigError for what names no call.
        """
        self._service.deny(patterns)

    def set_token(self, token: str) -> None:
        """The API takes this token alone; expiry and revocation end. Raises: ConfigError."""
        self._service.set_token(token)

    def add_workspace(self, workspace: int, token: str) -> None:
        """Serve a second partner on this host: same customers and quotas, other workspace and token.

        Raises: ConfigError when its number or its token is taken.
        """
        self._service.add_workspace(workspace, token)

    def reset(self) -> None:
        """Start afresh: customers, ledger, counts, faults and token as at the start."""
        self._service.reset()


async def serve(
    settings: SandboxSettings,
    *,
    client_file: Path | None,
    as_json: bool,
    out: Callable[[str], object],
    env_file: Path | None = None,
) -> None:
    """Run a sandbox until SIGTERM or SIGINT, for the command line.

    Client file and env file are whole before `out` gets its first line. With `as_json` that line is
    `{"url": ..., "token": ...}`.
    Raises: ConfigError when the port is taken or a file cannot be written.
    """
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with Sandbox(settings) as sandbox:
            if client_file is not None:
                await anyio.to_thread.run_sync(_write, client_file, sandbox.client_file)
            if env_file is not None:
                await anyio.to_thread.run_sync(_write, env_file, _exports(sandbox, client_file), 0o600)
            for line in _greeting(sandbox, client_file, env_file, as_json=as_json):
                out(line)
            async for _ in signals:
                break


def _write(path: Path, text: str, mode: int = 0o666) -> None:
    """A client may already be waiting for the file. Raises: ConfigError."""
    try:
        write_whole(path, text.encode(), mode=mode)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}", remedy="check the directory") from error


def _exports(sandbox: Sandbox, client_file: Path | None) -> str:
    """Shell text that names this sandbox to every command."""
    variables = {"WORKATO_HOST": sandbox.url, "WORKATO_API_TOKEN": sandbox.token}
    if client_file is not None:
        variables["BULKOPS_CLIENT_FILE"] = str(client_file.resolve())
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _greeting(sandbox: Sandbox, client_file: Path | None, env_file: Path | None, *, as_json: bool) -> list[str]:
    if as_json:
        return [json.dumps({"url": sandbox.url, "token": sandbox.token})]
    settings = sandbox.settings
    customers = f"{settings.customers} customer{'' if settings.customers == 1 else 's'}"
    lines = [
        f"sandbox with {customers} on {sandbox.url}, time scale {settings.time_scale:g}; end it with Ctrl-C",
        f"export WORKATO_HOST={sandbox.url} WORKATO_API_TOKEN={sandbox.token}",
    ]
    if client_file is not None:
        lines.append(f"client file: {client_file}")
    if env_file is not None:
        lines.append(f"env file: in another shell: . {shlex.quote(os.path.join(os.curdir, env_file))}")
    return lines
