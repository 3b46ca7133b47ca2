"""Reasons of a missing response, in words."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bulkops.session._response import reason_of

KEY: Any = None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            aiohttp.ClientConnectorError(KEY, OSError("Multiple exceptions")),
            "none of the host's addresses can be reached",
        ),
        (aiohttp.ClientConnectorError(KEY, ConnectionRefusedError(111, "")), "Connection refused"),
        (aiohttp.ClientConnectionResetError("Cannot write to closing transport"), "the connection broke"),
        (TimeoutError(), "the connection broke"),
        (ValueError("?"), "the connection broke"),
    ],
)
def test_a_reason_names_no_class_of_python(error: Exception, words: str) -> None:
    assert reason_of(error) == words
