"""What a status and a body mean, in words: tables, no sockets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bulkops import errors
from bulkops.models.text import one_line
from bulkops.secret import Secret
from bulkops.session._request import Redactor
from bulkops.session._status import read_body, remedy_for, retry_after_s, status_error, verdict_error

FACTS = errors.ErrorContext(
    call="c.get",
    method="GET",
    path="/p",
    account="7",
    attempt=1,
    elapsed_s=0.1,
    request_id="r",
    sent_at=1.0,
    is_read=True,
)
NOW = datetime(2024, 5, 1, 12, 0, 0, tzinfo=UTC)


def _error(status: int, body: bytes, **headers: str) -> errors.StatusError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status_error(status, named, body, facts=FACTS, one_line=one_line)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("1000000", 3600.0),
        ("9" * 5000, 3600.0),
        ("Wed, 01 May 2024 12:00:30 GMT", 30.0),
        ("Wed, 01 May 2024 11:00:00 GMT", 0.0),
        ("Wed, 01 May 2099 12:00:00 GMT", 3600.0),
        ("", None),
        ("soon", None),
        ("1e3", None),
        ("inf", None),
        ("nan", None),
        ("1_0", None),
        ("٣", None),
        ("Wed, 99 Foo", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
    ],
)
def test_retry_after(text: str, seconds: float | None) -> None:
    assert retry_after_s({"Retry-After": text}, now=NOW) == seconds


def test_retry_after_date_is_measured_by_the_servers_own_clock() -> None:
    headers = {"Retry-After": "Wed, 01 May 2024 13:00:10 GMT", "Date": "Wed, 01 May 2024 13:00:00 GMT"}
    assert retry_after_s(headers, now=NOW) == 10.0
    assert retry_after_s({}, now=NOW) is None


@given(st.text())
def test_any_retry_after_is_none_or_bounded(text: str) -> None:
    seconds = retry_after_s({"Retry-After": text, "Date": text})
    assert seconds is None or 0 <= seconds <= 3600


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.Unauthorized),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (418, errors.StatusError),
        (422, errors.Invalid),
        (429, errors.RateLimited),
        (500, errors.ServerError),
        (503, errors.ServerError),
        (599, errors.ServerError),
        (302, errors.StatusError),
        (101, errors.StatusError),
        (999, errors.ServerError),
    ],
)
def test_each_status_has_its_class(status: int, kind: type[errors.StatusError]) -> None:
    error = _error(status, b'{"message": "no"}')
    assert type(error) is kind
    assert error.status == status


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"message": "Bad request"}', "Bad request"),
        (b'{"message": "Bad", "errors": {"name": ["is taken", "is long"]}}', "Bad: name is taken; name is long"),
        (b'{"message": "Bad", "errors": {"name": "is taken"}}', "Bad: name is taken"),
        (b'{"errors": {"running": ["can\'t modify running recipe"]}}', "running can't modify running recipe"),
        (b'{"errors": ["one", {"title": "two"}]}', "one; two"),
        (b'{"error": "nope"}', "nope"),
        (b'{"error": "nope", "error_type": "not_allowed"}', "nope (not_allowed)"),
        (b'{"error": null, "error_type": "not_allowed"}', "not_allowed"),
        (b'{"errors": [{"code": 422, "title": "Invalid", "detail": "strength"}]}', "Invalid: strength"),
        (b'{"errors": [{"code": 422, "title": "Invalid"}, {"code": 1, "title": "B", "detail": "c"}]}', "Invalid; B: c"),
        (b'{"errors": {"title": ["is taken"]}}', "title is taken"),
        (b'{"success": false, "message": "Not Found"}', "Not Found"),
        (b'{"message": ["odd"]}', '{"message":["odd"]}'),
        (b'"text"', "text"),
        (b"[]", "Bad Request"),
        (b"", "Bad Request"),
        (b"  \n", "Bad Request"),
        (b"{}", "Bad Request"),
        (b"plain words", "plain words"),
        (b'{"message": "cut', '{"message": "cut'),
        (b"<html><title>\n 400 <b>Bad</b> Request\n</title></html>", "400 Bad Request"),
        (b"<!doctype html><h1>Down</h1>", "Down"),
        (b"<html><body>only <i>text</i><script>x()</script></body></html>", "only text"),
        (b"<title></title><p>words</p>", "words"),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}" * 2),
        (b'{"message": "a\\u0000b\\u202e\\nc"}', "a b c"),
    ],
)
def test_what_the_body_says(body: bytes, said: str) -> None:
    assert _error(400, body).said == said


@pytest.mark.parametrize(
    "body", [b"[" * 50_000, b'{"a":' * 50_000, b'{"errors":' * 400 + b"1" + b"}" * 400, b"<script" * 9000]
)
def test_hostile_bodies_are_survived(body: bytes) -> None:
    assert len(_error(500, body, Content_Type="text/html").said) <= 300


@given(st.binary(max_size=200))
def test_any_body_becomes_one_printable_line(body: bytes) -> None:
    error = _error(400, body)
    assert str(error).isprintable()
    assert 0 < len(error.said) <= 300


def test_causes_of_equal_failures_are_equal() -> None:
    one = _error(404, b'{"message": "no folder 70012 of 41003", "id": "5b1e5f60-0000-4000-8000-0123456789ab"}')
    two = _error(404, b'{"message": "no folder 90 of 41003"}')
    three = _error(404, b'{"message": "no folder 123456 of 7003"}')
    assert one.cause == three.cause == "c.get: 404 no folder … of …"
    assert two.cause != one.cause


def test_the_vendors_id_of_a_500_is_kept_for_support_but_not_in_the_cause() -> None:
    error = _error(500, b'{"message": "Server error", "id": "5b1e5f60-aaaa-4000-8000-0123456789ab"}')
    assert "5b1e5f60-aaaa-4000-8000-0123456789ab" in str(error)
    assert error.cause == "c.get: 500 Server error"


def test_redirects_show_the_host_only() -> None:
    error = _error(307, b"", Location="https://else.example:1/p?user_token=x")
    assert error.message == "307 the server redirects to https://else.example; bulkops does not follow redirects"
    assert "redirects; bulkops" in _error(301, b"", Location="http://[").message


def test_401_and_403_say_what_to_check() -> None:
    assert "WORKATO_API_TOKEN" in str(_error(401, b""))
    assert "role" in str(_error(403, b""))


def test_no_remedy_names_a_command() -> None:
    """A single call meets these too: only the report of a run knows what there is to retry."""
    for status in range(200, 600):
        assert "bulkops" not in remedy_for(status), status


def test_verdict_in_words() -> None:
    body = {"success": False, "errors": {"running": ["can't modify running recipe"]}}
    error = verdict_error(200, body, facts=FACTS, one_line=one_line)
    assert "success: false: running can't modify running recipe" in str(error)
    assert error.status == 200
    assert verdict_error(200, {"success": False}, facts=FACTS, one_line=one_line).said != ""


@given(
    token=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="*"), min_size=4),
    data=st.data(),
)
def test_redaction_holds_for_any_token(token: str, data: Any) -> None:
    around = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)
    text = data.draw(around) + token + data.draw(around)
    redact = Redactor(Secret(token))
    assert token not in redact(text)
    error = status_error(400, {}, text.encode(), facts=FACTS, one_line=redact)
    assert token not in str(error) + error.cause + error.said


def test_read_body_keeps_the_servers_errors_object() -> None:
    assert read_body({}, b'{"errors": {"a": ["b"]}}').errors == {"a": ["b"]}
