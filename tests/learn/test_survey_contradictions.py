"""A survey of sandboxes that contradict assumptions: each is named, and a sandbox made of the file answers alike."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from bulkops.catalogue import CALLS
from bulkops.learn import MOST_REQUESTS, Survey, Verdict, vendor_toml, verdicts
from bulkops.learn.questions import lists
from bulkops.learn.shapes import PLACES
from bulkops.sandbox import Assumptions
from tests.fleet import API_PACKAGE
from tests.here import FIRST, Here, beside, main_job

pytestmark = pytest.mark.usefixtures("surroundings")

THIRTY: Mapping[str, Any] = {
    "missing_right": 401,
    "foreign_customer": 403,
    "error_body": "errors",
    "e_ids": False,
    "rate_limit_headers": "X-Rate-Limit",
    "correlation_id": "own",
    "v1_api_clients": "410",
    "inferred_calls": "404",
    "members_list": "bare",
    "recipes_list": "items",
    "single_objects": "result",
    "properties_list": "pairs",
    "home_folders": "mixed",
    "envelopes": {
        "managed_users.list": "items",
        "managed_users.folders.list": "data_list",
        "managed_users.connections.list": "array",
        "managed_users.api_collections.list": "result_items",
        "roles.list": "list",
    },
    "page_sizes": {"managed_users.list": 50},
    "members": {
        "managed_users.list": {"trial": "string", "flavor": "integer"},
        "managed_users.get": {"plan_id": "null", "in_trial": "missing"},
        "managed_users.recipes.list": {"running": "string", "job_failed_count": "string", "lineage": "array"},
        "managed_users.connections.list": {"authorized_at": "integer", "provider": "missing"},
        "managed_users.folders.list": {"is_project": "missing"},
        "users.me": {"company_name": "boolean"},
    },
}
"""30 assumptions, each of which a read can settle."""


def count(deviations: Mapping[str, Any]) -> int:
    total = sum(not isinstance(value, Mapping) for value in deviations.values())
    total += len(deviations.get("envelopes", ())) + len(deviations.get("page_sizes", ()))
    return total + sum(map(len, deviations.get("members", {}).values()))


async def surveyed(it: Here, baseline: Assumptions | None = None) -> list[Verdict]:
    survey = Survey(workato=it.workato, account=str(FIRST))
    looks = [look async for look in survey.looks()]
    assert survey.sent <= MOST_REQUESTS
    return verdicts(looks, baseline)


def contradicted(found: list[Verdict]) -> dict[str, str | None]:
    return {verdict.about: verdict.instead for verdict in found if verdict.state == "contradicted"}


def surveys(
    home: Path, *several: Assumptions, baseline: Assumptions | None = None, **settings: Any
) -> list[list[Verdict]]:
    """The verdicts on a sandbox with one account that has everything, for each of the assumptions in turn."""
    made: list[list[Verdict]] = []

    async def scene() -> None:
        # The job runs on a sandbox without contradictions: what an operation makes of them is tested elsewhere.
        async with beside(home, customers=120, time_scale=2000, **settings) as it:
            await it.run(main_job(API_PACKAGE, folder="API"), [{"id": FIRST}])
            before = len(it.sandbox.effects())
            for assumptions in several:
                it.sandbox.settings = attrs.evolve(it.sandbox.settings, assumptions=assumptions)
                it.sandbox._service.settings = it.sandbox._service.state.settings = it.sandbox.settings
                made.append(await surveyed(it, baseline))
            assert len(it.sandbox.effects()) == before

    asyncio.run(scene())
    return made


def test_a_usual_tenant_contradicts_nothing(tmp_path: Path) -> None:
    (found,) = surveys(tmp_path, Assumptions())
    assert contradicted(found) == {}
    assert sum(verdict.state == "confirmed" for verdict in found) > 40


def test_thirty_contradictions_are_named_and_a_sandbox_made_of_them_answers_alike(tmp_path: Path) -> None:
    assert count(THIRTY) == 30
    deny = ("managed_users.roles.list",)
    (found,) = surveys(tmp_path / "first", Assumptions(**THIRTY), deny=deny)
    named = contradicted(found)
    for name, value in THIRTY.items():
        if not isinstance(value, Mapping):
            assert named.pop(name) == str(value)
    for call_id, envelope in THIRTY["envelopes"].items():
        assert named.pop(f"envelope of {call_id}") == envelope
    assert named.pop("page size of managed_users.list") == "50"
    for call_id, members in THIRTY["members"].items():
        for member, kind in members.items():
            assert named.pop(f"member {member} of {call_id}") == kind
    assert named == {}
    text = vendor_toml(found)
    learned = Assumptions.from_mapping(tomllib.loads(text))
    (again,) = surveys(tmp_path / "second", learned, baseline=learned, deny=deny)
    assert contradicted(again) == {}
    assert vendor_toml(again) == text
    assert tomllib.loads(text)["client"] == {"only_projects": False, "page_sizes": {"managed_users.list": 50}}


READ = [
    question for question in lists(str(FIRST)) if question.is_list and question.name != "managed_users.properties.list"
]


def test_each_envelope_of_each_list_is_recognized(tmp_path: Path) -> None:
    envelopes = [envelope for envelope in ("array", *PLACES) if envelope != "tags"]  # no list of the survey is in tags
    asked = [question.call.id for question in READ]
    for envelope, found in zip(
        envelopes,
        surveys(tmp_path, *(Assumptions(envelopes=dict.fromkeys(asked, envelope)) for envelope in envelopes)),
        strict=True,
    ):
        seen = {verdict.about: verdict.instead or verdict.assumed for verdict in found}
        assert {seen[f"envelope of {call_id}"] for call_id in asked} == {envelope}


SCALARS = [
    (name, choice)
    for name, choices, _ in Assumptions.table()
    if name == "large_page" or (name in THIRTY and not isinstance(THIRTY[name], Mapping))
    for choice in choices[1:]
    if (name, choice) != ("single_objects", "bare")  # as the catalogue has it, where a survey can look
]


def test_each_other_choice_of_each_assumption_is_recognized(tmp_path: Path) -> None:
    """One survey for as many choices as go together."""
    left, together = list(SCALARS), list[dict[str, Any]]()
    while left:
        together.append({})
        for name, choice in list(left):
            if name not in together[-1]:
                together[-1][name] = choice
                left.remove((name, choice))
    contradictions = (Assumptions(**chosen) for chosen in together)
    found = surveys(tmp_path, *contradictions, deny=("managed_users.roles.list",))
    for chosen, verdicts_of_it in zip(together, found, strict=True):
        assert contradicted(verdicts_of_it) == {name: str(choice) for name, choice in chosen.items()}


def test_every_call_of_a_survey_is_a_read_that_needs_no_more() -> None:
    for question in lists("1"):
        call = CALLS[question.call.id]
        assert call.is_read
        given = question.path.keys() | question.query.keys() | {"managed_user_id"}
        assert {each.name for each in call.parameters if each.required} <= given


def test_ids_as_text_in_one_of_two_lists_do_not_leave_a_folder_out(tmp_path: Path) -> None:
    as_text = {"managed_users.folders.list": "id", "managed_users.projects.list": "folder_id"}
    several = (Assumptions(members={call: {member: "string"}}) for call, member in as_text.items())
    for (call, member), found in zip(as_text.items(), surveys(tmp_path, *several), strict=True):
        assert contradicted(found) == {f"member {member} of {call}": "string"}
        assert [verdict.state for verdict in found if verdict.about == "home_folders"] == ["confirmed"]
