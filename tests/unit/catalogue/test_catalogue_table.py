"""The table of calls, and where the facts are at hand against these, of both files.

Its rows are on the generated page docs/reference/calls.md, which tests/docs compares.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any, get_args, get_type_hints

import pytest

from bulkops.catalogue import ANY_MEMBER, CALLS, QUOTAS, Call, Parameter, RetryClass, explored_quotas
from bulkops.catalogue._quotas import ASSUMED, DOCUMENTED
from bulkops.errors import ConfigError
from bulkops.rate_limit import Limit
from bulkops.settings import Tuning
from tests import facts as vendor

DIGEST = "358b909c64e5e747"
"""Of the table, as it was when it was last compared with the facts."""

ENVELOPES = {
    *("object", "array", "result", "data", "list", "data_list", "items", "result_items", "assets", "tags"),
    *("verdict", "none", "bytes"),
}
PREFIXES = ("/api", "/api/v2")
PAGES = {"none", "page", "page0", "since_id", "offset_job_id", "page[number]", "page[after]"}
TYPES = {"str", "int", "bool", "object", "bytes", "str[]", "int[]", "object[]"}


def test_quotas_are_the_documented_ones_and_one_for_each_group_without_a_figure() -> None:
    assert len(DOCUMENTED) == 93
    assert set(QUOTAS) == {*DOCUMENTED, *ASSUMED}
    assert {limits for name, limits in QUOTAS.items() if name in ASSUMED} == {QUOTAS["assumed.customer.folders"]}
    for call in CALLS.values():
        assert call.quota in QUOTAS
        if call.quota.startswith("assumed."):
            assert call.quota == f"assumed.{call.scope}.{call.group}"


@pytest.mark.parametrize("field", ["scope", "body", "speaks_of", "confidence"])
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
        assert {line[:2] for line in call.about} <= {"= ", "/ ", "? ", "> ", "! ", "~ ", "% ", "+ ", "@ "}, call.id
        assert call.path.startswith(call.prefix), call.id
        assert call.prefix in PREFIXES, call.id
        assert call.other_path in ("", *(f"{each}{call.path.removeprefix(call.prefix)}" for each in PREFIXES)), call.id
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
    assert len(rotating) == 7
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


def test_the_table_is_the_one_that_was_compared_with_the_facts() -> None:
    """Without the facts at hand a changed row is noticed all the same."""
    assert _digest(map(_stated, CALLS.values())) == DIGEST


def _digest(rows: Iterable[tuple[object, ...]]) -> str:
    return hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()[:16]


def _stated(call: Call) -> tuple[object, ...]:
    """What the facts state of a call; its summary is in our own words."""
    return (
        *(call.id, call.method, call.path, call.scope, call.group, call.quota, call.retry.value),
        *(call.replacement, call.speaks_of, call.pages == "none", call.confidence, call.assumes_envelope),
        sorted((each.name, each.place, each.type, each.required) for each in call.parameters),
    )


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    return vendor.facts()


def test_rows_are_those_of_the_facts(facts: dict[str, Any]) -> None:
    assert set(CALLS) == {row["id"] for row in facts["endpoints"]}
    stated = [_of_the_facts(row) for row in facts["endpoints"]]
    for row in stated:
        assert _stated(CALLS[str(row[0])]) == row
    assert _digest(stated) == DIGEST


def _of_the_facts(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        *(row[key] for key in ("id", "method", "path", "scope", "group")),
        row["rate_limit"]["bucket"] or f"assumed.{row['scope']}.{row['group']}",
        *(row["retry"]["class"], row["deprecated"].get("replacement", "")),
        "call" if "poll_now_429" in row["errors"] else "quota",
        row["pagination"]["style"] == "none",
        *(vendor.confidence(row), vendor.assumes_envelope(row)),
        sorted(_parameter(row, each) for each in row["params"] if each["name"] != "managed_user_id"),
    )


def _parameter(row: dict[str, Any], each: dict[str, Any]) -> tuple[object, ...]:
    words = {"string": "str", "integer": "int", "boolean": "bool", "binary": "bytes"}
    kind, _, inner = each["type"].partition("<")
    inner = inner.rstrip(">")
    type_ = f"{words.get(inner, inner)}[]" if inner else words.get(kind, kind)
    place = "query" if each["in"] == "body" and row["method"] == "GET" else each["in"]
    names = {"(raw body)": "body", "(body)": ANY_MEMBER}
    return names.get(each["name"], each["name"]), place, type_, each["required"]


def test_limits_are_those_of_the_facts(facts: dict[str, Any]) -> None:
    for name, bucket in facts["rate_limit_buckets"].items():
        stated = [(row["requests"], row["window_seconds"], row.get("key")) for row in bucket["limits"]]
        assert [(limit.requests, limit.window_s, limit.key) for limit in QUOTAS[name]] == stated, name
    assert set(DOCUMENTED) == set(facts["rate_limit_buckets"])


def test_every_correction_is_in_the_table(facts: dict[str, Any]) -> None:
    """Quotas, parameters and envelopes are compared above; what else the second file corrects is here."""
    assert len(facts["corrections"]) == 25
    elsewhere = {row["id"] for row in facts["corrections"] if row["field"] in ("notes", "response.envelope")}
    assert elsewhere == {
        *("managed_users.tags.list", "managed_users.tags.create", "managed_users.tags.update"),
        *("recipes.versions.list", "managed_users.imports.create", "packages.import", "folders.create"),
    }
    assert CALLS["managed_users.tags.list"].envelope == "tags"
    assert CALLS["managed_users.tags.create"].envelope == CALLS["managed_users.tags.update"].envelope == "object"
    assert (CALLS["recipes.versions.list"].envelope, CALLS["recipes.versions.list"].assumes_envelope) == (
        "data_list",
        False,
    )
    assert "100 MB" in CALLS["managed_users.imports.create"].note == CALLS["packages.import"].note
    assert "projects.delete" in CALLS["folders.create"].note


FOLDERS = "assumed.customer.folders"


def test_no_quota_is_explored_unless_it_is_asked_for() -> None:
    assert explored_quotas(Tuning()) == frozenset()
    assert explored_quotas(Tuning(explore=True)) == frozenset(ASSUMED)
    assert explored_quotas(Tuning(explore=(FOLDERS,))) == {FOLDERS}


def test_a_figure_of_the_users_own_is_explored_only_by_name() -> None:
    own = {FOLDERS: (Limit(120, 60.0),)}
    assert FOLDERS not in explored_quotas(Tuning(explore=True, quotas=own))
    assert explored_quotas(Tuning(explore=(FOLDERS,), quotas=own)) == {FOLDERS}


def test_a_documented_limit_is_never_explored() -> None:
    explored = explored_quotas(Tuning(explore=True))
    for name in DOCUMENTED:
        assert name not in explored
        with pytest.raises(ConfigError, match=f"explore names '{re.escape(name)}', whose limit the vendor publishes"):
            explored_quotas(Tuning(explore=(name,)))


def test_a_quota_that_does_not_exist_is_named_with_its_neighbor() -> None:
    with pytest.raises(ConfigError, match=r"'assumed\.customer\.folder', which is not a quota") as error:
        explored_quotas(Tuning(explore=("assumed.customer.folder",)))
    assert error.value.remedy == f"did you mean '{FOLDERS}'?"
