"""Arguments of a call: checked by name and rough type, and placed into path, query and body.

An unknown name is an error before anything is sent. The vendor ignores such members without an error, so a misspelled
`restart_recipes` would only be noticed by the customer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from bulkops.catalogue import ANY_MEMBER, Call, Parameter
from bulkops.close_match import did_you_mean
from bulkops.errors import ConfigError
from bulkops.models.text import one_line
from bulkops.resources._types import fits

WHOLE_BODY: Final = "body"
"""The name under which a file is given to the calls that take one."""

_BRACKETS: Final = re.compile(r"\[([^\[\]]+)\]")


@attrs.frozen(kw_only=True)
class Arguments:
    """Ready for the session. `path`: without the account; `json`: a JSON body; `data`: a file's bytes."""

    path: Mapping[str, str | int]
    query: Mapping[str, Any]
    json: Mapping[str, Any] | None
    data: bytes | None


def place(call: Call, given: Mapping[str, Any], *, body: object = None) -> Arguments:
    """The arguments of `call`.

    `given`: by parameter name; members of a wrapper either as `{"recipe": {"name": ...}}` or as "recipe[name]"; None is
    null in a body and nothing in a query. `body`: bytes for a call that takes a file, else members of the JSON body.
    Raises: ConfigError naming what is unknown, missing or of the wrong type, before anything is sent.
    """
    if call.body == "octets":
        return _placed(call, given, data=_octets(call, body))
    if body is None:
        return _placed(call, given)
    if not isinstance(body, Mapping):
        raise ConfigError(f"{call.id} does not take a file as its body", remedy="pass a JSON object")
    known = _by_name(call)
    members = _flat(body, known)
    elsewhere = [name for name in members if (found := _find(known, name)) is not None and found.place != "body"]
    if elsewhere:
        raise ConfigError(f"{call.id}: {elsewhere[0]!r} is not part of the body", remedy="pass it as a parameter")
    both = sorted(members.keys() & _flat(given, known).keys())
    if both:
        raise ConfigError(f"{call.id}: {both[0]!r} is given in the body and as a parameter", remedy="give it once")
    return _placed(call, {**given, **members})


def type_of(call: Call, name: str) -> str:
    """The declared type of the parameter `name`; "str" for an unknown name."""
    known = _by_name(call)
    found = _find(known, name) or known.get(f"{name}[]")
    if found is not None:
        return found.type
    return "object" if any(each.startswith(f"{name}[") for each in known) else "str"


def _octets(call: Call, body: object) -> bytes:
    if isinstance(body, bytes) and body:
        return body
    what = "is missing" if body is None else "holds nothing" if body == b"" else "is not bytes"
    raise ConfigError(f"{call.id}: the body {what}", remedy="pass the bytes of the file as the body")


def _placed(call: Call, given: Mapping[str, Any], *, data: bytes | None = None) -> Arguments:
    known = _by_name(call)
    values = {name: (_known(call, known, name), value) for name, value in _flat(given, known).items()}
    for name, (parameter, value) in values.items():
        _check(call, name, parameter, value)
    _check_complete(call, known, {parameter.name for parameter, value in values.values() if value is not None})
    by_place: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "body": {}}
    for name, (parameter, value) in values.items():
        by_place[parameter.place][name] = value
    return Arguments(
        path=by_place["path"],
        query={name: _in_query(name, value) for name, value in by_place["query"].items()},
        json=_nested(by_place["body"]) if call.body == "json" else None,
        data=data,
    )


def _by_name(call: Call) -> dict[str, Parameter]:
    return {each.name: each for each in call.parameters if each.name != WHOLE_BODY}


def _flat(given: Mapping[str, Any], known: Mapping[str, Parameter]) -> dict[str, Any]:
    """Names as the catalogue has them: members of a wrapper in brackets, `includes` as `includes[]`."""
    flat: dict[str, Any] = {}
    for name, value in given.items():
        has_members = any(each.startswith(f"{name}[") and each != f"{name}[]" for each in known)
        if has_members and isinstance(value, Mapping):
            flat |= {f"{name}[{member}]": part for member, part in value.items()}
        elif name not in known and f"{name}[]" in known:
            flat[f"{name}[]"] = value
        else:
            flat[name] = value
    return flat


def _find(known: Mapping[str, Parameter], name: str) -> Parameter | None:
    """`by[country]` is `by[<column>]`; a body that no page shows takes any name."""
    if name in known:
        return known[name]
    head, bracket, tail = name.partition("[")
    if bracket and tail.endswith("]") and len(tail) > 1:
        return next((each for key, each in known.items() if key.startswith(f"{head}[<")), None)
    return known.get(ANY_MEMBER)


def _known(call: Call, known: Mapping[str, Parameter], name: str) -> Parameter:
    found = _find(known, name)
    if found is not None:
        return found
    if name == "managed_user_id":
        raise ConfigError(f"{call.id}: the account is not a parameter", remedy="pass it as the account")
    takes = f"it takes {_listed(known)}" if known else "it takes none"
    remedy = f"{did_you_mean(name, known)} {takes}".lstrip()
    raise ConfigError(f"{call.id} has no parameter {name!r}", remedy=remedy)


def _check(call: Call, name: str, parameter: Parameter, value: Any) -> None:
    if (value is None and parameter.place != "path") or parameter.name == ANY_MEMBER:
        return
    if not fits(parameter.type, value):
        is_shown = parameter.type in {"int", "bool"} and isinstance(value, str | int | float)  # else maybe a secret
        given = one_line(repr(value), longest=80) if is_shown else type(value).__name__
        raise ConfigError(
            f"{call.id}: {name} must be {_WORDS[parameter.type]}, not {given}", remedy="correct the value"
        )


_WORDS: Final[Mapping[str, str]] = {
    "str": "text",
    "int": "a whole number",
    "bool": "true or false",
    "object": "an object",
    "str[]": "a list of texts",
    "int[]": "a list of whole numbers",
    "object[]": "a list of objects",
}


def _check_complete(call: Call, known: Mapping[str, Parameter], given: set[str]) -> None:
    missing = [
        "members of its body" if name == ANY_MEMBER else name
        for name, each in known.items()
        if each.required and name not in given and not any(other.startswith(f"{name}[") for other in given)
    ]
    if missing:
        raise ConfigError(f"{call.id} needs {_listed(missing)}", remedy=f"`bulkops calls {call.id}` explains them")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _in_query(name: str, value: Any) -> Any:
    """A list under a name that says so comes value by value; any other one stays one text, with commas."""
    if isinstance(value, Sequence) and not isinstance(value, str) and not name.endswith("[]"):
        return ",".join(map(str, value))
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, value in flat.items():
        head = name.partition("[")[0]
        members = _BRACKETS.findall(name)
        if members:
            body.setdefault(head, {})[members[0]] = value
        else:
            body[head] = value
    return body
