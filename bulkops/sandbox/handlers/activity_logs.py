"""Activity logs: what the ledger holds, as the audit log of one workspace shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from bulkops.sandbox.exchange import MAX_PER_PAGE, Asked, Counted, RefusedError
from bulkops.sandbox.handlers._base import Handler
from bulkops.sandbox.handlers.me import WORKSPACE_ID, WORKSPACE_NAME

_USER: Final = {"id": 4400, "name": "Lee Park", "email": "lee@partner.example"}
"""Who does everything: the partner's token is somebody's."""


def list_activity_logs(asked: Asked) -> Counted:
    """In the order in which things happened; a page goes on after the record that `page[after]` names."""
    records = [record for record in _records(asked) if _is_wanted(asked, record)]
    after, size = asked.number("page[after]") or 0, asked.number("page[size]") or MAX_PER_PAGE
    later = [record for record in records if record["id"] > after]
    return Counted(later[: min(size, MAX_PER_PAGE)], len(records))


def _records(asked: Asked) -> Iterator[dict[str, Any]]:
    customer, world = asked.customer, asked.world
    name = WORKSPACE_NAME if customer is None else customer.facts["name"]
    workspace = {
        "id": WORKSPACE_ID if customer is None else customer.id,
        "name": name,
        "email": None,
        "environment": "dev",
    }
    for number, effect in enumerate(world.ledger.effects(), start=1):
        if effect["account"] == (None if customer is None else customer.id):
            yield {
                "id": number,
                "timestamp": world.clock.stamp(effect["t"]),
                "event_type": effect["kind"].replace(".", "_"),
                "details": {},
                "workspace": workspace,
                "user": _USER,
                "resource": {"id": None, "name": effect["key"], "type": effect["kind"].partition(".")[0]},
            }


def _is_wanted(asked: Asked, record: Mapping[str, Any]) -> bool:
    at = datetime.fromisoformat(record["timestamp"])
    begins, ends = _time(asked, "from"), _time(asked, "to")
    users = asked.many("users_ids")
    lists = {"resource_types": record["resource"]["type"], "event_types": record["event_type"]}
    return (
        (begins is None or at >= begins)
        and (ends is None or at <= ends)
        and (not users or str(record["user"]["id"]) in users)
        and all(value in (asked.many(f"include_{name}") or [value]) for name, value in lists.items())
        and all(value not in asked.many(f"exclude_{name}") for name, value in lists.items())
    )


def _time(asked: Asked, name: str) -> datetime | None:
    text = asked.query.get(name, "").strip()
    try:
        return datetime.fromisoformat(text).astimezone() if text else None
    except ValueError as error:
        raise RefusedError(400, f"Not a time: {text}") from error


HANDLERS: Final[Mapping[str, Handler]] = {
    "managed_users.activity_logs.list": list_activity_logs,
    "activity_logs.list": list_activity_logs,
}
