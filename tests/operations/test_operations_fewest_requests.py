"""Requests that are sent only where nothing before has told the answer: of folders, projects and endpoints."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import pytest

from bulkops.client import session_of
from bulkops.events import AttemptEnded, Event
from bulkops.operations import CreateFolder, Operation, Rollout, SetProperties, StartRecipes
from bulkops.runs import Fleet, from_values
from tests.fleet import API_PACKAGE, CREDENTIALS
from tests.here import FIRST, Here, in_sandbox, outcomes

CODE = json.dumps({"number": 0, "provider": "clock", "name": "scheduled_event", "keyword": "trigger", "block": []})
FOLDERS = ("A", "A/B", "A/B/C", "A/D", "E", "E/F")
"""Of the account; the recipes of A are started."""
ACCOUNT = "managed_users."


async def planned_and_sent(it: Here, made: Operation) -> tuple[Counter[str], Counter[str]]:
    """Requests for the account, by call: those of the plan, and those of the run after it."""
    rows: list[Mapping[str, object]] = [{"id": FIRST}]
    foreseen = await Fleet(it.workato, journal=it.journal).plan(made, from_values(rows))
    planned = Counter({call.removeprefix(ACCOUNT): round(count) for call, count in foreseen.requests.items()})
    sent: Counter[str] = Counter()

    def note(event: Event) -> None:
        if isinstance(event, AttemptEnded):
            sent[event.call.removeprefix(ACCOUNT)] += 1

    session_of(it.workato).subscribe(note)
    done = await it.run(made, rows)
    assert outcomes(done) == {"changed": 1}, done.accounts[0]
    return planned, sent


@pytest.mark.parametrize(
    ("recipes", "listed"),
    [
        (["A", "E"], 0),
        (["A", "A/B", "A/D"], 1),
        (["A/B/C"], 2),
        (["A/B/C", "A/D", "E"], 2),
        (["A/B", "E/F"], 4),
    ],
    ids=["none", "one level", "two levels", "two levels and another folder", "all, as one recipe is somewhere else"],
)
@in_sandbox(customers=1)
async def test_sub_folders_are_listed_until_each_recipe_has_its_place(
    it: Here, recipes: Sequence[str], listed: int
) -> None:
    account, ids = it.workato.account(FIRST), dict[str, int]()
    for path in FOLDERS:
        above, _, name = path.rpartition("/")
        ids[path] = (await account.folders.create(name, parent_id=ids.get(above))).id
    made = {path: await account.recipes.create("R", code=CODE, folder_id=ids[path]) for path in recipes}
    planned, sent = await planned_and_sent(it, StartRecipes(folder="A"))
    assert sent["folders.list"] == planned["folders.list"] == listed
    running = {recipe.id async for recipe in account.recipes.list(running=True)}
    assert running == {id_ for path, id_ in made.items() if path.startswith("A")}


@pytest.mark.parametrize(
    ("make", "counts"),
    [
        (
            lambda: CreateFolder("CRM") >> SetProperties({"tier": "gold"}, project="CRM"),
            {"projects.list": 1, "properties.list": 2},
        ),
        (
            lambda: Rollout(API_PACKAGE, folder="API", connections=str(CREDENTIALS), secrets_to="keys.jsonl"),
            {"projects.list": 1, "folders.list": 0, "api_collections.list": 2, "api_endpoints.list": 2},
        ),
    ],
    ids=["properties of a project", "collections of a project"],
)
@in_sandbox(customers=1)
async def test_the_reply_to_a_create_says_which_project_the_folder_is(
    it: Here, make: Callable[[], Operation], counts: Mapping[str, int], surroundings: None
) -> None:
    planned, sent = await planned_and_sent(it, make())
    assert {call: sent[call] for call in counts} == counts
    assert {call: planned[call] for call in counts} == counts
