"""Each operation beside what it said: the requests of a plan, of an offline plan, and of the prompt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from benchmarks.kit.fewest_requests import FEWEST, of_tight_quotas
from bulkops.client import session_of
from bulkops.events import AttemptEnded, Event
from bulkops.forecast import POLL
from bulkops.operations import Copy, CreateFolder, ImportPackage, Operation
from bulkops.operations.foreseen import Foreseen, added
from bulkops.runs import Fleet, Policy, cost_ahead, from_values
from bulkops.runs.identity import ME
from tests.acceptance.cases import CASES, Case, accounts
from tests.here import FIRST, Here, in_sandbox, main_job

pytestmark = pytest.mark.usefixtures("surroundings")

SHARED = {"grant-manager"}
"""Accounts send their requests together: how many depends on who comes when."""
DEPLOYMENT = "managed_users.deployments.get"
UNKNOWN = {"import-package of a manifest", "copy", "disable-endpoints"}
"""What is in the package or the source, or behind a collection's name, only a look tells."""


def counted(requests: Mapping[str, float]) -> dict[str, float]:
    """Without the polls of imports and deployments, of which there may be more, and what a client sends once."""
    return {call: count for call, count in requests.items() if count and call not in {POLL, DEPLOYMENT, ME}}


@pytest.mark.parametrize("name", [name for name in CASES if name not in SHARED | UNKNOWN])
@in_sandbox(customers=2)
async def test_an_operation_sends_what_its_plan_says(it: Here, name: str) -> None:
    case: Case = CASES[name]
    rows = accounts(case, 2)
    before = case.before()
    if before is not None:
        await it.run(before, rows)
    await it.run(case.make(), rows[:1])

    async def planned(of: Sequence[Mapping[str, object]], *, offline: bool = False) -> dict[str, float]:
        fleet = Fleet(it.workato, journal=it.journal)
        return counted((await fleet.plan(case.make(), from_values(of), offline=offline)).requests)

    ahead = await cost_ahead(case.make(), from_values(rows), policy=Policy(), workato=it.workato, journal=it.journal)
    of_both = await planned(rows)
    assert await planned(rows[1:], offline=True) == await planned(rows[1:])
    sent: Counter[str] = Counter()

    def note(event: Event) -> None:
        if isinstance(event, AttemptEnded) and event.attempt == 1:
            sent[event.call] += 1

    session_of(it.workato).subscribe(note)
    await it.run(case.make(), rows)
    assert counted(sent) == of_both
    least = added(FEWEST[name].first, FEWEST[name].again)
    assert of_tight_quotas(sent) == of_tight_quotas(least)
    assert sum(counted(sent).values()) >= sum(counted(least).values())
    assert ahead is not None
    assert ahead.likely is not None
    assert (ahead.done, ahead.more) == (1, {})
    extra = 1 if "imports.create" in str(of_both) else 0  # in the worst case the folder exists
    assert sum(counted(ahead.likely.requests).values()) == sum(of_both.values()) + extra
    assert sum(sent.values()) <= ahead.likely.at_most <= ahead.most.at_most


@in_sandbox(customers=2)
async def test_an_undo_or_another_host_makes_nothing_known(it: Here) -> None:
    rows = [{"id": FIRST}, {"id": FIRST + 1}]

    async def done() -> tuple[int, str | None]:
        ahead = await cost_ahead(
            CreateFolder("A"), from_values(rows), policy=Policy(), workato=it.workato, journal=it.journal
        )
        assert ahead is not None
        return ahead.done, ahead.done_by

    assert await done() == (0, None)
    first = await it.run(CreateFolder("A"), rows)
    assert await done() == (2, first.run_id)
    await it.undo(first)
    assert await done() == (0, None)
    second = await it.run(CreateFolder("A"), rows[:1])
    assert await done() == (1, second.run_id)


@in_sandbox(customers=2)
async def test_the_narrowest_quota_is_asked_only_for_what_is_missing(it: Here) -> None:
    """Folders under Home are projects: only to create one takes a folder call."""
    rows: list[Mapping[str, object]] = [{"id": FIRST}, {"id": FIRST + 1}]
    sent: Counter[str] = Counter()

    def note(event: Event) -> None:
        if isinstance(event, AttemptEnded):
            sent[event.call.removeprefix("managed_users.")] += event.call.startswith("managed_users.")

    session_of(it.workato).subscribe(note)
    for made, created in ((main_job(), 2), (main_job(), 0)):
        sent.clear()
        await it.run(made, rows)
        assert (sent["projects.list"], sent["folders.list"], sent["folders.create"]) == (2, 0, created)
    assert it.sandbox.requests()["quotas"]["assumed.customer.folders"]["requests"] == 2


@pytest.mark.parametrize(
    "made",
    [ImportPackage(manifest=12, folder="CRM"), Copy("partner", folders=["CRM rollout"], without_properties=True)],
    ids=["import-package", "copy"],
)
def test_the_figures_of_done_accounts_have_the_look_at_recipes_before_the_export(made: Operation) -> None:
    looks = {call: count for call, count in made.look_cost(Foreseen()).items() if count}
    assert looks == {"managed_users.projects.list": 1, "managed_users.recipes.list": 1}
