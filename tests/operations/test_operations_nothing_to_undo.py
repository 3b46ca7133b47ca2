"""An operation that had nothing to do in a run has nothing to undo, whatever else the run changed in the account."""

from __future__ import annotations

from collections import Counter

import pytest

from bulkops.operations import CreateFolder
from tests.acceptance.cases import CASES, EXPORT, Case, accounts
from tests.here import Here, in_sandbox, outcomes

pytestmark = pytest.mark.usefixtures("surroundings")

UNDOABLE = {name: case for name, case in CASES.items() if case.undone and not case.new}


@pytest.mark.parametrize("case", UNDOABLE.values(), ids=UNDOABLE)
@in_sandbox(customers=2)
async def test_what_an_earlier_run_changed_stays(it: Here, case: Case) -> None:
    rows = accounts(case, 2)
    if (before := case.before()) is not None:
        await it.run(before, rows)
    assert outcomes(await it.run(case.make(), rows)) == {"changed": 2}
    state = it.kinds()
    done = await it.run(case.make() >> CreateFolder("Probe"), rows)
    assert outcomes(done) == {"changed": 2}, done.accounts[0]
    undone = await it.undo(done)
    assert outcomes(undone) == {"changed": 2}, undone.accounts[0]
    since = Counter({kind: count for kind, count in (it.kinds() - state).items() if kind not in EXPORT})
    assert since == Counter({"folder.created": 2, "folder.deleted": 2})
