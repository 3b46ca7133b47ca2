"""Every member of every model, given everything that JSON can say: a model or an error in words, nothing else."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from typing import Any, get_type_hints

import msgspec
import pytest

from bulkops import models
from bulkops.errors import ApiError
from bulkops.models.model import Model
from bulkops.session import Reply, decode_list, decode_object
from tests.replies import reply

MODELS = [
    model
    for _, model in inspect.getmembers(models, inspect.isclass)
    if issubclass(model, Model) and model.__name__ not in {"StartProblem"}
]

WRONG: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**63,
    10**30,
    1.5,
    1e308,
    "",
    "x",
    "12",
    "-12",
    "٧",
    "9" * 5000,
    "2026-02-30T00:00:00Z",
    "2026-01-01",
    "0000-00-00T00:00:00Z",
    "\ud800",
    "\x1b[2J\n\u202e",
    "x" * 10_000,
    [],
    [[]],
    [None],
    ["x", 1, {}],
    {},
    {"id": None},
    {"": {"": {"": []}}},
]


def good(model: type[Any]) -> dict[str, Any]:
    """The required members, with values of their kind."""
    samples: dict[str, Any] = {"success": True, "running": True, "active": True, "year": 2026, "month": 2}
    samples |= {"version_no": 3, "job_count": 1}
    samples |= {"user": {"id": 7}, "privilege_group": {"id": 7}, "moderated_workspaces": [], "privileges": {}}
    samples |= {"role": {"id": 7, "name": "x"}, "grantee": {"type": "user", "id": 7}}
    types = get_type_hints(model)
    return {
        field.name: samples.get(field.name, 7 if types[field.name] is int else "x")
        for field in msgspec.structs.fields(model)
        if field.required
    }


def error_of(decode: Callable[..., object], answer: Reply, model: type[Any]) -> str | None:
    try:
        decode(answer, model)
    except ApiError as error:
        return str(error)
    return None


def forms(tree: dict[str, Any], value: Any) -> list[Any]:
    """As an object, a list, and in the vendor's envelopes."""
    return [tree, {"result": tree}, {"data": tree}, {"result": [tree]}, [tree], {"items": [tree, value]}]


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_any_value_in_any_member(model: type[Any], every: int) -> None:
    """Five is prime to the numbers of values and of forms: each fifth has each value in each form."""
    names = [*model.__struct_fields__, "success", "Success", "result", "data", "message"]
    required = good(model)
    tried = refused = 0
    for name, value, form in itertools.islice(itertools.product(names, WRONG, range(6)), 0, None, every):
        answer = reply(forms(required | {name: value}, value)[form], "managed_users.get")
        for decode in (decode_object, decode_list):
            tried += 1
            said = error_of(decode, answer, model)
            if said is not None:
                refused += 1
                assert said.isprintable()
                assert len(said) < 1000
    print(f"{model.__name__}: {tried} answers, {refused} refused")
    assert 0 < refused < tried


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_required_member_that_is_missing_is_named(model: type[Any]) -> None:
    for name in good(model):
        tree = {key: value for key, value in good(model).items() if key != name}
        with pytest.raises(ApiError, match=name):
            decode_object(reply(tree, "managed_users.get"), model)
