"""What the vendor says of an import, and what it does not say: each answer has one outcome, in words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

import bulkops
from bulkops import Outcome
from bulkops.operations import AuthorizeConnections, ImportPackage, StartRecipes
from bulkops.sandbox import Sandbox, SandboxSettings
from tests.chaos.hostile import Answer, Asked, HostileProxy, Trick
from tests.chaos.tricks import says_json
from tests.fleet import CREDENTIALS, PACKAGE
from tests.operations.test_operations_forgotten_imports import ACCOUNT, TUNING, brought, imported

PATIENT = attrs.evolve(TUNING, import_deadline_s=60.0)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(customers=1, time_scale=400, quotas="off")) as vendor:
        yield vendor


def polled(answer: Mapping[str, Any], status: int = 200) -> dict[str, Trick]:
    """Each poll of the import is answered so; the import goes on."""
    return {ACCOUNT: Trick(name="polled", at="GET imports/ID", answer=says_json(answer, status), lives=True)}


def shows_no_recipes() -> Answer:
    async def answer(_: Asked) -> AsyncIterator[bytes]:
        async for part in says_json({"result": {"items": []}})(_):
            yield part

    return answer


@pytest.mark.parametrize(
    ("answer", "outcome", "failure_class", "words"),
    [
        (
            {"id": 9, "status": "failed", "error": "no such connector"},
            Outcome.FAILED,
            "import-failed",
            "import 9 failed: no such connector",
        ),
        ({"id": 9, "status": "failed"}, Outcome.FAILED, "import-failed", "import 9 failed: "),
        (
            {
                "id": 9,
                "status": "completed",
                "recipe_status": [
                    {"id": 1, "import_result": "restarted"},
                    {"id": 2, "import_result": "stopped"},
                    {"id": 3, "import_result": "restart_failed"},
                ],
            },
            Outcome.FAILED,
            "import-incomplete",
            "import 9 completed, but recipe 2: stopped, recipe 3: restart_failed",
        ),
        (
            {
                "id": 9,
                "status": "completed",
                "recipe_status": [{"id": 900 + n, "import_result": "restarted"} for n in range(3)],
            },
            Outcome.FAILED,
            "import-incomplete",
            "3 of its 3 recipes cannot be found in the account",
        ),
        (
            {"id": 9, "status": "in_progress"},
            Outcome.UNKNOWN,
            "outcome-unknown",
            "is still in_progress after 0.5 s",
        ),
    ],
)
async def test_the_end_of_an_import(
    tmp_path: Path, sandbox: Sandbox, answer: dict[str, Any], outcome: Outcome, failure_class: str, words: str
) -> None:
    lies = [True]

    async def said(asked: Asked) -> AsyncIterator[bytes]:
        if lies[0]:
            async for part in says_json(answer)(asked):
                yield part
        else:
            yield await asked.good()

    tricks = {ACCOUNT: Trick(name="polled", at="GET imports/ID", answer=said, lives=True)}
    made = ImportPackage(PACKAGE, folder="CRM")
    short = TUNING if outcome is Outcome.UNKNOWN else PATIENT
    async with (
        HostileProxy(sandbox.url, tricks) as proxy,
        bulkops.Workato(token=sandbox.token, host=proxy.url, tuning=short) as workato,
        bulkops.Workato(token=sandbox.token, host=proxy.url, tuning=PATIENT) as patient,
    ):
        report = await bulkops.run(made, accounts=[ACCOUNT], workato=workato, journal=tmp_path)
        (row,) = report.accounts
        assert (row.outcome, row.failure_class) == (outcome, failure_class), row.reason
        assert words in str(row.reason)
        assert row.remedy
        lies[0] = False
        fleet = bulkops.Fleet(patient, journal=tmp_path)
        again = await (fleet.resume if outcome is Outcome.UNKNOWN else fleet.retry)(report.run_id)
        assert again is not None
        assert again.outcomes[Outcome.CHANGED] == 1, again.accounts[0].reason
    assert brought(sandbox) == (1 if outcome is Outcome.UNKNOWN else 2)


async def test_a_question_that_is_refused_leaves_the_import_unknown(tmp_path: Path, sandbox: Sandbox) -> None:
    report = await imported(tmp_path, sandbox, polled({"message": "not now"}, 400))
    (row,) = report.accounts
    assert row.outcome is Outcome.UNKNOWN
    assert "was accepted, but reading its state failed" in str(row.reason)


async def test_a_completed_import_of_which_nothing_is_there_is_incomplete(tmp_path: Path, sandbox: Sandbox) -> None:
    trick = Trick(name="empty", at="GET recipes", answer=shows_no_recipes(), lives=True)
    (row,) = (await imported(tmp_path, sandbox, {ACCOUNT: trick})).accounts
    assert (row.outcome, row.failure_class) == (Outcome.FAILED, "import-incomplete"), row.reason


@pytest.mark.usefixtures("credentials")
async def test_running_recipes_are_not_touched_unless_that_is_said(tmp_path: Path, sandbox: Sandbox) -> None:
    async with bulkops.Workato(token=sandbox.token, host=sandbox.url, tuning=PATIENT) as workato:
        here: dict[str, Any] = {"accounts": [ACCOUNT], "workato": workato}
        job = ImportPackage(PACKAGE, folder="CRM") >> AuthorizeConnections(CREDENTIALS) >> StartRecipes(folder="CRM")
        assert (await bulkops.run(job, **here, journal=tmp_path)).outcomes[Outcome.CHANGED] == 1
        refused = await bulkops.run(ImportPackage(PACKAGE, folder="CRM"), **here, journal=tmp_path / "another")
        (row,) = refused.accounts
        assert (row.outcome, row.failure_class) == (Outcome.FAILED, "recipes-running"), row.reason
        assert "--restart-recipes; restart_recipes = true in a job file" in (row.remedy or "")
        said = ImportPackage(PACKAGE, folder="CRM", restart_recipes=True)
        done = await bulkops.run(said, **here, journal=tmp_path / "another")
        assert done.outcomes[Outcome.CHANGED] == 1, done.accounts[0].reason
