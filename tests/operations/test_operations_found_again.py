"""Operations found again by what the journal has of them: to undo, to resume an undo, to run what was planned."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bulkops.errors import InputError, JournalMismatch, PlanError
from bulkops.journal import Journal
from bulkops.journal.sqlite.schema import FILE_NAME
from bulkops.operations import ImportPackage, UpgradePlan
from bulkops.operations.functions import as_operation, load_from_file
from bulkops.operations.restore import describe, restore, restore_to_undo, with_packages
from bulkops.operations.undo import UndoRun
from bulkops.runs import Fleet, FleetPlan, StopSignal, from_values, run, undo_of
from tests.fleet import PACKAGE, PACKAGE_2
from tests.here import FIRST, Here, in_sandbox, outcomes

ROWS = [{"id": FIRST + number} for number in range(3)]
MANIFEST = 12

FILE = """
import bulkops
from bulkops.operations import ImportPackage, UpgradePlan

class Rename(bulkops.Operation):
    name = "rename"

    async def apply(self, ctx):
        async def create():
            return {"id": (await ctx.account.folders.create("Mine")).id}
        await ctx.step("create", create, check="look")

    def can_undo(self):
        return True

    async def undo(self, ctx, done):
        async def delete():
            await ctx.account.call("managed_users.folders.delete", folder_id=done["create"].result["id"])
        await ctx.step("undo create", delete, repeatable=True)

mine = Rename()
"""


@pytest.mark.parametrize("then", ["gone", "another"])
@in_sandbox(customers=3)
async def test_what_undoing_a_package_takes_is_in_the_journal(it: Here, tmp_path: Path, then: str) -> None:
    package = tmp_path / "crm.zip"
    shutil.copy(PACKAGE, package)
    alone = await it.run(ImportPackage(package, folder="Alone"), ROWS)
    chain = await it.run(ImportPackage(package, folder="CRM") >> UpgradePlan(plan_id="oem_big"), ROWS)
    package.unlink()
    if then == "another":
        shutil.copy(PACKAGE_2, package)
    account = it.workato.account(str(ROWS[0]["id"]))
    (folder,) = [folder async for folder in account.folders.list() if folder.name == "Alone"]
    mine = await account.connections.create("Mine", provider="jira", folder_id=folder.id)
    first = await it.undo(alone)  # and it knows what the package held
    assert [str(row.outcome) for row in first.accounts] == ["changed", "changed", "failed"]
    assert "has contents that the run did not import, or changed ones: 'Mine'" in str(first.accounts[2].reason)
    await account.connections.delete(mine.id)
    reverse, inventory = await undo_of(chain.run_id, journal=it.journal)
    assert (reverse.title, reverse.notes()) == (f"undo run {chain.run_id}: {chain.title}", ())
    assert restore(describe(reverse)) == reverse, "and the undo can be resumed"
    undone = await run(reverse, accounts=inventory, workato=it.workato, journal=it.journal)
    assert outcomes(undone) == {"changed": 3}, undone.accounts[0]
    assert outcomes(await it.undo(alone)) == {"changed": 1, "unchanged": 2}
    assert it.kinds()["folder.deleted"] == 6
    assert it.kinds()["plan.changed"] == 6


def _forget_contents(journal: Path) -> None:
    """As a journal of before they were kept has it."""
    with closing(sqlite3.connect(journal / FILE_NAME)) as database, database:
        database.execute(
            "UPDATE runs SET operation = json_remove(operation, '$.parameters.operations[0].parameters.contents')"
        )


@pytest.mark.parametrize("then", ["gone", "another"])
@in_sandbox(customers=3)
async def test_a_chain_of_an_old_journal_is_undone_as_far_as_its_files_are_there(
    it: Here, tmp_path: Path, then: str
) -> None:
    package = tmp_path / "crm.zip"
    shutil.copy(PACKAGE, package)
    done = await it.run(ImportPackage(package, folder="CRM") >> UpgradePlan(plan_id="oem_big"), ROWS)
    assert outcomes(done) == {"changed": 3}
    _forget_contents(it.journal)
    package.unlink()
    if then == "another":
        shutil.copy(PACKAGE_2, package)
    reverse, inventory = await undo_of(done.run_id, journal=it.journal)
    undone = await run(reverse, accounts=inventory, workato=it.workato, journal=it.journal)
    assert outcomes(undone) == {"changed": 3}
    words = "cannot read the package" if then == "gone" else "is not the package the run began with"
    assert words in undone.accounts[0].detail["import-package"]
    assert undone.accounts[0].detail["import-package"].startswith("left as it is: ")
    assert [words in note for note in reverse.notes()] == [True]
    assert it.kinds()["folder.deleted"] == 0
    assert it.kinds()["plan.changed"] == 6
    assert restore(describe(reverse)) == reverse, "and the undo can be resumed"


@in_sandbox(customers=3)
async def test_an_undo_of_an_operation_from_a_file_is_found_again(it: Here, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(FILE)
    source = f"{file}:mine"
    made = as_operation(load_from_file(source))
    done = await run(made, accounts=ROWS, workato=it.workato, journal=it.journal, source=source)
    assert outcomes(done) == {"changed": 3}
    reverse, inventory = await undo_of(done.run_id, journal=it.journal)
    again = restore(describe(reverse))
    assert again.digest == reverse.digest
    undone = await run(again, accounts=inventory, workato=it.workato, journal=it.journal)
    assert outcomes(undone) == {"changed": 3}, undone.accounts[0]
    assert it.kinds() == {"folder.created": 3, "folder.deleted": 3}


@pytest.mark.parametrize("then", ["gone", "another"])
@in_sandbox(customers=3)
async def test_a_run_goes_on_with_its_package_from_the_journal(it: Here, tmp_path: Path, then: str) -> None:
    """Another file at its place is refused: whoever put it there expects that the run takes it."""
    package = tmp_path / "crm.zip"
    shutil.copy(PACKAGE, package)
    made = ImportPackage(package, folder="CRM") >> UpgradePlan(plan_id="oem_big")
    stop = StopSignal()
    stop.drain()
    begun = await run(made, accounts=ROWS, workato=it.workato, journal=it.journal, stop=stop)
    assert outcomes(begun) == {"not_attempted": 3}
    package.unlink()
    fleet = Fleet(it.workato, journal=it.journal)
    if then == "another":
        shutil.copy(PACKAGE_2, package)
        with pytest.raises(InputError, match="is not the package the run began with"):
            await fleet.resume(begun.run_id)
        return
    done = await fleet.resume(begun.run_id)
    assert done is not None
    assert outcomes(done) == {"changed": 3}, done.accounts[0]
    async with Journal.open(it.journal) as journal:
        data = (await journal.get_run(begun.run_id)).operation
        shutil.copy(PACKAGE_2, package)
        elsewhere = restore(await with_packages(data, journal, trust_paths=False))
    assert elsewhere.digest == made.digest, "a worker does not look at its own disk"


@in_sandbox(customers=1)
async def test_an_export_that_is_not_in_the_journal_is_told(it: Here) -> None:
    prepared = await ImportPackage(manifest=MANIFEST, folder="CRM").prepare(it.workato, it.journal)
    with pytest.raises(InputError, match="exported from manifest 12 is not in the journal; use the journal"):
        restore(describe(prepared))


ROLLOUT = {"package": None, "manifest": 13, "folder": "API", "secrets_to": "keys.jsonl"}


@pytest.mark.parametrize("again", [restore, restore_to_undo])
@pytest.mark.parametrize(
    ("name", "parameters"), [("rollout", ROLLOUT), ("create-folder", {}), ("enable-api-platform", {"keys": "Default"})]
)
def test_what_another_version_recorded_is_refused_in_words(again: Any, name: str, parameters: dict[str, Any]) -> None:
    data = {"name": name, "parameters": parameters, "digest": "d", "source": None}
    words = f"the parameters of {name} were recorded by another version of bulkops; finish or undo the run with"
    with pytest.raises(JournalMismatch, match=words):
        again(data)


def test_a_part_that_another_version_recorded_is_left_as_it_is() -> None:
    chain = describe(UpgradePlan(plan_id="oem_big") >> UpgradePlan(plan_id="oem_small"))
    chain["parameters"]["operations"][1] |= {"name": "copy", "parameters": {}}
    left = UndoRun(restore_to_undo(chain), run_id="r").notes()
    words = "the parameters of copy were recorded by another version of bulkops"
    assert left == (f"what copy did is left as it is: {words}",)


def test_a_builtin_of_a_file_that_says_something_else_now_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text('from bulkops.operations import UpgradePlan\nmine = UpgradePlan(plan_id="oem_big")\n')
    source = f"{file}:mine"
    said = describe(as_operation(load_from_file(source)), source=source)
    assert restore(said).parameters()["plan_id"] == "oem_big"
    file.write_text('from bulkops.operations import UpgradePlan\nmine = UpgradePlan(plan_id="oem_small")\n')
    with pytest.raises(JournalMismatch, match="not the one the run began with"):
        restore(said)


@in_sandbox(customers=3)
async def test_what_was_planned_with_its_export_is_run_with_that_export(it: Here, tmp_path: Path) -> None:
    chain = ImportPackage(manifest=MANIFEST, folder="CRM") >> UpgradePlan(plan_id="oem_big")
    prepared = await chain.prepare(it.workato, it.journal)
    foreseen = await Fleet(it.workato, journal=it.journal).plan(prepared, from_values(ROWS))
    saved = tmp_path / "plan.json"
    foreseen.save(saved)
    loaded = FleetPlan.load(saved)
    done = await run(chain, accounts=ROWS, workato=it.workato, journal=it.journal, plan=loaded)
    assert outcomes(done) == {"changed": 3}, done.accounts[0]
    assert it.kinds()["package.exported"] == 1
    for other in (
        ImportPackage(manifest=MANIFEST, folder="Other") >> UpgradePlan(plan_id="oem_big"),
        ImportPackage(manifest=MANIFEST + 1, folder="CRM") >> UpgradePlan(plan_id="oem_big"),
        ImportPackage(manifest=MANIFEST, folder="CRM") >> UpgradePlan(plan_id="oem_small"),
        ImportPackage(manifest=MANIFEST, folder="CRM"),
    ):
        with pytest.raises(PlanError, match="another operation"):
            await run(other, accounts=ROWS, workato=it.workato, journal=it.journal, plan=loaded)
