"""Properties of an environment or of a project: read by prefix, created and overwritten by name, never deleted."""

from __future__ import annotations

from typing import Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, there

MAX_PROPERTIES: Final = 1000
LONGEST_NAME: Final = 100
LONGEST_VALUE: Final = 1024
"""Vendor facts, section 16."""


@answers("[managed_users.]properties.list", row="object")
def list_properties(request: ApiRequest) -> dict[str, str] | list[dict[str, str]]:
    """By name; a request in the form of 2020, by `param`, is answered in that form (vendor facts, section 14)."""
    properties = _properties(request)
    prefix, old_prefix = request.query.get("prefix"), request.query.get("param")
    if prefix is None and old_prefix is None:
        raise invalid("prefix", "can't be blank")
    if not (prefix or old_prefix) and request.assumptions.empty_prefix != 200:
        raise RefusedError(request.assumptions.empty_prefix, "Prefix can't be blank")
    found = {name: value for name, value in properties.items() if name.startswith(prefix or old_prefix or "")}
    if prefix is None and request.assumptions.properties_list == "map":
        return [{"name": name, "value": value} for name, value in found.items()]
    return found


@answers("[managed_users.]properties.upsert")
def upsert_properties(request: ApiRequest) -> dict[str, int] | None:
    """All of them, or none where one cannot be."""
    properties, given, project_id = _properties(request), request.given["properties"], request.number("project_id")
    if not given:
        raise invalid("properties", "can't be blank")
    wanted = {name: _value(name, value) for name, value in given.items()}
    if len(properties.keys() | wanted.keys()) > MAX_PROPERTIES:
        raise RefusedError(400, f"An environment or project has at most {MAX_PROPERTIES} properties")
    for name, value in wanted.items():
        if properties.get(name) != value:
            properties[name] = value
            request.note("property.set", name if project_id is None else f"{project_id}/{name}")
    if request.assumptions.properties_upsert == "saved_property_count":
        return {"saved_property_count": len(wanted)}
    return None


def _properties(request: ApiRequest) -> dict[str, str]:
    """Of the project that the query names, else of the environment. Raises: RefusedError 404."""
    project_id = request.number("project_id")
    if project_id is not None:
        there(request.workspace.projects().get(project_id))
    return request.workspace.properties.setdefault(project_id, {})


def _value(name: str, value: object) -> str:
    if not name.strip():
        raise invalid("name", "can't be blank")
    if len(name) > LONGEST_NAME:
        raise invalid("name", f"is too long (maximum is {LONGEST_NAME} characters)")
    if not isinstance(value, str | int | float):
        raise invalid("value", "is not text")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) > LONGEST_VALUE:
        raise invalid("value", f"is too long (maximum is {LONGEST_VALUE} characters)")
    return text
