"""Requests that the prompt and `plan` name, beside those sent: nineteen jobs on fresh, half-done and done fleets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from bulkops.client import session_of
from bulkops.events import AttemptEnded, Event
from bulkops.operations import (
    AddMember,
    AuthorizeConnections,
    CreateFolder,
    DisableEndpoints,
    EnableApiPlatform,
    EnableEndpoints,
    ImportPackage,
    Operation,
    Rollout,
    SetProperties,
    ShareRecipe,
    StartRecipes,
    StopRecipes,
    UpgradePlan,
)
from bulkops.runs import Fleet, Policy, from_values
from bulkops.runs.costs import Ahead, cost_ahead
from tests.acceptance.cases import CASES
from tests.acceptance.furnish import custom
from tests.fleet import API_PACKAGE, CREDENTIALS, PACKAGE
from tests.here import FIRST, Here, beside, client_of, main_job, outcomes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.chaos,
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("surroundings"),
]

SIZE = 200
FLEETS = {"fresh": range(SIZE), "half-done": range(SIZE // 2, SIZE * 3 // 2), "done": range(SIZE)}
"""In this order the second fleet has one half that the first run left done, and one that nothing was done to."""

OFF = 0.05
"""Part of the requests sent by which the plan may be wrong."""

FAST, SLOW, SLOWEST = 30.0, 10.0, 5.0
"""Time scales. A busy machine is late to answer, and to poll; the slower the vendor's seconds pass, the less that
matters. It matters most where polls are a third of all requests."""


@attrs.frozen(kw_only=True)
class Job:
    """`before`: what must have been done first, on all accounts; `most`: what the prompt names, at most, times what is
    sent. It does not look: of a copy it cannot know that the source has no properties. `exports`: as `plan --export`
    does; without its export a plan cannot tell whether an account has the copy."""

    make: Callable[[], Operation]
    before: Callable[[], Operation | None] = lambda: None
    scale: float = FAST
    most: float = 1.3
    exports: bool = False


def _case(name: str, **members: Any) -> Job:
    return Job(make=CASES[name].make, before=CASES[name].before, **members)


def _imported() -> Operation:
    return ImportPackage(PACKAGE, folder="CRM")


def _authorized() -> Operation:
    return AuthorizeConnections(CREDENTIALS)


def _api() -> Operation:
    return main_job(API_PACKAGE, folder="API")


JOBS = {
    "import-package": Job(make=_imported, scale=SLOWEST),
    "authorize-connections": Job(make=_authorized, before=_imported),
    "start-recipes": Job(make=lambda: StartRecipes(folder="CRM"), before=lambda: _imported() >> _authorized()),
    "stop-recipes": Job(make=lambda: StopRecipes(folder="CRM"), before=main_job),
    "rollout": Job(
        make=lambda: Rollout(API_PACKAGE, folder="API", connections=CREDENTIALS, secrets_to="keys.jsonl"), scale=SLOW
    ),
    "copy": _case("copy", scale=SLOWEST, most=1.8, exports=True),
    "enable-api-platform": Job(
        make=lambda: EnableApiPlatform(folder="API", client="Second", secrets_to="keys.jsonl"), before=_api
    ),
    "disable-endpoints": Job(
        make=lambda: DisableEndpoints(folder="API"), before=lambda: _api() >> EnableEndpoints(folder="API")
    ),
    "deploy-project": _case("deploy-project", scale=SLOW),
    "create-folder": Job(make=lambda: CreateFolder("Reports/Daily")),
    "set-properties": Job(make=lambda: SetProperties({"tier": "gold"})),
    "add-member": Job(make=lambda: AddMember(member_name="Ana", external_id="U-1", role="Admin")),
    "add-to-group": _case("add-to-group"),
    "grant-project-role": _case("grant-project-role"),
    "assign-oauth-profile": _case("assign-oauth-profile"),
    "share-recipe": Job(make=lambda: ShareRecipe(folder="CRM"), before=lambda: ImportPackage(custom(), folder="CRM")),
    "start-genie": _case("start-genie"),
    "stop-genie": _case("stop-genie"),
    "upgrade-plan": Job(make=lambda: UpgradePlan(plan_id="oem_enterprise")),
}


@pytest.mark.parametrize("name", JOBS)
def test_what_is_said_before_a_run_is_what_it_sends(tmp_path: Path, name: str) -> None:
    job = JOBS[name]
    rows: list[Mapping[str, object]] = [{"id": FIRST + place, "who": f"U-{place}"} for place in range(SIZE * 3 // 2)]

    async def scene() -> None:
        async with beside(tmp_path / "journal", customers=len(rows), time_scale=job.scale) as it:
            before = job.before()
            if before is not None:
                assert outcomes(await it.run(before, rows)) == {"changed": len(rows)}
            for state, places in FLEETS.items():
                chosen = [rows[place] for place in places]
                ahead, planned, sent = await figures(it, job.make(), chosen, exports=job.exports)
                prompt = (ahead.likely or ahead.most).at_most
                said = f"{'at least ' if ahead.more else ''}{prompt:,}"
                print(f"| {name} | {state} | {said} | {planned:,} | {sent:,} | {planned / sent:.2f} |")
                assert prompt <= job.most * sent
                assert ahead.more or sent <= prompt
                assert abs(planned - sent) <= max(1, OFF * sent)

    asyncio.run(scene())


async def figures(
    it: Here, made: Operation, rows: list[Mapping[str, object]], *, exports: bool
) -> tuple[Ahead, int, int]:
    """What the prompt is made of, what `plan` names, and what is sent; retries are extra."""
    inventory = from_values(rows)
    planned = await made.prepare(it.workato, it.journal) if exports else made
    plan = await Fleet(it.workato, journal=it.journal).plan(planned, inventory)
    sent: list[Event] = []
    async with client_of(it.sandbox) as another:  # as another process does, it asks whose token it has
        ahead = await cost_ahead(made, inventory, policy=Policy(), workato=another, journal=it.journal)
        assert ahead is not None
        session_of(another).subscribe(sent.append)
        done = await Fleet(another, journal=it.journal).run(made, inventory)
    assert outcomes(done).keys() <= {"changed", "unchanged"}
    first = [event for event in sent if isinstance(event, AttemptEnded) and event.attempt == 1]
    return ahead, round(sum(plan.requests.values())), len(first)
