"""Envelope and status of each call: what wraps the payload that a handler returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.catalogue import Call
from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.request import Counted

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
    "developer_api_clients.list": "result_counted",
    "developer_api_client_roles.list": "result_counted",
    "managed_users.developer_api_clients.list": "result_counted",
    "managed_users.developer_api_client_roles.list": "result_counted",
}
"""Lists with numbers beside their rows that the catalogue's column does not tell apart."""

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

    Beside the catalogue's words: `data_page` and `items_page` with count, page and per_page; `result_counted` with
    count; `pairs` for properties as a list.
    """
    form = _COUNTS.get(call.id, call.envelope)
    if call.id in _SINGLE and assumptions.single_objects != "catalogue":
        return {"bare": "object", "result": "result"}[assumptions.single_objects]
    if call.id == "managed_users.members.list":
        return {"data": form, "bare": "array", "result": "list"}[assumptions.members_list]
    if call.id == "managed_users.recipes.list" and assumptions.recipes_list == "items":
        return "items"
    if call.id == "managed_users.properties.list" and assumptions.properties_list == "pairs":
        return "pairs"
    return form


def wrap(form: str, data: Any) -> Any:
    """The payload in its envelope, with the numbers that stand beside it."""
    counted = data if isinstance(data, Counted) else None
    rows, total = (data, None) if counted is None else (counted.rows, counted.total)
    if form == "pairs":
        return {"result": [{"name": name, "value": value} for name, value in data.items()]}
    count = {"count": len(rows) if total is None else total} if isinstance(rows, list) else {}
    numbered = count | (dict(zip(("page", "per_page"), counted.page, strict=True)) if counted else {})
    wrapped = {
        "list": {"result": rows},
        "result": {"result": rows},
        "data": {"data": rows},
        "data_list": {"data": rows, "total": count.get("count")},
        "data_page": {"data": rows} | numbered,
        "items": {"items": rows},
        "items_page": {"items": rows} | numbered,
        "result_items": {"result": {"items": rows} if total is None else count | {"items": rows}},
        "result_counted": {"result": count | {"items": rows}},
        "assets": {"result": {"assets": rows}},
    }
    return wrapped.get(form, rows)


def spell(form: str, data: Any, assumptions: Assumptions) -> Any:
    """That a change was made, as it is spelled; a start says in the same words whether it could."""
    is_done = form != "verdict" and data == {"success": True}
    return {assumptions.success_spelling: True} if is_done else data
