"""Every model, from rows made of its own fields: envelopes, unknown members, nulls, and members that do not fit."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import types
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

import bulkops.models
from bulkops.errors import ApiError, StatusError
from bulkops.models import (
    Asset,
    ExportManifest,
    Grantee,
    Job,
    JobCounts,
    MadeRecipe,
    PackageExport,
    PublicRecipe,
    Recipe,
    RecipeVersion,
    StartProblem,
)
from bulkops.models.members import INFORMATIVE_MEMBERS, INTEGER_MEMBERS
from bulkops.models.model import Model
from bulkops.secret import Secret
from bulkops.session import decode_list, decode_object
from tests.replies import reply

HIDDEN = "t-5ecret-of-the-test"
CALL = "managed_users.connections.update"
MISFIT = {"not": [{"this": HIDDEN}]}
PLAIN = {int: 5, float: 0.5, bool: True, str: "text", datetime: "2025-02-03T08:30:00.000-08:00", Secret: HIDDEN}


def models() -> Iterator[type[Any]]:
    """Those that a reply may be: each has a member that it needs."""
    for module in pkgutil.iter_modules(bulkops.models.__path__):
        loaded = importlib.import_module(f"bulkops.models.{module.name}")
        for value in vars(loaded).values():
            is_own = inspect.isclass(value) and issubclass(value, Model) and value.__module__ == loaded.__name__
            if is_own and required(value) and value is not StartProblem:
                yield value


def hints(model: type[Any]) -> dict[str, Any]:
    """Types by field, for the fields that a reply may have."""
    found = get_type_hints(model)
    return {field.name: found[field.name] for field in msgspec.structs.fields(model)}


def example(type_: Any) -> Any:
    """JSON data of this type."""
    origin, args = get_origin(type_), get_args(type_)
    if origin is Annotated:
        return example(args[0])
    if origin in {Union, types.UnionType}:
        return example(args[0])
    if origin is list:
        return [example(args[0])]
    if type_ is Any or origin in {dict, Mapping}:
        return {}
    return PLAIN[type_] if type_ in PLAIN else row_of(type_)


def row_of(model: type[Any]) -> dict[str, Any]:
    return {name: example(type_) for name, type_ in hints(model).items()}


def takes_objects(type_: Any) -> bool:
    args = get_args(type_)
    return type_ is Any or get_origin(type_) in {dict, Mapping} or any(map(takes_objects, args))


def required(model: type[Any]) -> list[str]:
    return [field.name for field in msgspec.structs.fields(model) if field.required]


def test_no_model_insists_on_more_than_operations_need() -> None:
    needed = {
        Recipe: {"id", "name", "running"},
        PublicRecipe: {"id", "name"},
        RecipeVersion: {"id", "version_no"},
        MadeRecipe: {"success"},
        Job: {"id"},
        JobCounts: {"job_count"},
        Asset: {"id", "type"},
        ExportManifest: {"id", "name"},
        PackageExport: {"id", "status"},
    }
    assert {model: set(required(model)) for model in needed} == needed


def test_a_recipe_is_shown_without_its_code() -> None:
    recipe = Recipe(id=7, name="Sync", running=True, code="secret steps")
    assert repr(recipe).startswith("Recipe(id=7, name='Sync', running=True, folder_id=None,")
    assert "steps" not in repr(recipe) + str(list(recipe.__rich_repr__()))


every = pytest.mark.parametrize("model", list(models()), ids=lambda model: model.__name__)


@every
def test_a_row_decodes_in_every_envelope_and_shows_no_secret(model: type[Any]) -> None:
    row = row_of(model)
    bare = decode_object(reply(row, CALL), model)
    assert {name for name, value in msgspec.structs.asdict(bare).items() if value is None} == set()
    for wrapped in (row | {"new": {"member": [HIDDEN]}}, {"result": row}, {"data": row}):
        assert decode_object(reply(wrapped, CALL), model) == bare
    counted = {"count": 1, "page": 1, "per_page": 100}
    for rows in ([row], {"result": [row]}, {"data": [row], "total": 1}, {"items": [row], **counted}):
        assert decode_list(reply(rows, CALL), model) == [bare]
    assert decode_list(reply({"result": {"count": 1, "items": [row]}}, CALL), model) == [bare]
    assert HIDDEN not in repr(bare)


@every
def test_members_that_may_be_left_out_may_be_null_and_others_are_named(model: type[Any]) -> None:
    row = row_of(model)
    least = {name: row[name] for name in required(model)}
    nulls = dict.fromkeys(row.keys() - least.keys())
    assert decode_object(reply(nulls | least, CALL), model) == decode_object(reply(least, CALL), model)
    with pytest.raises(StatusError, match="no such thing"):
        decode_object(reply({"success": False, "message": "no such thing"}, CALL), model)
    for name in least:
        for bad in ({key: value for key, value in row.items() if key != name}, row | {name: None}):
            with pytest.raises(ApiError, match=name):
                decode_object(reply(bad, CALL), model)


@every
def test_a_member_of_another_type_is_refused_or_left_out(model: type[Any]) -> None:
    row, needed = row_of(model), required(model)
    for name, type_ in hints(model).items():
        if takes_objects(type_):
            continue  # whatever comes is kept
        misfit = reply(row | {name: MISFIT}, CALL)
        if name in INFORMATIVE_MEMBERS and name not in needed:
            assert getattr(decode_object(misfit, model), name) is None
            continue
        with pytest.raises(ApiError, match=name) as refused:
            decode_object(misfit, model)
        assert HIDDEN not in str(refused.value)


@every
def test_ids_may_be_texts(model: type[Any]) -> None:
    row = row_of(model)
    numbers = {name: value for name, value in row.items() if name in INTEGER_MEMBERS and _is_number(value)}
    if model is Grantee:
        del numbers["id"]  # of a group it is a text
    texts = {
        name: [str(each) for each in value] if isinstance(value, list) else str(value)
        for name, value in numbers.items()
    }
    assert decode_object(reply(row | texts, CALL), model) == decode_object(reply(row, CALL), model)


def _is_number(value: object) -> bool:
    return isinstance(value[0] if isinstance(value, list) else value, int)
