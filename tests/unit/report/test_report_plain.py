"""Names and messages from elsewhere, on one line and inert."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from bulkops.durations import duration
from bulkops.report.safe_text import inline

any_text = st.text(st.characters())  # lone surrogates, control characters and all


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Žofie & 株式会社 🎉", "Žofie & 株式会社 🎉"),
        ("two\r\nlines\tand\u2028more", "two  lines and more"),
        ("\x1b[2J\x07\x9b31m\x7f", "\\x1b[2J\\x07\\x9b31m\\x7f"),
        ("user\u202efdp.exe", "user\\u202efdp.exe"),
        ("\ud800\x00", "\\ud800\\x00"),
        ("नमस्\u200dते", "नमस्\u200dते"),
        ("no\u00a0break", "no break"),
    ],
)
def test_what_a_terminal_would_act_on_is_spelled_out(text: str, shown: str) -> None:
    assert inline(text) == shown


@given(any_text)
def test_nothing_gets_through(text: str) -> None:
    shown = inline(text)
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not {unicodedata.bidirectional(char) for char in shown} & {
        "LRE",
        "RLE",
        "LRO",
        "RLO",
        "PDF",
        "LRI",
        "RLI",
        "PDI",
    }
    shown.encode()


@given(any_text, st.integers(0, 50))
def test_a_cut_says_how_much_is_missing(text: str, most: int) -> None:
    shown = inline(text, most)
    if len(text) <= most:
        assert shown == inline(text)
    else:
        assert shown == f"{inline(text[:most])}... ({len(text) - most} more characters)"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1.0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (123, "2 min 3 s"),
        (3599.6, "1 h 0 min"),
        (3900, "1 h 5 min"),
        (86399.9, "1 d 0 h"),
        (273_600, "3 d 4 h"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, words: str) -> None:
    assert duration(seconds) == words
