"""The first write of each kind goes wrong: its reply is lost, or it is refused. Each operation recovers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

import bulkops
from bulkops.operations import EnableApiPlatform, ImportPackage
from bulkops.report import Report
from bulkops.runs import Fleet
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Tuning
from tests.acceptance.cases import CASES, Case, accounts
from tests.chaos.hostile import Asked, HostileProxy, Trick, whole
from tests.fleet import API_PACKAGE, PACKAGE
from tests.here import FIRST, Here, main_job, outcomes

pytestmark = pytest.mark.usefixtures("surroundings")

KNOWN = {name: case for name, case in CASES.items() if not case.new}


ONE: list[Mapping[str, object]] = [{"id": FIRST}]


@attrs.define
class _Beside(Here):
    """A client that talks to its sandbox through a proxy."""

    tricks: dict[str, Trick]

    async def begun(self, case: Case, trick: Callable[[Asked], AsyncIterator[bytes]]) -> list[Mapping[str, object]]:
        """The case's account, from now on behind the trick."""
        rows = accounts(case, 1)
        if (before := case.before()) is not None:
            await self.run(before, rows)
        self.tricks[str(FIRST)] = Trick(name="once", at=".*", answer=trick, lives=True)
        return rows

    async def ended_during(self, call: str, running: Coroutine[Any, Any, Report]) -> Report:
        """The report of a run that ended after the effect of `call` and before its reply, once it is resumed."""
        task = asyncio.create_task(running)

        async def end(asked: Asked) -> AsyncIterator[bytes]:
            await asked.good()
            task.cancel()
            await asyncio.wait([task])
            yield b""

        trick = Trick(name="end", at=f"{call}/ID", answer=end)
        self.tricks.update({str(FIRST): trick, "managed_users": trick})  # the latter: of the second version of the API
        with pytest.raises(asyncio.CancelledError):
            await task
        self.tricks.clear()
        report = await Fleet(self.workato, journal=self.journal).resume()
        assert report is not None
        return report


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[_Beside]:
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
        yield _Beside(sandbox, workato, tmp_path, tricks)


@pytest.mark.parametrize("case", KNOWN.values(), ids=KNOWN)
async def test_a_lost_reply_is_looked_for(it: _Beside, case: Case) -> None:
    lost: set[str] = set()

    async def lost_once(asked: Asked) -> AsyncIterator[bytes]:
        """The effect of the first write of each kind happens, and its connection ends."""
        answer = await asked.good()
        if asked.call not in lost and not asked.call.startswith("GET "):
            lost.add(asked.call)
            raise ConnectionResetError
        yield answer

    async def changed(report: Report) -> Report:
        """Once each account is. Looks again while it must."""
        if "unknown" in outcomes(report):
            later = await Fleet(it.workato, journal=it.journal).resume(report.run_id)
            assert later is not None
            report = later
        assert outcomes(report) == {"changed": 1}, report.accounts[0]
        return report

    rows = await it.begun(case, lost_once)
    state = it.kinds()
    lost.clear()
    done = await changed(await it.run(case.make(), rows))
    assert it.kinds()[case.kind] - state[case.kind] >= case.each
    if case.undone is not None:
        after = it.kinds()
        lost.clear()
        await changed(await it.undo(done))
        assert it.kinds()[case.undone] - after[case.undone] >= case.each


@pytest.mark.parametrize("case", KNOWN.values(), ids=KNOWN)
async def test_a_refused_write_fails_the_account_and_a_retry_goes_on(it: _Beside, case: Case) -> None:
    refused: set[str] = set()

    async def refuse_once(asked: Asked) -> AsyncIterator[bytes]:
        if asked.call not in refused and not asked.call.startswith("GET "):
            refused.add(asked.call)
            yield whole(b'{"message": "not on a Sunday"}', 400)
        else:
            yield await asked.good()

    report = await it.run(case.make(), await it.begun(case, refuse_once))
    while refused and "failed" in outcomes(report):
        assert "not on a Sunday" in str(report.accounts[0].reason), report.accounts[0]
        again = await Fleet(it.workato, journal=it.journal).retry(report.run_id)
        assert again is not None
        report = again
    assert outcomes(report) == {"changed": 1}, report.accounts[0]
    assert it.kinds()[case.kind] >= case.each


async def test_a_run_that_ends_while_it_deletes_a_folder_is_finished_by_a_resume(it: _Beside) -> None:
    """The undo of an import has no probe for its deletion: the request is sent again, and the folder is gone."""
    done = await it.run(ImportPackage(PACKAGE, folder="CRM"), ONE)
    undone = await it.ended_during("DELETE folders", it.undo(done))
    assert outcomes(undone) == {"changed": 1}, undone.accounts[0]
    assert it.kinds()["folder.deleted"] == 1


@pytest.mark.parametrize("version", ["v2", "v1"])
async def test_collections_opened_by_a_run_that_ended_are_closed_by_its_undo(it: _Beside, version: str) -> None:
    """The resume finds them open. That the run has opened them is in the journal since before the request."""
    account = it.workato.account(FIRST)

    async def opened() -> int:
        if version == "v1":
            (profile,) = await account.api_access_profiles.list().collect()
            return len(profile.api_collection_ids)
        (client,) = await account.api_clients.list().collect()
        return len(client.api_collections)

    def enabled(folder: str) -> EnableApiPlatform:
        return EnableApiPlatform(folder=folder, secrets_to="keys.jsonl", api_platform=version)

    await it.run(main_job(API_PACKAGE, folder="API") >> enabled("API"), ONE)
    await it.run(main_job(API_PACKAGE, folder="More"), ONE)
    done = await it.ended_during("PUT (api_access_profiles|ID/api_clients)", it.run(enabled("More"), ONE))
    assert outcomes(done) == {"changed": 1}, done.accounts[0]
    assert await opened() == 2
    undone = await it.undo(done)
    assert outcomes(undone) == {"changed": 1}, undone.accounts[0]
    assert await opened() == 1
