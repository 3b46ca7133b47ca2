"""An import that the vendor does not know when it is asked for: not yet, not any more, or never."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

import bulkops
from bulkops import Outcome
from bulkops.operations import ImportPackage
from bulkops.report import Report
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.settings import Tuning
from tests.chaos.hostile import Answer, Asked, HostileProxy, Trick, whole
from tests.chaos.tricks import says_json
from tests.fleet import PACKAGE
from tests.virtual_time import over_sockets

ACCOUNT = "4100231"
TUNING = Tuning(
    unlimited=True, max_rate=None, server_timeout_s=0.2, first_poll_s=0.02, import_deadline_s=0.5, backoff_base_s=0.01
)
GONE = whole(b'{"message": "Not found"}', 404)


def gone(*numbers: int) -> Answer:
    """404 to the polls of these numbers, or to all."""

    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        yield GONE if not numbers or asked.number in numbers else await asked.good()

    return answer


async def imported(home: Path, sandbox: Sandbox, tricks: Mapping[str, Trick], tuning: Tuning = TUNING) -> Report:
    async with (
        HostileProxy(sandbox.url, tricks) as proxy,
        bulkops.Workato(token=sandbox.token, host=proxy.url, tuning=tuning) as workato,
    ):
        made = ImportPackage(str(PACKAGE), folder="CRM")
        return await bulkops.run(made, accounts=[ACCOUNT], workato=workato, journal=home)


def brought(sandbox: Sandbox) -> int:
    return sum(effect["kind"] == "import.completed" for effect in sandbox.effects())


@pytest.mark.parametrize(
    ("numbers", "said"), [((1,), "package_id"), ((1, 2, 4), "package_id"), ((), "confirmed by looking")]
)
async def test_what_was_accepted_is_polled_on_or_looked_for(
    tmp_path: Path, numbers: tuple[int, ...], said: str
) -> None:
    async with Sandbox(SandboxSettings(customers=1, time_scale=400, quotas="off")) as sandbox:
        trick = Trick(name="gone", at="GET imports/ID", answer=gone(*numbers), lives=True)
        report = await imported(tmp_path, sandbox, {ACCOUNT: trick})
        assert report.outcomes[Outcome.CHANGED] == 1, report.accounts[0].reason
        assert said in str(report.accounts[0].detail["import"])
        assert brought(sandbox) == 1


async def test_one_that_brought_nothing_fails_and_may_be_sent_again(tmp_path: Path) -> None:
    """It was unknown for ever: each resume asked for what was not there."""
    async with Sandbox(SandboxSettings(customers=1, time_scale=400, quotas="off")) as sandbox:

        async def swallow(asked: Asked) -> AsyncIterator[bytes]:
            if asked.call == "POST imports" and asked.number == 1:
                async for part in says_json({"id": 99, "status": "in_progress"})(asked):
                    yield part
            else:
                yield await asked.good()

        trick = Trick(name="swallow", at=".*", answer=swallow, lives=True)
        async with (
            HostileProxy(sandbox.url, {ACCOUNT: trick}) as proxy,
            bulkops.Workato(token=sandbox.token, host=proxy.url, tuning=TUNING) as workato,
        ):
            made = ImportPackage(str(PACKAGE), folder="CRM")
            report = await bulkops.run(made, accounts=[ACCOUNT], workato=workato, journal=tmp_path)
            row = report.accounts[0]
            assert (row.outcome, row.failure_class) == (Outcome.FAILED, "import-gone"), row.reason
            again = await bulkops.Fleet(workato, journal=tmp_path).retry()
            assert again is not None
            assert again.outcomes[Outcome.CHANGED] == 1, again.accounts[0].reason
        assert brought(sandbox) == 1


@over_sockets
async def test_what_a_look_read_before_the_deadline_is_not_final(tmp_path: Path) -> None:
    """The import ends while the look waits: it has read the folders as they were before, and the recipes after."""
    tuning = Tuning(unlimited=True, max_rate=None, import_deadline_s=30.0)
    async with Sandbox(SandboxSettings(customers=1, time_scale=1, quotas="off")) as sandbox:

        async def lost(asked: Asked) -> AsyncIterator[bytes]:
            if asked.call == "GET recipes" and asked.number == 1:
                assert not brought(sandbox)
                await asyncio.sleep(tuning.import_deadline_s)
            good = await asked.good()
            if asked.call != "POST imports":
                yield good

        trick = Trick(name="lost", at="POST imports|GET recipes", answer=lost)
        report = await imported(tmp_path, sandbox, {ACCOUNT: trick}, tuning)
        assert report.outcomes[Outcome.CHANGED] == 1, report.accounts[0].reason
        assert brought(sandbox) == 1
