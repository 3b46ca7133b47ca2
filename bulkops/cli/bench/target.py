"""What `bulkops bench` measures: a sandbox in a separate process or the user's host, and three reads by default."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar, Final

from bulkops.errors import ConfigError
from bulkops.operations import Operation
from bulkops.operations.foreseen import Foreseen
from bulkops.secret import Secret
from bulkops.settings import HOST_VARIABLE, Auth, Settings, Tuning
from bulkops.steps import Context

SANDBOX: Final = "sandbox"
CALLS: Final = ("managed_users.folders.list", "managed_users.recipes.list", "managed_users.connections.list")
"""Reads against three quotas, one of them narrow."""

_PATIENCE_S: Final = 30.0


def settings_for(host: str, tuning: Tuning) -> Settings:
    """The user's host with the token of the environment. Raises: ConfigError."""
    return Settings.from_env(tuning=tuning, environ={**os.environ, HOST_VARIABLE: host})


@asynccontextmanager
async def sandbox(accounts: int, *, time_scale: float, seed: int) -> AsyncIterator[Settings]:
    """A sandbox for the duration of the block, in its own process, so that this process measures only the client."""
    with tempfile.TemporaryDirectory(prefix="bulkops-bench-") as directory:
        client_file = Path(directory) / "client.toml"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bulkops", "sandbox", "--json", "--customers", str(accounts)),
            *("--time-scale", str(time_scale), "--seed", str(seed), "--client-file", str(client_file)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={key: value for key, value in os.environ.items() if not key.startswith("BULKOPS_")},
        )
        try:
            where = await _said_by(process)
            auth = Auth(token=Secret(where["token"]))
            yield Settings(url=where["url"], auth=auth, tuning=Tuning.from_file(client_file))
        finally:
            if process.returncode is None:
                process.terminate()
            await process.communicate()


async def _said_by(process: asyncio.subprocess.Process) -> dict[str, str]:
    """The first line of a sandbox: where it is. Raises: ConfigError when it did not start."""
    assert process.stdout is not None  # noqa: S101 - it was asked for
    try:
        async with asyncio.timeout(_PATIENCE_S):
            line = await process.stdout.readline()
        where: dict[str, str] = json.loads(line)
    except (TimeoutError, ValueError) as error:
        if process.returncode is None:
            process.kill()
        _, said = await process.communicate()
        reason = said.decode(errors="replace").strip() or "it printed nothing"
        raise ConfigError(f"the sandbox did not start: {reason}", remedy="run `bulkops sandbox` to see why") from error
    return where


class Reads(Operation):
    """The first page of each list."""

    name: ClassVar[str] = "bench-reads"

    @property
    def title(self) -> str:
        return "read folders, recipes and connections"

    async def apply(self, ctx: Context) -> None:
        for call in CALLS:
            await ctx.account.call(call)

    def cost(self, foreseen: Foreseen) -> Mapping[str, float]:
        return dict.fromkeys(CALLS, 1.0)
