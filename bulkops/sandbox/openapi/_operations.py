"""One call of the catalogue as an operation of an OpenAPI document."""

from __future__ import annotations

import re
from typing import Any, Final

from bulkops.catalogue import ACCOUNT, ANY_MEMBER, Call, Parameter
from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.envelopes import FORMS, STATUS, fill, form_of
from bulkops.sandbox.handlers import ANSWERS
from bulkops.sandbox.openapi._parse_shapes import Schema, read_type
from bulkops.sandbox.responses import wording

_BRACKETS: Final = re.compile(r"\[([^\[\]<>]+)\]")
_ERROR: Final[Schema] = {"$ref": "#/components/schemas/Error"}
SPELLED: Final = "Spelled"
"""The shape of a bare `Success` that is spelled otherwise."""


def operation(call: Call, assumptions: Assumptions) -> dict[str, Any]:
    """What it takes and answers; `operationId` is the catalogue's id."""
    made: dict[str, Any] = {
        "operationId": call.id,
        "summary": call.summary,
        "tags": [call.group],
        "parameters": [_account()] if call.names_account else [],
        "responses": {
            str(STATUS.get(call.id, 200)): _success(call, assumptions),
            "default": {
                "description": "Refused",
                "content": {"application/json": {"schema": _refusal(call, assumptions)}},
            },
        },
    }
    made["parameters"] += [_parameter(each) for each in call.parameters if each.place != "body"]
    body = _body(call)
    if body:
        made["requestBody"] = body
    return made | ({"deprecated": True} if call.is_deprecated else {})


def _refusal(call: Call, assumptions: Assumptions) -> Schema:
    """A quota and a bad token always refuse with a message."""
    own = {
        "error": _object({"error": read_type("str"), "error_type": read_type("str")}),
        "errors": _object({"errors": _list(_object({"code": read_type("int"), "title": read_type("str")}))}),
    }
    worded = wording(call, assumptions)
    return {"anyOf": [_ERROR, own[worded]]} if worded in own else _ERROR


def _account() -> dict[str, Any]:
    return {
        "name": ACCOUNT,
        "in": "path",
        "required": True,
        "description": "The number of the customer's workspace, or E and the partner's own id.",
        "schema": {"type": "string", "pattern": "^([0-9]{1,12}|E.+)$"},
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    made = {
        "name": parameter.name.partition("[<")[0],
        "in": parameter.place,
        "required": parameter.required,
        "schema": _type(parameter),
    }
    if "[<" in parameter.name:  # `by[<column>]`: any member of an object
        made |= {"style": "deepObject", "schema": {"type": "object", "additionalProperties": {"type": "string"}}}
    return made


def _type(parameter: Parameter) -> Schema:
    if parameter.place == "path" and parameter.type == "int":
        return {"type": "integer", "minimum": 0}
    return read_type(parameter.type)


def _body(call: Call) -> dict[str, Any]:
    if call.body == "octets":
        return {"required": True, "content": {"application/octet-stream": {"schema": read_type("bytes")}}}
    members = [each for each in call.parameters if each.place == "body"]
    if not members:
        return {}
    if any(each.name == ANY_MEMBER for each in members):
        return {"required": False, "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "required": any(each.required for each in members),
        "content": {"application/json": {"schema": _members(members)}},
    }


def _members(parameters: list[Parameter]) -> Schema:
    """Members of members, `recipe[name]`, are put into their object."""
    whole: Schema = {"type": "object", "required": [], "properties": {}}
    for each in parameters:
        outer, _, _ = each.name.partition("[")
        place = whole
        for inner in ("", *_BRACKETS.findall(each.name)):
            if inner:
                place = place["properties"].setdefault(outer, {"type": "object"})
                place.setdefault("required", [])
                place.setdefault("properties", {})
                outer = inner
        place["properties"].setdefault(outer, _type(each))
        if each.required:
            place["required"].append(outer)
    return whole


def _success(call: Call, assumptions: Assumptions) -> dict[str, Any]:
    form = form_of(call, assumptions)
    if form == "none":
        return {"description": "Done"}
    if form == "bytes":
        return {"description": "There is the file", "headers": {"Location": {"schema": read_type("str")}}}
    shape = ANSWERS[call.id].row
    if shape == "Success" and form == "object" and assumptions.success_spelling != "success":
        shape = SPELLED
    if call.id.endswith("recipes.update") and assumptions.running_recipe_update == 200:
        shape += "|Verdict"
    schema = wrapped(form, read_type(shape))
    return {"description": "Done", "content": {"application/json": {"schema": schema}}}


def wrapped(form: str, row: Schema) -> Schema:
    """As `bulkops.sandbox.envelopes.wrap` does with data."""
    if form == "pairs":
        return _object({"result": _list(_object({"name": read_type("str"), "value": read_type("str")}))})
    numbers = dict.fromkeys(("count", "page", "per_page"), read_type("int"))
    schema: Schema = fill(FORMS.get(form, "row"), {"rows": _list(row), "row": row, **numbers}, _object)
    return schema


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(members: dict[str, Any]) -> Schema:
    return {"type": "object", "required": list(members), "properties": members}
