"""The first write of each kind goes wrong: its reply is lost, or it is refused. Each operation recovers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import bulkops
from bulkops.operations import ImportPackage
from bulkops.runs import Fleet, run, undo_of
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Tuning
from tests.acceptance.cases import CASES, Case, accounts
from tests.chaos.hostile import Asked, HostileProxy, Trick, whole
from tests.fleet import PACKAGE
from tests.here import FIRST, outcomes

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("surroundings")]

KNOWN = {name: case for name, case in CASES.items() if not case.new}


@pytest.mark.parametrize("case", KNOWN.values(), ids=KNOWN)
async def test_a_lost_reply_is_looked_for(tmp_path: Path, case: Case) -> None:
    lost: set[str] = set()

    async def lost_once(asked: Asked) -> AsyncIterator[bytes]:
        """The effect of the first write of each kind happens, and its connection ends."""
        answer = await asked.good()
        if asked.call not in lost and not asked.call.startswith("GET "):
            lost.add(asked.call)
            raise ConnectionResetError
        yield answer

    tricks: dict[str, Trick] = {}
    async with (
        Sandbox(SandboxSettings(customers=1, time_scale=2000, quotas="off")) as sandbox,
        HostileProxy(sandbox.url, tricks) as proxy,
        bulkops.Workato(
            token=sandbox.token,
            host=proxy.url,
            tuning=Tuning.from_toml(sandbox.client_file, source="client file"),
        ) as workato,
    ):

        async def played(made: object, rows: Any) -> str:
            """The run's id, once each account is changed. Looks again while it must."""
            lost.clear()
            report = await run(made, accounts=rows, workato=workato, journal=tmp_path)
            if "unknown" in outcomes(report):
                later = await Fleet(workato, journal=tmp_path).resume(report.run_id)
                assert later is not None
                report = later
            assert outcomes(report) == {"changed": 1}, report.accounts[0]
            return report.run_id

        def kinds() -> Counter[str]:
            return Counter(effect["kind"] for effect in sandbox.effects())

        rows = accounts(case, 1)
        if (before := case.before()) is not None:
            await run(await before.prepare(workato, tmp_path), accounts=rows, workato=workato, journal=tmp_path)
        tricks[str(FIRST)] = Trick(name="lost once", at=".*", answer=lost_once, lives=True)
        state = kinds()
        done = await played(await case.make().prepare(workato, tmp_path), rows)
        assert kinds()[case.kind] - state[case.kind] >= case.each
        if case.undone is not None:
            after = kinds()
            await played(*await undo_of(done, journal=tmp_path))
            assert kinds()[case.undone] - after[case.undone] >= case.each


@pytest.mark.parametrize("case", KNOWN.values(), ids=KNOWN)
async def test_a_refused_write_fails_the_account_and_a_retry_goes_on(tmp_path: Path, case: Case) -> None:
    refused: set[str] = set()

    async def refuse_once(asked: Asked) -> AsyncIterator[bytes]:
        if asked.call not in refused and not asked.call.startswith("GET "):
            refused.add(asked.call)
            yield whole(b'{"message": "not on a Sunday"}', 400)
        else:
            yield await asked.good()

    tricks: dict[str, Trick] = {}
    async with (
        Sandbox(SandboxSettings(customers=1, time_scale=2000, quotas="off")) as sandbox,
        HostileProxy(sandbox.url, tricks) as proxy,
        bulkops.Workato(
            token=sandbox.token,
            host=proxy.url,
            tuning=Tuning.from_toml(sandbox.client_file, source="client file"),
        ) as workato,
    ):
        rows = accounts(case, 1)
        if (before := case.before()) is not None:
            await run(await before.prepare(workato, tmp_path), accounts=rows, workato=workato, journal=tmp_path)
        tricks[str(FIRST)] = Trick(name="refused once", at=".*", answer=refuse_once, lives=True)
        made = await case.make().prepare(workato, tmp_path)
        report = await run(made, accounts=rows, workato=workato, journal=tmp_path)
        while refused and "failed" in outcomes(report):
            assert "not on a Sunday" in str(report.accounts[0].reason), report.accounts[0]
            again = await Fleet(workato, journal=tmp_path).retry(report.run_id)
            assert again is not None
            report = again
        assert outcomes(report) == {"changed": 1}, report.accounts[0]
        assert Counter(effect["kind"] for effect in sandbox.effects())[case.kind] >= case.each


async def test_a_run_that_ends_while_it_deletes_a_folder_is_finished_by_a_resume(tmp_path: Path) -> None:
    """The undo of an import has no probe for its deletion: the request is sent again, and the folder is gone."""
    undoing: asyncio.Task[Any]

    async def end_the_run(asked: Asked) -> AsyncIterator[bytes]:
        await asked.good()
        undoing.cancel()
        await asyncio.wait([undoing])
        yield b""

    tricks: dict[str, Trick] = {}
    async with (
        Sandbox(SandboxSettings(customers=1, time_scale=2000, quotas="off")) as sandbox,
        HostileProxy(sandbox.url, tricks) as proxy,
        bulkops.Workato(
            token=sandbox.token,
            host=proxy.url,
            tuning=Tuning.from_toml(sandbox.client_file, source="client file"),
        ) as workato,
    ):
        made = ImportPackage(PACKAGE, folder="CRM")
        done = await run(made, accounts=[{"id": FIRST}], workato=workato, journal=tmp_path)
        tricks[str(FIRST)] = Trick(name="end", at="DELETE .*", answer=end_the_run)
        reverse, inventory = await undo_of(done.run_id, journal=tmp_path)
        undoing = asyncio.create_task(run(reverse, accounts=inventory, workato=workato, journal=tmp_path))
        with pytest.raises(asyncio.CancelledError):
            await undoing
        tricks.clear()
        later = await Fleet(workato, journal=tmp_path).resume()
        assert later is not None
        assert outcomes(later) == {"changed": 1}, later.accounts[0]
        assert [effect["kind"] for effect in sandbox.effects()].count("folder.deleted") == 1
