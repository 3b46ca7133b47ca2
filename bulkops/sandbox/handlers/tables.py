"""Lookup tables and their rows; and data tables, whose rows are on another host of the vendor's."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import uuid4

import msgspec

from bulkops.sandbox.body import text_in
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Crud, Row, Rows
from bulkops.sandbox.handlers._nouns import serve_noun
from bulkops.sandbox.request import ApiRequest, invalid, there

MAX_COLUMNS: Final = 10
_BY: Final = re.compile(r"by\[(.+)\]", re.DOTALL)


def _table(request: ApiRequest, given: Row, row: Row | None) -> Row:
    """A schema is shown as text, a column's name made from its place, the project's id as text."""
    columns, project_id = given["schema"], given["project_id"]
    if len(columns) > MAX_COLUMNS:
        raise invalid("schema", f"has more than {MAX_COLUMNS} columns")
    schema = [
        {"name": f"col{place}", "label": text_in(column, "label") or f"col{place}", "type": "string"}
        for place, column in enumerate(columns, start=1)
    ]
    return given | {
        "schema": msgspec.json.encode(schema).decode(),
        "project_id": None if project_id is None else str(project_id),
    }


TABLES: Final = Crud(
    noun="lookup_table",
    id_name="lookup_table_id",
    members={"name": None, "project_id": None, "schema": None},
    required=("name", "schema"),
    shape=_table,
)


def _row(request: ApiRequest, given: Row, row: Row | None) -> Row:
    """By the columns' own names, whichever of name and label the body says; the columns not named stay."""
    names = _columns(request)
    unknown = sorted(given["data"].keys() - names.keys())
    if unknown:
        raise invalid(unknown[0], "is not a column")
    data = {names[column]: value for column, value in given["data"].items()}
    return {"data": {**(row["data"] if row else {}), **data}}


ROWS: Final = Crud(
    noun="lookup_table_row",
    id_name="row_id",
    members={"data": None},
    required=("data",),
    key="data",
    inside=TABLES,
    shape=_row,
)


@answers("[managed_users.]lookup_tables.lookup", row="TableRow")
def lookup(request: ApiRequest) -> Row:
    """The first that fits."""
    found = _matching(request)
    if not any(_BY.fullmatch(name) for name in request.query):
        raise invalid("by", "can't be blank")
    return there(next(iter(found), None))


@answers("[managed_users.]lookup_tables.batch_delete")
def delete_tables(request: ApiRequest) -> None:
    """Those of the ids that are there; the others are gone already."""
    shelf = TABLES.shelf(request)
    for id_ in map(str, request.given["ids"]):
        table = shelf.pop(id_, None)
        if table is not None:
            request.note("lookup_table.deleted", table["name"])


def _columns(request: ApiRequest) -> dict[str, str]:
    """Each column's own name, by name and by label."""
    schema = msgspec.json.decode(TABLES.get(request)["schema"])
    return {column["label"]: column["name"] for column in schema} | {
        column["name"]: column["name"] for column in schema
    }


def _matching(request: ApiRequest) -> Rows:
    """The rows that have in each column what the query says (`by[code]=DE`)."""
    names = _columns(request)
    wanted = {found[1]: value for name, value in request.query.items() if (found := _BY.fullmatch(name))}
    unknown = sorted(wanted.keys() - names.keys())
    if unknown:
        raise invalid(unknown[0], "is not a column")
    return [
        row
        for row in ROWS.shelf(request).values()
        if all(str(row["data"].get(names[column], "")) == value for column, value in wanted.items())
    ]


TABLES.serve("[managed_users.]lookup_tables", "list", "create", row="Table")
ROWS.serve("[managed_users.]lookup_tables.rows", "get", "create", "update", "delete", row="TableRow")
answers("[managed_users.]lookup_tables.rows.list", row="TableRow")(_matching)


def _data_table(request: ApiRequest, given: Row, row: Row | None) -> Row:
    columns = given.get("schema")
    return given if columns is None else given | {"schema": [_column(column) for column in columns]}


def _column(column: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(column.get("name"), str):
        raise invalid("schema", "has a column without a name")
    usual = {"type": "string", "name": "", "optional": False, "field_id": str(uuid4()), "hint": None}
    return usual | {"default_value": None, "metadata": {}, "multivalue": False, "relation": None} | column


DATA_TABLES: Final = serve_noun(
    "data_tables", "DataTable", noun="data_table", new_id=lambda: str(uuid4()), shape=_data_table
)


@answers("[managed_users.]data_tables.truncate")
def truncate_table(request: ApiRequest) -> None:
    """Its rows are not here: only that it was done is."""
    DATA_TABLES.note(request, DATA_TABLES.row_of(request), "truncated")
