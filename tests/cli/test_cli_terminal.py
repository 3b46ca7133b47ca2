"""What may be printed: names from servers and files cannot steer a terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bulkops.cli.terminal import is_one_place, one_line, put, say, wants_color
from bulkops.logs import neutral, neutral_json

ANYTHING = st.text(
    alphabet=st.characters(codec=None, categories=None) | st.sampled_from("\x1b\x07\r\n\u202e\u2066\x9b")
)


@given(ANYTHING)
def test_nothing_that_steers_is_left(text: Any) -> None:
    for char in neutral(text):
        assert char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}
        assert unicodedata.bidirectional(char) not in {"RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI"}


@given(st.text())
def test_harmless_text_stays(text: Any) -> None:
    if text.isprintable():
        assert neutral(text).replace("\\", "") == text.replace("\\", "") or any(
            0x200B <= ord(c) <= 0x2069 for c in text
        )


@given(st.dictionaries(st.text(), st.text()))
def test_json_means_the_same_and_steers_nothing(data: Any) -> None:
    text = neutral_json(json.dumps(data, ensure_ascii=False))
    assert json.loads(text) == data
    assert neutral(text) == text


def test_one_line() -> None:
    assert one_line("a\n  b\x1b]0;title\x07") == "a b\\x1b]0;title\\x07"


class Terminal(io.StringIO):
    def isatty(self) -> Any:
        return True


@pytest.mark.parametrize(
    ("environment", "stream", "color"),
    [
        ({}, Terminal(), True),
        ({}, io.StringIO(), False),
        ({"TERM": "dumb"}, Terminal(), False),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"NO_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": ""}, Terminal(), True),
    ],
)
def test_who_wants_color(monkeypatch: pytest.MonkeyPatch, environment: Any, stream: Any, color: bool) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_color(stream) is color


@pytest.fixture
def stdout(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stdout of bytes in a given encoding, on a terminal or not."""

    def make(encoding: str = "utf-8", *, terminal: bool = False) -> Any:
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
        monkeypatch.setattr(stream, "isatty", lambda: terminal, raising=False)
        monkeypatch.setattr("sys.stdout", stream)
        return stream.buffer

    return make


CSV = "id,name\r\n1,Acme \x1b[2J\r\n"


def test_a_program_gets_the_bytes_as_they_are(stdout: Any) -> None:
    buffer = stdout()
    put(CSV)
    assert buffer.getvalue().decode() == CSV


def test_a_terminal_gets_nothing_that_steers(stdout: Any) -> None:
    buffer = stdout(terminal=True)
    put(CSV)
    assert buffer.getvalue().decode() == "id,name\n1,Acme \\x1b[2J\n"


def test_what_the_locale_cannot_write_is_an_escape(stdout: Any) -> None:
    buffer = stdout("ascii")
    put("Müller\n")
    assert buffer.getvalue() == b"M\\xfcller\n"


def test_a_full_disk_is_told_in_words_and_not_called_a_bug() -> None:
    commands = [["calls"], ["--help"], ["runs", "prune", "-h"], ["--version"]]
    program = f"""
import os, sys
from bulkops.__main__ import main
full = os.dup(1)
for words in {commands}:
    os.dup2(full, 1)
    sys.argv[1:] = words
    assert main() == 1
"""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, check=False, timeout=30
        )
    said = ["error: cannot write to stdout: No space left on device", "  try: free some space; `bulkops report`"]
    told = done.stderr.decode().splitlines()
    assert [line.startswith(said[place % 2]) for place, line in enumerate(told)] == [True] * 2 * len(commands), told
    assert done.returncode == 0, "but for the codes of the commands"


def test_one_place_is_the_same_file_and_not_just_the_same_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "both").open("w") as one, (tmp_path / "other").open("w") as other:
        monkeypatch.setattr("sys.stdout", one)
        monkeypatch.setattr("sys.stderr", other)
        assert not is_one_place()
        monkeypatch.setattr("sys.stderr", one)
        assert is_one_place()
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert not is_one_place()


def test_json_never_steers(stdout: Any) -> None:
    buffer = stdout()
    put('{"name": "a\x9bb"}', json=True)
    assert json.loads(buffer.getvalue()) == {"name": "a\x9bb"}
    assert b"\xc2\x9b" not in buffer.getvalue()


def test_a_terminal_that_hung_up_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        monkeypatch.setattr("sys.stderr", terminal)
        os.close(ours)
        say("progress")
        put("report\n")
