"""Where grants and deletions meet what somebody else did: other lists, other roles, every workspace, nobody there."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import cast

import anyio
import attrs
import pytest

from bulkops.client import session_of
from bulkops.errors import PlanError, TaskFailed, TaskUnknown
from bulkops.events import AttemptEnded, Event
from bulkops.forecast import by_quota
from bulkops.journal import Journal
from bulkops.locks import holder_at, state_directory
from bulkops.operations import CreateCustomer, DeleteCustomer, GrantManager, UpgradePlan
from bulkops.operations._customer_managers import Grant, Partner, Roster
from bulkops.report import Report
from bulkops.runs import Fleet, Policy, StopSignal, from_values, looking_cost, run
from bulkops.steps import AccountMemory, Context
from tests.here import FIRST, Here, in_sandbox, outcomes

LEE, SAM = 4400, 4401
TO_LEE = GrantManager(manager="lee@partner.example", role="Integrator")


def rows(*places: int, **columns: object) -> list[Mapping[str, object]]:
    return [{"id": FIRST + place, **columns} for place in places]


def failures(report: Report) -> dict[str, tuple[str | None, str | None]]:
    """Class and words by account, of those that failed."""
    return {row.account: (row.failure_class, row.reason) for row in report.accounts if row.outcome == "failed"}


async def workspaces(it: Here, person: int = LEE) -> list[int] | None:
    """Of the person, by their places; None: no manager."""
    found = [manager async for manager in it.workato.customer_managers.list() if manager.user.id == person]
    return [id_ - FIRST for id_ in found[0].workspace_ids] if found else None


async def make(it: Here, *places: int, person: int = LEE, everywhere: bool = False) -> int:
    """A manager that was there before the run."""
    ids = None if everywhere else [FIRST + place for place in places]
    managers = it.workato.customer_managers
    made = await managers.create(team_collaborator_id=person, role_id=310, workspaces=ids, all_workspaces=everywhere)
    return made.id


def sent(it: Here) -> int:
    return int(it.sandbox.requests()["quotas"]["embedded.customer_managers"]["requests"])


@in_sandbox(customers=150)
async def test_many_accounts_share_an_update_and_none_is_lost(it: Here) -> None:
    everybody = rows(*range(150))
    done = await it.run(TO_LEE, everybody)
    assert outcomes(done) == {"changed": 150}, failures(done)
    assert sorted(await workspaces(it) or []) == list(range(150))
    assert sent(it) < 75  # alone on a machine it is ten
    assert it.kinds()["manager.granted"] == 150
    assert "manager.revoked" not in it.kinds()
    undone = await it.undo(done)
    assert outcomes(undone) == {"changed": 150}, failures(undone)
    assert await workspaces(it) is None
    assert "all_workspaces.granted" not in it.kinds()
    assert sent(it) < 150


@in_sandbox(customers=5)
async def test_a_list_is_added_to_and_the_undo_takes_only_what_was_added(it: Here) -> None:
    await make(it, 0, 1)
    done = await it.run(GrantManager(manager="LEE@partner.example"), rows(1, 2, 3))
    assert outcomes(done) == {"changed": 2, "unchanged": 1}
    assert await workspaces(it) == [0, 1, 2, 3]
    await it.run(GrantManager(manager=str(LEE)), rows(4))
    assert outcomes(await it.undo(done)) == {"changed": 2}
    assert await workspaces(it) == [0, 1, 4]


@in_sandbox(customers=2)
async def test_every_workspace_is_never_turned_into_a_few(it: Here) -> None:
    await make(it, everywhere=True)
    effects = it.sandbox.effects()
    for op in (TO_LEE, GrantManager(manager="lee@partner.example", all_workspaces=True)):
        assert outcomes(await it.run(op, rows(0, 1))) == {"unchanged": 2}
        foreseen = await Fleet(it.workato, journal=it.journal).plan(op, from_values(rows(0, 1)))
        assert [row.changes for row in foreseen.accounts] == [(), ()]
    assert await workspaces(it) == []
    assert it.sandbox.effects() == effects


@in_sandbox(customers=4)
async def test_every_workspace_is_granted_when_that_is_said_and_the_list_comes_back(it: Here) -> None:
    everywhere = GrantManager(manager="lee@partner.example", role="310", all_workspaces=True)
    manager = await make(it, 3, 1)
    foreseen = await Fleet(it.workato, journal=it.journal).plan(everywhere, from_values(rows(0)))
    assert foreseen.accounts[0].changes == ("grant customer manager 'lee@partner.example' EVERY workspace",)
    done = await it.run(everywhere, rows(0, 1))
    assert outcomes(done) in ({"changed": 2}, {"changed": 1, "unchanged": 1})
    assert await workspaces(it) == []
    assert set(outcomes(await it.undo(done))) <= {"changed", "unchanged"}
    assert await workspaces(it) == [3, 1]
    again = await it.run(everywhere, rows(0))
    await it.workato.customer_managers.update(manager, role_id=310, workspaces=[FIRST])
    ((kind, words),) = failures(await it.undo(again)).values()
    assert (kind, "no longer has every workspace" in str(words)) == ("cannot-undo", True)
    assert await workspaces(it) == [0]
    await it.workato.customer_managers.delete(manager)
    made = await it.run(everywhere, rows(0))
    assert await workspaces(it) == []
    assert outcomes(await it.undo(made)) == {"changed": 1}
    assert await workspaces(it) is None


@in_sandbox(customers=3)
async def test_an_undo_never_leaves_an_empty_list(it: Here) -> None:
    manager = await make(it, 0)
    done = await it.run(TO_LEE, rows(1, 2))
    await it.workato.customer_managers.update(manager, role_id=310, workspaces=[FIRST + 1, FIRST + 2])
    refused = failures(await it.undo(done))
    for kind, words in refused.values():
        assert kind == "cannot-undo"
        assert "an empty list of workspaces, which to the vendor means every workspace" in str(words)
    # together both are refused; where one came before the other, that one is gone, and the last one stays
    left = await workspaces(it)
    assert (len(refused), left) in ((2, [1, 2]), (1, [1]), (1, [2]))
    await it.workato.customer_managers.update(manager, role_id=310, all_workspaces=True)
    for _, words in failures(await it.undo(done)).values():
        assert "now has every workspace" in str(words)
    assert await workspaces(it) == []
    await it.workato.customer_managers.delete(manager)
    assert outcomes(await it.undo(done)) == {"unchanged": 2}


@in_sandbox(customers=3)
async def test_an_undo_by_several_processes_deletes_the_manager_that_the_run_made(it: Here) -> None:
    """The last workspace is taken by a process that has not seen the account which made the manager."""
    done = await run(TO_LEE, accounts=rows(1, 2), workato=it.workato, journal=it.journal, policy=Policy(concurrency=1))
    assert it.kinds()["customer_manager.created"] == 1
    stop = StopSignal()
    stop.drain("not now")
    undo = await Fleet(it.workato, journal=it.journal, stop=stop).undo(done.run_id)
    assert outcomes(undo) == {"not_attempted": 2}
    for place, left in ((1, [2]), (2, None)):
        await Fleet(it.workato, journal=it.journal).resume(undo.run_id, accounts=[str(FIRST + place)])
        assert await workspaces(it) == left


@in_sandbox(customers=60)
async def test_one_that_is_not_there_fails_alone(it: Here) -> None:
    await make(it, 0)
    before = sent(it)
    done = await it.run(TO_LEE, rows(*range(60), 9999))
    assert list(failures(done)) == [str(FIRST + 9999)]
    assert "Workspace not found" in str(failures(done)[str(FIRST + 9999)])
    assert (outcomes(done)["changed"], len(await workspaces(it) or [])) == (59, 60)
    assert sent(it) - before < 50
    before = sent(it)
    wrong = GrantManager(manager=str(SAM), role="77")
    refused = failures(await it.run(wrong, rows(*range(60))))
    assert {words.partition("(")[0] for _, words in refused.values() if words} == {
        "POST /api/customer_managers: 400 Role not found: 77; correct the value that the message names "
    }, refused
    assert (len(refused), await workspaces(it, SAM)) == (60, None)
    assert sent(it) - before < 50


@pytest.mark.parametrize(
    ("op", "kind", "words"),
    [
        (
            GrantManager(manager="who@partner.example", role="310"),
            "collaborator-missing",
            "invite the collaborator first",
        ),
        (GrantManager(manager="sam@partner.example"), "role-missing", "is not a customer manager yet"),
        (GrantManager(manager="sam@partner.example", role="Boss"), "role-missing", "it has Customer Admin, Integrator"),
        (
            GrantManager(manager="lee@partner.example", role="Boss"),
            "manager-other-role",
            "with role Integrator, not Boss",
        ),
        (GrantManager(manager="7", role="310"), "bad-request", "Collaborator not found: 7"),
    ],
)
@in_sandbox(customers=3)
async def test_who_cannot_be_a_manager_is_said_in_words(it: Here, op: GrantManager, kind: str, words: str) -> None:
    await make(it, 0)
    effects = it.sandbox.effects()
    failed = failures(await it.run(op, rows(1, 2)))
    assert [(found, words in str(said)) for found, said in failed.values()] == [(kind, True)] * 2, failed
    assert it.sandbox.effects() == effects


@in_sandbox(customers=4)
async def test_people_by_column_however_they_are_called(it: Here) -> None:
    named = [("lee@partner.example", "310"), (str(LEE), "Integrator"), ("LEE@PARTNER.example", "310")]
    accounts = [{"external_id": f"ORG-{n}", "csm": who, "as": role} for n, (who, role) in enumerate(named, start=1)]
    accounts.append({"external_id": "ORG-4", "csm": str(LEE), "as": "247"})
    accounts.append({"external_id": "ORG-9", "csm": str(LEE), "as": "310"})
    done = await it.run(GrantManager(manager="{csm}", role="{as}"), accounts)
    assert {account: kind for account, (kind, _) in failures(done).items()} == {
        "EORG-4": "manager-other-role",
        "EORG-9": "no-such-customer",
    }, failures(done)
    assert sorted(await workspaces(it) or []) == [0, 1, 2]
    assert it.kinds()["customer_manager.created"] == 1


@in_sandbox(customers=5)
async def test_a_manager_who_is_gone_fails_only_the_accounts_that_name_it(it: Here) -> None:
    """They share a round with accounts of another manager, whose row is written all the same."""
    await make(it, 0)
    partner = Partner(
        managers=it.workato.customer_managers,
        members=it.workato.members,
        roles=it.workato.roles,
        alone=nullcontext,
        memory=cast("AccountMemory", None),
        run_id="",
    )
    roster, ends = Roster(), dict[int, str | None]()

    async def grant(place: int, person: int) -> None:
        try:
            await roster.grant(partner, Grant(who=str(person), workspace=FIRST + place))
            ends[place] = "granted"
        except TaskFailed as error:
            ends[place] = error.failure_class

    async with anyio.create_task_group() as tasks:  # the first is a round of its own
        for place, person in enumerate((LEE, SAM, SAM, LEE), start=1):
            tasks.start_soon(grant, place, person)
    assert ends == {1: "granted", 2: "manager-changed", 3: "manager-changed", 4: "granted"}
    assert sorted(await workspaces(it) or []) == [0, 1, 4]


@pytest.mark.parametrize("was_there", [False, True])
@in_sandbox(customers=2)
async def test_undoing_a_grant_whose_reply_was_lost_deletes_only_a_manager_of_the_run(
    it: Here, was_there: bool
) -> None:
    if was_there:
        await make(it, 0)
    write = f"customer_managers.{'update' if was_there else 'create'}"
    looks = iter(("look", "merge"))

    def lose(event: Event) -> None:
        """The reply of the first write is cut off, after its effect."""
        if isinstance(event, AttemptEnded) and event.call == "customer_managers.list":
            it.sandbox.set_faults("malformed=1" if next(looks, None) == "merge" else None)
        elif isinstance(event, AttemptEnded) and event.call == write:
            it.sandbox.set_faults(None)

    stop = session_of(it.workato).subscribe(lose)
    done = await it.run(GrantManager(manager=str(LEE), role="310"), rows(1))
    stop()
    assert outcomes(done) == {"changed": 1}, failures(done)
    assert sorted(await workspaces(it) or []) == ([0, 1] if was_there else [1])
    undone = await it.undo(done)
    assert outcomes(undone) == {"changed": 1}, failures(undone)
    assert await workspaces(it) == ([0] if was_there else None)


class Meddler:
    """Somebody at another desk: puts a manager's list back to the first account after so many of our updates."""

    def __init__(self, it: Here, times: int) -> None:
        self._managers = it.sandbox._service.state.managers
        self._times = times

    def observe(self, event: Event) -> None:
        if isinstance(event, AttemptEnded) and event.call == "customer_managers.update" and self._times:
            self._times -= 1
            for manager in self._managers.values():
                manager.workspaces = {FIRST: manager.workspaces[FIRST]}


@pytest.mark.parametrize(("times", "ends"), [(1, "changed"), (3, "changed"), (4, "failed")])
@in_sandbox(customers=2)
async def test_a_grant_that_somebody_overwrites_is_merged_again(it: Here, times: int, ends: str) -> None:
    await make(it, 0)
    meddler = Meddler(it, times)
    stop = session_of(it.workato).subscribe(meddler.observe)
    done = await it.run(GrantManager(manager=str(LEE)), rows(1))
    stop()
    assert outcomes(done) == {ends: 1}
    if ends == "changed":
        assert await workspaces(it) == [0, 1]
        assert outcomes(await it.undo(done)) == {"changed": 1}
    else:
        ((kind, words),) = failures(done).values()
        assert (kind, "does not have the workspace, 4 times over" in str(words)) == ("manager-not-granted", True)
        again = await Fleet(it.workato, journal=it.journal).retry(done.run_id)
        assert again is not None
        assert outcomes(again) == {"changed": 1}, failures(again)
        assert await workspaces(it) == [0, 1]


@in_sandbox(customers=2)
async def test_a_workspace_that_comes_back_is_taken_away_again(it: Here) -> None:
    await make(it, 1)
    done = await it.run(GrantManager(manager=str(LEE)), rows(0))
    assert outcomes(done) == {"changed": 1}
    meddler = _PutsBack(it)
    stop = session_of(it.workato).subscribe(meddler.observe)
    undone = await it.undo(done)
    stop()
    assert outcomes(undone) == {"changed": 1}, failures(undone)
    assert await workspaces(it) == [1]


class _PutsBack:
    """Writes, once, the list that it has read before our update."""

    def __init__(self, it: Here) -> None:
        self._managers = it.sandbox._service.state.managers
        self._before = [dict(manager.workspaces) for manager in self._managers.values()]

    def observe(self, event: Event) -> None:
        if isinstance(event, AttemptEnded) and event.call == "customer_managers.update" and self._before:
            for manager, workspaces in zip(self._managers.values(), self._before, strict=True):
                manager.workspaces = workspaces
            self._before = []


@in_sandbox(customers=2)
async def test_what_somebody_else_granted_meanwhile_is_not_taken_back(it: Here) -> None:
    """Between our look and our write the workspace is granted from elsewhere: the run has added nothing."""
    await make(it, 0)
    looks: list[Event] = []
    state = it.sandbox._service.state

    def grant(event: Event) -> None:
        if isinstance(event, AttemptEnded) and event.call == "customer_managers.list":
            looks.append(event)
            second = state.customers.find(str(FIRST + 1))
            assert second is not None
            for manager in state.managers.values():
                manager.workspaces[FIRST + 1] = second

    stop = session_of(it.workato).subscribe(grant)
    done = await it.run(GrantManager(manager=str(LEE)), rows(1))
    stop()
    assert done.ok, failures(done) or done.accounts
    assert len(looks) > 1
    await it.undo(done)
    assert await workspaces(it) == [0, 1]


@in_sandbox(customers=2)
async def test_runs_write_a_manager_one_after_the_other(it: Here) -> None:
    """What one of them reads, merges and writes, nobody of the others changes meanwhile."""
    inside: list[str] = []
    section = f"{it.sandbox.url} customer managers"

    async def enter(name: str) -> None:
        async with Journal.open(it.journal.parent / name) as journal:
            for _ in range(3):
                async with journal.exclusive(section, within_s=10) as is_mine:
                    assert is_mine
                    inside.append(name)
                    await anyio.sleep(0.002)
                    inside.append(name)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(enter, "a")
        tasks.start_soon(enter, "b")
    assert all(one == two for one, two in zip(inside[::2], inside[1::2], strict=True)), inside
    assert {"a", "b"} == set(inside)
    await make(it, 0)
    held = 0

    def look(event: Event) -> None:
        nonlocal held
        if isinstance(event, AttemptEnded) and event.call == "customer_managers.update":
            held += any(holder_at(file) is not None for file in state_directory().glob("resource-*.lock"))

    stop = session_of(it.workato).subscribe(look)
    done = await it.run(GrantManager(manager=str(LEE)), rows(1))
    await it.undo(done)
    stop()
    assert held == 2, "the update of a grant, and that of its undo"


def own(*places: int) -> list[Mapping[str, object]]:
    return [{"external_id": f"ORG-{place + 1}"} for place in places]


def customer_requests(it: Here) -> int:
    return int(it.sandbox.requests()["quotas"]["embedded.customers.other"]["requests"])


@in_sandbox(customers=300)
async def test_accounts_called_by_the_partners_own_id_share_the_list_of_customers(it: Here) -> None:
    """A list of workspaces takes numbers: one request an account was five minutes of a quota of sixty."""
    everybody = from_values(own(*range(300)))
    foreseen = await Fleet(it.workato, journal=it.journal).plan(TO_LEE, everybody)
    planned = customer_requests(it)
    assert planned <= 5
    assert by_quota(foreseen.requests)["embedded.customers.other"] == planned
    looks = looking_cost(TO_LEE, everybody, sample=None, policy=Policy(), workato=it.workato)
    assert by_quota(looks.requests)["embedded.customers.other"] == pytest.approx(4.5)
    done = await it.run(TO_LEE, [*own(*range(300)), {"external_id": "NOBODY"}])
    assert outcomes(done) == {"changed": 300, "failed": 1}
    assert "customer ENOBODY does not exist" in str(failures(done)["ENOBODY"])
    assert sorted(await workspaces(it) or []) == list(range(300))
    assert customer_requests(it) - planned <= 7
    assert outcomes(await it.undo(done)) == {"changed": 300}


@in_sandbox(customers=1)
async def test_a_plan_grants_a_customer_that_it_would_create(it: Here) -> None:
    """What is the partner's own is asked of the API, though the customer is not there yet."""
    made = CreateCustomer() >> TO_LEE
    new = from_values([{"external_id": "N-1", "name": "New", "notification_email": "n@x.example"}])
    await make(it, 0)
    foreseen = await Fleet(it.workato, journal=it.journal).plan(made, new)
    (found,) = foreseen.accounts
    assert found.problem is None
    assert [change.split(" ", 1)[0] for change in found.changes] == ["create", "grant"]


@in_sandbox(customers=400)
async def test_a_few_accounts_among_many_do_not_read_them_all(it: Here) -> None:
    done = await it.run(TO_LEE, own(398, 399))
    assert outcomes(done) == {"changed": 2}
    assert customer_requests(it) <= 3


@in_sandbox(customers=200)
async def test_four_accounts_are_worth_two_pages_of_customers(it: Here) -> None:
    """They are on the second page. The first account may be requested alone, before the others have asked."""
    done = await it.run(TO_LEE, own(150, 151, 152, 153))
    assert outcomes(done) == {"changed": 4}
    assert customer_requests(it) <= 3


@in_sandbox(customers=3)
async def test_a_deletion_names_its_accounts(it: Here) -> None:
    with pytest.raises(PlanError, match="give a list of accounts"):
        await run(DeleteCustomer(), accounts=it.workato.customers.list(), workato=it.workato, journal=it.journal)
    assert it.sandbox.effects() == []
    environments = (await it.workato.customers.provision_environments(FIRST)).environment_ids()
    foreseen = await Fleet(it.workato, journal=it.journal).plan(DeleteCustomer(), from_values(rows(0, 1, 7)))
    assert [row.changes for row in foreseen.accounts] == [
        ("delete the customer and its environments with everything in it",),
        ("delete the customer with everything in it",),
        (),
    ]
    assert str(foreseen.accounts[2].problem) == (
        "the customer does not exist, and no run of this journal has ever worked on one"
    )
    alone = failures(await it.run(DeleteCustomer(), [{"id": environments["test"]}]))
    assert "cannot be deleted apart" in str(alone)
    everybody = [*rows(0, 7), {"external_id": "ORG-2"}]
    done = await it.run(DeleteCustomer(), everybody)
    assert outcomes(done) == {"changed": 2, "failed": 1}
    assert failures(done) == {
        str(FIRST + 7): (
            "customer-not-found",
            f"customer {FIRST + 7} does not exist, and no run of this journal has ever worked on one; "
            "correct the id, or the data center (WORKATO_HOST); if it was deleted elsewhere, leave it out",
        )
    }
    assert done.accounts[2].detail["customer"]["id"] == FIRST + 1
    assert outcomes(await it.run(DeleteCustomer(), everybody)) == {"unchanged": 2, "failed": 1}, "gone by this journal"
    assert [row.id async for row in it.workato.customers.list()] == [FIRST + 2]
    with pytest.raises(PlanError, match="cannot be undone"):
        await it.undo(done)


@in_sandbox(customers=3)
async def test_a_customer_that_an_earlier_run_has_worked_on_may_be_gone(it: Here) -> None:
    await it.run(UpgradePlan(plan_id="oem_big"), rows(0, 1))
    for place in (0, 2):
        await it.workato.customers.delete(FIRST + place)
    done = await it.run(DeleteCustomer(), rows(0, 1, 2))
    assert [str(row.outcome) for row in done.accounts] == ["unchanged", "changed", "failed"]


@in_sandbox(customers=1)
async def test_a_deletion_that_takes_the_vendor_a_while_is_the_runs_own(it: Here) -> None:
    """Accepted, still there when the run looked, gone when it is taken up again."""

    @attrs.frozen
    class Early(DeleteCustomer):
        @property
        def digest(self) -> str:
            return DeleteCustomer().digest

        async def verify(self, ctx: Context) -> None:
            ctx.reset_step("delete-customer")
            raise TaskFailed("still there")

    early = await it.run(Early(), [{"external_id": "ORG-1"}])
    assert outcomes(early) == {"failed": 1}
    done = await Fleet(it.workato, journal=it.journal).retry(early.run_id, operation=DeleteCustomer())
    assert done is not None
    assert outcomes(done) == {"changed": 1}, failures(done)
    facts = done.accounts[0].detail["customer"]
    assert (facts["id"], facts["external_id"]) == (FIRST, "ORG-1")
    assert it.kinds() == {"customer.deleted": 1}


@in_sandbox(customers=1)
async def test_a_customer_that_takes_the_external_id_meanwhile_is_left_alone(it: Here) -> None:
    """Nobody saw what came of the first deletion; when somebody looks, the id is another customer's."""

    @attrs.frozen
    class Lost(DeleteCustomer):
        @property
        def digest(self) -> str:
            return DeleteCustomer().digest

        async def apply(self, ctx: Context) -> None:
            own = ctx.account.customer
            there = await own.get()

            async def lost() -> None:
                await own.delete(id=there.id)
                await own.create(name="New", notification_email="n@x.example")
                raise TaskUnknown("nobody saw the answer")

            await ctx.step("delete-customer", lost, data={"id": there.id})

    lost = await it.run(Lost(), [{"external_id": "ORG-1"}])
    assert outcomes(lost) == {"unknown": 1}
    done = await Fleet(it.workato, journal=it.journal).resume(lost.run_id, operation=DeleteCustomer())
    assert done is not None
    assert outcomes(done) == {"changed": 1}, failures(done)
    assert it.kinds() == {"customer.deleted": 1, "customer.created": 1}
    assert (await it.workato.customers.get("EORG-1")).name == "New"
