"""Encoding of values for SQLite and UTF-8, and decoding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from bulkops import plain_json
from bulkops.errors import JournalError

LONGEST_NAME: Final = 200
"""Characters of a customer's name."""


def utf8_text(text: str) -> str:
    r"""The text with lone surrogates spelled out (a file name that is not UTF-8 brings them); NUL is fine as it is.

    >>> utf8_text("folder \udcff")
    'folder \\udcff'
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def utf8_text_or_none(text: str | None) -> str | None:
    return None if text is None else utf8_text(text)


def encode(value: object) -> str:
    """JSON text of plain data. Raises: JournalError for what JSON cannot say."""
    try:
        return _text(value, _plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise JournalError(
            f"the journal cannot store a value of type {type(value).__name__}: {error}", remedy="use plain JSON data"
        ) from error


def stored(value: object, others: Callable[[Any], Any] | None = None) -> Any:
    """The value as it comes back from the journal. `others`: replaces a value that JSON cannot express, or raises
    TypeError. Raises: TypeError, ValueError or RecursionError for what JSON cannot say."""
    return decode(_text(value, others or _plain))


def decode(text: str | None) -> Any:
    """The value again; None for SQL's NULL. Raises: ValueError."""
    return None if text is None else msgspec.json.decode(text)


def _text(value: object, others: Callable[[Any], Any]) -> str:
    try:
        return plain_json.encode(value, enc_hook=others).decode()
    except UnicodeEncodeError:
        return plain_json.encode(_cleaned(msgspec.to_builtins(value, enc_hook=others))).decode()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON data")


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return utf8_text(value)
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(member) for member in value]
    return value
