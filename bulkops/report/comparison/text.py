"""A comparison as text: accounts that ended differently, then causes, then costs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from bulkops.report.comparison.costs import figure_rows
from bulkops.report.safe_text import figures, inline
from bulkops.report.text import cluster_lines, counted, summary

if TYPE_CHECKING:
    from bulkops.journal import AccountRow
    from bulkops.report.comparison.compare_runs import Comparison, Pair
    from bulkops.report.failure_clusters import Cluster
    from bulkops.report.model import Report

_MOST_CLUSTERS: Final = 20
_MOST_ASKED: Final = 20
_MOST_NAMES: Final = 5
_NAME: Final = 100
_LINE: Final = 300
_HASH: Final = 12
_IS_HASH: Final = re.compile(r"[0-9a-f]{64}").fullmatch


def render_text(found: Comparison) -> str:
    lines = [f"A: {summary(found.a)}", f"B: {summary(found.b)}", *_titles(found), *_asked(found), "", *_moves(found)]
    for title, report, clusters in (
        ("new failures", found.b, found.new),
        ("failures that are gone", None, found.gone),
        ("failures that are still there", found.b, found.still),
    ):
        lines += ["", *_failures(found, title, report, clusters)]
    lines += ["", *figures([("", "A", "B", ""), *figure_rows(found)])]
    return "\n".join(lines) + "\n"


def account_names(rows: Sequence[AccountRow]) -> str:
    """The first of them by name, and the number of others."""
    names = ", ".join(inline(row.account, _NAME) for row in islice(rows, _MOST_NAMES))
    more = len(rows) - _MOST_NAMES
    return f"{names} and {more:,} more" if more > 0 else names


def standing(found: Comparison) -> Iterator[str]:
    """How many accounts ended alike, and how many cannot be compared."""
    both, moved = len(found.both), len(found.moved)
    yield f"{counted(both)} in both runs: {both - moved:,} ended alike, {moved:,} differently"
    for name, rows in (("A", found.only_a), ("B", found.only_b)):
        if rows:
            outcomes = Counter(row.outcome for row in rows)
            words = ", ".join(f"{outcomes[each]:,} {each.words}" for each in outcomes)
            yield f"{counted(len(rows))} only in {name} ({words}): {account_names(rows)}"
    for name, count in (("A", found.open_a), ("B", found.open_b)):
        if count:
            yield f"{counted(count)} of {name} not ended yet: it is still on"


def move_words(found: Comparison) -> Iterator[tuple[str, str, list[Pair]]]:
    for (a, b), pairs in found.moves.items():
        yield a.words, b.words, pairs


def _titles(found: Comparison) -> Iterator[str]:
    a, b = (f"{inline(one.title, _LINE)}, at {inline(one.host, _NAME)}" for one in (found.a, found.b))
    if a == b:
        yield f"both: {a}"
    else:
        yield from (f"A did: {a}", f"B did: {b}")


def _asked(found: Comparison) -> Iterator[str]:
    if found.asked:
        yield from ("", "asked for differently:")
    for name, a, b in found.asked[:_MOST_ASKED]:
        yield f"    {inline(name, _NAME)}: {_shown(a)} -> {_shown(b)}"
    if len(found.asked) > _MOST_ASKED:
        yield f"    and {len(found.asked) - _MOST_ASKED} more: see --format json"


def _shown(value: str | None) -> str:
    if value is None:
        return "(nothing)"
    return value[:_HASH] if _IS_HASH(value) else inline(value, _NAME)


def _moves(found: Comparison) -> Iterator[str]:
    total, *others = standing(found)
    yield total
    for a, b, pairs in move_words(found):
        yield f"    {counted(len(pairs))}: {a} -> {b}, {account_names([pair[1] for pair in pairs])}"
    yield from others


def _failures(found: Comparison, title: str, report: Report | None, clusters: list[Cluster]) -> Iterator[str]:
    count = sum(one.count for one in clusters)
    yield f"{title}: {counted(count) if count else 'none'}"
    for one in clusters[:_MOST_CLUSTERS]:
        if report is None:
            yield f"    {counted(one.count)}: {inline(one.cause, _LINE)}"
            continue
        first, *others = cluster_lines(report, one)
        recast = sum(seq in found.recast for seq in one.seqs)
        yield f"    {first}" + (f" ({recast:,} for another cause in A)" if recast else "")
        yield from (f"    {line}" for line in others)
    if len(clusters) > _MOST_CLUSTERS:
        yield f"    and {len(clusters) - _MOST_CLUSTERS} more causes: see --format json"
