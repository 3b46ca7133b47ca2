"""What a failed start says, in every shape it was seen in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from bulkops.models import ImportStatus, RecipeStatus, StartResult


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (
            {"code_errors": [[2, [["Account ID", None, "can't be blank", "account_id"]]]]},
            ["step 2, Account ID: can't be blank"],
        ),
        ({"code_errors": [[2, [["A", 7, "x", "a"], ["B", None, "y", "b"]]]]}, ["step 2, A: x", "step 2, B: y"]),
        (
            {"config_errors": [[1, [["salesforce", 9001, "connection is not authorized"]]]]},
            ["step 1, salesforce: connection is not authorized"],
        ),
        ({"config_errors": ["plain text"]}, ["plain text"]),
        ({"config_errors": "plain text"}, ["plain text"]),
        ({"config_errors": [["salesforce", None, "no step"]]}, ["salesforce: no step"]),
        ({"code_errors": [[3, ["just text"]]]}, ["step 3: just text"]),
        ({"code_errors": [[3, [[None, None, "no label"]]]]}, ["step 3: no label"]),
        ({"code_errors": [[3, []]]}, ["[3,[]]"]),
        ({"code_errors": [[True, [["a", None, "b"]]]]}, ['[true,[["a",null,"b"]]]']),
        ({"code_errors": {"step": 1}}, ["step: 1"]),
        ({"errors": {"running": ["can't modify running recipe"]}}, ["running: can't modify running recipe"]),
        ({"code_errors": [[1, [["a\x1b", None, "b\nc"]]]]}, ["step 1, a: b c"]),
        ({"code_errors": [[1, [["a", None, "\x00"]]]]}, ["step 1, a: the server gave no reason"]),
        ({"message": "state transition"}, ["state transition"]),
        ({}, ["the server gave no reason"]),
        ({"code_errors": [], "config_errors": []}, ["the server gave no reason"]),
    ],
)
def test_problems(members: dict[str, Any], said: list[str]) -> None:
    assert [str(problem) for problem in StartResult(success=False, **members).problems()] == said


def test_a_good_start_has_no_problems() -> None:
    assert StartResult(success=True, code_errors=[], config_errors=None).problems() == []


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=12,
)


@given(_json, _json)
def test_any_shape_is_read_without_losing_the_failure(code: Any, config: Any) -> None:
    problems = StartResult(success=False, code_errors=code, config_errors=config).problems()
    assert problems
    assert all(str(problem).isprintable() for problem in problems)


@pytest.mark.parametrize(
    ("result", "is_good"),
    [
        ("no_update_or_updated_without_restart", True),
        ("no_update_or_update_without_restart", True),
        ("restarted", True),
        ("stopped", False),
        ("restart_failed", False),
        ("stop_failed", False),
        ("not_found", False),
        ("something_new", False),
    ],
)
def test_import_results(result: str, is_good: bool) -> None:
    row = RecipeStatus(id=1, import_result=result)
    status = ImportStatus(id=1, status="completed", recipe_status=[row])
    assert status.bad_results == ([] if is_good else [row])


@pytest.mark.parametrize(
    ("status", "is_finished"), [("in_progress", False), ("processing", False), ("completed", True), ("failed", True)]
)
def test_import_states(status: str, is_finished: bool) -> None:
    assert ImportStatus(id=1, status=status).is_finished is is_finished
