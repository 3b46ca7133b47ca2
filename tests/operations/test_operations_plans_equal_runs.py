"""A plan foretells what a run then does: each simple operation, alone and chained, on accounts in random states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from bulkops.client import Account, session_of
from bulkops.events import AttemptEnded, Event
from bulkops.forecast import POLL
from bulkops.operations import (
    AddMember,
    AddToGroup,
    AssignOAuthProfile,
    AuthorizeConnections,
    Chain,
    CreateConnection,
    CreateCustomer,
    CreateFolder,
    DeleteCustomer,
    DowngradePlan,
    GrantProjectRole,
    ImportPackage,
    Operation,
    RemoveMember,
    SetProperties,
    StartGenie,
    StartRecipes,
    StopGenie,
    StopRecipes,
    UpgradePlan,
)
from bulkops.outcome import Outcome
from bulkops.report import Report
from bulkops.runs import AccountPlan, Fleet, FleetPlan, from_values, undo_of
from bulkops.runs.identity import ME
from tests.fleet import CREDENTIALS, PACKAGE
from tests.here import FIRST, Here, client_of, here

PATHS = ("A", "A/B", "A/B/C", "D")
PEOPLE = ("Ana", "Bo")
PLANS = ("free", "oem_big")
CONNECTIONS = ("CRM", "Shop")
GROUPS = ("Ops", "Sales")
ROLES = ("Project admin", "Project editor")
NEW = "N-1"
"""The external id of a customer that is not there."""


@attrs.frozen
class State:
    """What an account holds before the plan. `connections`: by name, the folder's path, or None for Home; `groups`:
    the members of each; `grants`: by project, the role of everybody; `genies`: their states."""

    folders: tuple[str, ...]
    members: Mapping[str, str]
    plan: str
    properties: Mapping[str, str]
    connections: Mapping[str, str | None]
    groups: Mapping[str, Sequence[str]] = attrs.field(factory=dict)
    grants: Mapping[str, str] = attrs.field(factory=dict)
    genies: Mapping[str, str] = attrs.field(factory=dict)

    async def make(self, account: Account) -> None:
        ids: dict[str | None, int | None] = {None: None}
        for path in sorted(self.folders):
            parent, _, name = path.rpartition("/")
            if (parent or None) in ids:
                folder = await account.folders.create(name, parent_id=ids[parent or None])
                ids[path] = folder.id
        people = {
            name: (await account.members.add(name=name, role_name=role, external_id=name)).id
            for name, role in self.members.items()
        }
        for name, members in self.groups.items():
            group = await account.user_groups.create(name)
            await account.user_groups.add_members(group.id, [people[who] for who in members if who in people])
        await self._grant(account)
        for name, state in self.genies.items():
            home = (await account.folders.create("Genies")).id
            made = await account.call("managed_users.agentic.genies.create", name=name, folder_id=home)
            await (account.genies.start if state == "running" else account.genies.stop)(made["id"])
        await account.customer.update(plan_id=self.plan)
        if self.properties:
            await account.properties.upsert(self.properties)
        for name, place in self.connections.items():
            provider = "salesforce" if name == "CRM" else "shopify"
            where: dict[str, Any] = {} if ids.get(place) is None else {"folder_id": ids[place]}
            await account.connections.create(name, provider=provider, **where)

    async def _grant(self, account: Account) -> None:
        roles = {role.name: role.id async for role in account.project_roles.list()}
        (everybody,) = await account.user_groups.list(name="All collaborators").collect()
        async for project in account.projects.list():
            if project.name in self.grants:
                role_id = roles[self.grants[project.name]]
                given = {"grantee_type": "user_group", "grantee_id": everybody.id, "environment_type": "dev"}
                await account.project_grants.set(project.id, role_id=role_id, **given)


EMPTY = State(folders=(), members={}, plan="free", properties={}, connections={})

states = st.builds(
    State,
    folders=st.lists(st.sampled_from(PATHS), unique=True).map(tuple),
    members=st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(["Admin", "Operator"])),
    plan=st.sampled_from(PLANS),
    properties=st.dictionaries(st.sampled_from(["tier", "team"]), st.sampled_from(["gold", "new"])),
    connections=st.dictionaries(st.sampled_from(CONNECTIONS), st.sampled_from([None, "A", "D"])),
    groups=st.dictionaries(st.sampled_from(GROUPS), st.lists(st.sampled_from(PEOPLE), unique=True)),
    grants=st.dictionaries(st.sampled_from(["A", "D"]), st.sampled_from(ROLES)),
    genies=st.dictionaries(st.just("HR"), st.sampled_from(["running", "stopped"])),
)

simple: st.SearchStrategy[Operation] = st.one_of(
    st.sampled_from(PATHS).map(CreateFolder),
    st.builds(
        lambda name, role, old: AddMember(
            member_name=name,
            external_id=name,
            role=role,
            via="member" if old else "members",
            oauth_id="o-1" if old else None,
        ),
        st.sampled_from(PEOPLE),
        st.sampled_from(["Admin", "Operator"]),
        st.booleans(),
    ),
    st.builds(RemoveMember, external_id=st.sampled_from(PEOPLE), via=st.sampled_from(["members", "member"])),
    st.builds(UpgradePlan, plan_id=st.sampled_from(PLANS[1:]), via=st.sampled_from(["update", "call"])),
    st.builds(DowngradePlan, via=st.sampled_from(["update", "call"])),
    st.builds(
        SetProperties,
        st.dictionaries(st.sampled_from(["tier", "team", "zone"]), st.sampled_from(["gold", "new"]), min_size=1),
        project=st.sampled_from([None, "A", "D"]),
    ),
    st.builds(
        CreateConnection,
        connection_name=st.just("Shop"),
        provider=st.just("shopify"),
        folder=st.sampled_from([None, "A", "A/B", "D"]),
        external_id=st.sampled_from([None, "shop-1"]),
    ),
    st.builds(AddToGroup, group=st.sampled_from(GROUPS), external_id=st.sampled_from(PEOPLE)),
    st.builds(
        GrantProjectRole,
        project=st.sampled_from(["A", "D"]),
        role=st.sampled_from(ROLES),
        group=st.sampled_from(["All collaborators", *GROUPS]),
    ),
    st.just(AssignOAuthProfile(profile=322)),
    st.sampled_from([StartGenie(genie="HR"), StopGenie(genie="HR")]),
    st.builds(CreateConnection, connection_name=st.just("CRM"), from_file=st.just(str(CREDENTIALS))),
)


several = st.lists(simple, min_size=2, max_size=3)
chains = st.one_of(several, several.map(lambda parts: [*parts[:2], DeleteCustomer()]))


def check(parts: Sequence[Operation], state: State | Operation | None, *, undone: bool = False) -> None:
    """Plan, run, and compare; then plan once more: nothing is left to be done.

    `state`: made before, or an operation that is run before; None: of a new customer. `undone`: do the same with the
    undo of the run.
    """
    row: dict[str, object] = {"external_id": NEW, "name": "New", "notification_email": "n@x.example"}
    rows: list[Mapping[str, object]] = [{"id": FIRST} if state is not None else row]
    made = Chain((CreateCustomer(), *parts)) if state is None else parts[0] if len(parts) == 1 else Chain(tuple(parts))

    async def scenario(it: Here) -> None:
        if isinstance(state, Operation):
            await it.run(state, rows)
        elif state is not None:
            # No retry of a run stands behind these calls: on a busy machine a response may be late.
            async with client_of(it.sandbox, attempt_timeout_s=60.0) as patient:
                await state.make(patient.account(FIRST))
        sent: Counter[str] = Counter()

        def note(event: Event) -> None:
            if isinstance(event, AttemptEnded) and event.attempt == 1:
                sent[event.call] += 1

        session_of(it.workato).subscribe(note)

        async def foretold() -> tuple[FleetPlan, AccountPlan]:
            found = await Fleet(it.workato, journal=it.journal).plan(made, from_values(rows))
            return found, found.accounts[0]

        before = len(it.sandbox.effects())
        foreseen, account = await foretold()
        assert len(it.sandbox.effects()) == before
        sent.clear()
        report = await it.run(made, rows)
        (row,) = report.accounts
        if account.problem is not None:
            assert (row.outcome, row.cause) == (Outcome.FAILED, account.problem)
            return
        assert row.outcome is (Outcome.CHANGED if account.changes else Outcome.UNCHANGED), row.reason
        assert without(sent) == without(foreseen.requests), (sent, foreseen.requests)
        effects = it.sandbox.effects()[before:]
        assert len(effects) >= len(account.changes) - sum("authorize" in change for change in account.changes)
        assert bool(effects) == bool(account.changes)
        kinds = [part.affects for part in parts]
        if None not in kinds and all(kinds.count(kind) == 1 for kind in kinds):
            _, again = await foretold()  # else one part may revert another, or ends them all
            assert (again.problem, again.changes) == (None, ())
        if undone and account.changes and made.can_undo():
            await check_undo(it, report, sent)

    with TemporaryDirectory() as directory:
        here(Path(directory), scenario, customers=1)


async def check_undo(it: Here, done: Report, sent: Counter[str]) -> None:
    reverse, inventory = await undo_of(done.run_id, journal=it.journal)
    foreseen = await Fleet(it.workato, journal=it.journal).plan(reverse, inventory)
    sent.clear()
    (row,) = (await it.undo(done)).accounts
    (planned,) = foreseen.accounts
    if planned.problem is not None:
        assert (row.outcome, row.cause) == (Outcome.FAILED, planned.problem)
    elif row.failure_class != "folder-not-empty":  # which only a request to delete it tells
        assert row.outcome is (Outcome.CHANGED if planned.changes else Outcome.UNCHANGED), row.reason
        assert without(sent) == without(foreseen.requests), (sent, foreseen.requests)


def without(requests: Mapping[str, float]) -> dict[str, float]:
    """Without what a client sends once, to learn whose its token is, and the polls of imports: their number varies."""
    return {call: count for call, count in requests.items() if count and call not in {ME, POLL}}


few = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
many = settings(few, max_examples=400)


@few
@given(st.one_of(simple, st.just(DeleteCustomer())), states)
def test_an_operation_does_what_its_plan_foretells(made: Operation, state: State) -> None:
    check([made], state)


@few
@given(chains, states)
def test_a_chain_does_what_its_plan_foretells(parts: list[Operation], state: State) -> None:
    check(parts, state)


@few
@given(several)
def test_a_chain_on_a_new_customer_does_what_its_plan_foretells(parts: list[Operation]) -> None:
    check(parts, None)


def test_connections_of_one_name_in_home_and_in_a_folder_are_two() -> None:
    shop = partial(CreateConnection, connection_name="Shop", provider="shopify")
    check([CreateFolder("A"), shop(), shop(folder="A")], None)


IMPORT, AUTHORIZE = ImportPackage(PACKAGE, folder="CRM"), partial(AuthorizeConnections, CREDENTIALS)
START, STOP = StartRecipes(folder="CRM"), StopRecipes(folder="CRM")


@pytest.mark.parametrize(
    ("before", "parts"),
    [
        ("", "import"),
        ("", "import authorize start"),
        ("", "import authorize start stop"),
        ("", "folder import authorize start"),
        ("", "start"),
        ("import", "authorize"),
        ("import", "authorize start"),
        ("import authorize", "start"),
        ("import authorize", "stop"),
        ("import authorize", "start stop"),
        ("import authorize start", "import authorize start"),
        ("import authorize start", "stop"),
        ("import authorize start", "stop start"),
    ],
)
def test_a_job_of_recipes_does_what_its_plan_foretells(before: str, parts: str) -> None:
    known = {"import": IMPORT, "authorize": AUTHORIZE(), "start": START, "stop": STOP, "folder": CreateFolder("CRM")}
    made = [known[word] for word in before.split()]
    check([known[word] for word in parts.split()], Chain(tuple(made)) if made else EMPTY, undone=True)


@pytest.mark.slow
@many
@given(chains, st.one_of(st.none(), states))
def test_many_chains_do_what_their_plans_foretell(parts: list[Operation], state: State | None) -> None:
    check(parts, state, undone=not isinstance(parts[-1], DeleteCustomer))
