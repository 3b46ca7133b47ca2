"""A sandbox in this process and a client beside it: what operations are tried on without starting processes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from bulkops.client import Workato
from bulkops.operations import Operation
from bulkops.report import Report
from bulkops.runs import run, undoing
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.secret import Secret
from bulkops.settings import Auth, Settings, Tuning


@attrs.define
class Here:
    """`journal`: its directory; several runs share it."""

    sandbox: Sandbox
    workato: Workato
    journal: Path

    async def run(self, made: Operation, rows: Sequence[Mapping[str, object]]) -> Report:
        prepared = await made.prepare(self.workato, self.journal)
        return await run(prepared, accounts=rows, workato=self.workato, journal=self.journal)

    async def undo(self, done: Report) -> Report:
        reverse, inventory = await undoing(done.run_id, journal=self.journal)
        return await run(reverse, accounts=inventory, workato=self.workato, journal=self.journal)

    def kinds(self) -> Counter[str]:
        return Counter(effect["kind"] for effect in self.sandbox.effects())

    def twice(self) -> list[tuple[Any, ...]]:
        seen = Counter((effect["account"], effect["kind"], effect["key"]) for effect in self.sandbox.effects())
        return [key for key, count in seen.items() if count > 1]


def outcomes(report: Report) -> dict[str, int]:
    return {str(outcome): count for outcome, count in report.outcomes.items() if count}


def here(tmp_path: Path, scenario: Callable[[Here], Awaitable[None]], **settings: Any) -> None:
    """Play `scenario`; a small fleet is served faster than any quota could matter."""

    async def scene() -> None:
        scale = 1000 if settings.get("customers", 0) > 100 else 2000
        async with Sandbox(SandboxSettings(**{"time_scale": scale} | settings)) as sandbox:
            tuning = Tuning.from_toml(sandbox.client_file, source="client file")
            auth = Auth(token=Secret(sandbox.token))
            async with Workato.from_settings(Settings(url=sandbox.url, auth=auth, tuning=tuning)) as workato:
                await scenario(Here(sandbox, workato, tmp_path / "journal"))

    asyncio.run(scene())
