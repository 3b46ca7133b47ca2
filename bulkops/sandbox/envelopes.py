"""Envelope and status of each call: what wraps the payload that a handler returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bulkops.catalogue import Call
from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.deviations import KINDS, MISSING
from bulkops.sandbox.request import MAX_PER_PAGE, ApiRequest, Counted

STATUS: Final[Mapping[str, int]] = {
    "export_manifests.create": 201,
    "jobs.resume": 204,
    "packages.download": 302,
}
"""Where it is not 200 (the vendor's OpenAPI document)."""

_COUNTS: Final[Mapping[str, str]] = {
    "api_clients_v2.list": "data_page",
    "api_keys.list": "data_page",
    "managed_users.api_clients_v2.list": "data_page",
    "managed_users.api_keys.list": "data_page",
    "integrations.all": "items_page",
    "managed_users.members.list": "data_total",
    "managed_users.recipes.versions.list": "data_total",
    "managed_users.activity_logs.list": "data_total",
    "members.list": "data_total",
    "event_streams.topics.list": "data_count",
    "developer_api_clients.list": "result_counted",
    "developer_api_client_roles.list": "result_counted",
    "managed_users.developer_api_clients.list": "result_counted",
    "managed_users.developer_api_client_roles.list": "result_counted",
}
"""Lists with numbers beside their rows that the catalogue's column does not tell apart."""

_NUMBERS: Final = {name: name for name in ("count", "page", "per_page")}

_PAGING: Final[Mapping[str, tuple[str, str]]] = {
    "page": ("page", "per_page"),
    "page[number]": ("page[number]", "page[size]"),
}
"""How the query asks for a page, by the catalogue's word."""

_SIZES: Final[Mapping[str, tuple[int, int]]] = {
    "integrations.all": (1, MAX_PER_PAGE),
    "lookup_tables.rows.list": (500, 1000),
    "managed_users.lookup_tables.rows.list": (500, 1000),
}
"""Rows of a page, usually and at most, where they are not 100 (vendor facts, section 7)."""

_SINGLE: Final = frozenset(
    {
        "managed_users.recipes.get",
        "managed_users.recipes.create",
        "managed_users.jobs.get",
        "managed_users.folders.create",
        "managed_users.folders.update",
        "managed_users.exports.create",
        "managed_users.exports.get",
        "managed_users.properties.upsert",
    }
)
"""Vendor facts, section 17.11: one customer's object, with or without a wrapper."""


def form_of(call: Call, assumptions: Assumptions) -> str:
    """The catalogue's envelope, or what an assumption makes of it.

    Beside the catalogue's words: `data_page` and `items_page` with count, page and per_page; `data_total`, `data_count`
    and `result_counted` with one number; `pairs` for properties as a list.
    """
    return assumptions.envelopes.get(call.id) or _form_of(call, assumptions)


def _form_of(call: Call, assumptions: Assumptions) -> str:
    form = _COUNTS.get(call.id, call.envelope)
    if call.id in _SINGLE and assumptions.single_objects != "catalogue":
        return {"bare": "object", "result": "result"}[assumptions.single_objects]
    if call.id == "managed_users.members.list":
        return {"data": form, "bare": "array", "result": "list"}[assumptions.members_list]
    if call.id == "managed_users.recipes.list" and assumptions.recipes_list == "items":
        return "items"
    if call.id == "managed_users.properties.list" and assumptions.properties_list == "pairs":
        return "pairs"
    if call.assumes_envelope and assumptions.assumed_wrappers != "catalogue" and form in _WRAPPED:
        return _WRAPPED[form][assumptions.assumed_wrappers]
    return form


def paged(call: Call, request: ApiRequest, rows: list[Any]) -> Counted | list[Any]:
    """All the rows of a list as the call answers them: a page, or whole. Raises: RefusedError."""
    if call.pages not in _PAGING:
        return rows
    number, size = _PAGING[call.pages]
    usual, most = _SIZES.get(call.id, (MAX_PER_PAGE, MAX_PER_PAGE))
    page, per_page = request.page(number, size, usual=usual, most=most)
    return Counted(rows[(page - 1) * per_page : page * per_page], len(rows), (page, per_page))


_ONE: Final = {"bare": "object", "result": "result", "data": "data"}
_MANY: Final = {"bare": "array", "result": "list", "data": "data_list"}

_WRAPPED: Final[Mapping[str, Mapping[str, str]]] = {
    **dict.fromkeys(("object", "result", "data"), _ONE),
    **dict.fromkeys(("array", "list", "items", "data_list", "result_items", "tags"), _MANY),
}
"""What a wrapper that no page shows may be instead, by the catalogue's guess and the assumption."""


FORMS: Final[Mapping[str, Any]] = {
    "array": "rows",
    "list": {"result": "rows"},
    "result": {"result": "row"},
    "data": {"data": "row"},
    "data_list": {"data": "rows"},
    "data_total": {"data": "rows", "total": "count"},
    "data_count": {"data": "rows", "count": "count"},
    "data_page": {"data": "rows", **_NUMBERS},
    "items": {"items": "rows"},
    "items_page": {"items": "rows", **_NUMBERS},
    "result_items": {"result": {"items": "rows"}},
    "result_counted": {"result": {"count": "count", "items": "rows"}},
    "assets": {"result": {"assets": "rows"}},
    "tags": {"data": {"tags": "rows"}},
}
"""Where payload and numbers stand, by form; a form that is not here is the payload itself."""


def fill(template: Any, values: Mapping[str, Any], obj: Callable[[dict[str, Any]], Any] = dict) -> Any:
    """A form of `FORMS` with its words replaced; `obj` makes an object of its members."""
    if isinstance(template, str):
        return values[template]
    return obj({name: fill(part, values, obj) for name, part in template.items()})


def wrap(form: str, data: Any) -> Any:
    """The payload in its envelope, with the numbers that stand beside it."""
    if form == "pairs":
        return {"result": [{"name": name, "value": value} for name, value in data.items()]}
    if not isinstance(data, Counted):
        count = len(data) if isinstance(data, list) else None
        return fill(FORMS.get(form, "row"), {"rows": data, "row": data, "count": count})
    page, per_page = data.page
    numbers = {"count": data.total, "page": page, "per_page": per_page}
    form = "result_counted" if form == "result_items" else form
    return fill(FORMS.get(form, "row"), {"rows": data.rows, "row": data.rows, **numbers})


def spell(form: str, data: Any, assumptions: Assumptions) -> Any:
    """That a change was made, as it is spelled; a start says in the same words whether it could."""
    is_done = form != "verdict" and data == {"success": True}
    return {assumptions.success_spelling: True} if is_done else data


def reshaped(data: Any, members: Mapping[str, str] | None) -> Any:
    """The payload of a call with these members left out, or of another type."""
    if not members:
        return data
    if isinstance(data, Counted):
        return Counted(reshaped(data.rows, members), data.total, data.page)
    if isinstance(data, list):
        return [reshaped(row, members) for row in data]
    if not isinstance(data, dict):
        return data
    kept = {name: value for name, value in data.items() if name not in members}
    return kept | {name: _as(data.get(name), kind) for name, kind in members.items() if kind != MISSING}


def _as(value: Any, kind: str) -> Any:
    """The value in another type, as far as it has a form there."""
    if kind == "string" and value is not None and not isinstance(value, dict | list):
        return str(value)
    if kind == "integer" and isinstance(value, str) and value.isdigit():
        return int(value)
    return KINDS[kind]
