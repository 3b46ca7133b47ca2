"""The HTML page: figures here, layout in the templates beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import attrs

from bulkops.durations import duration, round_duration, short_duration
from bulkops.journal import EventRow, RunState
from bulkops.journal.event_kinds import PROCESS
from bulkops.report.html.axes import TimeAxis
from bulkops.report.html.durations import durations_panel, stages
from bulkops.report.html.kit import asset, csp_hash, page_environment, styled
from bulkops.report.html.outcomes import Standing
from bulkops.report.html.requests import requests_panel
from bulkops.report.html.rows import MOST_ROWS, places_shown, script_data
from bulkops.report.html.timeline import timeline
from bulkops.report.html.waves import read_waves
from bulkops.report.next_steps import change_first, go_on_command, go_on_words, next_command, report_command
from bulkops.report.quota_usage import Traffic, by_fullness, explored_setting, explored_words, read_traffic
from bulkops.report.run_settings import LONGEST, flat, operations
from bulkops.report.safe_text import inline, known_as
from bulkops.report.text import headline, summary

if TYPE_CHECKING:
    from bulkops.report.failure_clusters import Cluster
    from bulkops.report.model import Report

_SCRIPTS: Final = ("data.js", "table.js", "mosaic.js", "page.js")
_MOST_CLUSTERS: Final = 50
_MOST_PANELS: Final = 12


def render_html(report: Report) -> str:
    """The page. Needs the details of `load_report(..., detailed=True)` for its charts; does without, with fewer.

    Raises: ConfigError when jinja2 is not installed.
    """
    environment = page_environment("bulkops.report.html")
    environment.filters |= {"duration": short_duration, "round_duration": round_duration}
    script = '"use strict";\n(() => {\n' + "\n".join(map(asset, _SCRIPTS)) + "\n})();\n"
    return environment.get_template("page.html.j2").render(
        **_context(report), **styled(), script=script, script_hash=csp_hash(script)
    )


def _context(report: Report) -> dict[str, Any]:
    standing = Standing.from_report(report)
    events = report.details.events if report.details else []
    traffic = read_traffic(events)
    full, quiet = by_fullness(traffic)
    axis = _axis(report, traffic)
    stage_rows, stage_ticks = stages(report, report.details.steps) if report.details else ([], [])
    waves = read_waves(report, standing, events)
    places = places_shown(standing)
    panels = [timeline(report, standing, axis, waves), durations_panel(report)]
    return {
        "title": inline(report.title, LONGEST),
        "summary": summary(report),
        "headline": headline(report),
        "badge": _badge(report),
        "reason": inline(report.reason, LONGEST) if report.reason else None,
        "shown": len(places),
        "most": MOST_ROWS,
        "left_out": report.inventory - len(places),
        "all_accounts": f"{report_command(report)} --format jsonl",
        "counts": standing.counts(),
        "facts": list(_facts(report, traffic)),
        "clusters": list(_clusters(report)),
        "more_clusters": report.clusters[_MOST_CLUSTERS:],
        "go_on": go_on_command(report),
        "go_on_words": go_on_words(report),
        "panels": [panel for panel in panels if panel is not None],
        "quotas": [requests_panel(one, axis) for one in full],
        "quieter": [requests_panel(one, axis) for one in quiet[:_MOST_PANELS]],
        "traffic": traffic,
        "explored": [(explored_words(one), explored_setting(one)) for one in report.explored],
        "waves": waves,
        "stages": stage_rows,
        "stage_ticks": stage_ticks,
        "settings": list(_settings(report, events)),
        "data": script_data(report, standing, places, [wave.begin for wave in waves]),
    }


def _badge(report: Report) -> tuple[str, str]:
    """Class and word of the headline."""
    troubled = len(report.failures)
    if report.state is RunState.RUNNING:
        return "open", "running"
    if troubled:
        return "bad", f"{troubled:,} {'needs' if troubled == 1 else 'need'} attention"
    return ("good", "all well") if report.ok else ("bad", "not complete")


def _axis(report: Report, traffic: list[Traffic]) -> TimeAxis:
    """The time in which an account was under way or a request was counted."""
    now = report.as_of if report.ended_at is None else report.ended_at
    accounts = [(row.started_at, row.ended_at or now) for row in report.accounts if row.started_at is not None]
    requests = [(interval.begin, interval.end) for one in traffic for interval in one.intervals]
    return TimeAxis.over([*accounts, *requests])


def _facts(report: Report, traffic: list[Traffic]) -> Iterator[tuple[str, str]]:
    yield "Run", report.run_id
    yield "Host", report.host
    yield "Workspace", report.workspace or "not known"
    yield "Began", _time(report.created_at)
    yield ("So far", duration(report.duration_s)) if report.ended_at is None else ("Ended", _time(report.ended_at))
    if report.between_s >= 1:
        yield "Worked", duration(report.duration_s)
        yield "Between processes", duration(report.between_s)
    if traffic:
        yield "Requests", f"{sum(one.requests for one in traffic):,}"
        yield "Refused (429)", f"{sum(one.refused for one in traffic):,}"


@attrs.frozen(kw_only=True)
class _ClusterView:
    place: int
    kind: str
    word: str
    count: int
    cause: str
    example: str
    reason: str | None
    remedy: str | None
    first: str | None
    command: str | None


def _clusters(report: Report) -> Iterator[_ClusterView]:
    for place, one in enumerate(report.clusters[:_MOST_CLUSTERS]):
        row = one.example
        reason = row.reason if row.reason and row.reason != one.cause else None
        yield _ClusterView(
            place=place,
            kind=one.outcome.value,
            word=one.outcome.words,
            count=one.count,
            cause=inline(one.cause, LONGEST),
            example=known_as(row.account, row.name, LONGEST),
            reason=inline(reason, LONGEST) if reason else None,
            remedy=_remedy(one, reason),
            first=change_first(row) if report.state is not RunState.RUNNING else None,
            command=next_command(report, one),
        )


def _remedy(cluster: Cluster, reason: str | None) -> str | None:
    remedy = cluster.example.remedy
    return inline(remedy, LONGEST) if remedy and remedy not in (reason or "") else None


def _settings(report: Report, events: list[EventRow]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Settings of the run, in groups of names and values, without columns of the account file."""
    if report.details is None:
        return
    record = report.details.record
    yield "Inventory", [("accounts", str(record.inventory_count)), ("sha256", record.inventory_hash)]
    yield from operations(record.operation)
    yield "Policy", list(flat(record.policy))
    if record.tuning:
        own = {name: value for name, value in record.tuning.items() if name != "quotas"}
        yield "Tuning (what differs from the defaults)", list(flat(own))
        yield "Quotas of the client file", list(_own_quotas(record.tuning.get("quotas"), events))
    yield "Versions", list(_versions(events))


def _own_quotas(quotas: object, events: list[EventRow]) -> Iterator[tuple[str, str]]:
    """Those that the run used, one by one; the others as a number: a sandbox's client file has them all."""
    if not isinstance(quotas, Mapping):
        return
    used = {traffic.quota for traffic in read_traffic(events)}
    for name in sorted(used & quotas.keys()):
        limits = (
            f"{limit['limit']:,} in {limit['window_s']:g} s" + (f" for each {limit['key']}" if limit.get("key") else "")
            for limit in quotas[name]
        )
        yield inline(str(name), LONGEST), inline(", ".join(limits), LONGEST)
    if others := len(quotas.keys() - used):
        yield "others", f"{others}, which this run did not use"


def _versions(events: list[EventRow]) -> Iterator[tuple[str, str]]:
    for event in events:
        if event.kind == PROCESS:
            yield _time(event.at), f"bulkops {event.data.get('bulkops')}, Python {event.data.get('python')}"
    yield "this report", f"bulkops {_own_version()}, {_time(datetime.now(UTC).timestamp())}"


def _own_version() -> str:
    """Without importing the front door, which stands above this package."""
    return str(getattr(sys.modules.get(__name__.partition(".")[0]), "__version__", "?"))


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
