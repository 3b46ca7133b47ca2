"""What a plan does with an author's code: nothing, or a rehearsal that the author allows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

import bulkops
from bulkops import Context, Outcome, StepRow
from bulkops.errors import ConfigError, InputError
from bulkops.operations import CreateFolder
from bulkops.operations.functions import as_operation
from bulkops.runs import AccountPlan, Fleet, from_values, load_job, undo_of
from tests.here import Here, beside as started

ID = 4100231


class Beside(Here):
    async def plan(self, operation: object) -> AccountPlan:
        foreseen = await Fleet(self.workato, journal=self.journal).plan(operation, from_values([ID]))
        return foreseen.accounts[0]

    async def run_one(self, operation: Any, **options: Any) -> bulkops.Report:
        return await bulkops.run(operation, accounts=[ID], workato=self.workato, journal=self.journal, **options)

    def writes(self) -> list[dict[str, Any]]:
        return self.sandbox.effects()


@pytest.fixture
async def beside(tmp_path: Path) -> AsyncIterator[Beside]:
    async with started(tmp_path / "journal", customers=1, time_scale=2000, quotas="off") as it:
        yield Beside(it.sandbox, it.workato, it.journal)


async def test_a_plan_does_not_call_a_function_whose_author_did_not_say_so(beside: Beside) -> None:
    called: list[int] = []

    async def tidy(ctx: Context) -> None:
        called.append(1)

    for operation in (tidy, bulkops.operation(tidy), bulkops.operation(plan="unforeseen")(tidy)):
        assert await beside.plan(operation) == AccountPlan(account=str(ID), changes=("tidy (not rehearsed)",))
    assert called == []
    assert (await beside.run_one(tidy)).outcomes[Outcome.UNCHANGED] == 1
    assert called == [1]


def rehearsed(fn: Any) -> Any:
    return bulkops.operation(plan="rehearse")(fn)


async def test_a_rehearsal_goes_on_past_its_steps_with_what_they_would_return(beside: Beside) -> None:
    @rehearsed
    async def nest(ctx: Context) -> None:
        folders = ctx.account.folders

        async def make(name: str, parent: int | None) -> int:
            return (await folders.create(name, parent_id=parent)).id

        async def find(name: str) -> int | None:
            found = await folders.find(name)
            return None if found is None else found.id

        outer = await ctx.ensure("folder A", find=lambda: find("A"), do=lambda: make("A", None), planned=0)
        assert isinstance(outer, int)
        inner = await ctx.step("folder B in A", lambda: make("B", outer), planned=7)
        await ctx.step(f"folder C in {inner}", lambda: make("C", inner))
        await ctx.step("look", lambda: make("never", None), changes=False)
        assert ctx.is_done("folder A") == (ctx.planning or bool(beside.writes()))

    assert (await beside.plan(nest)).changes == ("folder A", "folder B in A", "folder C in")
    assert beside.writes() == []


async def test_what_is_there_is_no_change_of_the_plan(beside: Beside) -> None:
    @rehearsed
    async def archive(ctx: Context) -> None:
        folders = ctx.account.folders
        found = await ctx.ensure("folder", find=lambda: folders.find("Archive"), do=lambda: folders.create("Archive"))
        ctx.detail["id"] = found["id"]

    assert (await beside.plan(archive)).changes == ("folder", "what depends on 'folder' (and what follows)")
    await beside.run_one(archive)
    assert (await beside.plan(archive)).changes == ()


async def test_steps_that_differ_by_a_number_are_one_change(beside: Beside) -> None:
    @rehearsed
    async def stop(ctx: Context) -> None:
        for recipe in (41, 42):
            await ctx.step(f"stop {recipe}", lambda: ctx.account.recipes.stop(1), repeatable=True)
        for folder in ("R1", "R2"):
            await ctx.step(f"folder {folder}", lambda: ctx.account.folders.create("R"), check="the folder")

    assert (await beside.plan(stop)).changes == ("stop (2 times)", "folder R1", "folder R2")


@pytest.mark.parametrize("use", [str, bool, len, lambda made: made["id"], lambda made: made.id, lambda made: made + 1])
async def test_a_result_that_was_not_planned_ends_the_rehearsal_where_it_is_used(beside: Beside, use: Any) -> None:
    @rehearsed
    async def two(ctx: Context) -> None:
        made = await ctx.step("first", lambda: ctx.account.folders.create("A"))
        use(made)
        await ctx.step("second", lambda: ctx.account.folders.create("B"))

    foreseen = await beside.plan(two)
    assert foreseen.changes == ("first", "what depends on 'first' (and what follows)")
    assert foreseen.problem is None


async def test_a_write_outside_of_steps_is_refused_and_ends_the_rehearsal(beside: Beside) -> None:
    @rehearsed
    async def bare(ctx: Context) -> None:
        await ctx.step("first", lambda: ctx.account.folders.create("A"))
        await ctx.account.folders.create("B")

    assert (await beside.plan(bare)).changes == ("first", "managed_users.folders.create (and what follows)")
    assert beside.writes() == []


async def test_a_mistake_in_a_rehearsal_is_the_account_s_problem(beside: Beside) -> None:
    @rehearsed
    async def broken(ctx: Context) -> None:
        dict[str, str]()["word"]

    foreseen = await beside.plan(broken)
    assert foreseen.problem is not None
    assert foreseen.problem.startswith("KeyError: 'word' (test_operations_own_plans.py, line")


async def test_a_name_used_twice_is_seen_in_the_plan_already(beside: Beside) -> None:
    @rehearsed
    async def twice(ctx: Context) -> None:
        for name in ("A", "B"):
            await ctx.step("create", lambda name=name: ctx.account.folders.create(name))  # type: ignore[misc, type-var]

    assert (await beside.plan(twice)).problem == "the operation uses a step name twice"


async def test_a_failure_after_planned_changes_of_a_chain_is_not_foreseen(beside: Beside) -> None:
    @rehearsed
    async def smoke(ctx: Context) -> None:
        if await ctx.account.folders.find("X") is None:
            raise bulkops.TaskFailed("no folder X", cause="no folder X")

    @rehearsed
    async def mistaken(ctx: Context) -> None:
        folder: Any = await ctx.account.folders.find("X")
        await ctx.step("move", lambda: ctx.account.folders.update(folder.id), data={"id": folder.id})

    @rehearsed
    async def grouped(ctx: Context) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(smoke.apply(ctx))

    @rehearsed
    async def cancelled(ctx: Context) -> None:
        raise asyncio.CancelledError("of a task that the operation waited for")

    alone = CreateFolder(folder="X") >> as_operation(grouped) >> as_operation(cancelled)
    assert (await beside.plan(alone)).problem is not None, "which is not a cancellation of the plan"
    chain = CreateFolder(folder="X") >> as_operation(smoke) >> as_operation(mistaken)
    saved = await Fleet(beside.workato, journal=beside.journal).plan(chain, from_values([ID]))
    assert saved.accounts[0].changes[1:] == (
        "smoke (not foreseen: no folder X)",
        "mistaken (not foreseen: AttributeError)",
    )
    assert (await beside.plan(as_operation(smoke) >> CreateFolder(folder="X"))).problem == "no folder X"
    assert (await beside.run_one(chain, plan=saved)).outcomes[Outcome.CHANGED] == 1


async def test_an_operation_that_changes_its_params_changes_no_other_pass(beside: Beside) -> None:
    @rehearsed
    async def label(ctx: Context) -> None:
        params: Any = ctx.params
        ctx.detail["tier"] = params.pop("tier")

    fleet = Fleet(beside.workato, journal=beside.journal)
    accounts = from_values([{"id": ID, "tier": "gold"}])
    report = await fleet.run(label, accounts, plan=await fleet.plan(label, accounts))
    assert [(row.params, row.detail) for row in report.accounts] == [({"tier": "gold"}, {"tier": "gold"})]


@attrs.frozen
class Nest(bulkops.Operation):
    name: ClassVar[str] = "nest"

    async def apply(self, ctx: Context) -> None:
        await ctx.step("first", lambda: ctx.account.folders.create("A"))
        await ctx.step("second", lambda: ctx.account.folders.create("B"))


async def test_the_apply_of_a_class_is_rehearsed(beside: Beside) -> None:
    assert (await beside.plan(Nest)).changes == ("first", "second")
    chain = CreateFolder(folder="X") >> Nest()
    assert (await beside.plan(chain)).changes[-2:] == ("first", "second")
    assert beside.writes() == []


async def test_an_account_whose_rehearsal_is_another_one_now_is_skipped(beside: Beside) -> None:
    @rehearsed
    async def archive(ctx: Context) -> None:
        await ctx.ensure(
            "folder",
            find=lambda: ctx.account.folders.find("Archive"),
            do=lambda: ctx.account.folders.create("Archive"),
        )

    foreseen = await Fleet(beside.workato, journal=beside.journal).plan(archive, from_values([ID]))
    await beside.workato.account(ID).folders.create("Archive")
    report = await beside.run_one(archive, plan=foreseen)
    assert report.outcomes[Outcome.SKIPPED] == 1


# -- title, columns, undo


async def put_back(ctx: Context, done: Mapping[str, StepRow]) -> None:
    for name, row in done.items():
        await ctx.step(f"undo {name}", lambda row=row: ctx.account.folders.delete(row.result["id"]))  # type: ignore[misc]


@bulkops.operation(title="make a folder for what was retired", columns=["folder"], undo=put_back)
async def made(ctx: Context) -> None:
    name = ctx.params.get("folder", "Archive")
    await ctx.step("folder", lambda: ctx.account.folders.create(name))


async def test_a_function_says_its_title_and_its_columns(beside: Beside) -> None:
    assert as_operation(made).title == "make a folder for what was retired"
    with pytest.raises(bulkops.BulkopsError, match="folder"):
        await beside.run_one(made)
    rows = [{"id": ID, "folder": "Old"}]
    report = await bulkops.run(made, accounts=rows, workato=beside.workato, journal=beside.journal)
    assert report.outcomes[Outcome.CHANGED] == 1
    assert [effect["key"] for effect in beside.writes()] == ["Old"]


@attrs.frozen
class Label(bulkops.Operation):
    """Create a folder in each account."""

    name: ClassVar[str] = "label"
    label: str = attrs.field(metadata=bulkops.parameter("Name of the folder.", template=True))
    color: str = attrs.field(default="red", metadata=bulkops.parameter("Its color.", choices=("red", "blue")))
    priority: int = attrs.field(default=1, metadata=bulkops.parameter("When it runs.", identity=False))

    async def apply(self, ctx: Context) -> None:
        label = self.filled(ctx)["label"]
        await ctx.step("folder", lambda: ctx.account.folders.create(label))


async def test_a_declared_parameter_is_filled_in_and_its_column_is_needed(beside: Beside) -> None:
    with pytest.raises(InputError, match="has no column 'region'"):
        await bulkops.run(Label("{region}"), accounts=[ID], workato=beside.workato, journal=beside.journal)
    everyone = await bulkops.select(beside.workato, accounts="all")
    with pytest.raises(
        InputError, match=r"the customer list of http.* has no column 'region', read by label \(label\); use"
    ):
        await bulkops.run(Label("{region}"), accounts=everyone, workato=beside.workato, journal=beside.journal)
    rows = [{"id": ID, "region": "North"}]
    report = await bulkops.run(Label("{region}"), accounts=rows, workato=beside.workato, journal=beside.journal)
    assert report.outcomes[Outcome.CHANGED] == 1
    assert [effect["key"] for effect in beside.writes()] == ["North"]


def test_a_declared_parameter_refuses_other_values_before_the_run() -> None:
    with pytest.raises(ConfigError, match="color must be 'red' or 'blue', not 'green'"):
        Label("A", color="green")
    assert Label("A", priority=2).digest == Label("A").digest != Label("A", color="blue").digest


async def test_a_function_s_undo_gets_the_journaled_results(beside: Beside, tmp_path: Path) -> None:
    job = tmp_path / "job.py"
    job.write_text(
        "import bulkops\n"
        "async def back(ctx, done):\n"
        "    await ctx.step('delete', lambda: ctx.account.folders.delete(done['folder'].result['id']))\n"
        "@bulkops.operation(undo=back)\n"
        "async def make(ctx):\n"
        "    await ctx.step('folder', lambda: ctx.account.folders.create('Archive'))\n"
    )
    loaded = load_job(f"{job}:make")
    report = await bulkops.run(
        loaded.operation,
        accounts=[ID],
        workato=beside.workato,
        journal=beside.journal,
        source=loaded.source,
    )
    job.write_text(job.read_text().replace("'delete'", "'delete it'"))  # an undo may be corrected after the run
    reverse, inventory = await undo_of(report.run_id, journal=beside.journal)
    undone = await bulkops.run(reverse, accounts=inventory, workato=beside.workato, journal=beside.journal)
    assert undone.outcomes[Outcome.CHANGED] == 1
    assert [effect["kind"] for effect in beside.writes()] == ["folder.created", "folder.deleted"]


def test_a_function_without_an_undo_cannot_be_undone() -> None:
    async def tidy(ctx: Context) -> None:
        """Nothing."""

    assert not as_operation(tidy).can_undo()
    assert as_operation(made).can_undo()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"plan": "perhaps"}, 'plan must be "rehearse" or "unforeseen", not \'perhaps\''),
        ({"columns": "email"}, r"write columns=\['email'\]"),
        ({"undo": lambda ctx, done: None}, "is not an async function; an undo is `async def undo"),
        ({"undo": made.fn}, "does not take two arguments"),
    ],
)
def test_what_the_decorator_cannot_take_is_said_at_once(options: Any, words: str) -> None:
    async def tidy(ctx: Context) -> None:
        """Nothing."""

    with pytest.raises(ConfigError, match=words):
        bulkops.operation(**options)(tidy)
