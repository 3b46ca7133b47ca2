"""`python -m tests.chaos.serving`: sandbox and hostile proxy in a process of their own, so that a flood of bad bytes
costs the client no time but its own.

Arguments: the names of trick tables and the pattern of calls. Says url, token and trick names as JSON; when stdin ends
it tells the sandbox's effects and ends.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs

from bulkops.sandbox import Sandbox, SandboxSettings
from tests.chaos import tricks as tables
from tests.chaos.hostile import HostileProxy

GOOD = 5
FIRST = 4100231


@attrs.define
class Hostile:
    """`bad`: trick by account; `good`: accounts that are answered as they should; `effects`: filled at the end."""

    url: str
    token: str
    bad: dict[str, str]
    good: Sequence[str]
    effects: list[dict[str, Any]] = attrs.field(factory=list)

    @property
    def accounts(self) -> list[str]:
        return [*self.bad, *self.good]


@contextmanager
def hostile(names: Sequence[str], at: str) -> Iterator[Hostile]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.serving", ",".join(names), at],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        bad = {str(FIRST + number): name for number, name in enumerate(said["tricks"])}
        good = [str(FIRST + len(bad) + number) for number in range(GOOD)]
        server = Hostile(said["url"], said["token"], bad, good)
        yield server
        out, _ = process.communicate("", timeout=300)
        server.effects = json.loads(out)
    finally:
        process.kill()
        process.communicate()


async def serve(names: Sequence[str], at: str) -> None:
    tricks = [trick for name in names for trick in tables.tricks(getattr(tables, name), at)]
    by_account = {str(FIRST + number): trick for number, trick in enumerate(tricks)}
    settings = SandboxSettings(customers=len(tricks) + GOOD, time_scale=400, quotas="off")
    async with Sandbox(settings) as sandbox, HostileProxy(sandbox.url, by_account) as proxy:
        print(
            json.dumps({"url": proxy.url, "token": sandbox.token, "tricks": [trick.name for trick in tricks]}),
            flush=True,
        )
        await asyncio.to_thread(sys.stdin.read)
        print(json.dumps(sandbox.effects()), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1].split(","), sys.argv[2]))
