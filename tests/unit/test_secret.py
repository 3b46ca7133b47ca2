"""What is taken out of a text before people see it: known secrets, and what looks like one."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from bulkops.masking import MASK, looks_secret, masked, register
from bulkops.secret import Secret


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=hunter2", "password=***"),
        ("secret_id=41354f secret_id=41354-6.", "secret_id=*** secret_id=***"),
        ("login(user=me, password=correcthorse, x=1)", "login(user=me, password=***, x=1)"),
        ("{'api_key': 'a b c', 'x': 1}", "{'api_key': '***', 'x': 1}"),
        ('{"client_secret": "x"}', '{"client_secret": "***"}'),
        ("Authorization: Bearer abc123def456ghi", "Authorization: Bearer ***"),
        ("X-USER-TOKEN: 0a1b2c3d4e", "X-USER-TOKEN: ***"),
        ("cookie: session=abc; path=/", "cookie: session=abc; path=/"),
        ("cookie: 7f9e8d7c6b5a", "cookie: ***"),
        ("https://me:p4ss@host.example/x", "https://***@host.example/x"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_1", "***"),
        ("the key is sk-proj-abcdef012345", "the key is ***"),
        ("wrkaus-eyJ0eXAi/tok+en==", "***"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- and", "*** and"),
        ("a -----BEGIN PRIVATE KEY-----\nMIIE", "a ***"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "bulkops call managed_users.api_keys.refresh_secret api_key_id=17.",
        "the vendor refused the token",
        "check WORKATO_API_TOKEN, and that it belongs to this data center (WORKATO_HOST)",
        "401 Invalid token: expired",
        "connection 'API token: SF Dev Account 2' is missing",
        "give it as shop.api_key={env:NAME}",
        "credentials.toml: no table [connections.NAME]",
        "Basic settings are wrong",
        "GET /api/managed_users/4100231/folders: 404 Not Found (attempt 1, request 75ed09e7-8)",
        "KeyError: 'password'",
        "password=***",
        "https://host.example:8080/a@b",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert masked(text) == text


def test_every_secret_is_known_once_there_is_one() -> None:
    text = 'canary/5d1e "x" y'
    assert text in masked(f"it says {text}")
    Secret(text)
    for form in (text, quote(text), quote(text, safe=""), json.dumps(text)[1:-1]):
        assert masked(f"it says {form}!") == f"it says {MASK}!"
    register("canary-77aa-of-the-environment")
    assert masked("<canary-77aa-of-the-environment>") == f"<{MASK}>"


def test_a_secret_that_holds_another_goes_first_and_short_ones_mask_nothing() -> None:
    Secret("canary-b")
    Secret("canary-b-and-more")
    Secret("ab")
    assert masked("canary-b-and-more, about canary-b") == f"{MASK}, about {MASK}"


def test_a_given_secret_may_be_short_or_cut_off() -> None:
    assert masked("x pa55 y", ["pa55"]) == f"x {MASK} y"
    assert masked("it was canary-12345\u2026", ["canary-1234567"]) == f"it was {MASK}"


@pytest.mark.parametrize(
    "said",
    [
        "key hunter2-secret-value is wrong",
        "key hunter2-secret-val\u2026",
        "key hunter2-s...",
        "pem -----BEGIN KEY----- abc -----END KEY----- is wrong",
        'body {"pem": "-----BEGIN KEY-----\\nabc\\n-----END KEY-----"}',
        "pem -----BEGIN KEY-----\nabc\n-----END KEY----- is wrong",
        "pem -----BEGIN KEY----- abc -----E\u2026",
    ],
)
def test_a_secret_is_masked_however_it_is_repeated(said: str) -> None:
    shown = masked(said, ["hunter2-secret-value", "-----BEGIN KEY-----\nabc\n-----END KEY-----"])
    assert MASK in shown
    assert not [part for part in ("hunter2", "abc", "BEGIN") if part in shown]


def test_names() -> None:
    assert all(looks_secret(name) for name in ("token", "X-Api-Key", "apiKey", "passwd", "Authorization", "a.secret.b"))
    assert not any(looks_secret(name) for name in ("folder", "key", "author", "pass"))


@pytest.mark.parametrize(
    "piece", ["token", "token: ", 'token="', ".", "://a:", "-----BEGIN PRIVATE KEY-----", "eyJ-", "Bearer "]
)
def test_a_hostile_text_does_not_keep_it_busy(piece: str) -> None:
    """A pattern that looks back over the text takes minutes here, and the test's own time is up."""
    masked(piece * (20_000 // len(piece)))
