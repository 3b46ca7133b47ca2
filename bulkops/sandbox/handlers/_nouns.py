"""Nouns that are served by their rows in the catalogue: what a row names is stored, listed and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from uuid import uuid4

from bulkops.catalogue import ACCOUNT, ANY_MEMBER, CALLS, Call
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Crud, Row
from bulkops.sandbox.request import ApiRequest

C = TypeVar("C", bound=Crud)

_VERBS: Final = ("list", "get", "create", "update", "delete")
_SCOPES: Final = ("", "managed_users.")
_PAGING: Final = frozenset({"page", "per_page", "page[number]", "page[size]"})
_FOLDER: Final = "folder_id"


def serve_noun(name: str, row: str, **how: Any) -> Crud:
    """`serve_as` a plain `Crud`."""
    return serve_as(Crud, name, row, **how)


def serve_as(
    kind: type[C],
    name: str,
    row: str,
    *,
    noun: str,
    prefix: str = "",
    other: Mapping[str, Callable[[ApiRequest], Any]] | None = None,
    rows: Mapping[str, str] | None = None,
    usual: Mapping[str, Any] | None = None,
    **rest: Any,
) -> C:
    """Serve all that the catalogue has of list, get, create, update and delete, for both scopes.

    `row`: the type of their payload, `rows`: by verb where it differs; `noun`: of the effects; `prefix`: of ids that
    are not numbers; `other`: verbs that another handler serves; `usual`: members that are not null when they are not
    given; `kind`, `rest`: the class, and what else it takes.
    """
    calls = {verb: found for verb in _VERBS if (found := _calls(name, verb))}
    listed = calls["list"][0] if "list" in calls else None
    made = kind(
        **{
            "noun": noun,
            "id_name": _id_name(calls),
            "members": {**_body(calls, "update"), **_body(calls, "create"), **(usual or {})},
            "required": tuple(_body(calls, "create", required=True)),
            "new_id": (lambda: opaque_id(prefix)) if prefix else None,
            "equal": _filters(listed, but=("query", "q")),
            "within": tuple(each for each in ("query", "q") if each in _filters(listed)),
        }
        | rest
        | {"shape": _in_a_folder(rest.get("shape", _as_given))}
    )
    for verb, found in calls.items():
        handler = (other or {}).get(verb) or getattr(made, verb)
        for call in found:
            answers(call.id, row=(rows or {}).get(verb) or ("Success" if verb == "delete" else row))(handler)
    return made


def opaque_id(prefix: str) -> str:
    """Such as "gin-4F3A-9b2c": the vendor's ids of newer nouns (vendor facts, section 18)."""
    digits = uuid4().hex
    return f"{prefix}-{digits[:4].upper()}-{digits[4:8]}"


def _calls(name: str, verb: str) -> list[Call]:
    return [CALLS[id_] for scope in _SCOPES if (id_ := f"{scope}{name}.{verb}") in CALLS]


def _body(calls: Mapping[str, list[Call]], verb: str, *, required: bool = False) -> dict[str, None]:
    """What the body of this verb may set, or must."""
    named = (each for call in calls.get(verb, ()) for each in call.parameters if each.place == "body")
    return {each.name: None for each in named if each.name != ANY_MEMBER and each.required >= required}


def _id_name(calls: Mapping[str, list[Call]]) -> str:
    """The last parameter of the path by which one is read, changed or deleted."""
    for verb in ("get", "update", "delete"):
        for call in calls.get(verb, ()):
            names = [part[1:-1] for part in call.path.split("/") if part.startswith("{") and part[1:-1] != ACCOUNT]
            if names:
                return names[-1]
    return "id"


def _filters(listed: Call | None, *, but: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What the query of a list picks rows by."""
    named = [each.name for each in listed.parameters if each.place == "query"] if listed else []
    return tuple(name for name in named if name not in {*_PAGING, *but})


def _as_given(_: ApiRequest, given: Row, __: Row | None) -> Row:
    return given


def _in_a_folder(shape: Callable[[ApiRequest, Row, Row | None], Row]) -> Callable[[ApiRequest, Row, Row | None], Row]:
    """And the folder that the body names must be there. Raises: RefusedError 404."""

    def checked(request: ApiRequest, given: Row, row: Row | None) -> Row:
        request.named(request.workspace.folders, _FOLDER)
        return shape(request, given, row)

    return checked
