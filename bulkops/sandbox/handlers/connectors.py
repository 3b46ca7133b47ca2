"""Connectors: what there is to connect to; and the partner's own, with versions that are released and shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from bulkops.sandbox.connectors import CONNECTORS
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Row, Rows
from bulkops.sandbox.handlers.recipes import note_recipe, recipe_of
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, there
from bulkops.sandbox.workspace import Workspace

_SHELF: Final = "custom_connector"
_SHARED: Final = "recipe.shared"


@answers("integrations.list", row="Integration")
def list_integrations(request: ApiRequest) -> list[dict[str, Any]]:
    """Those that `applications` names; what is unknown is left out. The vendor's page puts the list into the body of a
    GET, clients put it into the query (vendor facts, section 14): both are read."""
    names = request.words("applications")
    if not names:
        raise invalid("applications", "can't be blank")
    known = map(CONNECTORS.get, names)
    return [connector.metadata() for connector in known if connector is not None]


@answers("integrations.all", row="Platform")
def list_all_integrations(_: ApiRequest) -> Rows:
    """The one list whose page holds one row unless more are asked for (vendor facts, section 7)."""
    return [connector.row() for connector in CONNECTORS.values()]


def custom_connectors(partner: Workspace) -> dict[str, Row]:
    """The partner's own by id as text: those of the start, and those made since. A copy goes into every workspace that
    a version is shared with, under a name of its own."""
    at = partner.home.created_at
    version = {"version": 2, "version_note": None, "created_at": at, "released_at": at}
    first = [
        {
            "id": connector.custom,
            "name": connector.name,
            "title": connector.title,
            "code": connector.code(),
            "description": None,
            "versions": [{**version, "version": 1}, version],
            "shared": None,
            "oem_shared_version": 2,
            "oem_shared_at": at,
        }
        for connector in CONNECTORS.values()
        if connector.custom is not None
    ]
    return partner.shelf(_SHELF, first)


def shared_connectors(partner: Workspace) -> set[str]:
    """Names of those that the customers have."""
    return {row["name"] for row in custom_connectors(partner).values() if row["oem_shared_version"] is not None}


@answers("custom_connectors.list", row="Connector")
def list_custom_connectors(request: ApiRequest) -> Rows:
    title, shared = request.query.get("title", ""), request.flag("oem_shared")
    rows = custom_connectors(request.workspace).values()
    found = [row for row in rows if title in row["title"]]
    return [_row(row) for row in found if shared is None or (row["oem_shared_version"] is not None) is shared]


@answers("custom_connectors.search", row="Connector")
def search_custom_connectors(request: ApiRequest) -> Rows:
    """By a part of the title, in its own case. The page has it in the body of a GET, clients in the query."""
    title = str(request.said().get("title") or "")
    return [_row(row) for row in custom_connectors(request.workspace).values() if title in row["title"]]


answers("custom_connectors.get", row="Connector")(lambda request: _row(_connector(request)))
answers("custom_connectors.code", row="ConnectorCode")(lambda request: {"code": _connector(request)["code"]})


@answers("custom_connectors.create", row="Connector")
def create_custom_connector(request: ApiRequest) -> Row:
    """Its first version is not released. Equal titles are allowed."""
    given, workspace, now = request.given, request.workspace, request.state.clock.stamp()
    id_ = workspace.new_id(_SHELF)
    made = {
        "id": id_,
        "name": f"{_word(given['title'])}_connector_{workspace.user_id}_{id_}",
        "title": given["title"],
        "code": given["code"],
        "description": given.get("description"),
        "versions": [_version(1, given, now)],
        "shared": None,
        "oem_shared_version": None,
        "oem_shared_at": None,
    }
    custom_connectors(workspace)[str(id_)] = made
    request.note("custom_connector.created", made["title"])
    return _row(made)


@answers("custom_connectors.update", row="Connector")
def update_custom_connector(request: ApiRequest) -> Row:
    """Each call cuts a new version, also of the same code."""
    row, given = _connector(request), request.given
    row["code"] = given["code"]
    row["title"] = given.get("title") or row["title"]
    row["description"] = given.get("description", row["description"])
    row["versions"].append(_version(len(row["versions"]) + 1, given, request.state.clock.stamp()))
    request.note("custom_connector.updated", row["title"])
    return _row(row)


@answers("custom_connectors.release", row="Connector")
def release_custom_connector(request: ApiRequest) -> Row:
    """Raises: RefusedError 400 when the latest version is released (vendor facts, section 18)."""
    row = _connector(request)
    if row["versions"][-1]["released_at"] is not None:
        raise RefusedError(400, "The latest version is already released")
    row["versions"][-1]["released_at"] = request.state.clock.stamp()
    request.note("custom_connector.released", row["title"])
    return _row(row)


@answers("custom_connectors.share", row="Connector")
def share_custom_connector(request: ApiRequest) -> Row:
    """The latest version, with the other workspaces of the partner's own company."""
    row = _connector(request)
    if row["shared"] != row["versions"][-1]["version"]:
        row["shared"] = row["versions"][-1]["version"]
        request.note("custom_connector.shared", row["title"])
    return _row(row)


@answers("custom_connectors.oem_share")
def share_with_customers(request: ApiRequest) -> None:
    """That version, with all customers. Only one that is released, by assumption."""
    row, number = _connector(request), request.path_id("version")
    found = there(next((each for each in row["versions"] if each["version"] == number), None))
    if found["released_at"] is None:
        raise RefusedError(400, "Only a released version can be shared")
    if row["oem_shared_version"] != number:
        row["oem_shared_version"], row["oem_shared_at"] = number, request.state.clock.stamp()
        request.note("custom_connector.oem_shared", f"{row['title']}/{number}")


@answers("custom_connectors.suppress_oem_version")
def suppress_shared_version(request: ApiRequest) -> None:
    """Customers have it no more. Raises: RefusedError 404 when they have none."""
    row = _connector(request)
    there(row["oem_shared_version"])
    row["oem_shared_version"] = row["oem_shared_at"] = None
    request.note("custom_connector.suppressed", row["title"])


@answers("managed_users.recipes.share")
def share_recipe(request: ApiRequest) -> None:
    """Of a recipe that uses a custom connector. What else sharing does is not known, by any page."""
    recipe, shelf = recipe_of(request), request.workspace.shelf(_SHARED)
    if str(recipe.id) not in shelf:
        shelf[str(recipe.id)] = {"id": recipe.id}
        note_recipe(request, recipe, "shared")


@answers("sdk.generate_schema_json", row="SchemaField")
def schema_of_json(request: ApiRequest) -> Rows:
    try:
        sample = msgspec.json.decode(request.given["sample"])
    except (msgspec.DecodeError, RecursionError) as error:
        raise invalid("sample", "is not valid JSON") from error
    sample = sample[0] if isinstance(sample, list) and sample else sample
    return _fields(sample if isinstance(sample, Mapping) else {})


@answers("sdk.generate_schema_csv", row="SchemaField")
def schema_of_csv(request: ApiRequest) -> Rows:
    names = request.given["sample"].splitlines()[0].split(request.given.get("col_sep") or ",")
    return _fields(dict.fromkeys(names, ""))


_TYPES: Final = {bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}


def _fields(sample: Mapping[str, Any]) -> Rows:
    return [
        {
            "name": _word(name),
            "type": _TYPES.get(type(value), "string"),
            "control_type": "text",
            "label": name,
            "optional": True,
        }
        for name, value in sample.items()
    ]


def _word(title: str) -> str:
    return "_".join(title.lower().split())[:100]


def _version(number: int, given: Mapping[str, Any], now: str) -> Row:
    return {"version": number, "version_note": given.get("note"), "created_at": now, "released_at": None}


def _connector(request: ApiRequest) -> Row:
    return there(custom_connectors(request.workspace).get(str(request.path_id("connector_id"))))


def _row(row: Row) -> Row:
    latest = row["versions"][-1]
    released = [each for each in row["versions"] if each["released_at"] is not None]
    notes = {each["version"]: each["version_note"] for each in row["versions"]}
    last = released[-1]["version"] if released else None
    return {
        **{name: row[name] for name in ("id", "name", "title", "oem_shared_version", "oem_shared_at")},
        "logo": None,
        "latest_version": latest["version"],
        "latest_version_note": latest["version_note"],
        "latest_released_version": last,
        "latest_released_version_note": notes.get(last),
        "latest_shared_version": row["shared"],
        "latest_shared_version_note": notes.get(row["shared"]),
        "released_versions": released[-1:],
        "static_webhook_url": None,
    }
