"""The table of calls, and with BULKOPS_FACTS=endpoints.yaml against the facts themselves.

Its rows are on the generated page docs/reference/calls.md, which tests/docs compares.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from bulkops.catalogue import CALLS, QUOTAS, Call, Parameter, RetryClass
from bulkops.catalogue._quotas import ASSUMED, DOCUMENTED

FACTS = os.environ.get("BULKOPS_FACTS")  # read now: a fixture empties the environment

ENVELOPES = {
    *("object", "array", "result", "data", "list", "data_list", "items", "result_items", "assets"),
    *("verdict", "none", "bytes"),
}
PAGES = {"none", "page", "page0", "since_id", "offset_job_id", "page[number]", "page[after]"}
TYPES = {"str", "int", "bool", "object", "bytes", "str[]", "int[]", "object[]"}


def test_quotas_are_the_documented_ones_and_one_for_each_group_without_a_figure() -> None:
    assert len(DOCUMENTED) == 48
    assert set(QUOTAS) == {*DOCUMENTED, *ASSUMED}
    assert {limits for name, limits in QUOTAS.items() if name in ASSUMED} == {QUOTAS["assumed.customer.folders"]}
    for call in CALLS.values():
        assert call.quota in QUOTAS
        if call.quota.startswith("assumed."):
            assert call.quota == f"assumed.{call.scope}.{call.group}"


@pytest.mark.parametrize("field", ["scope", "body", "speaks_of"])
def test_columns_hold_the_words_that_the_type_allows(field: str) -> None:
    assert {getattr(call, field) for call in CALLS.values()} == set(get_args(get_type_hints(Call)[field]))


def test_every_row_is_whole() -> None:
    for call in CALLS.values():
        assert call.envelope in ENVELOPES, call.id
        assert call.pages in PAGES, call.id
        assert call.summary.endswith("."), call.id
        assert bool(call.look) == (call.retry is RetryClass.RECONCILE_FIRST), call.id
        assert call.names_account or call.scope == "partner", call.id
        assert call.path == "/" + call.path.strip("/"), call.id
        assert len(call.about) == len({line[0] for line in call.about}), call.id
        assert {line[:2] for line in call.about} <= {"= ", "/ ", "? ", "> ", "! ", "~ ", "% "}, call.id
        names = [each.name for each in call.parameters]
        assert len(names) == len(set(names)), call.id
        for each in call.parameters:
            assert each.type in TYPES, (call.id, each)
            assert each.place != "body" or call.body != "none", (call.id, each)
            assert each.place != "path" or f"{{{each.name}}}" in call.path, (call.id, each)


def test_no_two_calls_share_an_address() -> None:
    shapes = Counter((call.method, re.sub(r"\{\w+\}", "{}", call.path)) for call in CALLS.values())
    assert [shape for shape, count in shapes.items() if count > 1] == []


def test_deprecated_calls_name_a_replacement_that_exists() -> None:
    deprecated = [call for call in CALLS.values() if call.is_deprecated]
    assert len(deprecated) == 22
    for call in deprecated:
        assert call.replacement.split()[0] in CALLS, call.id


def test_parameters_are_read_from_the_row() -> None:
    assert CALLS["managed_users.tags.update"].parameters == (
        Parameter("handle", "path", "str", True),
        Parameter("title", "body", "str", False),
        Parameter("description", "body", "str", False),
        Parameter("color", "body", "str", False),
    )
    assert CALLS["managed_users.folders.delete"].parameters == (
        Parameter("folder_id", "path", "int", True),
        Parameter("force", "query", "bool", False),
    )


def test_only_poll_now_speaks_of_itself() -> None:
    speaking = {call.id for call in CALLS.values() if call.speaks_of == "call"}
    assert speaking == {"managed_users.recipes.poll_now", "recipes.poll_now"}


def test_calls_that_change_a_secret_are_not_repeated_blindly() -> None:
    rotating = [call for call in CALLS.values() if call.path.endswith(("/refresh_secret", "/regenerate"))]
    assert len(rotating) == 6
    assert {call.retry for call in rotating} == {RetryClass.RECONCILE_FIRST}


@pytest.mark.slow
@pytest.mark.measures
def test_importing_the_catalogue_costs_next_to_nothing() -> None:
    """Of what the settings cost, which come before it: a sixth on an idle machine."""
    program = """
import time
began = time.process_time(); import bulkops.settings
then = time.process_time(); import bulkops.catalogue
print((time.process_time() - then) / (then - began))"""
    assert min(float(subprocess.check_output([sys.executable, "-c", program])) for _ in range(5)) < 0.5


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    if not FACTS:
        pytest.skip("BULKOPS_FACTS names no endpoints.yaml")
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    read: dict[str, Any] = yaml.safe_load(Path(FACTS).read_text(encoding="utf-8"))
    return read


def test_rows_are_those_of_the_facts(facts: dict[str, Any]) -> None:
    assert set(CALLS) == {row["id"] for row in facts["endpoints"]}
    for row in facts["endpoints"]:
        call = CALLS[row["id"]]
        assert (call.method, call.path, call.scope, call.group) == tuple(
            row[key] for key in ("method", "path", "scope", "group")
        )
        assert call.quota == (row["rate_limit"]["bucket"] or f"assumed.{row['scope']}.{row['group']}"), call.id
        assert call.retry == row["retry"]["class"], call.id
        assert call.is_deprecated == row["deprecated"]["value"], call.id
        assert call.replacement == row["deprecated"].get("replacement", ""), call.id
        assert (call.speaks_of == "call") == ("poll_now_429" in row["errors"]), call.id
        assert (call.pages == "none") == (row["pagination"]["style"] == "none"), call.id
        assert call.summary == row["summary"], call.id


def test_parameters_are_those_of_the_facts(facts: dict[str, Any]) -> None:
    words = {"string": "str", "integer": "int", "boolean": "bool", "binary": "bytes"}
    for row in facts["endpoints"]:
        call = CALLS[row["id"]]
        stated = set()
        for each in row["params"]:
            if each["name"] == "managed_user_id":
                continue
            kind, _, inner = each["type"].partition("<")
            inner = inner.rstrip(">")
            type_ = f"{words.get(inner, inner)}[]" if inner else words.get(kind, kind)
            place: Any = "query" if each["in"] == "body" and row["method"] == "GET" else each["in"]
            name = "body" if each["name"] == "(raw body)" else each["name"]
            stated.add(Parameter(name, place, type_, each["required"]))
        assert set(call.parameters) == stated, call.id


def test_limits_are_those_of_the_facts(facts: dict[str, Any]) -> None:
    for name, bucket in facts["rate_limit_buckets"].items():
        stated = [(row["requests"], row["window_seconds"], row.get("key")) for row in bucket["limits"]]
        assert [(limit.requests, limit.window_s, limit.key) for limit in QUOTAS[name]] == stated, name
    assert set(DOCUMENTED) == set(facts["rate_limit_buckets"])
