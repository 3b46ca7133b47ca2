"""Where operations meet what somebody else did: other roles, two of one name, plans moved on, rows without a cell."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest

from bulkops.errors import InputError, PlanError, WouldChange
from bulkops.journal import Journal
from bulkops.operations import (
    AddMember,
    AuthorizeConnections,
    CreateCustomer,
    CreateFolder,
    DeployProject,
    DowngradePlan,
    ImportPackage,
    RemoveMember,
    StartRecipes,
    StopRecipes,
    UpgradePlan,
)
from bulkops.operations.partner_export import export_package
from bulkops.report import Report
from bulkops.runs import Fleet, from_values, run
from tests.fleet import CREDENTIALS, PACKAGE
from tests.here import FIRST, Here, failure, in_sandbox, main_job, outcomes

ONE: list[Mapping[str, object]] = [{"id": FIRST}]


@in_sandbox(customers=1)
async def test_a_member_in_another_role_is_neither_added_nor_changed(it: Here) -> None:
    await it.run(AddMember(member_name="Ana", external_id="U-1", role="Operator"), ONE)
    kinds = it.kinds()
    admin = AddMember(member_name="Ana Ruiz", external_id="U-1", role="Admin")
    assert failure(await it.run(admin, ONE)) == (
        "member-other-role",
        "'Ana' is already a member with role Operator, not Admin; "
        "change the role in the workspace, or remove the member first",
    )
    foreseen = await Fleet(it.workato, journal=it.journal).plan(admin, from_values(ONE))
    assert "with a role other than Admin" in str(foreseen.accounts[0].problem)
    same = AddMember(member_name="Anything", external_id="U-1", role="Operator")
    assert outcomes(await it.run(same, ONE)) == {"unchanged": 1}
    assert it.kinds() == kinds


@in_sandbox(customers=1)
async def test_a_plan_says_that_environments_are_missing(it: Here) -> None:
    await it.run(CreateFolder("CRM"), ONE)
    deploy = DeployProject(project="CRM", environment="test")
    foreseen = await Fleet(it.workato, journal=it.journal).plan(deploy, from_values(ONE))
    assert foreseen.accounts[0].problem == "the customer has no environments"
    assert foreseen.accounts[0].changes == ()


@in_sandbox(customers=1)
async def test_of_two_who_fit_nobody_is_removed(it: Here) -> None:
    members = it.workato.account(FIRST).members
    first = await members.add(name="Ana", role_name="Admin", external_id="U-1", email="Ana@x.example")
    await members.add(name="Ana", role_name="Admin", external_id="U-2", email="ana@y.example")
    failed, words = failure(await it.run(RemoveMember(member_name="Ana"), ONE))
    assert (failed, str(first.id) in words) == ("member-ambiguous", True)
    assert it.kinds()["member.removed"] == 0
    everything = RemoveMember(member_name="Ana", external_id="U-2", email="ANA@x.example")
    assert outcomes(await it.run(everything, ONE)) == {"unchanged": 1}
    assert outcomes(await it.run(RemoveMember(email="ana@X.example"), ONE)) == {"changed": 1}
    assert [member.external_id async for member in members.list()] == ["U-2"]


@in_sandbox(customers=1)
async def test_a_role_nobody_knows_is_the_vendors_to_refuse(it: Here) -> None:
    failed, words = failure(await it.run(AddMember(member_name="Ana", role="Boss"), ONE))
    assert (failed, "Role not found: Boss" in words) == ("bad-request", True)


@in_sandbox(customers=1)
async def test_undoing_an_addition_leaves_others_alone(it: Here) -> None:
    """Who was removed and added again meanwhile is another member: the run did not add that one."""
    done = await it.run(AddMember(member_name="Ana", external_id="U-1", role="Admin"), ONE)
    members = it.workato.account(FIRST).members
    for member in await members.list().collect():
        await members.remove(member.id)
    await members.add(name="Ana", role_name="Admin", external_id="U-1")
    assert outcomes(await it.undo(done)) == {"unchanged": 1}
    assert len(await members.list().collect()) == 1


@in_sandbox(customers=1)
async def test_a_removed_member_comes_back_with_all_roles(it: Here) -> None:
    members = it.workato.account(FIRST).members
    roles = {"dev": "Admin", "prod": "Operator"}
    before = await members.add(name="Ana", env_roles=roles, external_id="U-1", time_zone="UTC")
    done = await it.run(RemoveMember(external_id="U-1"), ONE)
    assert outcomes(await it.undo(done)) == {"changed": 1}
    (after,) = await members.list().collect()
    assert after.id != before.id
    assert (after.name, after.external_id, after.time_zone, after.env_roles()) == ("Ana", "U-1", "UTC", roles)


@in_sandbox(customers=1)
async def test_a_plan_that_somebody_moved_on_is_not_moved_back(it: Here) -> None:
    done = await it.run(UpgradePlan(plan_id="big"), ONE)
    customer = it.workato.account(FIRST).customer
    await customer.update(plan_id="bigger")
    failed, words = failure(await it.undo(done))
    assert (failed, "'bigger'" in words) == ("plan-changed-since", True)
    await customer.update(plan_id="oem_plan")
    assert outcomes(await it.undo(done)) == {"unchanged": 1}


@in_sandbox(customers=1)
async def test_a_chain_is_undone_in_reverse(it: Here) -> None:
    made = (
        ImportPackage(PACKAGE, folder="CRM")
        >> AuthorizeConnections(CREDENTIALS)
        >> StartRecipes(folder="CRM")
        >> UpgradePlan(plan_id="big")
        >> AddMember(member_name="Ana", role="Admin")
    )
    done = await it.run(made, ONE)
    assert outcomes(done) == {"changed": 1}, done.accounts
    before = len(it.sandbox.effects())
    undone = await it.undo(done)
    assert outcomes(undone) == {"changed": 1}, undone.accounts
    kinds = [effect["kind"] for effect in it.sandbox.effects()[before:]]
    gone = ["connection.disconnected", "connection.disconnected", "folder.deleted"]
    assert kinds == ["member.removed", "plan.changed", *["recipe.stopped"] * 3, *gone]
    assert outcomes(await it.undo(done)) == {"unchanged": 1}


@in_sandbox(customers=1)
async def test_callers_stop_first_and_start_last(it: Here) -> None:
    """The example's order recipe calls the function in the sub-folder."""
    started = await it.run(main_job(), ONE)
    stopped = await it.run(StopRecipes(folder="CRM"), ONE)
    undone = await it.undo(stopped)
    again = await it.undo(started)
    for report in (started, stopped, undone, again):
        assert outcomes(report) == {"changed": 1}, report.accounts
    keys = [effect["key"] for effect in it.sandbox.effects() if effect["kind"] in {"recipe.started", "recipe.stopped"}]
    rounds = [keys[place : place + 3] for place in range(0, 12, 3)]
    callee = next(key for key in rounds[0] if "Functions" in key)
    caller = next(key for key in rounds[0] if "order" in key.lower())
    calls_first = [row.index(callee) < row.index(caller) for row in rounds]
    assert calls_first == [True, False, True, False]


@in_sandbox(customers=1)
async def test_undoing_a_stop_starts_what_it_stopped_and_nothing_else(it: Here) -> None:
    await it.run(main_job(), ONE)
    account = it.workato.account(FIRST)
    recipes = [recipe async for recipe in account.recipes.list()]
    await account.recipes.stop(recipes[0].id)
    stopped = await it.run(StopRecipes(folder="CRM"), ONE)
    assert outcomes(await it.undo(stopped)) == {"changed": 1}
    running = {recipe.id async for recipe in account.recipes.list() if recipe.running}
    assert running == {recipe.id for recipe in recipes[1:]}


@in_sandbox(customers=1)
async def test_stopping_what_is_not_there(it: Here) -> None:
    assert failure(await it.run(StopRecipes(folder="CRM"), ONE))[0] == "folder-missing"
    await it.workato.account(FIRST).folders.create("CRM")
    assert outcomes(await it.run(StopRecipes(folder="CRM"), ONE)) == {"unchanged": 1}


@in_sandbox(customers=2)
async def test_an_empty_cell_fails_its_own_account_before_anything_is_sent(it: Here) -> None:
    rows: list[Mapping[str, object]] = [{"id": FIRST, "plan": "big"}, {"id": FIRST + 1, "plan": ""}]
    report = await it.run(UpgradePlan(plan_id="{plan}"), rows)
    assert outcomes(report) == {"changed": 1, "failed": 1}
    failed = report.accounts[1]
    assert failed.failure_class == "column-missing"
    assert failed.reason == "column 'plan' of the account file is empty; fill the column for this account"
    assert (
        sum(quota["requests"] for quota in it.sandbox.requests()["quotas"].values()) == 3
    )  # one says whose the token is


@in_sandbox(customers=1)
async def test_customers_are_created_as_their_rows_say(it: Here) -> None:
    name = 'Łódź "Bank" & Söhne, 株式会社 {x}'
    rows: list[Mapping[str, object]] = [
        {"external_id": "a/b 1", "name": name, "notification_email": "a@x.example", "plan_id": "big"},
        {"external_id": "ORG-1", "name": "Taken", "notification_email": "b@x.example", "plan_id": ""},
        {"external_id": "N-3", "name": "", "notification_email": "c@x.example", "plan_id": ""},
        {"id": 77, "name": "By number", "notification_email": "d@x.example", "plan_id": ""},
        {"external_id": "N-5", "name": "Five", "notification_email": "e@x.example", "plan_id": ""},
    ]
    report = await it.run(CreateCustomer(), rows)
    found = [(str(row.outcome), row.failure_class) for row in report.accounts]
    assert found == [
        ("changed", None),
        ("unchanged", None),
        ("failed", "column-missing"),
        ("failed", "external-id-missing"),
        ("changed", None),
    ]
    made = await it.workato.customers.get("Ea/b 1")
    assert (made.name, made.plan_id, made.notification_email) == (name, "big", "a@x.example")
    assert report.accounts[0].detail == {"customer": {"id": made.id, "plan_id": "big"}}
    assert (await it.workato.customers.get("EN-5")).plan_id == "oem_plan"
    with pytest.raises(PlanError, match="cannot be undone"):
        await it.undo(report)


@pytest.mark.parametrize("malformed", [0.0, 1.0])
@in_sandbox(customers=0)
async def test_lost_answers_to_creations_are_looked_for(it: Here, malformed: float) -> None:
    """Every answer is unreadable until somebody looks: nothing is added twice, and nobody guesses."""
    new: list[Mapping[str, object]] = [{"external_id": "N-1", "name": "New", "notification_email": "n@x.example"}]
    it.sandbox.set_faults({"malformed": malformed})
    created = await it.run(CreateCustomer() >> AddMember(member_name="Ana", role="Admin"), new)
    it.sandbox.set_faults()
    report: Report | None = created
    if malformed:
        assert outcomes(created) != {"changed": 1}
        report = await Fleet(it.workato, journal=it.journal).resume(created.run_id)
        if report is not None and outcomes(report) == {"failed": 1}:
            report = await it.run(CreateCustomer() >> AddMember(member_name="Ana", role="Admin"), new)
    assert report is not None
    assert outcomes(report) in ({"changed": 1}, {"unchanged": 1}), report.accounts
    assert it.kinds() == {"customer.created": 1, "member.added": 1}
    assert it.twice() == []


@in_sandbox(customers=1)
async def test_downgrading_by_the_older_call_ends_on_free(it: Here) -> None:
    assert outcomes(await it.run(DowngradePlan(via="call"), ONE)) == {"changed": 1}
    assert (await it.workato.account(FIRST).customer.get()).plan_id == "free"
    assert outcomes(await it.run(DowngradePlan(), ONE)) == {"unchanged": 1}


@in_sandbox(customers=5)
async def test_a_manifest_is_exported_once_and_found_again(it: Here) -> None:
    rows: list[Mapping[str, object]] = [{"id": FIRST + n} for n in range(5)]
    report = await it.run(ImportPackage(manifest=12, folder="CRM"), rows)
    assert outcomes(report) == {"changed": 5}
    assert it.kinds()["package.exported"] == 1
    async with Journal.open(it.journal, read_only=True) as journal:
        (digest,) = await journal.files.of_run(report.run_id)
        with zipfile.ZipFile(BytesIO(await journal.files.get(digest) or b"")) as archive:
            assert len(archive.namelist()) == 5
    again = await Fleet(it.workato, journal=it.journal).resume(report.run_id)
    assert again is not None
    assert it.kinds()["package.exported"] == 1


@in_sandbox(customers=1)
async def test_what_cannot_be_exported_ends_before_any_account(it: Here) -> None:
    with pytest.raises(InputError, match="export manifest 99 does not exist; check its id"):
        await it.run(ImportPackage(manifest=99, folder="CRM"), ONE)
    with pytest.raises(WouldChange):
        await export_package(it.workato.with_options(read_only=True), 12)
    made = ImportPackage(manifest=12, folder="CRM")
    with pytest.raises(PlanError, match="not exported yet"):
        await made.apply(_NoContext())  # type: ignore[arg-type]  # it must not get as far as looking


class _NoContext:
    planning = False

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")


@in_sandbox(customers=1)
async def test_a_plan_before_the_export_says_what_it_cannot_know(it: Here) -> None:
    chain = ImportPackage(manifest=12, folder="CRM") >> AuthorizeConnections(CREDENTIALS) >> StartRecipes(folder="CRM")
    foreseen = await Fleet(it.workato, journal=it.journal).plan(chain, from_values(ONE))
    assert foreseen.accounts[0].changes == (
        "create folder 'CRM'",
        "import what manifest 12 holds (not known before its export)",
        "authorize 'CRM'",
        "authorize 'Web shop'",
        "start the recipes that come (how many is not known before the export)",
    )
    assert it.sandbox.effects() == []
    prepared = await chain.prepare(it.workato, it.journal)
    foreseen = await Fleet(it.workato, journal=it.journal).plan(prepared, from_values(ONE))
    assert foreseen.accounts[0].changes[1] == "import 3 recipes"
    assert outcomes(await run(prepared, accounts=ONE, workato=it.workato, journal=it.journal)) == {"changed": 1}
