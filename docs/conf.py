"""How Sphinx builds the site (`make docs`): the Markdown as it is read at GitHub, offline, nothing from elsewhere.

The source directory is the project's, so that README, examples and benchmarks are pages too.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pygments.lexers.special import TextLexer  # type: ignore[import-untyped]  # it has no types

from bulkops import __version__

ROOT = Path(__file__).parents[1]

project = "bulkops"
release = version = __version__
copyright = "the authors of bulkops, MIT license"  # noqa: A001 - Sphinx's name for it
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["docs/**.md", "examples/README.md", "benchmarks/*.md", "CHANGELOG.md"]
exclude_patterns = [".venv*"]
html_theme = "furo"
html_title = f"bulkops {version}"
html_show_sphinx = False
html_copy_source = False
html_last_updated_fmt = None
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # blocks of shells and signatures are not whole programs

_ENTRY = re.compile(r"\[(?P<title>[^\]]+)\]\((?P<page>[^)#]+\.md)\)")
_CAPTION = re.compile(r"^\*\*(?P<caption>[^*]+?)\.?\*\*", re.MULTILINE)


def _contents(index: str, names: Iterable[str]) -> str:
    """The index's own sections as Sphinx's tables of contents: the side bar says what the page says.

    What the index does not link to itself comes last.
    """
    tables: dict[str, list[str]] = {}
    left = {f"/{name}" for name in names if name != root_doc}
    parts = _CAPTION.split(index)[1:]
    for caption, text in zip(parts[::2], parts[1::2], strict=True):
        pages = tables.setdefault(caption[0].upper() + caption[1:], [])
        for found in _ENTRY.finditer(text):
            place = "/" + posixpath.normpath(f"docs/{found['page'].removesuffix('.md')}")
            if place in left:
                left.discard(place)
                pages.append(f"{found['title'][0].upper()}{found['title'][1:]} <{place}>")
    tables["More"] = sorted(left)
    return "\n\n".join(
        "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```"])
        for caption, pages in tables.items()
        if pages
    )


def examples(page: str) -> str:
    """The example files in full, below their table; several may stand in a row of it."""
    rows = re.findall(r"^\| (\[.+?\)) \|", page, re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"\]\(([\w.-]+)\)", row)]
    languages = {".py": "python", ".sh": "bash", ".yml": "yaml", ".yaml": "yaml", ".service": "ini", ".timer": "ini"}
    texts = []
    for name in names:
        path = ROOT / "examples" / name
        texts.append(f"## {name}\n\n````{languages[path.suffix]}\n{path.read_text(encoding='utf-8')}````")
    return "\n\n".join(texts)


def _read(app: Any, name: str, source: list[str]) -> None:
    if name == root_doc:
        source[0] += "\n" + _contents(source[0], app.env.found_docs)
    elif name == "examples/README":
        source[0] += "\n" + examples(source[0])


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.add_lexer("csv", TextLexer)
    app.connect("source-read", _read)
