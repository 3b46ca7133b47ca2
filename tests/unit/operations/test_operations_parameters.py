"""What operations take, what they refuse before anything is sent, and that they come back from the journal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from bulkops.errors import BulkopsError, ConfigError, InputError
from bulkops.operations import (
    OPERATIONS,
    AddMember,
    AuthorizeConnections,
    CreateCustomer,
    DeleteCustomer,
    DowngradePlan,
    Each,
    ExportPackage,
    GrantManager,
    ImportPackage,
    Operation,
    RemoveMember,
    SetProperties,
    StopRecipes,
    UpgradePlan,
)
from bulkops.operations.foreseen import Foreseen
from bulkops.operations.restore import describe, restore
from bulkops.parameters import parameters_of
from bulkops.runs import load_job
from tests.fleet import CREDENTIALS, PACKAGE

GOOD: list[Operation] = [
    UpgradePlan(plan_id="p"),
    UpgradePlan(plan_id="{plan}", via="call"),
    DowngradePlan(),
    DowngradePlan(plan_id="small"),
    AddMember(member_name="Ana", role="Admin"),
    AddMember(member_name="{who}", role="{role}", external_id="{who id}", oauth_id="o", via="member"),
    RemoveMember(email="a@x.example"),
    RemoveMember(member_name="Ana", via="member"),
    StopRecipes(folder="CRM"),
    CreateCustomer(),
    CreateCustomer(plan_id="big"),
    DeleteCustomer(),
    GrantManager(manager="lee@partner.example"),
    GrantManager(manager="{csm}", role="{csm role}"),
    GrantManager(manager="4400", all_workspaces=True),
    ImportPackage(manifest=12, folder="CRM"),
    ExportPackage(folder="CRM", into="packages"),
    ExportPackage(folder="CRM", into="packages", overwrite=True, include_data=True, include_tags=True),
]


@pytest.mark.parametrize("op", GOOD, ids=lambda op: op.title)
def test_an_operation_comes_back_from_the_journal(op: Operation) -> None:
    data = describe(op)
    again = restore(data)
    assert again == op
    assert again.digest == op.digest
    chain = op >> op
    assert restore(describe(chain)) == chain


def test_an_exported_package_comes_back_only_from_its_journal() -> None:
    exported = ImportPackage(PACKAGE, manifest=12, folder="CRM")
    with pytest.raises(InputError, match="exported from manifest 12 is not in the journal"):
        restore(describe(exported))


def test_other_parameters_are_another_operation() -> None:
    digests = {op.digest for op in GOOD}
    assert len(digests) == len(GOOD)


def test_what_a_run_reads_from_the_account_file(credentials: None, tmp_path: Path) -> None:
    assert UpgradePlan(plan_id="{plan}").columns() == {"plan"}
    assert GOOD[5].columns() == {"who", "role", "who id"}
    assert CreateCustomer().columns() == {"name", "notification_email"}
    assert GrantManager(manager="{csm}", role="{csm role}").columns() == {"csm", "csm role"}
    assert StopRecipes(folder="{CRM}").columns() == set()
    assert AddMember(member_name="{account}", role="Admin").columns() == set()
    assert (UpgradePlan(plan_id="{plan}") >> CreateCustomer()).columns() == {"plan", "name", "notification_email"}
    assert AuthorizeConnections(CREDENTIALS).columns() == set()
    file = tmp_path / "c.toml"
    file.write_text('[connections.A.input]\nshop = { column = "shop name" }\n')
    assert AuthorizeConnections(file).columns() == {"shop name"}
    assert Each("managed_users.tags.create", params={"title": "Tier {tier}"}).columns() == {"tier"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: UpgradePlan(plan_id=" "), "plan_id is empty"),
        (lambda: UpgradePlan(plan_id="p", via="magic"), "'magic'.*update or call"),
        (lambda: UpgradePlan(plan_id="{plan"), "braces.*write {column}"),
        (lambda: UpgradePlan(plan_id="{}"), "braces"),
        (lambda: DowngradePlan(plan_id="small", via="call"), "takes only plan 'free', not 'small'"),
        (lambda: AddMember(member_name="", role="Admin"), "name is empty"),
        (lambda: AddMember(member_name="Ana", role=""), "role is empty"),
        (lambda: AddMember(member_name="Ana", role="Admin", external_id=""), "external_id is empty"),
        (lambda: AddMember(member_name="{a}}", role="Admin"), "name = '{a}}' has braces"),
        (
            lambda: AddMember(member_name="Ana", role="Admin", via="member"),
            'via "member" needs oauth_id; give oauth_id',
        ),
        (lambda: AddMember(member_name="Ana", role="Admin", oauth_id="o"), 'oauth_id goes only with via "member"'),
        (
            lambda: AddMember(member_name="A", role="B", via="member", oauth_id="o", email="e"),
            'email goes only with via "members"',
        ),
        (lambda: AddMember(member_name="Ana", role="Admin", via="post"), "members or member"),
        (lambda: AddMember(member_name="{env:NOT_SET_ANYWHERE}", role="Admin"), "NOT_SET_ANYWHERE"),
        (RemoveMember, "no external_id, email or name given"),
        (lambda: RemoveMember(external_id="u", via="x"), "'x'"),
        (lambda: CreateCustomer(customer_name=""), "name is empty"),
        (lambda: GrantManager(manager=" "), "manager is empty"),
        (lambda: GrantManager(manager="lee"), "neither an e-mail nor an id"),
        (lambda: GrantManager(manager="{lee"), "braces"),
        (lambda: GrantManager(manager="1", role=""), "role is empty"),
        (lambda: StopRecipes(folder=" "), "folder's name is empty"),
        (lambda: ImportPackage(folder="CRM"), "no package or manifest given"),
        (lambda: ImportPackage(manifest=0, folder="CRM"), "manifest 0"),
        (lambda: ImportPackage(manifest=12, folder=""), "folder's name is empty"),
    ],
)
def test_what_cannot_be_is_refused_in_words(make: Callable[[], Operation], words: str) -> None:
    with pytest.raises((ConfigError, InputError), match=words) as refused:
        make()
    assert refused.value.remedy


def test_every_operation_of_a_job_file_can_be_written_in_one(tmp_path: Path) -> None:
    job = tmp_path / "job.toml"
    job.write_text(
        """
[[operation]]
use = "import-package"
manifest = 12
folder = "CRM"
[[operation]]
use = "stop-recipes"
folder = "CRM"
[[operation]]
use = "upgrade-plan"
plan_id = "{plan}"
via = "call"
[[operation]]
use = "downgrade-plan"
[[operation]]
use = "add-member"
name = "Ana"
external_id = "{who}"
role = "Admin"
email = "ana@x.example"
[[operation]]
use = "remove-member"
name = "Ana"
via = "member"
[[operation]]
use = "create-customer"
name = "{company}"
"""
    )
    chain = load_job(str(job)).operation
    assert chain.columns() == {"plan", "who", "company", "notification_email"}
    assert [part.name for part in chain.operations] == [  # type: ignore[attr-defined]
        *("import-package", "stop-recipes", "upgrade-plan", "downgrade-plan"),
        *("add-member", "remove-member", "create-customer"),
    ]


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_says_what_it_costs_in_calls_of_the_catalogue(name: str) -> None:
    from bulkops.catalogue import CALLS

    for op in GOOD:
        if op.name == name:
            costs = op.cost(Foreseen()), op.look_cost(Foreseen()), op.run_cost()
            assert set().union(*costs) <= set(CALLS)
            assert sum(costs[0].values()) >= sum(costs[1].values()) > 0


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_takes_its_declared_parameters_and_nothing_else(name: str) -> None:
    taken = {field.name for field in attrs.fields(OPERATIONS[name]) if field.init}  # type: ignore[arg-type]
    assert taken == {one.name for one in parameters_of(OPERATIONS[name])}


@pytest.mark.parametrize(("project", "where"), [(None, ""), ("Shop", " of project 'Shop'")])
def test_a_title_names_the_project_of_properties(project: str | None, where: str) -> None:
    assert SetProperties({"crm.tier": "gold"}, project=project).title == f"set property 'crm.tier'{where}"


def test_a_package_that_is_still_to_be_exported_says_so() -> None:
    op = ImportPackage(manifest=12, folder="CRM")
    assert op.title == "export manifest 12 and import it into folder 'CRM'"
    assert ImportPackage(PACKAGE, manifest=12, folder="CRM").title == "import manifest 12 (3 recipes) into folder 'CRM'"
    with pytest.raises(BulkopsError, match="manifest 12 is not exported yet"):
        _ = op._content
    assert attrs.evolve(op, package=PACKAGE)._content.recipes


def test_what_cannot_be_brought_back_is_dangerous_wherever_it_stands() -> None:
    assert [op.danger for op in GOOD if not isinstance(op, DeleteCustomer)] == [None] * (len(GOOD) - 1)
    meant, not_yet = DeleteCustomer(delete_everything_in_them=True), DeleteCustomer()
    assert meant.digest == not_yet.digest
    for op, is_meant in ((meant, True), (not_yet, False), (DowngradePlan() >> meant, True), (meant >> not_yet, False)):
        assert op.danger is not None
        assert (op.danger.flag, op.danger.is_meant) == ("delete_everything_in_them", is_meant)
    assert restore(describe(meant)) == meant


@pytest.mark.parametrize("kind", ["each", "set-properties"])
def test_a_file_of_a_parameter_is_the_same_for_whoever_resumes_elsewhere(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "tier.txt").write_text(place)
    monkeypatch.chdir(tmp_path / "here")
    made: Each | SetProperties = (
        Each("managed_users.tags.create", params={"title": "Tier {file:tier.txt} {tier}"})
        if kind == "each"
        else SetProperties({"crm.tier": "{file:tier.txt} {tier}"})
    )
    monkeypatch.chdir(tmp_path / "there")
    again = restore(describe(made))
    assert str(tmp_path / "here" / "tier.txt") in str(again.parameters())
    assert again.digest == made.digest
    assert again.columns() == {"tier"}
