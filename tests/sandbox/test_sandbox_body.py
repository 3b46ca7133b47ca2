"""The members of every call's body, checked as its row of the catalogue says."""

from __future__ import annotations

from typing import Any

import pytest

from bulkops.catalogue import ANY_MEMBER, CALLS, Call
from bulkops.sandbox.body import checked
from bulkops.sandbox.request import RefusedError

REFUSED = {"api_access_profiles.update_without_id"}
GOOD: dict[str, Any] = {
    "str": "7",
    "int": 7,
    "bool": "yes",
    "object": {"a": 1},
    "int[]": ["7"],
    "str[]": ["a"],
    "object[]": [{"a": 1}],
}
BAD: dict[str, Any] = {
    "str": ["7"],
    "int": "seven",
    "bool": "perhaps",
    "object": [],
    "int[]": 7,
    "str[]": ["a", 1],
    "object[]": [1],
}
MEMBERS = [
    (call, each)
    for call in CALLS.values()
    for each in call.parameters
    if call.body == "json"
    and call.id not in REFUSED
    and each.place == "body"
    and each.name != ANY_MEMBER
    and each.name.rpartition("[")[2] not in ("code]", "config]")
]


def whole(call: Call) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for each in (each for each in call.parameters if each.place == "body"):
        outer, _, inner = each.name.partition("[")
        place = body.setdefault(outer, {}) if inner else body
        place[inner.rstrip("]") or outer] = {} if f"{outer}[" in str(call.about) and not inner else GOOD[each.type]
    return body


def put(body: dict[str, Any], name: str, value: object) -> str:
    """Give one member another value; its own name."""
    outer, _, inner = name.partition("[")
    own = inner.rstrip("]") or outer
    (body[outer] if inner else body)[own] = value
    return own


def test_each_member_is_of_the_type_that_its_row_says() -> None:
    assert len(MEMBERS) > 200
    for call, member in MEMBERS:
        body = whole(call)
        checked(call, body)
        own = put(body, member.name, BAD[member.type])
        with pytest.raises(RefusedError, match="Validation failed") as refused:
            checked(call, body)
        assert list(refused.value.body["errors"]) == [own], call.id


def test_what_a_member_becomes() -> None:
    given = checked(
        CALLS["managed_users.connections.create"],
        {"name": " ", "provider": "jira", "folder_id": "12", "shell_connection": "False", "unknown": 1},
    )
    assert given == {"name": None, "provider": "jira", "folder_id": 12, "shell_connection": False}
    for wrapped in ({"recipe": {"folder_id": "3"}}, {"folder_id": 3}):
        assert checked(CALLS["recipes.create"], wrapped)["folder_id"] == 3


@pytest.mark.parametrize(
    ("call_id", "missing"),
    [
        ("managed_users.create", "name"),
        ("customer_managers.update", "role_id"),
        ("recipes.jobs.repeat", "job_ids"),
        ("managed_users.properties.upsert", "properties"),
    ],
)
def test_a_required_member_that_is_missing_is_named(call_id: str, missing: str) -> None:
    for body in ({}, {missing: None}):
        with pytest.raises(RefusedError) as refused:
            checked(CALLS[call_id], body)
        assert refused.value.body["errors"] == {missing: ["can't be blank"]}
