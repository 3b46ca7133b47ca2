"""What a caller gives for a call: checked by name and type, put into path, query or body."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bulkops.catalogue import CALLS, Parameter
from bulkops.errors import ConfigError
from bulkops.resources._arguments import place, type_of
from bulkops.resources._types import fits, from_text

SAMPLES = {"str": "x", "int": 7, "bool": True, "object": {"a": 1}, "str[]": ["a"], "int[]": [1], "object[]": [{}]}


def sample(parameter: Parameter) -> object:
    return SAMPLES[parameter.type]


def test_every_parameter_of_every_call_finds_its_place() -> None:
    for call in CALLS.values():
        given = {each.name: sample(each) for each in call.parameters if each.type != "bytes"}
        wrappers = {name for name in given if any(other.startswith(f"{name}[") for other in given)}
        arguments = place(
            call,
            {name: value for name, value in given.items() if name not in wrappers},
            body=b"PK" if call.body == "octets" else None,
        )
        places = {each.name: each.place for each in call.parameters}
        assert set(arguments.path) == {name for name in given if places[name] == "path"}, call.id
        assert set(arguments.query) == {name for name in given if places[name] == "query"}, call.id
        in_body = {name.partition("[")[0] for name in given if places[name] == "body"}
        assert set(arguments.json or {}) == in_body, call.id
        assert (arguments.data is not None) == (call.body == "octets"), call.id


def test_every_required_parameter_is_asked_for() -> None:
    for call in CALLS.values():
        needed = [each for each in call.parameters if each.required and each.type != "bytes"]
        wrappers = {each.name.partition("[")[0] for each in call.parameters if "[" in each.name}
        given = {each.name: sample(each) for each in needed if each.name not in wrappers}
        for each in needed:
            without = {name: value for name, value in given.items() if not name.startswith(each.name)}
            with pytest.raises(ConfigError, match=f"{re.escape(call.id)} needs "):
                place(call, without, body=b"PK" if call.body == "octets" else None)


@pytest.mark.parametrize(
    ("call", "given", "body", "words"),
    [
        ("managed_users.folders.create", {"nme": "X"}, None, "no parameter 'nme'; did you mean 'name'"),
        ("managed_users.folders.create", {"name": "X", "zzz": 1}, None, "it takes folder_name, name, parent_id"),
        ("managed_users.folders.create", {}, None, "needs name"),
        ("managed_users.folders.create", {"name": None}, None, "needs name"),
        ("managed_users.folders.create", {"name": ["X"]}, None, "name must be text, not list"),
        ("managed_users.folders.create", {"name": "X", "managed_user_id": 1}, None, "pass it as the account"),
        (
            "managed_users.folders.create",
            {"name": "X"},
            {"name": "Y"},
            "'name' is given in the body and as a parameter",
        ),
        ("managed_users.folders.create", {}, {"nme": "Y"}, "did you mean 'name'"),
        ("managed_users.folders.create", {"name": "X"}, {"folder_name": "Y"}, "is not part of the body"),
        ("managed_users.folders.create", {}, b"name", "does not take a file"),
        ("managed_users.folders.create", {}, ["name"], "does not take a file"),
        ("managed_users.recipes.start", {"recipe_id": True}, None, "recipe_id must be a whole number, not True"),
        ("managed_users.recipes.start", {"recipe_id": None}, None, "must be a whole number"),
        ("managed_users.recipes.start", {"recipe_id": "7x"}, None, "must be a whole number, not '7x'"),
        ("managed_users.list", {"per_page": 1.5}, None, "must be a whole number, not 1.5"),
        ("managed_users.list", {"per_page": 1}, {"a": 1}, "no parameter 'a'"),
        ("managed_users.imports.create", {"folder_id": 1}, None, "the body is missing"),
        ("managed_users.imports.create", {"folder_id": 1}, b"", "the body holds nothing"),
        ("managed_users.imports.create", {"folder_id": 1}, {"a": 1}, "the body is not bytes"),
        ("recipes.create", {"recipe": {"nam": "x"}}, None, r"did you mean 'recipe\[name\]'"),
        ("recipes.create", {}, None, "needs recipe"),
        ("lookup_tables.lookup", {"lookup_table_id": 1}, None, r"needs by\[<column>\]"),
        ("lookup_tables.lookup", {"lookup_table_id": 1, "by[]": 1}, None, "no parameter"),
        ("users.me", {"x": 1}, None, "it takes none"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call: str, given: Any, body: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        place(CALLS[call], given, body=body)


def test_members_of_a_wrapper_are_given_either_way() -> None:
    call = CALLS["recipes.create"]
    nested = place(call, {"recipe": {"name": "A", "code": "{}"}})
    assert nested == place(call, {"recipe[name]": "A", "recipe[code]": "{}"})
    assert nested == place(call, {}, body={"recipe": {"name": "A", "code": "{}"}})
    assert nested.json == {"recipe": {"name": "A", "code": "{}"}}


def test_queries_take_lists_and_columns() -> None:
    listed = place(CALLS["connections.list"], {"includes": ["tags", "x"]})
    assert listed.query == {"includes[]": ["tags", "x"]}
    assert place(CALLS["api_clients_v2.list"], {"cert_bundle_ids": (1, 2)}).query == {"cert_bundle_ids": "1,2"}
    rows = place(CALLS["lookup_tables.rows.list"], {"lookup_table_id": 3, "by": {"a b": "1"}, "by[c]": "2"})
    assert rows.query == {"by[a b]": "1", "by[c]": "2"}


def test_null_clears_in_a_body_and_means_nothing_in_a_query() -> None:
    assert place(CALLS["managed_users.update"], {"origin_url": None}).json == {"origin_url": None}
    assert place(CALLS["managed_users.list"], {"page": None}).query == {"page": None}  # the session leaves it out


def test_a_call_with_an_optional_body_sends_an_empty_object() -> None:
    assert place(CALLS["managed_users.upgrade"], {}).json == {}
    assert place(CALLS["managed_users.recipes.start"], {"recipe_id": 1}).json is None


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("str", "17", "17"),
        ("int", " 17 ", 17),
        ("int", "x", "x"),
        ("int", "9" * 30, "9" * 30),
        ("bool", "True", True),
        ("bool", "false", False),
        ("bool", "1", "1"),
        ("str[]", "a, b,", ["a", "b"]),
        ("int[]", "1,2", [1, 2]),
        ("int[]", "[1, 2]", [1, 2]),
        ("str[]", "[a", "[a"),
        ("object", '{"a": 1}', {"a": 1}),
        ("object", "{a", "{a"),
        ("object[]", '[{"a": 1}]', [{"a": 1}]),
    ],
)
def test_texts_of_flags_become_values(type_: str, text: Any, value: Any) -> None:
    assert from_text(type_, text) == value


@given(st.sampled_from(sorted(SAMPLES)), st.text())
def test_no_text_is_too_odd_for_a_flag(type_: Any, text: Any) -> None:
    fits(type_, from_text(type_, text))


def test_types_of_what_a_caller_may_say() -> None:
    call = CALLS["recipes.create"]
    assert [type_of(call, name) for name in ("recipe", "recipe[name]", "zzz")] == ["object", "str", "str"]
    assert type_of(CALLS["lookup_tables.create"], "lookup_table") == "object"
    assert type_of(CALLS["connections.list"], "includes") == "str[]"
    assert type_of(CALLS["lookup_tables.lookup"], "by[country]") == "str"
