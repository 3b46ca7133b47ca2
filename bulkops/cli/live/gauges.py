"""Quotas as gauges: how full each window is, what waits for it, and which quota bounds the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from bulkops.cli.live.cells import Row, fitted

if TYPE_CHECKING:
    from bulkops.pacing import QuotaStatistics

_USED: Final = 11
_WAITING: Final = 9
_BESIDE: Final = 3 + _USED + _WAITING
_REMARK: Final = 19
_SHORTEST_GAUGE: Final = 8
_LONGEST_GAUGE: Final = 40
_WELL_USED: Final = 0.1
_NO_LIMIT: Final = 1_000_000


def gauges(
    quotas: Mapping[str, QuotaStatistics],
    width: int,
    *,
    most: int,
    bound_by: str | None,
    seen_s_ago: float | None = None,
) -> Iterator[Row]:
    """The quotas that matter most, those that are waited for first; what does not fit is counted.

    `seen_s_ago`: the state is from then, without waiters.
    """
    limited = {
        name: quota
        for name, quota in quotas.items()
        if quota.limit < _NO_LIMIT and (_matters(quota) or name == bound_by)
    }
    if not limited or most < 2:
        return
    names = sorted(limited, key=lambda name: _weight(limited[name], is_bound=name == bound_by), reverse=True)
    shown = names[: most - 1]
    name_width = min(max(len(name) for name in shown), max(12, width - _SHORTEST_GAUGE - _BESIDE))
    room = width - name_width - _BESIDE
    gauge = max(_SHORTEST_GAUGE, min(_LONGEST_GAUGE, room - _REMARK))
    title = "in its window" if (seen_s_ago or 0) < 1 else f"in its window, {seen_s_ago:.0f} s ago"
    waited_for = "waiting" if seen_s_ago is None else ""
    yield [(f"{fitted('quota', name_width + 3)}{title:<{gauge + _USED}}{waited_for:>{_WAITING}}", "dim")]
    for name in shown:
        row = _gauge(name, limited[name], name_width, gauge, is_bound=name == bound_by)
        yield [*row, *_remark(limited[name], room - gauge)]
    waiting = sum(limited[name].waiting for name in names[len(shown) :])
    if waiting:
        yield [(f"  {waiting} wait for others", "dim")]


def _matters(quota: QuotaStatistics) -> bool:
    """Whether to show the quota: it has waiters, is closed, or is well used."""
    return bool(quota.waiting or quota.closed_for_s or quota.used >= _WELL_USED * quota.limit)


def _weight(quota: QuotaStatistics, *, is_bound: bool) -> tuple[bool, bool, float, float]:
    return (is_bound, quota.closed_for_s > 0, quota.waiting / quota.limit * quota.window_s, quota.used / quota.limit)


def _gauge(name: str, quota: QuotaStatistics, name_width: int, width: int, *, is_bound: bool) -> Row:
    used = min(quota.used, quota.limit)
    cells = min(width, -(-used * width // quota.limit))
    style = "red" if quota.closed_for_s else "yellow" if quota.used >= quota.allowed and quota.waiting else "green"
    return [
        (">" if is_bound else " ", "bold"),
        (f" {fitted(name, name_width)} ", "bold" if is_bound else ""),
        ("█" * cells, style),
        ("·" * (width - cells), "dim"),
        (f" {used}/{quota.limit}".rjust(_USED), ""),
        (f"{quota.waiting or '':>{_WAITING}}", ""),
    ]


def _remark(quota: QuotaStatistics, room: int) -> Row:
    """Why less than the limit is used, where there is room to say so."""
    if quota.closed_for_s:
        text, style = f"  closed for {quota.closed_for_s:.1f} s", "red"
    else:
        text, style = f"  opened to {quota.allowed}", "dim"
    is_so = quota.closed_for_s or quota.allowed < quota.limit
    return [(text, style)] if is_so and len(text) <= room else []
