"""Data tables of the partner's workspace."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Crud, Row
from bulkops.sandbox.request import NOT_FOUND, ApiRequest, RefusedError, id_member, invalid


def _shape(request: ApiRequest, given: Row, row: Row | None) -> Row:
    folder_id = id_member(given, "folder_id")
    if folder_id not in request.workspace.folders:
        raise RefusedError(404, NOT_FOUND)
    if not isinstance(given["schema"], list):
        raise invalid("schema", "is not a list of columns")
    return given | {"folder_id": folder_id, "schema": [_column(column) for column in given["schema"]]}


def _column(column: object) -> dict[str, Any]:
    if not isinstance(column, dict) or not isinstance(column.get("name"), str):
        raise invalid("schema", "has a column without a name")
    usual = {"type": "string", "name": "", "optional": False, "field_id": str(uuid4()), "hint": None}
    return usual | {"default_value": None, "metadata": {}, "multivalue": False, "relation": None} | column


TABLES: Final = Crud(
    noun="data_table",
    id_name="data_table_id",
    members={"name": None, "schema": None, "folder_id": None},
    required=("name", "schema", "folder_id"),
    new_id=lambda: str(uuid4()),
    shape=_shape,
)


answers("data_tables.list", row="DataTable")(TABLES.counted)
answers("data_tables.create", row="DataTable")(TABLES.create)
