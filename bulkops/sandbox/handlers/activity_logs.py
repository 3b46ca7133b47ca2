"""Activity logs: what the ledger holds, as the audit log of one workspace shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers.me import WORKSPACE_NAME
from bulkops.sandbox.request import ApiRequest, Counted

_USER: Final = {"id": 4400, "name": "Lee Park", "email": "lee@partner.example"}
"""The actor of every entry: the owner of the partner's token."""


@answers("[managed_users.]activity_logs.list", row="Activity")
def list_activity_logs(request: ApiRequest) -> Counted:
    """In the order in which things happened; a page goes on after the record that `page[after]` names."""
    is_wanted = _filter(request)
    records = [record for record in _records(request) if is_wanted(record)]
    after, (_, size) = request.number("page[after]") or 0, request.page(size="page[size]")
    later = [record for record in records if record["id"] > after]
    return Counted(later[:size], len(records), (1, size))


def _records(request: ApiRequest) -> Iterator[dict[str, Any]]:
    customer, state = request.customer, request.state
    name = WORKSPACE_NAME if customer is None else customer.facts["name"]
    workspace = {
        "id": request.workspace.user_id,
        "name": name,
        "email": None,
        "environment": "dev",
    }
    for number, effect in enumerate(state.ledger.effects(), start=1):
        if effect["account"] == (None if customer is None else customer.id):
            yield {
                "id": number,
                "timestamp": state.clock.stamp(effect["t"]),
                "event_type": effect["kind"].replace(".", "_"),
                "details": {},
                "workspace": workspace,
                "user": _USER,
                "resource": {"id": None, "name": effect["key"], "type": effect["kind"].partition(".")[0]},
            }


def _filter(request: ApiRequest) -> Callable[[Mapping[str, Any]], bool]:
    """What the query asks for, read once. Raises: RefusedError 400."""
    is_in_time, users = request.period(), request.many("users_ids")
    kinds = [
        (request.many(f"include_{name}"), request.many(f"exclude_{name}")) for name in ("resource_types", "event_types")
    ]

    def is_wanted(record: Mapping[str, Any]) -> bool:
        shown = zip((record["resource"]["type"], record["event_type"]), kinds, strict=True)
        return (
            is_in_time(record["timestamp"])
            and (not users or str(record["user"]["id"]) in users)
            and all((not only or kind in only) and kind not in never for kind, (only, never) in shown)
        )

    return is_wanted
