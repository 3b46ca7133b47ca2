"""A comparison for programs. Its schema is docs/comparison.schema.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from bulkops.report.json_csv import array, cluster_objects, head, json_line

if TYPE_CHECKING:
    from bulkops.journal import AccountRow
    from bulkops.report.comparison.compare_runs import Comparison
    from bulkops.report.model import Report
    from bulkops.report.quota_usage import Traffic

SCHEMA: Final = 1
"""Incremented when a member changes its meaning or is removed; new members do not increment it."""


def render_json(found: Comparison) -> str:
    """One object; its members are a line each, and so is each account that ended differently."""
    lists = {
        "moved": ({"account": b.account, "a": _ending(a), "b": _ending(b)} for a, b in found.moved),
        "only_a": map(_only, found.only_a),
        "only_b": map(_only, found.only_b),
        "new": cluster_objects(found.b, found.new),
        "gone": ({**one, "next": None} for one in cluster_objects(found.a, found.gone)),
        "still": cluster_objects(found.b, found.still),
    }
    members = [f"{json_line(key)}: {json_line(value)}" for key, value in _plain(found).items()]
    members += [f"{json_line(key)}: {array(values)}" for key, values in lists.items()]
    return "{\n" + ",\n".join(members) + "\n}\n"


def _plain(found: Comparison) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "differs": found.differs,
        "new_failures": sum(one.count for one in found.new),
        "a": _run(found.a),
        "b": _run(found.b),
        "asked": [{"name": name, "a": a, "b": b} for name, a, b in found.asked],
        "both": len(found.both),
        "other_cause": len(found.recast),
        "open": {"a": found.open_a, "b": found.open_b},
        "quotas": {
            quota: {side: _counts(one) for side, one in zip("ab", sides, strict=True)}
            for quota, sides in found.traffic.items()
        },
    }


def _run(report: Report) -> dict[str, Any]:
    members = head(report)
    del members["schema"]
    return members


def _ending(row: AccountRow) -> dict[str, Any]:
    return {"outcome": row.outcome.value, "failure_class": row.failure_class, "cause": row.cause}


def _only(row: AccountRow) -> dict[str, Any]:
    return {"account": row.account, **_ending(row)}


def _counts(traffic: Traffic | None) -> dict[str, Any] | None:
    if traffic is None:
        return None
    members: Iterable[str] = ("requests", "refused", "lost", "waited_s")
    return {name: round(getattr(traffic, name), 3) for name in members}
