"""Costs of two runs, as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from bulkops.durations import duration
from bulkops.report.safe_text import factor, inline

if TYPE_CHECKING:
    from bulkops.report.comparison.compare_runs import Comparison
    from bulkops.report.model import Report
    from bulkops.report.quota_usage import Traffic


def figure_rows(found: Comparison) -> Iterator[tuple[str, str, str, str]]:
    """Name, value in A, value in B, and their ratio: totals, then the requests of each quota."""
    yield _row("duration", found.a.duration_s, found.b.duration_s, duration)
    a, b = [[one[side] for one in found.traffic.values()] for side in (0, 1)]
    if any(a) and any(b):
        yield _row("requests", _sum(a, "requests"), _sum(b, "requests"), _count)
        yield _row("requests an account", _each(found.a, a), _each(found.b, b), "{:.2f}".format)
        yield _row("refused (429)", _sum(a, "refused"), _sum(b, "refused"), _count)
        yield _row("without an answer", _sum(a, "lost"), _sum(b, "lost"), _count)
        yield _row("waited for slots", _sum(a, "waited_s"), _sum(b, "waited_s"), duration)
    for quota, sides in found.traffic.items():
        first, second = (0 if side is None else side.requests for side in sides)
        yield _row(f"  {inline(quota)}", first, second, _count)


def _row(name: str, a: float, b: float, shown: Callable[[float], str]) -> tuple[str, str, str, str]:
    return name, shown(a), shown(b), "the same" if shown(a) == shown(b) else factor(a, b)


def _sum(traffic: list[Traffic | None], member: str) -> float:
    return float(sum(getattr(one, member) for one in traffic if one is not None))


def _each(report: Report, traffic: list[Traffic | None]) -> float:
    """Number of accounts that were begun."""
    begun = sum(row.started_at is not None for row in report.accounts)
    return _sum(traffic, "requests") / begun if begun else 0.0


def _count(value: float) -> str:
    return f"{value:,.0f}"
