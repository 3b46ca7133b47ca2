"""An undo takes the accounts that its run changed, last one first, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import bulkops
from bulkops import Fleet, Outcome
from bulkops.errors import PlanError
from bulkops.operations import CreateFolder
from bulkops.runs import undo_of
from bulkops.sandbox import Sandbox, SandboxSettings
from tests.here import client_of

IDS = [4100231, 4100232, 4100233, 4100234]
MISSING = 999


async def test_an_account_without_an_effect_is_not_undone(tmp_path: Path) -> None:
    async with (
        Sandbox(SandboxSettings(customers=4, time_scale=400, quotas="off")) as vendor,
        client_of(vendor) as workato,
    ):
        await workato.account(IDS[1]).folders.create("CRM")
        here: dict[str, Any] = {"workato": workato, "journal": tmp_path}
        done = await bulkops.run(CreateFolder("CRM"), accounts=[*IDS, MISSING], **here)
        outcomes = (Outcome.CHANGED, Outcome.UNCHANGED, Outcome.FAILED)
        assert [done.outcomes[one] for one in outcomes] == [3, 1, 1]
        _, inventory = await undo_of(done.run_id, journal=tmp_path)
        assert [row.account for row in inventory.rows] == [str(IDS[place]) for place in (3, 2, 0)]
        again = await bulkops.run(CreateFolder("CRM"), accounts=IDS, **here)
        assert again.outcomes[Outcome.UNCHANGED] == 4
        with pytest.raises(PlanError, match="changed no account; name the run to undo: `bulkops runs`"):
            await undo_of(again.run_id, journal=tmp_path)
        undone = await Fleet(**here).undo(done.run_id, limit=1)
        with pytest.raises(PlanError, match=f"; `bulkops undo {done.run_id}` undoes more accounts$"):
            await undo_of(undone.run_id, journal=tmp_path)
