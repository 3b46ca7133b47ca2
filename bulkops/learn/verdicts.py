"""What a survey settles: each assumption of the catalogue and the sandbox is confirmed, contradicted, or not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal

import attrs

from bulkops.learn.questions import (
    BY_EXTERNAL_ID,
    CUSTOMERS,
    LARGE_PAGE,
    NEWER_NOBODY,
    NOBODY,
    PROJECTS,
    PROPERTIES,
    RECIPE,
    next_page,
)
from bulkops.learn.reads import Look
from bulkops.learn.shapes import envelope_of, kinds_in
from bulkops.sandbox import Assumptions
from bulkops.sandbox.deviations import MISSING
from bulkops.sandbox.envelopes import form_of
from bulkops.sandbox.openapi import Schema, row_schema

State = Literal["confirmed", "contradicted", "not seen"]

_REFUSED: Final = frozenset({401, 403})
_FULL: Final = 100
_RATE_LIMITS: Final = ("X-Rate-Limit", "X-RateLimit")


@attrs.frozen(kw_only=True)
class Verdict:
    """Whether one assumption holds. `about`: its name, or its table and the call ("members of managed_users.list").

    `instead`: for a contradicted one, what came; `key`: where `vendor.toml` has it: a name, or a table with one or two
    keys below it; `value`: what stands there, None: nothing does.
    """

    about: str
    state: State
    assumed: str
    instead: str | None = None
    key: tuple[str, ...] = ()
    value: Any = None


def verdicts(looks: Iterable[Look], baseline: Assumptions | None = None) -> list[Verdict]:
    """The verdicts on everything that a read can settle.

    `baseline`: what is assumed, from an earlier survey; None: what bulkops and its sandbox assume by themselves.
    """
    found = {look.question.name: look for look in looks}
    baseline = baseline or Assumptions()
    made = [_scalar(name, settle(found), baseline) for name, settle in _SCALARS.items()]
    # A wrapper that one of the words above explains is not reported a second time.
    words = {each.key[0]: each.value for each in made if each.value is not None}
    explained = attrs.evolve(Assumptions(), **words)
    for look in found.values():
        if look.shape is not None and look.question.name == look.question.call.id:
            made += _envelope(look, explained, baseline)
            made += _page_size(look, found, baseline)
            made += _members(look, baseline)
    return made


# -- one answer for the whole vendor --------------------------------------------------------------------------------

Found = Mapping[str, Look]


def _missing_right(found: Found) -> Any:
    statuses = [
        look.status
        for look in found.values()
        if look.question.name not in {NOBODY, NEWER_NOBODY} and look.status in _REFUSED
    ]
    return statuses[0] if statuses else None


def _foreign_customer(found: Found) -> Any:
    return found[NOBODY].status if NOBODY in found else None


def _error_body(found: Found) -> Any:
    return found[NEWER_NOBODY].refusal if NEWER_NOBODY in found else None


def _e_ids(found: Found) -> Any:
    look = found.get(BY_EXTERNAL_ID)
    return None if look is None or look.status not in {200, 400, 403, 404} else look.status == 200


def _large_page(found: Found) -> Any:
    look, usual = found.get(LARGE_PAGE), found.get(CUSTOMERS)
    if look is None or usual is None:
        return None
    if look.status in {400, 422}:
        return "refused"
    if look.shape is None or usual.shape is None or usual.shape.rows < _FULL:
        return None
    return "served" if look.shape.rows > _FULL else "cut"


def _rate_limit_headers(found: Found) -> Any:
    headers = {name for look in found.values() for name in look.headers}
    if not headers:
        return None
    return next((prefix for prefix in _RATE_LIMITS if f"{prefix}-Limit".lower() in headers), "none")


def _correlation_id(found: Found) -> Any:
    answered = [look.correlation_id for look in found.values() if look.status]
    return answered[-1] if answered else None


def _v1_api_clients(found: Found) -> Any:
    return _served(found, "managed_users.api_clients.list")


def _inferred_calls(found: Found) -> Any:
    return _served(found, "managed_users.api_portals.list")


def _served(found: Found, name: str) -> Any:
    look = found.get(name)
    if look is None or look.status not in {200, 404, 410}:
        return None
    return "served" if look.status == 200 else str(look.status)


def _wrapper(name: str, words: Mapping[str, str]) -> Callable[[Found], Any]:
    def settle(found: Found) -> Any:
        look = found.get(name)
        return None if look is None or look.shape is None else words.get(look.shape.envelope)

    return settle


def _single_objects(found: Found) -> Any:
    look = found.get(RECIPE)
    if look is None or look.shape is None:
        return None
    if look.shape.envelope == look.question.call.envelope:
        return "catalogue"
    return {"object": "bare", "result": "result"}.get(look.shape.envelope)


def _properties_list(found: Found) -> Any:
    look = found.get(PROPERTIES)
    if look is None or look.shape is None:
        return None
    return "pairs" if look.shape.envelope == "list" else "map"


def _home_folders(found: Found) -> Any:
    look = found.get(PROJECTS)
    return None if look is None or look.leaves_out is None else "mixed" if look.leaves_out else "projects"


_SCALARS: Final[Mapping[str, Callable[[Found], Any]]] = {
    "missing_right": _missing_right,
    "foreign_customer": _foreign_customer,
    "error_body": _error_body,
    "e_ids": _e_ids,
    "large_page": _large_page,
    "rate_limit_headers": _rate_limit_headers,
    "correlation_id": _correlation_id,
    "v1_api_clients": _v1_api_clients,
    "inferred_calls": _inferred_calls,
    "members_list": _wrapper("managed_users.members.list", {"data_list": "data", "array": "bare", "list": "result"}),
    "recipes_list": _wrapper("managed_users.recipes.list", {"list": "result", "items": "items"}),
    "single_objects": _single_objects,
    "properties_list": _properties_list,
    "home_folders": _home_folders,
}


def _scalar(name: str, found: Any, baseline: Assumptions) -> Verdict:
    assumed = getattr(baseline, name)
    if found is None:
        return Verdict(about=name, state="not seen", assumed=str(assumed))
    choices = next(choices for known, choices, _ in Assumptions.table() if known == name)
    value = found if any(type(found) is type(choice) and found == choice for choice in choices) else None
    return _verdict(name, str(assumed), str(found), key=(name,), value=value)


def _verdict(about: str, assumed: str, found: str, *, key: tuple[str, ...] = (), value: Any = None) -> Verdict:
    if assumed == found:
        return Verdict(about=about, state="confirmed", assumed=assumed, key=key, value=value)
    return Verdict(about=about, state="contradicted", assumed=assumed, instead=found, key=key, value=value)


# -- an answer for each call -------------------------------------------------------------------------------------------


def _envelope(look: Look, explained: Assumptions, baseline: Assumptions) -> Iterator[Verdict]:
    call, shape = look.question.call, look.shape
    if shape is None or look.question.name == PROPERTIES:
        return
    usual = envelope_of(form_of(call, explained))
    differs = shape.envelope not in {usual, "unknown"}
    yield _verdict(
        f"envelope of {call.id}",
        envelope_of(baseline.envelopes.get(call.id, usual)),
        shape.envelope,
        key=("envelopes", call.id),
        value=shape.envelope if differs else None,
    )


def _page_size(look: Look, found: Found, baseline: Assumptions) -> Iterator[Verdict]:
    question, shape = look.question, look.shape
    if shape is None or question.call.pages != "page":
        return
    after = found.get(next_page(question).name)
    about, key = f"page size of {question.name}", ("page_sizes", question.name)
    assumed = str(baseline.page_sizes.get(question.name, _FULL))
    if after is not None and after.shape is not None and after.shape.rows:
        yield _verdict(about, assumed, str(shape.rows), key=key, value=shape.rows)
    elif shape.rows >= _FULL:
        yield _verdict(about, assumed, str(_FULL), key=key)
    else:
        yield Verdict(about=about, state="not seen", assumed=assumed)


def _members(look: Look, baseline: Assumptions) -> Iterator[Verdict]:
    """One verdict for all members that are as assumed, and one for each other."""
    call, shape = look.question.call, look.shape
    schema = row_schema(call)
    if shape is None or not schema.get("properties"):
        return
    if not shape.members:
        yield Verdict(about=f"members of {call.id}", state="not seen", assumed="as the sandbox has them")
        return
    properties, assumed = schema["properties"], baseline.members.get(call.id, {})
    found = dict(_differing(shape.members, shape.rows, schema))
    for name in sorted(found.keys() | assumed.keys()):
        usual = "|".join(sorted(kinds_in(properties[name]))) if name in properties else "absent"
        yield _verdict(
            f"member {name} of {call.id}",
            assumed.get(name, usual),
            found.get(name, usual),
            key=("members", call.id, name),
            value=found.get(name),
        )
    agreeing = len(properties.keys() - found.keys())
    yield Verdict(about=f"{agreeing} members of {call.id}", state="confirmed", assumed="as the sandbox has them")


def _differing(members: Mapping[str, Mapping[str, int]], rows: int, schema: Schema) -> Iterator[tuple[str, str]]:
    """Members that are missing, of another type, or not known, with what they are."""
    for name, allowed in schema["properties"].items():
        kinds = members.get(name, {})
        if sum(kinds.values()) < rows and name in schema["required"]:
            yield name, MISSING
        elif others := sorted(kinds.keys() - kinds_in(allowed)):
            yield name, others[0]
    for name in sorted(members.keys() - schema["properties"].keys()):
        yield name, max(members[name], key=members[name].__getitem__)
