"""Requests of the tight quota of folders: sent only as long as the place of a recipe is not known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from bulkops.client import session_of
from bulkops.events import AttemptEnded, Event
from bulkops.operations import StartRecipes
from bulkops.runs import Fleet, from_values
from tests.here import FIRST, Here, in_sandbox, outcomes

CODE = json.dumps({"number": 0, "provider": "clock", "name": "scheduled_event", "keyword": "trigger", "block": []})
FOLDERS = ("A", "A/B", "A/B/C", "A/D", "E", "E/F")
"""Of the account; the recipes of A are started."""


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
    rows: list[Mapping[str, object]] = [{"id": FIRST}]
    account, ids = it.workato.account(FIRST), dict[str, int]()
    for path in FOLDERS:
        above, _, name = path.rpartition("/")
        ids[path] = (await account.folders.create(name, parent_id=ids.get(above))).id
    made = {path: await account.recipes.create("R", code=CODE, folder_id=ids[path]) for path in recipes}
    foreseen = await Fleet(it.workato, journal=it.journal).plan(StartRecipes(folder="A"), from_values(rows))
    sent: Counter[str] = Counter()

    def note(event: Event) -> None:
        if isinstance(event, AttemptEnded):
            sent[event.call] += 1

    session_of(it.workato).subscribe(note)
    done = await it.run(StartRecipes(folder="A"), rows)
    assert outcomes(done) == {"changed": 1}, done.accounts[0]
    assert sent["managed_users.folders.list"] == listed == foreseen.requests.get("managed_users.folders.list", 0)
    running = {recipe.id async for recipe in account.recipes.list(running=True)}
    assert running == {id_ for path, id_ in made.items() if path.startswith("A")}
