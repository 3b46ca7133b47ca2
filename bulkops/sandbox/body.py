"""The members of a request's body, checked against the catalogue's row before the handler runs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
import msgspec

from bulkops.catalogue import ANY_MEMBER, Call, Parameter
from bulkops.sandbox.request import NUMBER, flag, invalid

_LONGEST: Final = 255
_LONGER: Final[Mapping[str, Mapping[str, int]]] = {
    "manage_customers": dict.fromkeys(("name", "notification_email", "error_notification_emails"), 10_000)
    | dict.fromkeys(("admin_notification_emails", "origin_url", "frame_ancestors"), 10_000),
    "folders": {"description": 1024},
    "recipes": {"comment": 1024, "description": 10_000},
    "connectors": dict.fromkeys(("code", "sample"), 1_000_000) | dict.fromkeys(("description", "note"), 10_000),
    "agent_studio": dict.fromkeys(("description", "instructions"), 10_000),
    "api_platform": dict.fromkeys(("description", "email", "validation_formula", "jwt_secret"), 10_000)
    | dict.fromkeys(("oidc_issuer", "oidc_jwks_uri", "access_profile_claim"), 2_000),
}
"""Characters that a text may have, by the call's group, where it is not 255."""

_TEXT_IDS: Final = frozenset({"external_id", "oauth_id", "plan_id", "user_group_id", "genie_client_id"})
"""Other members called `..._id` are whole numbers, in digits or not, whatever type the vendor's page gives them."""

_RAW: Final = frozenset({"code", "config"})
"""Of recipes: JSON texts that samples also show as plain JSON: their handler reads them."""

_NOT_INSISTED_ON: Final = frozenset(
    {
        ("folders", "name"),  # the form of 2020 has it in the query
        ("members", "name"),  # of a user that exists already
        ("recipes", "recipe"),  # the samples of 2019 have no wrapper
        ("api_access_profiles", "active"),
        ("api_keys", "active"),
    }
)
"""Noun and member: required by the vendor's page, taken without it."""


_REFUSED_ANYWAY: Final = "api_access_profiles.update_without_id"
"""Whatever its body says."""


def checked(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    """The members of the body that the catalogue's row names, each of its type; no others, unless the row says that the
    members are not known.

    Members of a wrapper (`recipe[name]`) stand beside the others. A blank text and null are None; an id is an int
    however it came; null for a list of ids is an empty one. Raises: RefusedError 400.
    """
    given: dict[str, Any] = {}
    if any(each.name == ANY_MEMBER for each in call.parameters):
        _refuse_unstorable("body", body)
        given |= body
    for member in _members(call):
        holder = body
        if member.wrapper:
            holder = body.get(member.wrapper, body)
            if not isinstance(holder, dict):
                raise invalid(member.wrapper, "is not an object")
        if member.name in holder:
            given[member.name] = member.read(holder, member.name)
        if member.required and given.get(member.name) is None:
            raise invalid(member.name, "can't be blank")
    return given


@attrs.frozen
class _Member:
    wrapper: str
    name: str
    required: bool
    read: Callable[[Mapping[str, Any], str], Any]


@functools.cache
def _members(call: Call) -> tuple[_Member, ...]:
    noun = call.id.split(".")[-2]
    members = []
    for each in call.parameters:
        outer, _, inner = each.name.partition("[")
        name = inner.rstrip("]") or outer
        if each.place == "body" and each.type != "bytes" and name != ANY_MEMBER and call.id != _REFUSED_ANYWAY:
            required = each.required and (noun, name) not in _NOT_INSISTED_ON
            members.append(_Member(outer if inner else "", name, required, _reader(call, each, name)))
    return tuple(members)


def _reader(call: Call, parameter: Parameter, name: str) -> Callable[[Mapping[str, Any], str], Any]:
    if name in _RAW and call.group == "recipes":
        return lambda members, name: members[name]
    if parameter.type == "str" and not (name.endswith("_id") and name not in _TEXT_IDS):
        return functools.partial(text_in, longest=_LONGER.get(call.group, {}).get(name, _LONGEST))
    return _READERS[parameter.type]


def text_in(members: Mapping[str, Any], name: str, *, required: bool = False, longest: int = _LONGEST) -> str | None:
    """A text member, None when absent, null or blank. Raises: RefusedError 400."""
    value = members.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        if required:
            raise invalid(name, "can't be blank")
        return None
    if not isinstance(value, str):
        raise invalid(name, "is not text")
    if len(value) > longest:
        raise invalid(name, f"is too long (maximum is {longest} characters)")
    return value


def id_in(members: Mapping[str, Any], name: str) -> int | None:
    """An id as a number or as digits, None when absent or null. Raises: RefusedError 400."""
    value = members.get(name)
    if value is None or value == "":
        return None
    if type(value) is int and value >= 0:
        return value
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return int(value)
    raise invalid(name, "is not an id")


def flag_in(members: Mapping[str, Any], name: str) -> bool:
    """A boolean member in any spelling, False when absent. Raises: RefusedError 400."""
    return flag(str(members.get(name, False)), name)


def _ids_in(members: Mapping[str, Any], name: str) -> list[int]:
    given = members.get(name) or []
    ids = [id_in({name: each}, name) for each in given] if isinstance(given, list) else [None]
    if None in ids:
        raise invalid(name, "is not a list of ids")
    return [each for each in ids if each is not None]


def _texts_in(members: Mapping[str, Any], name: str) -> list[str] | None:
    return _listed(members, name, str, "texts")


def _objects_in(members: Mapping[str, Any], name: str) -> list[dict[str, Any]] | None:
    given = _listed(members, name, dict, "objects")
    _refuse_unstorable(name, given)
    return given


def _listed(members: Mapping[str, Any], name: str, kind: type, kinds: str) -> list[Any] | None:
    given = members[name]
    if given is not None and not (isinstance(given, list) and all(isinstance(each, kind) for each in given)):
        raise invalid(name, f"is not a list of {kinds}")
    return given


def _object_in(members: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    given = members[name]
    if not isinstance(given, dict | None):
        raise invalid(name, "is not an object")
    _refuse_unstorable(name, given)
    return given


def _refuse_unstorable(name: str, given: object) -> None:
    """What could not be shown again is not kept: huge numbers, endless depth."""
    try:
        msgspec.json.encode(given)
    except (OverflowError, RecursionError) as error:
        raise invalid(name, "cannot be stored") from error


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any], str], Any]]] = {
    "str": id_in,
    "int": id_in,
    "bool": flag_in,
    "object": _object_in,
    "int[]": _ids_in,
    "str[]": _texts_in,
    "object[]": _objects_in,
}
"""By the catalogue's type; of `str` only ids come here."""
