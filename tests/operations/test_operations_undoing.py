"""A chain is undone past a part that fails, as far as that is safe; what is left is said, and finished by a retry."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bulkops.errors import BulkopsError, TaskFailed, TaskUnknown
from bulkops.operations import (
    AddMember,
    AuthorizeConnections,
    CreateConnection,
    ImportPackage,
    Operation,
    Rollout,
    StartRecipes,
    UpgradePlan,
)
from bulkops.operations._base import Chain
from bulkops.operations.restore import describe, restore
from bulkops.runs import Fleet, undo_of
from tests.fleet import API_PACKAGE, CREDENTIALS, PACKAGE, SECRETS
from tests.here import Here, in_sandbox, outcomes

ROWS = [{"id": 4100231}, {"id": 4100232}]


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@in_sandbox(customers=2)
async def test_what_a_failed_part_stands_on_stays_and_the_rest_is_undone(it: Here, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for file in (API_PACKAGE, CREDENTIALS):
        shutil.copy(file, files)
    rollout = Rollout(
        files / API_PACKAGE.name,
        folder="API",
        connections=str(files / CREDENTIALS.name),
        secrets_to=str(files / "keys.jsonl"),
    )
    done = await it.run(rollout >> UpgradePlan(plan_id="oem_big"), ROWS)
    assert outcomes(done) == {"changed": 2}, done.accounts
    shutil.rmtree(files)  # what undoing takes is in the journal
    it.sandbox.deny("managed_users.recipes.stop")
    undone = await it.undo(done)
    row = undone.accounts[0]
    assert (str(row.outcome), row.failure_class) == ("failed", "forbidden")
    assert str(row.reason).startswith("not undone: start-recipes (managed_users.recipes.stop: 403 ")
    assert (
        "; held back, because a part that is not undone stands on it: authorize-connections, import-package; "
        "undone: upgrade-plan, enable-endpoints, enable-api-platform" in str(row.reason)
    )
    assert str(row.cause).startswith("start-recipes could not be undone: managed_users.recipes.stop: 403 ")
    assert str(row.remedy).endswith("then `bulkops retry`, which undoes the rest")
    assert row.detail["undo"]["import-package"] == "held back: start-recipes is not undone and stands on it"
    assert f"then: bulkops retry {undone.run_id} --failure-class forbidden" in str(undone)
    kinds = it.kinds()
    assert (kinds["endpoint.disabled"], kinds["api_client.deleted"], kinds["plan.changed"]) == (6, 2, 4)
    assert kinds["folder.deleted"] == kinds["connection.disconnected"] == kinds["recipe.stopped"] == 0
    it.sandbox.deny()
    again = await Fleet(it.workato, journal=it.journal).retry(undone.run_id)
    assert again is not None
    assert outcomes(again) == {"changed": 2}, again.accounts
    kinds = it.kinds()
    assert (kinds["folder.deleted"], kinds["connection.disconnected"], kinds["recipe.stopped"]) == (2, 4, 8)
    assert it.twice() == []


@in_sandbox(customers=2)
async def test_independent_parts_do_not_wait_for_each_other(it: Here) -> None:
    member = AddMember(member_name="Ana", role="Operator", external_id="U-55")
    done = await it.run(member >> UpgradePlan(plan_id="oem_big"), ROWS)
    assert outcomes(done) == {"changed": 2}
    it.sandbox.deny("managed_users.update")
    undone = await it.undo(done)
    assert outcomes(undone) == {"failed": 2}
    assert "undone: add-member" in str(undone.accounts[0].reason)
    assert it.kinds()["member.removed"] == 2
    it.sandbox.deny()
    again = await Fleet(it.workato, journal=it.journal).retry(undone.run_id)
    assert again is not None
    assert outcomes(again) == {"changed": 2}, again.accounts
    assert (it.kinds()["member.removed"], it.kinds()["plan.changed"]) == (2, 4)


class Own(Operation):
    """A user's, that says nothing of what it stands on."""

    def __init__(self, name: str, problems: list[BulkopsError]) -> None:
        self.name = name  # type: ignore[misc]  # several of them in one test
        self._problems = problems

    async def apply(self, ctx: Any) -> None:
        async def effect() -> dict[str, Any]:
            return {}

        await ctx.step("effect", effect)

    def can_undo(self) -> bool:
        return True

    async def undo(self, ctx: Any, done: Any) -> None:
        if self._problems:
            raise self._problems.pop()

        async def effect() -> dict[str, Any]:
            return {}

        await ctx.step("undo effect", effect)


@in_sandbox(customers=1)
async def test_before_an_operation_that_says_nothing_all_is_held_back(it: Here) -> None:
    problems: list[BulkopsError] = [TaskUnknown("nobody can tell")]
    chain = Chain((Own("first", []), UpgradePlan(plan_id="oem_big"), Own("second", problems), Own("third", [])))
    from bulkops.journal import Journal
    from bulkops.operations.undo import UndoRun
    from bulkops.runs import Fleet, run

    one = ROWS[:1]
    done = await it.run(chain, one)
    reverse = UndoRun(chain, run_id=done.run_id)
    undone = await run(reverse, accounts=one, workato=it.workato, journal=it.journal)
    (row,) = undone.accounts
    assert (str(row.outcome), row.failure_class) == ("unknown", "outcome-unknown")
    assert row.reason == (
        "not undone: second (nobody can tell); held back, because a part that is not undone stands on it: "
        "upgrade-plan, first; "
        "undone: third; `bulkops resume` checks again"
    )
    again = await Fleet(it.workato, journal=it.journal).resume(undone.run_id, operation=reverse)
    assert again is not None
    assert outcomes(again) == {"changed": 1}
    async with Journal.open(it.journal, read_only=True) as journal:
        steps = await journal.steps_of(undone.run_id, str(one[0]["id"]))
    undone_now = {name.partition(": ")[0] for name in steps}
    assert undone_now == {"1 first", "2 upgrade-plan", "3 second", "4 third"}


@in_sandbox(customers=1)
async def test_a_failure_that_is_not_for_now_holds_nothing_back(it: Here) -> None:
    problems: list[BulkopsError] = [TaskFailed("it stays", failure_class="cannot-undo")]
    chain = Chain((UpgradePlan(plan_id="oem_big"), Own("second", problems)))
    from bulkops.operations.undo import UndoRun
    from bulkops.runs import run

    done = await it.run(chain, ROWS[:1])
    reverse = UndoRun(chain, run_id=done.run_id)
    undone = await run(reverse, accounts=ROWS[:1], workato=it.workato, journal=it.journal)
    assert outcomes(undone) == {"changed": 1}
    assert undone.accounts[0].detail["second"] == "left as it is: it stays"
    assert "1 account: second is left as it is: it stays\n    changed, account 4100231: it stays\n" in str(undone)


@in_sandbox(customers=1)
async def test_credentials_are_not_read_to_disconnect(it: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    account = it.workato.account("4100231")
    for name, table in tomllib.loads(CREDENTIALS.read_text())["connections"].items():
        await account.connections.create(name, provider=table["provider"])
    done = await it.run(AuthorizeConnections(CREDENTIALS), ROWS[:1])
    assert outcomes(done) == {"changed": 1}, done.accounts
    for name in SECRETS:
        monkeypatch.delenv(name)
    assert outcomes(await it.undo(done)) == {"changed": 1}
    assert it.kinds()["connection.disconnected"] == 2


@in_sandbox(customers=1)
async def test_only_connections_that_the_run_authorized_are_disconnected(it: Here) -> None:
    account, one = it.workato.account("4100231"), ROWS[:1]
    await it.run(ImportPackage(PACKAGE, folder="CRM"), one)
    done = await it.run(AuthorizeConnections(CREDENTIALS), one)
    await account.connections.create("Mine", provider="jira", input={"host": "https://jira.example"})
    (shop,) = [connection async for connection in account.connections.list() if connection.name == "Web shop"]
    await account.connections.disconnect(shop.id)
    before = it.kinds()["connection.disconnected"]
    assert outcomes(await it.undo(done)) == {"changed": 1}
    assert it.kinds()["connection.disconnected"] == before + 1
    states = {each.name: each.is_authorized async for each in account.connections.list()}
    assert states == {"CRM": False, "Web shop": False, "Mine": True}
    assert outcomes(await it.undo(done)) == {"unchanged": 1}


@in_sandbox(customers=1)
async def test_a_connection_in_use_does_not_keep_the_others_connected(it: Here) -> None:
    account = it.workato.account("4100231")
    one = ROWS[:1]
    await it.run(ImportPackage(PACKAGE, folder="CRM"), one)
    done = await it.run(AuthorizeConnections(CREDENTIALS), one)
    await it.run(StartRecipes(folder="CRM"), one)
    async for recipe in account.recipes.list():
        if any(row.get("provider") == "shopify" for row in recipe.config):
            await account.recipes.stop(recipe.id)
    undone = await it.undo(done)
    (row,) = undone.accounts
    assert (str(row.outcome), row.failure_class) == ("failed", "connection-in-use"), row
    assert "connection 'CRM' cannot be disconnected" in str(row.reason)
    states = {each.name: each.is_shell async for each in account.connections.list()}
    assert states == {"CRM": False, "Web shop": True}


@in_sandbox(customers=1)
async def test_an_undo_of_one_operation_needs_no_file_and_can_be_resumed(it: Here, tmp_path: Path) -> None:
    credentials = tmp_path / "connections.toml"
    shutil.copy(CREDENTIALS, credentials)
    one = ROWS[:1]
    rollout = Rollout(API_PACKAGE, folder="API", connections=str(credentials), secrets_to=str(tmp_path / "keys.jsonl"))
    runs = [await it.run(rollout, one)]
    runs.append(await it.run(CreateConnection(connection_name="CRM", folder="API", from_file=credentials), one))
    await it.workato.account("4100231").folders.create("Mine")
    runs.append(await it.run(CreateConnection(connection_name="CRM", folder="Mine", from_file=credentials), one))
    assert [outcomes(done) for done in runs] == [{"changed": 1}, {"unchanged": 1}, {"changed": 1}]
    credentials.unlink()
    for done in (runs[0], runs[2]):
        reverse, _ = await undo_of(done.run_id, journal=it.journal)
        assert restore(describe(reverse)).digest == reverse.digest
    assert outcomes(await it.undo(runs[2])) == {"changed": 1}
    assert it.kinds()["connection.deleted"] == 1
