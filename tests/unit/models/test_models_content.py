"""Answers about connections, connectors, folders and properties, as the vendor's pages print them."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import attrs
import pytest

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
from bulkops.session import decode_object
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
def test_a_sample_keeps_its_values(model: type[Any], row: dict[str, Any]) -> None:
    bare = decode_object(reply(row), model)
    plain = json.loads(json.dumps(attrs.asdict(bare), default=lambda when: when.isoformat(timespec="milliseconds")))
    known = {name: value for name, value in row.items() if name in plain and value != "2025-06-02T16:30:00.000Z"}
    assert {name: plain[name] for name in known} == known


@pytest.mark.parametrize(
    ("status", "is_shell", "is_authorized"),
    [(None, True, False), ("success", False, True), ("failed", False, False), ("exception", False, False)],
)
def test_what_a_connection_stands_at(status: str | None, is_shell: bool, is_authorized: bool) -> None:
    connection = decode_object(reply(CONNECTION | {"authorization_status": status}), Connection)
    assert (connection.is_shell, connection.is_authorized) == (is_shell, is_authorized)
