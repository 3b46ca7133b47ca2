"""Activity logs: what the ledger holds, as the audit log of one workspace shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from bulkops.sandbox.exchange import Asked, Counted
from bulkops.sandbox.handlers._base import Handler
from bulkops.sandbox.handlers.me import WORKSPACE_ID, WORKSPACE_NAME

_USER: Final = {"id": 4400, "name": "Lee Park", "email": "lee@partner.example"}
"""Who does everything: the partner's token is somebody's."""


def list_activity_logs(asked: Asked) -> Counted:
    """In the order in which things happened; a page goes on after the record that `page[after]` names."""
    is_wanted = _filter(asked)
    records = [record for record in _records(asked) if is_wanted(record)]
    after, (_, size) = asked.number("page[after]") or 0, asked.page(size="page[size]")
    later = [record for record in records if record["id"] > after]
    return Counted(later[:size], len(records), (1, size))


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


def _filter(asked: Asked) -> Callable[[Mapping[str, Any]], bool]:
    """What the query asks for, read once. Raises: RefusedError 400."""
    begins, ends, users = asked.instant("from"), asked.instant("to"), asked.many("users_ids")
    kinds = [
        (asked.many(f"include_{name}"), asked.many(f"exclude_{name}")) for name in ("resource_types", "event_types")
    ]

    def is_wanted(record: Mapping[str, Any]) -> bool:
        at = datetime.fromisoformat(record["timestamp"])
        shown = zip((record["resource"]["type"], record["event_type"]), kinds, strict=True)
        return (
            (begins is None or at >= begins)
            and (ends is None or at <= ends)
            and (not users or str(record["user"]["id"]) in users)
            and all((not only or kind in only) and kind not in never for kind, (only, never) in shown)
        )

    return is_wanted


HANDLERS: Final[Mapping[str, Handler]] = {
    "managed_users.activity_logs.list": list_activity_logs,
    "activity_logs.list": list_activity_logs,
}
