"""Formats of a report, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from bulkops.errors import ConfigError
from bulkops.report.json_csv import render_csv, render_json, render_jsonl, render_summary
from bulkops.report.junit import render_junit
from bulkops.report.markdown import render_markdown
from bulkops.report.text import render_text

if TYPE_CHECKING:
    from bulkops.report.model import Report

Format: TypeAlias = Literal["text", "json", "jsonl", "csv", "junit", "markdown", "html", "summary"]


def _render_html(report: Report) -> str:
    from bulkops.report.html import render_html  # noqa: PLC0415 - half the time of loading this package

    return render_html(report)


_RENDERERS: Final[Mapping[Format, Callable[[Report], str | Iterator[str]]]] = {
    "text": render_text,
    "json": render_json,
    "jsonl": render_jsonl,
    "csv": render_csv,
    "junit": render_junit,
    "markdown": render_markdown,
    "html": _render_html,
    "summary": render_summary,
}

FORMATS: Final = tuple(_RENDERERS)

DETAILED: Final = frozenset({"html"})
"""Formats that show more with `load_report(..., detailed=True)`."""


def render(report: Report, format: Format = "text") -> str:  # noqa: A002 - the flag's name, at the call site too
    """The report as text that ends with a newline. CSV has its own line ends: write it with newline="".

    Raises: ConfigError for an unknown format, and for HTML without jinja2.
    """
    return "".join(render_parts(report, format))


def render_parts(report: Report, format: Format) -> Iterator[str]:  # noqa: A002 - as above
    """The same in parts: with a line an account, JSON, JSON lines and CSV of any length take no memory.

    Raises: as `render`.
    """
    renderer = _RENDERERS.get(format)
    if renderer is None:
        raise ConfigError(f"unknown report format {format!r}", remedy=f"use one of {', '.join(FORMATS)}")
    rendered = renderer(report)
    return iter([rendered]) if isinstance(rendered, str) else rendered
