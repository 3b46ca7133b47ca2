"""One customer named in two ways is refused before anything is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import bulkops
from bulkops import Outcome
from bulkops.errors import PlanError
from bulkops.operations import CreateFolder
from bulkops.runs import from_values
from bulkops.sandbox import Sandbox, SandboxSettings
from tests.here import client_of


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(customers=3, time_scale=400, quotas="off")) as vendor:
        yield vendor


async def test_an_account_named_by_id_and_by_external_id_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    async with client_of(sandbox) as workato:
        first, second, third = [customer async for customer in workato.customers.list()]
        twice = from_values([second.id, f"E{first.external_id}", f"E{second.external_id}"])
        with pytest.raises(PlanError, match=rf"{second.id} and E{second.external_id} are the same customer") as caught:
            await bulkops.run(CreateFolder("CRM"), accounts=twice, workato=workato, journal=tmp_path)
        assert caught.value.remedy == "remove one of them"
        assert sandbox.effects() == []
        apart = from_values([first.id, f"E{second.external_id}", third.id])
        report = await bulkops.run(CreateFolder("CRM"), accounts=apart, workato=workato, journal=tmp_path)
        assert report.outcomes[Outcome.CHANGED] == 3
