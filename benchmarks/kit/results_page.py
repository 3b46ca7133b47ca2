"""RESULTS.md and its plots, from what the benchmarks left in results/."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.kit.harness import RESULTS, Row, version
from benchmarks.kit.plots import bars

HERE: Final = Path(__file__).parents[1]
PLOTS: Final = HERE / "plots"
VERSIONED: Final = (
    "bulkops", "aiohttp", "aiolimiter", "anyio", "attrs", "msgspec", "structlog", "aiometer", "aiohttp-retry",
    "httpx", "nornir", "orjson", "pyrate-limiter", "requests", "throttled-py",
)  # fmt: skip
HEAD: Final = """# Results

`make bench` measures all and writes this page; `make bench-NAME`, then `make bench-page`, renews one section. Each
section says when it was measured: rows with different times are from different runs. Ratios are medians over
interleaved rounds. [FINDINGS.md](FINDINGS.md) says what was found, what was tried, and where a verdict hangs on how the
work was chosen.
"""


def write(names: Sequence[str]) -> Path:
    """Write RESULTS.md and a plot for each row of each benchmark, in this order. A benchmark without new results here
    keeps its section of the page as it was."""
    page = HERE / "RESULTS.md"
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    results = {name: json.loads((RESULTS / f"{name}.json").read_text()) for name in names if _has_results(name)}
    rows: list[str] = []
    sections: list[str] = []
    PLOTS.mkdir(exist_ok=True)
    for name in names:
        if name not in results:
            section, its_rows = _section(old, name)
        elif "rows" in results[name]:  # others have their own page
            section, its_rows = _new_section(name, results[name]), [str(_row(row)) for row in results[name]["rows"]]
        else:
            continue
        sections += section
        rows += its_rows
    table = ["| what | measured | bar | peers | verdict |", "|---|---|---|---|---|", *rows]
    page.write_text("\n".join([HEAD, *_machine(), *table, *sections]) + "\n", encoding="utf-8")
    return page


def _section(page: str, name: str) -> tuple[list[str], list[str]]:
    """A benchmark's section of the page, and its rows of the table: each has a plot in the section."""
    lines = page.splitlines()
    begin = lines.index(f"## {name}") if f"## {name}" in lines else len(lines)
    end = next((place for place in range(begin + 1, len(lines)) if lines[place].startswith("## ")), len(lines))
    section = "\n".join(lines[begin:end]).rstrip().splitlines()
    shown = [line[2 : line.rindex("](")] for line in section if line.startswith("![")]
    return (["", *section] if section else []), [row for row in lines if row[2:].partition(" | ")[0] in shown]


def _new_section(name: str, document: Mapping[str, Any]) -> list[str]:
    for old in PLOTS.glob(f"{name}-*.svg"):
        old.unlink()
    head = ["", f"## {name}", "", f"`make bench-{name}`, {document['at']}", "", *_facts(document["details"])]
    return [*head, *(f"![{row['what']}](plots/{plot})" for plot, row in _plots(name, document["rows"]))]


def _has_results(name: str) -> bool:
    return (RESULTS / f"{name}.json").exists()


def _row(row: Mapping[str, Any]) -> Row:
    return Row(**{key: value for key, value in row.items() if key != "holds"})


def _plots(name: str, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    named = [(f"{name}-{number}.svg", row) for number, row in enumerate(rows, start=1)]
    for plot, row in named:
        (PLOTS / plot).write_text(bars(row), encoding="utf-8")
    return named


def _facts(details: Mapping[str, Any]) -> list[str]:
    """What a benchmark wants to say beside its rows."""
    said = [f"- {fact}" for fact in details.get("facts", ())]
    return [*said, ""] if said else []


def _machine() -> list[str]:
    versions = ", ".join(f"{name} {version(name)}" for name in VERSIONED if version(name))
    return [
        f"- written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"- {platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} x {_processor()}",
        f"- CPython {platform.python_version()}; {versions}",
        "",
    ]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown processor")
