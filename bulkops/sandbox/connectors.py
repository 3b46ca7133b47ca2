"""The applications that the sandbox knows: a few of the vendor's hundreds, and a custom one of the partner's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

_IMAGES: Final = "https://img.example"


@attrs.frozen(kw_only=True)
class Connector:
    """`fields`: of its connection form, a "?" at the end where one may be left out; none: it needs no connection.
    `triggers`, `actions`: title by name; `custom`: its id, where it is the partner's own."""

    name: str
    title: str
    category: str
    fields: tuple[str, ...] = ()
    oauth: bool = False
    triggers: Mapping[str, str] = attrs.field(factory=dict)
    actions: Mapping[str, str] = attrs.field(factory=dict)
    custom: int | None = None

    def metadata(self) -> dict[str, Any]:
        """As `GET /api/integrations` shows it: what the oldest page has, and what newer replies add."""
        return {
            "name": self.name,
            "title": self.title,
            "image_url": f"{_IMAGES}/{self.name}.png",
            "mobile_image_url": f"{_IMAGES}/m/{self.name}.png",
            "requires_connection": bool(self.fields),
            "mobile_search": False,
        } | self.row()

    def row(self) -> dict[str, Any]:
        """As `GET /api/integrations/all` shows it."""
        return {
            "name": self.name,
            "title": self.title,
            "categories": [self.category],
            "oauth": self.oauth,
            "deprecated": False,
            "secondary": False,
            "triggers": [_operation(name, title) for name, title in self.triggers.items()],
            "actions": [_operation(name, title) for name, title in self.actions.items()],
        }

    def input_schema(self) -> list[dict[str, Any]]:
        return [
            {"name": field.rstrip("?"), "type": "string", "optional": field.endswith("?"), "label": _label(field)}
            for field in self.fields
        ]

    def code(self) -> str:
        fields = ", ".join(f"{{ name: '{field.rstrip('?')}' }}" for field in self.fields)
        return f"{{\n  title: '{self.title}',\n  connection: {{ fields: [{fields}] }}\n}}\n"


def _operation(name: str, title: str) -> dict[str, Any]:
    return {"name": name, "title": title, "deprecated": False, "bulk": name.endswith("_bulk"), "batch": False}


def _label(field: str) -> str:
    return field.rstrip("?").replace("_", " ").capitalize()


_NEW: Final = {"new_object": "New record", "updated_object": "New or updated record"}
_WRITE: Final = {"search_objects": "Search records", "create_object": "Create record", "update_object": "Update record"}

CONNECTORS: Final[Mapping[str, Connector]] = {
    connector.name: connector
    for connector in (
        Connector(name="clock", title="Scheduler", category="Tools", triggers={"scheduled_event": "New event"}),
        Connector(
            name="google_sheets",
            title="Google Sheets",
            category="Spreadsheets",
            fields=("auth_type?",),
            oauth=True,
            triggers={"new_row": "New row"},
            actions={"add_row": "Add row", "add_row_bulk": "Add rows"},
        ),
        Connector(
            name="jira",
            title="Jira",
            category="Project management",
            fields=("host_name", "api_token_auth?", "email?", "apitoken?"),
            triggers={"new_issue": "New issue"},
            actions={"create_issue": "Create issue"},
        ),
        Connector(
            name="rest",
            title="HTTP",
            category="Developer",
            fields=("base_uri?", "auth_type", "user?", "password?"),
            actions={"make_request": "Send request"},
        ),
        Connector(
            name="salesforce",
            title="Salesforce",
            category="CRM",
            fields=("host", "api_key?", "sandbox?"),
            oauth=True,
            triggers=_NEW,
            actions=_WRITE,
        ),
        Connector(
            name="shopify",
            title="Shopify",
            category="E-commerce",
            fields=("shop", "api_key"),
            triggers={"new_order": "New order"},
            actions={"get_order": "Get order"},
        ),
        Connector(
            name="slack",
            title="Slack",
            category="Communication",
            fields=("auth_type?",),
            oauth=True,
            actions={"post_message": "Post message"},
        ),
        Connector(
            name="workato_recipe_function",
            title="Recipe function",
            category="Tools",
            triggers={"execute": "Real-time"},
            actions={"call_recipe": "Call recipe"},
        ),
        Connector(
            name="example_connector_1",
            title="Example CRM",
            category="CRM",
            fields=("host", "token"),
            triggers=_NEW,
            actions=_WRITE,
            custom=562_501,
        ),
    )
}
"""By name, in the order of the names but for the partner's own."""
