"""Folders under Home that are not projects: nothing is created a second time, and no request is wasted on projects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest

from bulkops.client import Workato
from bulkops.operations import CreateFolder, ImportPackage, Operation, StartRecipes
from bulkops.operations.foreseen import Foreseen
from bulkops.runs import Fleet, Policy, run
from bulkops.sandbox import Assumptions, Sandbox, SandboxSettings
from bulkops.settings import Tuning
from tests.chaos.hostile import Asked, HostileProxy, Trick
from tests.fleet import PACKAGE
from tests.here import FIRST, Here, beside, client_of, main_job, outcomes

pytestmark = pytest.mark.usefixtures("surroundings")

FOLDERS = "assumed.customer.folders"
MIXED = Assumptions(home_folders="mixed")


async def home(it: Here, account: int) -> list[tuple[str, bool | None]]:
    return [(folder.name, folder.is_project) async for folder in it.workato.account(account).folders.list()]


def folder_calls(it: Here) -> int:
    return int(it.sandbox.requests()["quotas"].get(FOLDERS, {}).get("requests", 0))


def test_a_client_that_knows_of_them_looks_there_before_it_creates(tmp_path: Path) -> None:
    rows = [{"id": FIRST}]

    async def scene() -> None:
        async with (
            beside(tmp_path / "journal", customers=1, time_scale=2000, assumptions=MIXED) as it,
            client_of(it.sandbox, only_projects=False) as workato,
        ):
            await it.workato.account(FIRST).folders.create("CRM")
            knowing = attrs.evolve(it, workato=workato)
            calls = folder_calls(it)
            imported = ImportPackage(PACKAGE, folder="CRM")
            assert outcomes(await knowing.run(imported, rows)) == {"changed": 1}
            assert folder_calls(it) == calls + 2  # of Home, and of the folder: it may have sub-folders
            assert await home(it, FIRST) == [("CRM", False)]
            assert outcomes(await knowing.run(imported, rows)) == {"unchanged": 1}
            assert outcomes(await knowing.run(main_job(), rows)) == {"changed": 1}
            assert outcomes(await knowing.run(StartRecipes(folder="CRM"), rows)) == {"unchanged": 1}
            assert outcomes(await knowing.run(CreateFolder("Orders"), rows)) == {"changed": 1}
            assert await home(it, FIRST) == [("CRM", False), ("Orders", True)]
            calls = folder_calls(it)
            assert outcomes(await knowing.run(CreateFolder("Orders"), rows)) == {"unchanged": 1}
            assert folder_calls(it) == calls  # a project: the list of folders is not needed

    asyncio.run(scene())


def test_a_create_that_makes_one_is_a_warning_for_the_accounts_after_it(tmp_path: Path) -> None:
    second = FIRST + 1

    async def scene() -> None:
        async with beside(tmp_path / "journal", customers=2, time_scale=2000, assumptions=MIXED) as it:
            await it.workato.account(second).folders.create("CRM")
            report = await run(
                CreateFolder("CRM"),
                accounts=[{"id": FIRST}, {"id": second}],
                workato=it.workato,
                journal=it.journal,
                policy=Policy(concurrency=1),
            )
            assert outcomes(report) == {"changed": 1, "unchanged": 1}
            assert [await home(it, account) for account in (FIRST, second)] == [[("CRM", False)]] * 2

    asyncio.run(scene())


@pytest.mark.parametrize(
    "made", [CreateFolder("CRM"), ImportPackage(PACKAGE, folder="CRM"), StartRecipes(folder="CRM")]
)
def test_the_figures_before_a_run_have_the_second_look(made: Operation) -> None:
    usual, more = (made.cost(Foreseen(only_projects=known)) for known in (True, False))
    call = "managed_users.folders.list"
    assert more == {**usual, call: usual.get(call, 0.0) + 1}


@pytest.mark.parametrize("ends", ["reply lost", "process ended"])
@pytest.mark.parametrize(
    "made", [CreateFolder("CRM"), ImportPackage(PACKAGE, folder="CRM")], ids=["create-folder", "import-package"]
)
def test_a_create_without_a_reply_is_looked_for_among_them(tmp_path: Path, made: Operation, ends: str) -> None:
    """A client that does not know of them: the list of projects alone would say that nothing was created."""
    journal = tmp_path / "journal"
    tricks: dict[str, Trick] = {}

    async def scene() -> None:
        settings = SandboxSettings(customers=1, time_scale=2000, quotas="off", assumptions=MIXED)
        async with (
            Sandbox(settings) as sandbox,
            HostileProxy(sandbox.url, tricks) as proxy,
            Workato(
                token=sandbox.token, host=proxy.url, tuning=Tuning.from_toml(sandbox.client_file, source="client file")
            ) as workato,
        ):
            it = Here(sandbox, workato, journal)
            running = asyncio.create_task(it.run(made, [{"id": FIRST}]))

            async def lose(asked: Asked) -> AsyncIterator[bytes]:
                await asked.good()
                tricks.clear()
                if ends == "reply lost":
                    raise ConnectionResetError
                running.cancel()
                await asyncio.wait([running])
                yield b""

            tricks[str(FIRST)] = Trick(name="lose", at="POST folders", answer=lose)
            if ends == "reply lost":
                report = await running
            else:
                with pytest.raises(asyncio.CancelledError):
                    await running
                resumed = await Fleet(workato, journal=journal).resume()
                assert resumed is not None
                report = resumed
            assert not tricks  # or nothing was lost
            assert outcomes(report) == {"changed": 1}, report.accounts[0]
            assert it.keys("folder.created").count("CRM") == 1, it.keys("folder.created")
            assert await home(it, FIRST) == [("CRM", False)]

    asyncio.run(scene())
