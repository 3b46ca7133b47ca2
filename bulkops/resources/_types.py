"""The catalogue's rough types: checks of values, and parsing of text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
_TRUTH: Final = {"true": True, "false": False}


def fits(type_: str, value: Any) -> bool:
    """Rough on purpose: the vendor's pages type the same id as text here and as a number there, and take both."""
    if type_.endswith("[]"):
        is_list = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        return is_list and all(fits(type_[:-2], each) for each in value)
    return _FITS[type_](value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    if isinstance(value, str):
        return _WHOLE.fullmatch(value) is not None
    return isinstance(value, int) and not isinstance(value, bool)


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value.lower() in _TRUTH)


_FITS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "str": _is_text,
    "int": _is_whole,
    "bool": _is_truth,
    "object": lambda value: isinstance(value, Mapping),
}


def from_text(type_: str, text: str) -> Any:
    """Parse the text of a flag or a column: `17`, `true`, `a,b`, `{"a": 1}`. A text that does not fit the type stays
    text; the later check reports it with the parameter's name.
    """
    if type_ == "int" and _WHOLE.fullmatch(text.strip()):
        return int(text)
    if type_ == "bool":
        return _TRUTH.get(text.strip().lower(), text)
    if type_ in {"object", "object[]"} or (type_.endswith("[]") and text.lstrip()[:1] == "["):
        return _from_json(text)
    if type_.endswith("[]"):
        return [from_text(type_[:-2], each.strip()) for each in text.split(",") if each.strip()]
    return text


def _from_json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return text
