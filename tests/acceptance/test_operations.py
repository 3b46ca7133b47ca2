"""Each named operation on a fleet: planned, alone, again, undone, with faults, killed and resumed, by the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bulkops.operations import (
    AddMember,
    Copy,
    CreateCustomer,
    CreateFolder,
    ImportPackage,
    Operation,
    SetProperties,
    UpgradePlan,
    operation,
)
from bulkops.runs import Fleet, from_values, run, undo_of
from bulkops.steps import Context
from tests.acceptance.cases import CASES, EXPORT, Case, accounts
from tests.fleet import API_PACKAGE, PACKAGE, fleet, kill, wait_until
from tests.here import FIRST, Here, in_sandbox, outcomes

pytestmark = pytest.mark.usefixtures("surroundings")

TYPICAL = {"import-package of a manifest", "add-member", "start-recipes"}
"""On 300 accounts in each pipeline; the others on 300 with `make chaos`."""


def on_300(name: str, *values: object) -> Any:
    mark = pytest.mark.slow if name in TYPICAL else pytest.mark.chaos
    return pytest.param(*values, 300, marks=[mark, pytest.mark.timeout(400)], id=f"{name}-300")


def every_case_on(few: int) -> pytest.MarkDecorator:
    cases = [pytest.param(case, few, id=name) for name, case in CASES.items()]
    return pytest.mark.parametrize(
        ("case", "customers"), [*cases, *(on_300(name, case) for name, case in CASES.items())]
    )


@every_case_on(3)
@in_sandbox()
async def test_alone_again_and_undone(it: Here, tmp_path: Path, case: Case, customers: int) -> None:
    """Planned before and after the first run: the plans change nothing, and the second finds nothing to do."""
    rows = accounts(case, customers)
    before = case.before()
    if before is not None:
        assert outcomes(await it.run(before, rows)) == {"changed": customers}
    state = it.kinds()
    few, effects = rows[:3], it.sandbox.effects()
    foreseen = await Fleet(it.workato, journal=tmp_path / "other-journal").plan(case.make(), from_values(few))
    assert it.sandbox.effects() == effects
    assert [row.problem for row in foreseen.accounts] == [None] * len(few)
    assert all(row.changes for row in foreseen.accounts)
    assert sum(foreseen.requests.values()) > 0
    done = await it.run(case.make(), rows)
    assert outcomes(done) == {"changed": customers}, done.accounts[0]
    assert it.kinds()[case.kind] - state[case.kind] == case.each * customers
    after = it.kinds()
    if not isinstance(case.make(), Copy) and "manifest" not in foreseen.title:
        so = await Fleet(it.workato, journal=it.journal).plan(case.make(), from_values(few))
        assert [row.changes for row in so.accounts] == [()] * len(few)
        assert it.kinds() == after
    again = await it.run(case.make(), rows)
    assert outcomes(again) == {"unchanged": customers}
    for once_a_run in EXPORT:
        after[once_a_run] *= 2
    assert it.kinds() == +after
    if case.undone is None:
        return
    if not case.new:
        await check_that_an_operation_without_changes_has_nothing_to_undo(it, case, few)
        after = it.kinds()
    reverse, inventory = await undo_of(done.run_id, journal=it.journal)
    back = await Fleet(it.workato, journal=it.journal).plan(reverse, inventory)
    assert [row.problem for row in back.accounts] == [None] * customers
    assert all(row.changes for row in back.accounts)
    undone = await it.undo(done)
    assert outcomes(undone) == {"changed": customers}, undone.accounts[0]
    assert it.kinds()[case.undone] - after[case.undone] == case.each * customers
    still = it.kinds()
    assert outcomes(await it.undo(done)) == {"unchanged": customers}
    assert it.kinds() == still
    assert outcomes(await it.run(case.make(), rows)) == {"changed": customers}  # as it was before


async def check_that_an_operation_without_changes_has_nothing_to_undo(
    it: Here, case: Case, rows: Sequence[Mapping[str, object]]
) -> None:
    """Whatever else the run changed in the account."""
    state = it.kinds()
    done = await it.run(case.make() >> CreateFolder("Probe"), rows)
    assert outcomes(done) == {"changed": len(rows)}, done.accounts[0]
    undone = await it.undo(done)
    assert outcomes(undone) == {"changed": len(rows)}, undone.accounts[0]
    since = Counter({kind: count for kind, count in (it.kinds() - state).items() if kind not in EXPORT})
    assert since == Counter({"folder.created": len(rows), "folder.deleted": len(rows)})


@every_case_on(6)
@in_sandbox()
async def test_faults_do_nothing_twice(it: Here, case: Case, customers: int) -> None:
    rows = accounts(case, customers)
    before = case.before()
    if before is not None:
        await it.run(before, rows)
    first = {(effect["account"], effect["kind"], effect["key"]) for effect in it.sandbox.effects()}
    it.sandbox.set_faults("error=0.1,reset=0.04" if customers <= 10 else "error=0.05,reset=0.02")
    prepared = await case.make().prepare(it.workato, it.journal)
    report = await run(prepared, accounts=rows, workato=it.workato, journal=it.journal)
    report = await it.until_changed(report, times=5)
    assert outcomes(report) == {"changed": customers}, [row for row in report.accounts if row.reason][:2]
    again_is_fine = {
        *EXPORT,
        "api_key.refreshed",
        "access_profile.refreshed",
    }  # the newest counts
    assert [key for key in it.twice() if key not in first and key[1] not in again_is_fine] == []
    counted = Counter(effect["kind"] for effect in it.sandbox.effects() if effect["account"] is not None)
    assert counted[case.kind] >= case.each * customers


@pytest.mark.parametrize(
    ("name", "customers"),
    [
        ("import-package of a manifest", 20),
        ("copy", 20),
        *(pytest.param(name, 20, marks=pytest.mark.slow) for name in ("create-connection", "set-properties")),
        *(on_300(name, name) for name in CASES),
    ],
)
def test_killed_and_resumed(tmp_path: Path, name: str, customers: int) -> None:
    case = CASES[name]
    rows = accounts(case, customers)
    file = tmp_path / "accounts.csv"
    columns = list(rows[0])
    lines = [",".join(columns), *(",".join(str(row[column]) for column in columns) for row in rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with fleet(tmp_path, customers=customers, time_scale=60 if customers <= 20 else 250) as vendor:
        selection = ("--accounts", str(file))
        before = case.before()
        if before is not None:
            _prepare_by_command(vendor, before, selection)
        state, past = vendor.kinds()[case.kind], len(vendor.ledger())
        pace = ("--concurrency", "1") if customers <= 20 else ()  # else few are done before anybody can kill it
        process = vendor.start(*case.flags, *selection, *vendor.policy, *pace, "--json")
        goal = state + case.each * customers // 3
        wait_until(process, lambda: vendor.kinds()[case.kind], goal)
        kill(process)
        done = vendor.cli("resume", *vendor.policy, "--json")
        assert (done.code, done.outcomes) == (0, {"changed": customers}), done.err
        assert vendor.kinds()[case.kind] - state == case.each * customers
        since = Counter((effect["account"], effect["kind"], effect["key"]) for effect in vendor.ledger()[past:])
        assert [effect for effect, count in since.items() if count > 1] == []
        assert vendor.kinds()["package.exported"] == (1 if "manifest" in name or name == "copy" else 0)


def _prepare_by_command(vendor: Any, before: Operation, selection: tuple[str, ...]) -> None:
    """The same by command: the client of the killed run must find one journal, and its own signs of life in it."""
    if isinstance(before, AddMember):
        ended = vendor.cli(*CASES["add-member"].flags, *selection, *vendor.policy, "--json")
    elif isinstance(before, SetProperties):
        given = [word for name, value in before.properties.items() for word in ("-p", f"{name}={value}")]
        ended = vendor.cli("set-properties", *given, *selection, *vendor.policy, "--json")
    elif "genie" in before.title or "environments" in before.title:
        what = "provision" if "environments" in before.title else "hire"
        job = f"{Path(__file__).with_name('furnish.py')}:{what}"
        ended = vendor.cli("run", job, *selection, *vendor.policy, "--json")
        assert ended.code == 0, ended.err
        if "start genie" in before.title:
            ended = vendor.cli("start-genie", "--genie", "HR {who}", *selection, *vendor.policy, "--json")
        if "import" in before.title:
            ended = vendor.rollout(*selection, package=PACKAGE)
    else:
        package = API_PACKAGE if API_PACKAGE.name in before.title else PACKAGE
        ended = vendor.rollout(*selection, package=package)
        if "enable" in before.title:
            assert ended.code == 0, ended.err
            ended = vendor.cli("enable-endpoints", "--folder", "CRM", *selection, *vendor.policy, "--json")
        elif "start" not in before.title:
            assert ended.code == 0, ended.err
            ended = vendor.cli("stop-recipes", "--folder", "CRM", *selection, *vendor.policy, "--json")
    assert ended.code == 0, ended.err


@in_sandbox(customers=2)
async def test_a_plan_that_would_write_is_refused_by_the_session(it: Here) -> None:
    """An operation whose author forgot that a plan only looks."""

    class Forgetful(Operation):
        name = "forgetful"

        async def plan(self, ctx: Context) -> None:
            await ctx.account.customer.update(plan_id="oem_enterprise")

    @operation(plan="rehearse")
    async def careless(ctx: Context) -> None:
        await ctx.account.members.add(name="Ana", role_name="Admin")

    rows = from_values([FIRST, FIRST + 1])
    foreseen = await Fleet(it.workato, journal=it.journal).plan(Forgetful(), rows)
    assert ["managed_users.update may change something" in str(row.problem) for row in foreseen.accounts] == [
        True,
        True,
    ]
    foreseen = await Fleet(it.workato, journal=it.journal).plan(careless, rows)
    assert [row.changes for row in foreseen.accounts] == [("managed_users.members.create (and what follows)",)] * 2
    assert it.sandbox.effects() == []
    counted = it.sandbox.requests()
    assert counted["total"] == counted["quotas"]["assumed.partner.workspace"]["requests"] == 1


@in_sandbox(customers=0)
async def test_a_plan_of_new_customers_goes_on_without_looking(it: Here) -> None:
    rows = accounts(CASES["create-customer"], 3)
    chain = CreateCustomer() >> ImportPackage(PACKAGE, folder="CRM") >> UpgradePlan(plan_id="oem_big")
    foreseen = await Fleet(it.workato, journal=it.journal).plan(chain, from_values(rows))
    changes = "create folder 'CRM', import 3 recipes, change plan (default) to oem_big"
    assert foreseen.groups == [(3, f"create the customer, {changes}")]
    assert it.sandbox.effects() == []
    assert outcomes(await it.run(chain, rows)) == {"changed": 3}
