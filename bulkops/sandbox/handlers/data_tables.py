"""Data tables. Their rows are on another host of the vendor's, which the sandbox is not."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Row
from bulkops.sandbox.handlers._nouns import serve_noun
from bulkops.sandbox.request import ApiRequest, invalid


def _shape(request: ApiRequest, given: Row, row: Row | None) -> Row:
    columns = given.get("schema")
    return given if columns is None else given | {"schema": [_column(column) for column in columns]}


def _column(column: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(column.get("name"), str):
        raise invalid("schema", "has a column without a name")
    usual = {"type": "string", "name": "", "optional": False, "field_id": str(uuid4()), "hint": None}
    return usual | {"default_value": None, "metadata": {}, "multivalue": False, "relation": None} | column


TABLES: Final = serve_noun("data_tables", "DataTable", noun="data_table", new_id=lambda: str(uuid4()), shape=_shape)


@answers("[managed_users.]data_tables.truncate")
def truncate_table(request: ApiRequest) -> None:
    """Its rows are not here: only that it was done is."""
    TABLES.note(request, TABLES.row_of(request), "truncated")
