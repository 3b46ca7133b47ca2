"""Answers about connections, connectors, folders and properties, in every envelope, and in forms that nobody prints."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import attrs
import pytest

from bulkops.errors import ApiError
from bulkops.models import (
    Connection,
    Connector,
    ConnectorCode,
    ConnectorOperation,
    ConnectorVersion,
    CustomConnector,
    Folder,
    InputField,
    PickListValue,
    Project,
    Property,
)
from bulkops.session import decode_list, decode_object
from tests import replies

TIMES = {"created_at": "2025-06-02T08:00:00.000-07:00", "updated_at": "2025-06-02T16:30:00.000Z"}
CONNECTION: dict[str, Any] = {
    "id": 811,
    "name": "Harbour ERP",
    "provider": "netsuite",
    "authorized_at": None,
    "parent_id": None,
}
CONNECTION |= {"authorization_status": None, "authorization_error": None, "external_id": "007", "folder_id": 31} | TIMES
OWN = CONNECTION | {"application": "netsuite", "description": "d", "connection_lost_at": TIMES["created_at"]}
FOLDER = {"id": 31, "name": "Harbour", "parent_id": 30, "is_project": True, "project_id": 77} | TIMES
TRIGGER = {"name": "new_ship", "title": "New ship", "deprecated": False, "bulk": False, "batch": True}
CONNECTOR = {"name": "harbour", "title": "Harbour", "categories": ["ERP"], "oauth": True, "deprecated": False}
CONNECTOR |= {"secondary": False, "triggers": [TRIGGER], "actions": []}
METADATA = {"name": "harbour", "title": "Harbour", "image_url": "https://i.example/h.png", "mobile_search": False}
METADATA |= {"mobile_image_url": "https://i.example/m/h.png", "requires_connection": True}
VERSION = {"version": 3, "version_note": None, "created_at": TIMES["created_at"], "released_at": None}
CUSTOM = {"id": 562, "name": "harbour_1", "title": "Harbour", "latest_released_version": 3, "static_webhook_url": None}
CUSTOM |= {"latest_released_version_note": None, "released_versions": [VERSION]}

ANSWERS: list[tuple[type[Any], dict[str, Any]]] = [
    (Connection, CONNECTION),
    (Connection, OWN),
    (Folder, FOLDER),
    (Project, {"id": 77, "folder_id": 31, "name": "Harbour", "description": None}),
    (Connector, CONNECTOR),
    (Connector, METADATA),
    (ConnectorOperation, TRIGGER),
    (ConnectorVersion, VERSION),
    (CustomConnector, CUSTOM),
    (ConnectorCode, {"code": "{ title: 'Harbour' }"}),
    (InputField, {"name": "host", "type": "string", "label": "Host", "optional": False, "hint": None}),
    (PickListValue, {"label": "Record", "value": "Id"}),
    (Property, {"name": "crm.object", "value": "Order"}),
]
reply = partial(replies.reply, call="managed_users.connections.update")
every = pytest.mark.parametrize(("model", "row"), ANSWERS, ids=[model.__name__ for model, _ in ANSWERS])


@every
def test_an_example_decodes_in_every_envelope(model: type[Any], row: dict[str, Any]) -> None:
    bare = decode_object(reply(row), model)
    plain = json.loads(json.dumps(attrs.asdict(bare), default=lambda when: when.isoformat(timespec="milliseconds")))
    known = {name: value for name, value in row.items() if name in plain and value != "2025-06-02T16:30:00.000Z"}
    assert {name: plain[name] for name in known} == known
    for wrapped in ({"result": row}, {"data": row}):
        assert decode_object(reply(wrapped), model) == bare
    for rows in ([row], {"result": [row]}, {"data": [row], "total": 1}, {"items": [row], "count": 1, "page": 1}):
        assert decode_list(reply(rows), model) == [bare]


@every
def test_hostile_variants(model: type[Any], row: dict[str, Any]) -> None:
    bare = decode_object(reply(row), model)
    assert decode_object(reply(row | {"new": {"of": ["tomorrow"]}}), model) == bare
    required = [field.name for field in attrs.fields(model) if field.default is attrs.NOTHING]
    least = {name: row[name] for name in required}
    optional = {field.name for field in attrs.fields(model)} - set(required)
    assert decode_object(reply(least | dict.fromkeys(optional)), model) == decode_object(reply(least), model)
    for name in required:
        for bad in ({**row, name: None}, {**row, name: {"x": 1}}, {k: v for k, v in row.items() if k != name}):
            with pytest.raises(ApiError, match=name):
                decode_object(reply(bad), model)


def test_ids_as_text_are_ids() -> None:
    folder = decode_object(reply({"id": "31", "name": "n", "parent_id": "30", "project_id": "77"}), Folder)
    assert (folder.id, folder.parent_id, folder.project_id) == (31, 30, 77)
    connection = decode_object(reply(CONNECTION | {"id": "811", "folder_id": "31", "parent_id": "5"}), Connection)
    assert (connection.id, connection.folder_id, connection.parent_id, connection.external_id) == (811, 31, 5, "007")


@pytest.mark.parametrize(
    ("status", "is_shell", "is_authorized"),
    [(None, True, False), ("success", False, True), ("failed", False, False), ("exception", False, False)],
)
def test_what_a_connection_stands_at(status: str | None, is_shell: bool, is_authorized: bool) -> None:
    connection = decode_object(reply(CONNECTION | {"authorization_status": status}), Connection)
    assert (connection.is_shell, connection.is_authorized) == (is_shell, is_authorized)
