"""Comparison of two runs: account by account, failures by cause, requests by quota; and its formats by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from bulkops.report.comparison.compare_runs import Comparison, load_comparison
from bulkops.report.comparison.markdown import render_markdown
from bulkops.report.comparison.structured import render_json
from bulkops.report.comparison.text import render_text

__all__ = ["Comparison", "load_comparison", "render_comparison"]

Format: TypeAlias = Literal["text", "json", "markdown"]

_RENDERERS: Final[Mapping[Format, Callable[[Comparison], str]]] = {
    "text": render_text,
    "json": render_json,
    "markdown": render_markdown,
}


def render_comparison(found: Comparison, format: Format = "text") -> str:  # noqa: A002 - as `render` has it
    """The comparison as text that ends with a newline."""
    return _RENDERERS[format](found)
