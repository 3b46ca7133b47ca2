"""The vendor's library of public recipes, as far as a search needs one: invented, and always the same."""

from __future__ import annotations

from typing import Any, Final

_SOURCES: Final = ("salesforce", "hubspot", "shopify", "zendesk", "workday", "jira", "netsuite")
_TARGETS: Final = ("slack", "google_sheets", "netsuite", "snowflake", "jira", "salesforce", "box")
_OWNER: Final = 17
_AT: Final = "2024-03-11T09:15:00.000-07:00"


def _row(number: int, source: str, target: str) -> dict[str, Any]:
    names = [name.replace("_", " ").title() for name in (source, target)]
    return {
        "id": 40_001 + number,
        "user_id": _OWNER,
        "name": f"New record in {names[0]} to {names[1]}",
        "created_at": _AT,
        "updated_at": _AT,
        "copy_count": 3 * number + 1,
        "trigger_application": source,
        "action_applications": [target],
        "applications": [source, target],
        "description": f"When there is a new record in {names[0]}, it is sent to {names[1]}.",
        "parameters_schema": [],
    }


PUBLIC_RECIPES: Final = tuple(
    _row(number, source, target)
    for number, (source, target) in enumerate((s, t) for s in _SOURCES for t in _TARGETS if s != t)
)
"""As rows of the API, three pages of them."""
