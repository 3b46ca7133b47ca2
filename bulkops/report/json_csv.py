"""The report as JSON, JSON lines and CSV, without columns of the account file, which may hold secrets."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import attrs

from bulkops.journal import AccountRow
from bulkops.report.next_steps import change_first, go_on_command, next_command
from bulkops.report.safe_text import spreadsheet_cell
from bulkops.report.text import summary

if TYPE_CHECKING:
    from bulkops.report.failure_clusters import Cluster
    from bulkops.report.model import Report

SCHEMA: Final = 1
"""Incremented when a member changes its meaning or is removed; new members do not increment it."""

_COLUMNS: Final = (
    "account",
    "name",
    "outcome",
    "failure_class",
    "cause",
    "reason",
    "remedy",
    "started_at",
    "ended_at",
    "detail",
)


_MOST_CLUSTERS: Final = 20
"""Of a summary: what a chat or a mail can show."""


def render_json(report: Report) -> Iterator[str]:
    """One object; its members are a line each and so are the accounts, so that grep and diff work on it."""
    members = [f"{json_line(key)}: {json_line(value)}" for key, value in head(report).items()]
    members.append(f'"explored": {json_line([attrs.asdict(one) for one in report.explored])}')
    members.append(f'"clusters": {array(cluster_objects(report, report.clusters))}')
    yield "{\n" + ",\n".join(members) + ',\n"accounts": ['
    for place, row in enumerate(report.accounts):
        yield f"{',' if place else ''}\n{json_line(account_object(row))}"
    yield "]\n}\n"


def render_summary(report: Report) -> str:
    """The summary for --on-finish and --webhook: one line of JSON, without the accounts.

    `text`: the run in a sentence, where chats look for it; `next`: the command that takes up most of what is left.
    """
    data = {
        "text": summary(report),
        **head(report),
        "exit_code": report.exit_code,
        "next": go_on_command(report),
        "clusters": list(islice(cluster_objects(report, report.clusters), _MOST_CLUSTERS)),
    }
    return json_line(data) + "\n"


def head(report: Report) -> dict[str, Any]:
    """The run without its accounts."""
    return {
        "schema": SCHEMA,
        "run": report.run_id,
        "state": report.state.value,
        "reason": report.reason,
        "title": report.title,
        "host": report.host,
        "workspace": report.workspace,
        "created_at": utc(report.created_at),
        "ended_at": utc(report.ended_at),
        "duration_s": round(report.duration_s, 3),
        "between_s": round(report.between_s, 3),
        "inventory": report.inventory,
        "outcomes": {outcome.value: count for outcome, count in report.outcomes.items()},
    }


def render_jsonl(report: Report) -> Iterator[str]:
    """The accounts alone, an object a line."""
    return (f"{json_line(account_object(row))}\n" for row in report.accounts)


def render_csv(report: Report) -> Iterator[str]:
    """A header and one line an account (line breaks inside cells become spaces), quoted after RFC 4180."""
    line = io.StringIO(newline="")
    writer = csv.writer(line, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in report.accounts:
        account = account_object(row)
        account["detail"] = json_line(row.detail) if row.detail else None
        writer.writerow([spreadsheet_cell(account[column]) for column in _COLUMNS])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
    yield line.getvalue()


def cluster_objects(report: Report, clusters: Iterable[Cluster]) -> Iterator[dict[str, Any]]:
    for one in clusters:
        command = next_command(report, one)
        yield {
            "outcome": one.outcome.value,
            "cause": one.cause,
            "failure_class": one.failure_class,
            "count": one.count,
            "example": one.example.account,
            "name": one.example.name,
            "reason": one.example.reason,
            "remedy": one.example.remedy,
            "first": change_first(one.example) if command is not None else None,
            "next": command,
        }


def account_object(row: AccountRow) -> dict[str, Any]:
    """One account's answer."""
    return {
        "account": row.account,
        "name": row.name,
        "outcome": row.outcome.value,
        "reason": row.reason,
        "failure_class": row.failure_class,
        "cause": row.cause,
        "remedy": row.remedy,
        "started_at": utc(row.started_at),
        "ended_at": utc(row.ended_at),
        "detail": row.detail,
    }


def array(values: Iterable[Mapping[str, Any]]) -> str:
    """A line each."""
    return "[" + ",".join(f"\n{json_line(value)}" for value in values) + "]"


def json_line(value: object) -> str:
    """ASCII only: valid UTF-8 whatever is in it, and nothing that a terminal acts on."""
    return json.dumps(_plain(value), ensure_ascii=True, allow_nan=False)


def _plain(value: Any) -> Any:
    """`value` with what JSON cannot say replaced: lone surrogates by U+FFFD, NaN and infinities by null."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {_plain(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def utc(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
