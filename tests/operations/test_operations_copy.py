"""copy: one account's folders, connections as shells and properties into others; and out of another workspace."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from bulkops.client import Account
from bulkops.errors import ConfigError, InputError
from bulkops.journal import Journal
from bulkops.journal.sqlite.schema import FILE_NAME
from bulkops.operations import Copy, CreateFolder, Operation
from bulkops.operations.restore import describe
from bulkops.outcome import Outcome
from bulkops.report import Report
from bulkops.runs import Fleet, StopSignal, from_values, read_accounts
from bulkops.sandbox import Assumptions
from bulkops.workers import local_only
from bulkops.workers.operation import worker_operation
from tests.acceptance.cases import EXPORT
from tests.fleet import API_PACKAGE, PACKAGE
from tests.here import FIRST, Here, beside, finished, here, in_sandbox, outcomes
from tests.sandbox.kit import package, recipe

SOURCE = FIRST
FROM_SOURCE = Copy(str(SOURCE))
TOKEN = "STAGING_TOKEN"

on_few_or_all = pytest.mark.parametrize(
    "customers", [12, pytest.param(300, marks=[pytest.mark.chaos, pytest.mark.timeout(600)])]
)


async def imported(account: Account, name: str, data: bytes) -> int:
    folder = await account.folders.create(name)
    await finished(account.imports.get, await account.imports.create(data, folder_id=folder.id))
    return folder.id


async def furnish(account: Account) -> None:
    """A folder with recipes, one with a connection alone, an empty one, a connection in Home, and properties of all
    kinds."""
    await imported(account, "CRM", PACKAGE.read_bytes())
    shared = package({"erp.connection.json": {"name": "ERP", "provider": "netsuite", "root_folder": False}})
    await imported(account, "Shared", shared)
    await account.folders.create("Empty")
    await account.connections.create("In Home", provider="rest")
    await account.properties.upsert({"crm.object": "Account", "odd": "{braces} {env:HOME}", "crm.api_token": "s3cret"})
    (crm,) = [project async for project in account.projects.list() if project.name == "CRM"]
    await account.properties.upsert({"tier": "gold"}, project_id=crm.id)


def targets(customers: int) -> list[Mapping[str, object]]:
    """All but the source."""
    return [{"id": FIRST + n} for n in range(1, customers)]


async def run(it: Here, made: Operation, rows: list[Mapping[str, object]]) -> Report:
    return await Fleet(it.workato, journal=it.journal).run(made, rows)


async def plan(it: Here, made: Operation, rows: list[Mapping[str, object]]) -> list[Any]:
    """What each account's plan says; it has no effect."""
    before = it.sandbox.effects()
    foreseen = await Fleet(it.workato, journal=it.journal).plan(made, from_values(rows))
    assert it.sandbox.effects() == before
    assert foreseen.requests
    return [row.problem or row.changes for row in foreseen.accounts]


async def held(account: Account) -> dict[str, Any]:
    """What an account holds, by name."""
    projects = {project.folder_id: project.name async for project in account.projects.list()}
    recipes = Counter([recipe.name async for recipe in account.recipes.list()])
    connections = {each.name: each.is_shell async for each in account.connections.list()}
    crm = [project.id async for project in account.projects.list() if project.name == "CRM"]
    return {
        "folders": sorted(projects.values()),
        "recipes": recipes,
        "connections": connections,
        "properties": await account.properties.get(),
        "of CRM": await account.properties.get(project_id=crm[0]) if crm else {},
    }


COPIED = {
    "folders": ["CRM", "Shared"],
    "recipes": Counter(["Upsert CRM contact", "New order to CRM", "Nightly contact check"]),
    "connections": {"CRM": True, "Web shop": True, "ERP": True},
    "properties": {"crm.object": "Account", "odd": "{braces} {env:HOME}"},
    "of CRM": {"tier": "gold"},
}


@on_few_or_all
@in_sandbox()
async def test_alone_again_and_undone(it: Here, customers: int) -> None:
    rows = targets(customers)
    count = len(rows)
    await furnish(it.workato.account(SOURCE))
    start = it.kinds()
    (planned, *others) = await plan(it, FROM_SOURCE, rows)
    assert others == [planned] * (count - 1)
    assert planned[:2] == ("create folder 'CRM'", "import folder 'CRM' of 4100231 (2 connections, 3 recipes)")
    assert planned[-1] == "set property 'tier'"
    done = await run(it, FROM_SOURCE, rows)
    assert outcomes(done) == {"changed": count}, done.accounts[0]
    after = it.kinds() - start
    assert {kind: after[kind] for kind in EXPORT} == dict.fromkeys(EXPORT, 3)
    assert (after["import.completed"], after["property.set"]) == (2 * count, 3 * count)
    for row in rows[:: max(1, count // 5)]:
        assert await held(it.workato.account(str(row["id"]))) == COPIED
    notes = json.dumps(done.accounts[0].detail)
    assert "not copied: crm.api_token" in notes
    assert "empty: Empty" in notes
    assert "s3cret" not in "".join(path.read_text("latin-1") for path in it.journal.rglob("*") if path.is_file())
    again = await run(it, FROM_SOURCE, rows)
    assert outcomes(again) == {"unchanged": count}, again.accounts[0]
    assert {kind: n for kind, n in (it.kinds() - start - after).items() if kind not in EXPORT} == {}
    undone = await it.undo(done)
    assert outcomes(undone) == {"changed": count}, undone.accounts[0]
    left = await held(it.workato.account(str(rows[0]["id"])))
    assert (left["folders"], left["recipes"], left["connections"]) == ([], Counter(), {})
    assert "the API cannot delete a property" in json.dumps(undone.accounts[0].detail)
    assert outcomes(await it.undo(done)) == {"unchanged": count}


@on_few_or_all
@in_sandbox()
async def test_faults_do_nothing_twice(it: Here, customers: int) -> None:
    rows = targets(customers)
    await furnish(it.workato.account(SOURCE))
    past = len(it.sandbox.effects())
    it.sandbox.set_faults("error=0.05,reset=0.02")
    report = await it.until_changed(await run(it, FROM_SOURCE, rows), times=5)
    assert outcomes(report) == {"changed": len(rows)}, [row for row in report.accounts if row.reason][:2]
    effects = it.sandbox.effects()[past:]
    seen = Counter((effect["account"], effect["kind"], effect["key"]) for effect in effects)
    twice = {key for key, n in seen.items() if n > 1 and key[1] not in EXPORT}
    assert twice == set()
    it.sandbox.set_faults(None)
    for row in rows[:3]:
        assert await held(it.workato.account(str(row["id"]))) == COPIED


@in_sandbox(customers=6)
async def test_each_row_has_its_own_source(it: Here, tmp_path: Path) -> None:
    """Two sources, each of which is exported once for all of its rows; one that is missing fails its row alone."""
    file = tmp_path / "pairs.csv"
    lines = [(FIRST, FIRST + 2), (FIRST + 1, FIRST + 3), (FIRST, FIRST + 4), (99, FIRST + 5)]
    file.write_text("from,to\n" + "".join(f"{source},{target}\n" for source, target in lines))
    await imported(it.workato.account(FIRST), "CRM", PACKAGE.read_bytes())
    await imported(it.workato.account(FIRST + 1), "API", API_PACKAGE.read_bytes())
    start = it.kinds()
    rows = read_accounts(file)
    fleet = Fleet(it.workato, journal=it.journal)
    foreseen = await fleet.plan(Copy(), rows)
    assert [bool(row.changes) for row in foreseen.accounts] == [True, True, True, False]
    done = await fleet.run(Copy(), rows)
    assert outcomes(done) == {"changed": 3, "failed": 1}
    assert (it.kinds() - start)["package.exported"] == 2
    failed = done.accounts[3]
    assert failed.failure_class == "source-failed"
    assert "cannot copy from account 99" in str(failed.reason)
    assert [(await held(it.workato.account(FIRST + n)))["folders"] for n in (2, 3, 4, 5)] == [
        *(["CRM"], ["API"], ["CRM"], []),
    ]
    good = from_values([{"to": row.account, **row.params} for row in rows.rows[:3]])
    assert outcomes(await fleet.run(Copy(), good)) == {"unchanged": 3}
    undone = await it.undo(done)
    assert outcomes(undone) == {"changed": 3}
    assert [(await held(it.workato.account(FIRST + n)))["folders"] for n in (2, 3, 4)] == [[], [], []]


@pytest.mark.parametrize("source", [str(SOURCE), "{from}"])
@in_sandbox(customers=3)
async def test_a_journal_in_a_database_keeps_the_packages_too(it: Here, postgres: str, source: str) -> None:
    """The run is stopped in a process, and resumed with what the database has."""
    rows: list[Mapping[str, object]] = [{"to": FIRST + n, "from": str(SOURCE)} for n in (1, 2)]
    await imported(it.workato.account(SOURCE), "CRM", PACKAGE.read_bytes())
    stop = StopSignal()
    stop.drain()
    begun = await Fleet(it.workato, journal=postgres, stop=stop).run(Copy(source), rows)
    done = await Fleet(it.workato, journal=postgres).resume(begun.run_id)
    assert done is not None
    assert outcomes(done) == {"changed": 2}, done.accounts[0]
    assert it.kinds()["package.exported"] == 1
    assert outcomes(await Fleet(it.workato, journal=postgres).undo(done.run_id)) == {"changed": 2}


@in_sandbox(customers=2)
async def test_the_source_itself_is_left_alone_by_either_name(it: Here) -> None:
    customer = await it.workato.customers.get(FIRST)
    await imported(it.workato.account(FIRST), "CRM", PACKAGE.read_bytes())
    made = Copy(f"E{customer.external_id}")
    assert (await plan(it, made, [{"id": FIRST}, {"id": FIRST + 1}]))[0] == ()
    done = await run(it, made, [{"id": FIRST}, {"id": FIRST + 1}])
    assert [row.outcome for row in done.accounts] == [Outcome.UNCHANGED, Outcome.CHANGED]
    assert "the account is the source itself" in json.dumps(done.accounts[0].detail)


@in_sandbox(customers=2)
async def test_folders_and_properties_are_chosen(it: Here) -> None:
    await furnish(it.workato.account(SOURCE))
    only = Copy(str(SOURCE), folders=["Shared"], property_prefixes=["crm."])
    assert outcomes(await run(it, only, targets(2))) == {"changed": 1}
    there = await held(it.workato.account(FIRST + 1))
    assert (there["folders"], there["properties"]) == (["Shared"], {"crm.object": "Account"})
    rest = Copy(str(SOURCE), leave_out=["Shared", "Empty"], without_properties=True)
    assert outcomes(await run(it, rest, targets(2))) == {"changed": 1}
    there = await held(it.workato.account(FIRST + 1))
    assert (there["folders"], there["of CRM"]) == (["CRM", "Shared"], {})


@pytest.mark.parametrize("status", [400, 422])
def test_a_vendor_that_wants_a_prefix_of_properties_is_answered_with_what_to_do(tmp_path: Path, status: int) -> None:
    async def scenario(it: Here) -> None:
        await furnish(it.workato.account(SOURCE))
        before = it.sandbox.effects()
        with pytest.raises(InputError, match=f"account {SOURCE} does not list its properties: Prefix") as refused:
            await run(it, FROM_SOURCE, targets(2))
        assert "--property-prefix" in str(refused.value.remedy)
        assert "--without-properties" in str(refused.value.remedy)
        assert it.sandbox.effects() == before  # nothing was exported for it
        named = Copy(str(SOURCE), folders=["Shared"], property_prefixes=["crm."])
        assert outcomes(await run(it, named, targets(2))) == {"changed": 1}

    here(tmp_path, scenario, customers=2, assumptions=Assumptions(empty_prefix=status))


@in_sandbox(customers=2)
async def test_a_newer_source_is_copied_again(it: Here) -> None:
    source, target = it.workato.account(SOURCE), it.workato.account(FIRST + 1)
    await imported(source, "CRM", package({"a.recipe.json": recipe("A", connection=None)}))
    await run(it, FROM_SOURCE, targets(2))
    (there,) = [each async for each in source.recipes.list()]
    await source.recipes.update(there.id, description="newer")
    assert outcomes(await run(it, FROM_SOURCE, targets(2))) == {"changed": 1}
    (copied,) = [each async for each in target.recipes.list()]
    assert copied.description == "newer"


@in_sandbox(customers=3)
async def test_a_saved_plan_with_the_export_knows_what_is_done(it: Here) -> None:
    await furnish(it.workato.account(SOURCE))
    fleet = Fleet(it.workato, journal=it.journal)
    prepared = await FROM_SOURCE.prepare(it.workato, it.journal)
    rows = from_values(targets(3))
    foreseen = await fleet.plan(prepared, rows)
    assert "import 3 recipes" in foreseen.accounts[0].changes
    done = await fleet.run(FROM_SOURCE, rows, plan=foreseen)
    assert outcomes(done) == {"changed": 2}
    assert [row.changes for row in (await fleet.plan(prepared, rows)).accounts] == [(), ()]
    assert it.kinds()["package.exported"] == 3


@pytest.mark.parametrize("source", ["partner", str(SOURCE)])
def test_out_of_another_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Two sandboxes: another host, another token."""

    async def scene() -> None:
        settings = {"time_scale": 2000, "customers": 3}
        async with beside(tmp_path / "staging", **settings) as staging, beside(tmp_path / "journal", **settings) as it:
            await imported(staging.workato.account(SOURCE), "CRM", PACKAGE.read_bytes())
            monkeypatch.setenv(TOKEN, staging.sandbox.token)
            made = Copy(source, from_host=staging.sandbox.url, from_token=f"{{env:{TOKEN}}}")
            rows: list[Mapping[str, object]] = [{"id": FIRST + n} for n in range(3)]
            folders = ["CRM API", "CRM rollout"] if source == "partner" else ["CRM"]
            assert all(await plan(it, made, rows))
            done = await run(it, made, rows)
            assert outcomes(done) == {"changed": 3}, done.accounts[0]
            assert (await held(it.workato.account(FIRST)))["folders"] == folders
            assert it.kinds()["package.exported"] == 0
            assert staging.kinds()["package.exported"] == len(folders)
            assert outcomes(await run(it, made, rows)) == {"unchanged": 3}
            kept = b"".join(path.read_bytes() for path in it.journal.rglob("*") if path.is_file())
            assert staging.sandbox.token.encode() not in kept
            monkeypatch.delenv(TOKEN)
            assert outcomes(await it.undo(done)) == {"changed": 3}
            with pytest.raises(ConfigError, match=f"environment variable {TOKEN} is not set"):
                await run(it, made, rows)
            monkeypatch.setenv(TOKEN, "wrong")
            with pytest.raises(InputError, match=r"the token of .* was refused; check --from-token"):
                await run(it, made, rows)

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Copy("EU west"), None),
        (lambda: Copy("west"), "'west' is not an account id"),
        (lambda: Copy("1", from_host="eu"), "the source's token is missing"),
        (lambda: Copy("1", from_token="{env:X}"), "the source's host is missing"),
        (lambda: Copy("1", from_host="eu", from_token="wrkprod-abc"), "from_token is not a reference to a secret"),
        (lambda: Copy("1", from_host="eu", from_token="{env:X}{env:Y}"), "from_token is not a reference"),
    ],
)
def test_what_cannot_be_is_refused_at_once(make: Any, said: str | None) -> None:
    if said is None:
        make()
        return
    with pytest.raises((ConfigError, InputError), match=said) as refused:
        make()
    assert "wrkprod-abc" not in str(refused.value)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Copy(str(SOURCE), folders=["CRN"]), "no folder 'CRN' under Home; did you mean 'CRM'"),
        (Copy(str(SOURCE), leave_out=["CRM"]), "has no folder to copy"),
        (Copy("99"), "cannot copy from account 99"),
    ],
)
def test_a_source_without_it_is_named_before_any_account(tmp_path: Path, made: Copy, said: str) -> None:
    async def scenario(it: Here) -> None:
        await imported(it.workato.account(SOURCE), "CRM", PACKAGE.read_bytes())
        with pytest.raises(InputError, match=said):
            await run(it, made, targets(2))
        planned = await plan_problem(it, made)
        assert planned == "the source of the copy cannot be read"

    async def plan_problem(it: Here, made: Copy) -> str | None:
        foreseen = await Fleet(it.workato, journal=it.journal).plan(made, from_values(targets(2)))
        return foreseen.accounts[0].problem

    here(tmp_path, scenario, customers=2)


@in_sandbox(customers=3)
async def test_the_journal_keeps_what_resume_needs_and_an_undo_needs_no_packages(it: Here) -> None:
    async def forget(it: Here, digests: list[str]) -> None:
        with sqlite3.connect(it.journal / FILE_NAME) as database:
            for digest in digests:
                database.execute("DELETE FROM files WHERE digest = ?", (digest,))

    async def begin(it: Here, made: Operation, rows: list[Mapping[str, object]]) -> Report:
        stop = StopSignal()
        stop.drain()
        begun = await Fleet(it.workato, journal=it.journal, stop=stop).run(made, rows)
        assert outcomes(begun) == {"not_attempted": len(rows)}
        return begun

    await imported(it.workato.account(SOURCE), "CRM", PACKAGE.read_bytes())
    fleet = Fleet(it.workato, journal=it.journal)
    begun = await begin(it, FROM_SOURCE, targets(3))
    done = await fleet.resume(begun.run_id)
    assert done is not None
    assert outcomes(done) == {"changed": 2}
    assert it.kinds()["package.exported"] == 1
    unfinished = await begin(it, FROM_SOURCE, targets(3))
    async with Journal.open(it.journal) as journal:
        digests = await journal.files.of_run(done.run_id)
    assert len(digests) == 1
    await forget(it, digests)
    with pytest.raises(InputError, match="copied for folder 'CRM' is not in the journal"):
        await fleet.resume(unfinished.run_id)
    assert outcomes(await it.undo(done)) == {"changed": 2}
    assert (await held(it.workato.account(FIRST + 1)))["folders"] == []


@in_sandbox(customers=3)
async def test_it_may_be_a_part_of_a_chain(it: Here) -> None:
    await furnish(it.workato.account(SOURCE))
    chain = Copy(str(SOURCE), folders=["CRM"], without_properties=True) >> Copy(str(SOURCE), folders=["Shared"])
    done = await run(it, chain, targets(3))
    assert outcomes(done) == {"changed": 2}, done.accounts[0]
    assert (await held(it.workato.account(FIRST + 1)))["folders"] == ["CRM", "Shared"]
    assert outcomes(await run(it, chain, targets(3))) == {"unchanged": 2}
    assert outcomes(await it.undo(done)) == {"changed": 2}
    assert (await held(it.workato.account(FIRST + 1)))["folders"] == []


@in_sandbox(customers=2)
async def test_a_package_without_recipes_is_imported_until_its_connections_are_there(it: Here) -> None:
    await furnish(it.workato.account(SOURCE))
    made = Copy(str(SOURCE), folders=["Shared"])
    await run(it, made, targets(2))
    account = it.workato.account(FIRST + 1)
    (there,) = [each async for each in account.connections.list()]
    await account.connections.delete(there.id)
    assert outcomes(await run(it, made, targets(2))) == {"changed": 1}
    assert [each.name async for each in account.connections.list()] == ["ERP"]


def test_parameters_make_the_same_operation_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "staging-token")
    made = Copy("4100231", folders=["CRM"], from_host="eu", from_token="{env:X}", include_data=True)
    again = Copy.from_parameters(json.loads(json.dumps(made.parameters())))
    assert (again, again.digest) == (made, made.digest)
    assert attrs.evolve(made, folders=["Other"]).digest != made.digest


def test_workers_copy_inside_a_workspace_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host in the database must not get a secret of a worker."""
    monkeypatch.setenv("X", "staging-token")
    foreign = describe(Copy("4100231", from_host="eu", from_token="{env:X}") >> CreateFolder("A"))
    assert local_only(foreign) == "copy uses the token of another workspace, which workers do not have (from_token)"
    with pytest.raises(ConfigError, match="run it without workers"):
        worker_operation(foreign, None)
    own = Copy("4100231", folders=["CRM"])
    assert local_only(describe(own)) is None
    assert worker_operation(describe(own), None) == own
