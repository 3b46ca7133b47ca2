"""Result of `bulkops bench`: as JSON, as a table, and compared with an earlier one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs

from bulkops.cli.terminal import one_line
from bulkops.durations import rough_duration
from bulkops.errors import InputError
from bulkops.report.safe_text import factor, figures

SCHEMA: Final = 1

Result: TypeAlias = dict[str, Any]
"""The document that --json writes."""

_ALIKE: Final = ("host", "operation", "accounts", "time_scale", "concurrency")
"""Members that must be equal for two results to be comparable."""

_COMPARED: Final = {
    "seconds": ("seconds", 0.5),
    "cpu_ms_per_request": ("ms of CPU per request", 0.0),
    "requests_per_account": ("requests per account", 0.0),
    "refused": ("refused", 0.0),
}
"""Figures that may not grow: their name, and a difference that always counts as noise."""


@attrs.frozen(kw_only=True)
class Comparison:
    """One figure then and now. `is_worse`: beyond the ratio that is allowed."""

    what: str
    before: float
    now: float
    is_worse: bool

    def __str__(self) -> str:
        worse = ", a regression" if self.is_worse else ""
        return f"{self.what}: {self.before:g} -> {self.now:g} ({factor(self.before, self.now)}){worse}"


def load(path: str) -> Result:
    """Read a result of `bench --json`. Raises: InputError."""
    remedy = "use a file that `bulkops bench --json` wrote"
    try:
        found = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", remedy="check the path") from error
    except ValueError as error:
        raise InputError(f"{path} is not a result file of `bulkops bench`: {error}", remedy=remedy) from error
    wanted = {*_ALIKE, *_COMPARED}
    if not isinstance(found, dict) or found.get("schema") != SCHEMA or not wanted <= found.keys():
        raise InputError(f"{path} is not a result file of `bulkops bench`, or is from another version", remedy=remedy)
    numbers = [found[key] for key in _COMPARED]
    if not all(isinstance(number, int | float) and number >= 0 for number in numbers):
        raise InputError(f"{path}: a figure to compare is not a number", remedy=remedy)
    return found


def compare(before: Result, now: Result, *, ratio: float, source: str) -> list[Comparison]:
    """Each figure beside the earlier one.

    Raises: InputError when the two runs did different work.
    """
    other = [f"{key} {before[key]!r}, not {now[key]!r}" for key in _ALIKE if before[key] != now[key]]
    if other:
        raise InputError(
            f"{source} measured different work: {'; '.join(other)}",
            remedy="compare results of the same work on the same host",
        )
    return [
        Comparison(
            what=words,
            before=before[key],
            now=now[key],
            is_worse=now[key] > before[key] * ratio and now[key] - before[key] > noise,
        )
        for key, (words, noise) in _COMPARED.items()
    ]


def render(result: Result) -> str:
    """The result for people: totals, then a row for each quota."""
    return "\n".join([*_totals(result), "", *_table(result)])


def _totals(result: Result) -> Iterator[str]:
    outcomes = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in result["outcomes"].items() if count)
    yield f"{result['accounts']} accounts at {one_line(result['host'])}: {one_line(result['operation'])}"
    yield f"  {outcomes}, in {rough_duration(result['seconds'])}: {result['accounts_per_s']:.1f} accounts a second"
    yield (
        f"  {result['requests']} requests, {result['requests_per_s']:.1f} a second, "
        f"{result['requests_per_account']:.2f} an account, {result['refused']} refused"
    )
    latency = result["latency_s"]
    if latency:
        yield "  latency: " + ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in latency.items())
    yield f"  this process: {result['cpu_ms_per_request']:.2f} ms of CPU time per request"


def _table(result: Result) -> Iterator[str]:
    rows = [("quota", "requests", "a second", "limit", "use", "refused", "waited p50", "p90", "latency p50", "p99")]
    for name, quota in result["quotas"].items():
        rows.append(
            (
                name,
                str(quota["requests"]),
                _number(quota["per_s"]),
                _number(quota["limit_per_s"]),
                "-" if quota["use"] is None else f"{100 * quota['use']:.0f} %",
                str(quota["refused"]),
                _seconds(quota["waited_s"]["p50"]),
                _seconds(quota["waited_s"]["p90"]),
                _seconds(quota["latency_s"]["p50"]),
                _seconds(quota["latency_s"]["p99"]),
            )
        )
    return figures(rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _seconds(value: float) -> str:
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.1f} s"
