"""The file of assumptions, and the calls that a token has no right to: by value, no server."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkops.errors import ConfigError
from bulkops.sandbox import Assumptions, SandboxSettings


def test_a_file_names_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "assumptions.toml"
    path.write_text('missing_right = 401\nsecond_import = "refused"\nrecipe_status = false\n')
    read = Assumptions.from_file(path)
    assert (read.missing_right, read.second_import, read.recipe_status) == (401, "refused", False)
    assert read.foreign_customer == Assumptions().foreign_customer == 404


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"mising_right = 401", "assumption 'mising_right' does not exist; did you mean 'missing_right'?"),
        (b"gremlins = true", "assumption 'gremlins' does not exist; known: missing_right"),
        (b"missing_right = 418", "missing_right must be one of 403, 401, not 418"),
        (b'missing_right = "401"', "missing_right must be one of 403, 401, not '401'"),
        (b"recipe_status = 1", "recipe_status must be one of true, false, not 1"),
        (b"second_import = 3", 'second_import must be one of "queued", "refused", not 3'),
        (b"file_lifetime_s = 0", "file_lifetime_s must be a whole number above 0, not 0"),
        (b"file_lifetime_s = true", "whole number above 0"),
        (b"[assumptions]\nmissing_right = 401", "assumption 'assumptions' does not exist"),
        (b"missing_right", "is not valid TOML"),
        (b"\xff", "not UTF-8 text"),
        (None, "cannot read the assumptions file"),
    ],
)
def test_a_bad_file_is_refused_in_words(tmp_path: Path, text: bytes | None, words: str) -> None:
    path = tmp_path / "assumptions.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(ConfigError) as refused:
        Assumptions.from_file(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_bad_value_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="bad_zip must be one of"):
        Assumptions(bad_zip="exploded")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (
            "managed_users.import.*",
            "call 'managed_users.import.*' to deny does not exist; did you mean 'managed_users.im",
        ),
        ("zzz", "`bulkops calls WORD`"),
    ],
)
def test_only_calls_can_be_denied(pattern: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        SandboxSettings(deny=(pattern,))
    assert words in str(refused.value)
    assert SandboxSettings(deny=("managed_users.imports.*", "users.me")).deny
