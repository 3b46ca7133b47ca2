"""Logs of the command line: levels, one line an event, nothing secret, nothing that steers."""

from __future__ import annotations

import importlib
import io
import json
import logging
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given, strategies as st

from bulkops.logs import Redaction, configure, get_logger
from bulkops.masking import MASK, masked
from bulkops.secret import Secret

TOKEN = "wrkaus-7f3b1c9d"


def log_of(level: str = "debug", *, as_json: bool = True, **event: object) -> str:
    stream = io.StringIO()
    configure(level, json=as_json, stream=stream, secrets=[TOKEN])
    get_logger("bulkops.test").info("something", **event)
    return stream.getvalue()


def test_a_library_says_nothing_until_asked(capsys: pytest.CaptureFixture[str]) -> None:
    get_logger("bulkops.test").info("something")
    get_logger("bulkops.test").debug("something")
    assert capsys.readouterr() == ("", "")


def test_another_library_user_may_listen_with_the_standard_library(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="bulkops"):
        get_logger("bulkops.test").debug("something", account="4100231\x1b[2J")
        assert caplog.messages == ["something account=4100231\\x1b[2J"]
        get_logger("bulkops.test").warning("unexpected", account="4100231", exc_info=ValueError("no such plan"))
    assert caplog.messages[1] == "unexpected account=4100231\nValueError: no such plan"


def test_another_library_user_may_format_events_with_structlog() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(structlog.processors.JSONRenderer()))
    receiver = logging.getLogger("bulkops")
    receiver.handlers = [handler]
    with structlog.contextvars.bound_contextvars(job="nightly"):
        get_logger("bulkops.test").warning("something", account="4100231")
    expected = {"event": "something", "level": "warning", "account": "4100231", "job": "nightly"}
    assert expected.items() <= json.loads(stream.getvalue()).items()


def test_an_event_waits_while_another_thread_imports_structlog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.joinpath("structlog.py").write_text(
        "import time, types\n"
        "time.sleep(0.5)\n"
        "contextvars = types.SimpleNamespace(merge_contextvars=lambda _logger, _method, event: event)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "structlog")
    importing = threading.Thread(target=importlib.import_module, args=["structlog"])
    importing.start()
    while "structlog" not in sys.modules:
        time.sleep(0.01)
    assert "something" in log_of(account="4100231")
    importing.join()


def test_an_event_is_one_json_line() -> None:
    line = log_of(account="4100231", attempt=2)
    assert line.count("\n") == 1
    assert {"event": "something", "level": "info", "account": "4100231", "attempt": 2}.items() <= json.loads(
        line
    ).items()


def test_a_json_line_says_what_plain_json_cannot() -> None:
    values: dict[str, Any] = {"name": "M\u00fcller\u2028", "file": "\udcff", "size": 2**70}
    line = log_of(**values)
    assert line.isascii()
    assert values.items() <= json.loads(line).items()


@pytest.mark.parametrize("as_json", [True, False])
def test_another_handler_gets_the_same_events(as_json: bool) -> None:
    ours, other = io.StringIO(), io.StringIO()
    configure("debug", json=as_json, stream=ours, secrets=[TOKEN])
    logging.getLogger("bulkops").addHandler(logging.StreamHandler(other))
    get_logger("bulkops.test").info("something", note=f"sent {TOKEN} along")
    logging.getLogger("bulkops.test").warning("plain %s", TOKEN)
    assert ours.getvalue().count("something") == other.getvalue().count("something") == 1
    assert ours.getvalue().count("plain") == 1
    assert TOKEN not in ours.getvalue()


@pytest.mark.parametrize(("level", "count"), [("debug", 1), ("INFO", 1), ("warning", 0), ("error", 0)])
def test_levels(level: str, count: int) -> None:
    assert log_of(level).count("\n") == count


def test_an_unknown_level_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'loud'.*debug, info, warning"):
        log_of("loud")


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    "event",
    [
        {"token": "x-secret-x"},
        {"Authorization": "Bearer x-secret-x"},
        {"headers": {"authorization": "x-secret-x", "accept": "*/*"}},
        {"rows": [{"password": "x-secret-x"}]},
        {"client_secret": b"x-secret-x"},
        {"api_key": "x-secret-x"},
        {"held": Secret("x-secret-x")},
        {"note": f"sent {TOKEN} along"},
        {"deep": [[{"a": (f"x{TOKEN}x",)}]]},
        {"error": ValueError(TOKEN)},
        {TOKEN: 1},
        {"request_id": ValueError(TOKEN)},
        {"request_id": TOKEN.encode()},
        {"deep": {("a", TOKEN): 1, frozenset({TOKEN}): 2}},
    ],
)
def test_secrets_are_masked(event: Any, as_json: bool) -> None:
    text = log_of(as_json=as_json, **{"a": 1, **event})
    assert "something" in text
    assert "x-secret-x" not in text
    if TOKEN not in event:
        assert TOKEN not in text
        assert MASK in text


@pytest.mark.parametrize("as_json", [True, False])
def test_what_logging_says_of_a_line_that_cannot_be_written_is_masked(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    named = "configured-1"  # looks like no secret

    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    configure("debug", json=as_json, stream=Full(), secrets=[named])
    get_logger("bulkops.test").info("something", note=f"sent {named} along")
    said = capsys.readouterr().err
    assert "No space left on device" in said
    assert f"sent {MASK} along" in said
    assert f"sent {named}" not in said


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_is_masked_too(as_json: bool) -> None:
    stream = io.StringIO()
    configure("debug", json=as_json, stream=stream, secrets=[TOKEN])
    try:
        raise ValueError(f"refused {TOKEN}")  # noqa: TRY301 - a traceback is wanted
    except ValueError:
        get_logger("bulkops.test").error("failed", exc_info=True)
    assert "ValueError" in stream.getvalue()
    assert TOKEN not in stream.getvalue()


WORDS = st.text(alphabet="GHIJ .:/'\"\n")


@given(st.text(alphabet="abcdef0123456789-", min_size=8), WORDS, WORDS)
def test_redaction_holds_for_any_token(token: Any, before: Any, after: Any) -> None:
    around = before + token + after
    event = {"event": around, "list": [around, {around}], "map": {"x": {around: ValueError(around)}}, "n": 1}
    assert token not in str(Redaction([token])(None, "info", event))
    assert masked(around, [token, token[:4]]) == before + MASK + after


def test_a_name_cannot_forge_a_line_or_steer_the_terminal() -> None:
    text = log_of(as_json=False, name="Acme\n2026-01-01 [error] forged\x1b[2J\u202e")
    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_name_cannot_forge_a_line_of_another_handler(caplog: pytest.LogCaptureFixture) -> None:
    get_logger("bulkops.test").warning("one\ntwo", name="Acme\nCRITICAL:root:forged", exc_info=ValueError("no\x1b[2J"))
    assert caplog.messages == ["one\\ntwo name=Acme\\nCRITICAL:root:forged\nValueError: no\\x1b[2J"]
