"""A sandbox in this process and a client beside it: what operations are tried on without starting processes."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs

from bulkops.client import Workato
from bulkops.operations import AuthorizeConnections, ImportPackage, Operation, StartRecipes
from bulkops.outcome import Outcome
from bulkops.report import Report
from bulkops.runs import Fleet, run, undo_of
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Tuning
from tests.fleet import CREDENTIALS, PACKAGE

FIRST = 4100231
"""The id of a sandbox's first customer; the others follow."""


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
        reverse, inventory = await undo_of(done.run_id, journal=self.journal)
        return await run(reverse, accounts=inventory, workato=self.workato, journal=self.journal)

    async def until_changed(self, report: Report, times: int) -> Report:
        """The report once every account is changed, or after so many retries and resumptions."""
        for _ in range(times):
            if outcomes(report).keys() == {"changed"}:
                break
            fleet = Fleet(self.workato, journal=self.journal)
            again = fleet.retry if report.outcomes[Outcome.FAILED] else fleet.resume
            later = await again(report.run_id)
            assert later is not None
            report = later
        return report

    def kinds(self) -> Counter[str]:
        return Counter(effect["kind"] for effect in self.sandbox.effects())

    def keys(self, kind: str) -> list[str]:
        return [effect["key"] for effect in self.sandbox.effects() if effect["kind"] == kind]

    def twice(self) -> list[tuple[Any, ...]]:
        seen = Counter((effect["account"], effect["kind"], effect["key"]) for effect in self.sandbox.effects())
        return [key for key, count in seen.items() if count > 1]


def client_of(sandbox: Sandbox, **tuned: Any) -> Workato:
    """A client with the sandbox's quotas and durations, but for those `tuned`."""
    tuning = attrs.evolve(_tuning(sandbox.client_file), **tuned)
    return Workato(token=sandbox.token, host=sandbox.url, tuning=tuning)


@functools.cache
def _tuning(text: str) -> Tuning:
    """Read once: most sandboxes have the same client file."""
    return Tuning.from_toml(text, source="client file")


async def finished(get: Callable[[int], Awaitable[Any]], first: Any) -> Any:
    """A package or an import, polled until it has ended."""
    async with asyncio.timeout(60):
        while not first.is_finished:
            await asyncio.sleep(0.002)
            first = await get(first.id)
    return first


def outcomes(report: Report) -> dict[str, int]:
    return {str(outcome): count for outcome, count in report.outcomes.items() if count}


def failure(report: Report) -> tuple[str | None, str]:
    """Class and words of the one account's failure."""
    (row,) = report.accounts
    assert row.outcome == "failed", row
    return row.failure_class, f"{row.reason}"


def main_job(package: Path = PACKAGE, *, folder: str = "CRM") -> Operation:
    """Import, authorize, start; its credentials come from the environment."""
    imported = ImportPackage(package, folder=folder)
    return imported >> AuthorizeConnections(CREDENTIALS) >> StartRecipes(folder=folder)


@asynccontextmanager
async def beside(journal: Path, **settings: Any) -> AsyncIterator[Here]:
    """A sandbox with a client beside it, until the block ends."""
    async with Sandbox(SandboxSettings(**settings)) as sandbox, client_of(sandbox) as workato:
        yield Here(sandbox, workato, journal)


def here(tmp_path: Path, scenario: Callable[[Here], Awaitable[None]], **settings: Any) -> None:
    """Play `scenario`; a small fleet is served faster than any quota could matter."""

    async def scene() -> None:
        scale = 1000 if settings.get("customers", 0) > 100 else 2000
        async with beside(tmp_path / "journal", **{"time_scale": scale} | settings) as it:
            await scenario(it)

    asyncio.run(scene())


def in_sandbox(**settings: Any) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """Play a test as `here` does: it takes `it`, and fixtures by name. `customers` among them is the sandbox's too."""

    def decorate(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        fixtures = {name: each for name, each in inspect.signature(test).parameters.items() if name != "it"}

        @functools.wraps(test)
        def play(**given: Any) -> None:
            own = {name: given[name] for name in fixtures}
            size = {name: value for name, value in own.items() if name == "customers"}
            here(given["tmp_path"], lambda it: test(it=it, **own), **size, **settings)

        place = inspect.Parameter("tmp_path", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        play.__signature__ = inspect.Signature([*({"tmp_path": place} | fixtures).values()])  # type: ignore[attr-defined]
        return play

    return decorate
