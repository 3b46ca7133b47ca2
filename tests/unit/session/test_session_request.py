"""What is sent, as plain values."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bulkops.catalogue import CALLS
from bulkops.errors import InputError
from bulkops.rate_limit import Limit
from bulkops.secret import Secret
from bulkops.session._account_keys import AccountNames, counts_emails, key_of
from bulkops.session._request import account_segment, build, path_segment
from bulkops.settings import Auth

AUTH = Auth(token=Secret("tok"))


@pytest.mark.parametrize(
    ("account", "text"), [(7, "7"), ("7", "7"), (" 7 ", "7"), ("EORG-7", "EORG-7"), ("Ea/b 1", "Ea/b 1"), ("E7", "E7")]
)
def test_accounts(account: str | int, text: str) -> None:
    assert account_segment(account) == text


@pytest.mark.parametrize("account", ["", " ", "E", "ORG-7", "e7", "7.0", "-7", -7, "٣", True, "../x", "E\ud800"])
def test_what_is_no_account(account: str | int) -> None:
    with pytest.raises(InputError) as caught:
        account_segment(account)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("value", ["", ".", "..", "...", " ", "\ud800", -1, True])
def test_path_values_that_would_change_the_address_are_refused(value: str | int) -> None:
    with pytest.raises(InputError):
        path_segment("recipe_id", value)


@given(st.text(min_size=1).filter(lambda text: text.strip(". ") and text.isprintable()))
def test_a_segment_stays_one_segment(text: str) -> None:
    segment = path_segment("x", text)
    assert not set(segment) & set("/?#&\\ \r\n")
    assert segment.isascii()


def test_missing_path_value_is_named() -> None:
    with pytest.raises(InputError, match=r"managed_users\.recipes\.start needs recipe_id"):
        build(CALLS["managed_users.recipes.start"], auth=AUTH, path={"managed_user_id": 1}, query={})


@pytest.mark.parametrize("value", [object(), math.nan, [{"limit": math.inf}]])
def test_a_body_that_json_cannot_express_is_refused(value: object) -> None:
    call = CALLS["folders.create"]
    with pytest.raises(InputError, match=r"folders\.create: the body cannot be written as JSON; use plain data"):
        build(call, auth=AUTH, path={"managed_user_id": 7}, query={}, json={"name": value})
    assert build(call, auth=AUTH, path={"managed_user_id": 7}, query={}, json={"name": None}).body == b'{"name":null}'


def test_request_does_not_show_its_query_or_body() -> None:
    auth = Auth(token=Secret("tok"), scheme="legacy-query", email="a@b")
    request = build(CALLS["managed_users.create"], auth=auth, path={}, query={}, json={"pass": "word"})
    assert "tok" not in repr(request)
    assert "word" not in repr(request)
    assert request.query.endswith("user_token=tok&user_email=a%40b")


def test_what_is_counted_for_an_address_does_not_show_the_address() -> None:
    keys = [key_of("7", {"email": email}) for email in ("Ana@x.example", " ana@x.example ", "bob@x.example")]
    assert keys[0] == keys[1] != keys[2]
    assert all(key is not None and key.startswith("7 ") and "x.example" not in key for key in keys)
    assert key_of("8", {"email": "ana@x.example"}) != keys[0]
    assert [key_of("7", body) for body in (None, dict[str, Any](), {"email": None}, list[Any]())] == ["7"] * 4
    assert counts_emails([Limit(60, 60.0), Limit(1, 1200.0, "email + workspace id")])
    assert not counts_emails([Limit(60, 60.0), Limit(500, 3600.0, "workspace")])


def test_the_two_names_of_an_account_are_counted_as_one() -> None:
    names = AccountNames()
    assert names.counted("7") == "7"
    assert names.counted("EORG-8") == "EORG-8", "not known yet"
    names.learn(7, "ORG-7")
    names.learn(8, "ORG-8")
    names.learn(9, "ORG-9")
    assert [names.counted(name) for name in ("EORG-7", "7")] == ["7", "7"]
    assert [names.counted(name) for name in ("8", "EORG-8")] == ["EORG-8", "EORG-8"], "what was counted first stays"
    assert [names.counted(name) for name in ("EORG-9", "9")] == ["9", "9"]
    assert names.counted(None) is None
