"""Bytes to models: envelopes, types, verdicts, and answers that do not fit."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bulkops.errors import ApiError, DecodeError, OutcomeUnknown, StatusError
from bulkops.models import Customer, Folder, Recipe, StartResult, StopResult
from bulkops.session import decode_list, decode_object
from tests.replies import reply

ROW = {"id": 1, "name": "A", "running": True}


@pytest.mark.parametrize("wrapped", [ROW, {"result": ROW}, {"data": ROW}, {"result": ROW, "success": True}])
def test_objects_bare_and_wrapped(wrapped: Any) -> None:
    assert decode_object(reply(wrapped), Recipe) == Recipe(id=1, name="A", running=True)


@pytest.mark.parametrize(
    "wrapped",
    [
        [ROW],
        {"result": [ROW]},
        {"items": [ROW]},
        {"data": [ROW]},
        {"data": [ROW], "total": 1},
        {"data": [ROW], "count": 1, "page": 1, "per_page": 100},
        {"result": {"items": [ROW]}},
        {"result": {"count": 1, "items": [ROW]}},
        {"success": True, "result": [ROW]},
    ],
)
def test_lists_in_every_known_envelope(wrapped: Any) -> None:
    assert decode_list(reply(wrapped), Recipe) == [Recipe(id=1, name="A", running=True)]


@pytest.mark.parametrize("empty", [[], {"result": []}, {"items": []}, {"result": {"items": []}}])
def test_empty_lists(empty: Any) -> None:
    assert decode_list(reply(empty), Recipe) == []


@pytest.mark.parametrize("id_", [12, "12", "00012"])
def test_ids_as_integers_or_numeric_texts(id_: Any) -> None:
    folder = decode_object(reply({"id": id_, "name": "x", "project_id": "7", "parent_id": None}), Folder)
    assert (folder.id, folder.project_id, folder.parent_id) == (12, 7, None)


def test_texts_that_look_like_numbers_stay_texts() -> None:
    customer = decode_list(reply([{"id": "5", "external_id": "007", "plan_id": "9"}]), Customer)[0]
    assert (customer.id, customer.external_id, customer.plan_id) == (5, "007", "9")


def test_unknown_members_are_ignored_and_null_is_absent() -> None:
    recipe = decode_object(reply(ROW | {"new": {"a": [1]}, "config": None, "code": None}), Recipe)
    assert recipe.config == []


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (rb"A\ud800", "A\ufffd"),
        (rb"\uDC00\ud83d\ude00\uD83D", "\ufffd😀\ufffd"),
        (rb"\ud800\ud83d\ude00", "\ufffd😀"),
        (rb"\\ud800\ud800", "\\ud800\ufffd"),
    ],
)
def test_half_a_surrogate_pair_in_a_name_is_replaced(name: bytes, read: str) -> None:
    row = b'{"id": 1, "name": "%b", "running": true, "code": null}' % name
    assert decode_object(reply(row), Recipe).name == read
    assert decode_object(reply(row), dict) == {"id": 1, "name": read, "running": True, "code": None}
    for rows in (b'{"result": [%b]}', b'{"data": [%b]}', b"[%b]"):
        assert decode_list(reply(rows % row), Recipe)[0].name == read
    for refuse in (decode_object, decode_list):
        with pytest.raises(StatusError, match="no \ufffd"):
            refuse(reply(rb'{"success": false, "message": "no \ud800", "result": []}'), Recipe)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"id": 1, "running": True}, r"`name`"),
        (ROW | {"id": "x"}, r"\$\.id"),
        (ROW | {"id": 1.5}, r"\$\.id"),
        (ROW | {"id": -1}, r"\$\.id"),
        (ROW | {"id": 10**30}, r"\$\.id"),
        (ROW | {"id": "9" * 25}, r"\$\.id"),
        (ROW | {"running": "true"}, r"\$\.running"),
        (ROW | {"running": 1}, r"\$\.running"),
        (ROW | {"name": 7}, r"\$\.name"),
        (ROW | {"updated_at": "yesterday"}, r"\$\.updated_at"),
        (ROW | {"updated_at": "2024-01-01T00:00:00"}, r"\$\.updated_at"),
        ({"result": {"id": 1, "running": True}}, r"`name`.*\$\.result"),
        ({"result": "ok"}, r"`id`"),
        ([], "object"),
        (None, "object"),
        (b"", "empty"),
        (b'{"id": 1, "na', "truncated"),
        (b'{"id": 1}x', "malformed"),
        (b"<html>", "malformed"),
        (b'{"id": 1, "name": "\xff", "running": true}', "not UTF-8"),
        (b'{"x": ' + b"[" * 90_000, "nested too deep"),
        (b'{"id": 1' + b"0" * 6000 + b"}", "out of range|too"),
    ],
)
def test_what_does_not_fit_names_the_field(body: Any, path: str) -> None:
    with pytest.raises(DecodeError, match=path) as caught:
        decode_object(reply(body), Recipe)
    assert caught.value.call == "managed_users.recipes.get"
    assert caught.value.sent_at == 5.0
    assert str(caught.value).isprintable()
    with pytest.raises(DecodeError):
        decode_list(reply(body if body != [] else {}), Recipe)


def test_cause_has_no_row_numbers() -> None:
    causes = set()
    for rows in ([{"id": 1}], [ROW, ROW, {"id": 1}]):
        with pytest.raises(DecodeError) as caught:
            decode_list(reply({"result": rows}), Recipe)
        causes.add(caught.value.cause)
        assert f"[{len(rows) - 1}]" in str(caught.value)
    assert len(causes) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"success": False, "message": "no"},
        {"Success": False, "message": "no"},
        {"success": "false", "message": "no"},
        {"result": {"success": False, "message": "no"}},
        {"data": {"Success": False, "message": "no"}},
        {"success": False, "message": "no", "id": 1, "name": "fits all the same", "running": True},
    ],
)
def test_success_false_is_an_error_where_it_is_no_answer(body: Any) -> None:
    with pytest.raises(StatusError, match="success: false: no") as caught:
        decode_object(reply(body), Recipe)
    assert caught.value.status == 200
    with pytest.raises(StatusError, match="success: false: no"):
        decode_list(reply(body), Recipe)


@pytest.mark.parametrize("body", [{"success": True}, {"Success": True}, {"result": {"success": True}}])
def test_verdicts_that_are_answers(body: Any) -> None:
    assert decode_object(reply(body, "managed_users.recipes.stop"), StopResult).success is True


def test_a_start_that_failed_is_an_answer() -> None:
    body = {"success": False, "code_errors": [[2, [["A", None, "can't be blank", "a"]]]]}
    result = decode_object(reply(body, "managed_users.recipes.start"), StartResult)
    assert not result.success
    assert [str(problem) for problem in result.problems()] == ["step 2, A: can't be blank"]


def test_rows_may_say_success_themselves() -> None:
    body = {"result": [{"id": 1, "name": "c", "running": False, "authorization_status": "success", "success": False}]}
    assert decode_list(reply(body), Recipe)[0].id == 1


@pytest.mark.parametrize("body", [b"", b"{}", b'{"id": ', b"<html>", b'{"result": "ok"}'])
def test_unreadable_answer_to_an_unsafe_call_is_an_unknown_outcome(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown, match="cannot be read") as caught:
        decode_object(reply(body, "managed_users.folders.create"), Folder)
    assert isinstance(caught.value.__cause__, DecodeError)
    assert caught.value.sent_at == 5.0


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda c: (
            st.lists(c, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "name", "running", "result", "data", "items", "success", "Success"]),
                c,
                max_size=4,
            )
        ),
        max_leaves=8,
    )
)
def test_any_body_is_a_model_or_an_error_of_ours(body: Any) -> None:
    for decode in (decode_object, decode_list):
        with suppress(ApiError):  # nothing foreign
            decode(reply(body), Recipe)


def test_a_member_that_no_operation_reads_fails_nobody(caplog: pytest.LogCaptureFixture) -> None:
    rows = [ROW | {"id": number, "stopped_at": "soon", "last_run_at": 7} for number in range(1, 101)]
    found = decode_list(reply(rows), Recipe)
    assert [(row.id, row.stopped_at, row.last_run_at) for row in found] == [(n, None, None) for n in range(1, 101)]
    decode_list(reply(rows), Recipe)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2  # each member once, whatever the number of rows and replies
    assert "$[].stopped_at" in told[0] + told[1]
    assert "bulkops doctor --learn" in told[0]


@pytest.mark.parametrize(
    "row",
    [ROW | {"running": "yes", "stopped_at": "soon"}, {"stopped_at": "soon"} | ROW | {"running": "yes"}],
    ids=["before it", "behind it"],
)
def test_a_member_that_operations_need_is_named_beside_one_that_they_do_not(row: dict[str, Any]) -> None:
    with pytest.raises(DecodeError, match=r"\$\.running"):
        decode_object(reply(row), Recipe)
