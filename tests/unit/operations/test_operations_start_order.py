"""The order in which recipes start, from what replies and packages say of their calls, whatever that is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bulkops.operations._start_order import called_ids, may_call


@pytest.mark.parametrize(
    ("providers", "may"),
    [
        (["salesforce", "workato_recipe_function"], True),
        (["salesforce"], False),
        ([], True),
        ([None, 7, {}, ["workato_recipe_function"]], False),
    ],
)
def test_a_recipe_may_call_others_by_a_provider_that_calls(providers: list[Any], may: bool) -> None:
    assert may_call([{"provider": provider} for provider in providers]) is may


@pytest.mark.parametrize(
    ("code", "ids"),
    [
        ({"block": [{"input": {"flow_id": 7}}, {"input": {"flow_id": "8"}}]}, {7, 8}),
        ({"flow_id": True, "a": {"flow_id": [9]}, "b": {"flow_id": -1}, "c": {"flow_id": "٧"}}, set()),
        ({"flow_id": "9" * 5000}, set()),
    ],
    ids=["calls", "not an id", "5,000 digits"],
)
def test_a_recipe_calls_each_id_in_its_code(code: object, ids: set[int]) -> None:
    assert called_ids(json.dumps(code, ensure_ascii=False)) == ids


@pytest.mark.parametrize("code", [None, "", "{", "[" * 100_000])
def test_unreadable_code_calls_nobody(code: str | None) -> None:
    assert called_ids(code) == set()
