"""Build the site and look at every link in it: `python -m docs.site [DIRECTORY]`. Needs no network, and the pages load
nothing from elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import attrs

ROOT: Final = Path(__file__).parents[1]
SITE: Final = ROOT / "site"
_FRONT: Final = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=docs/index.html">\n'


def build(target: Path) -> int:
    """Write the site; Sphinx's exit code. A warning is an error."""
    from sphinx.cmd.build import build_main  # noqa: PLC0415 - the checks below need no Sphinx

    arguments = ["-q", "-n", "-W", "--keep-going", "-j", "1", "-c", str(ROOT / "docs"), str(ROOT), str(target)]
    code = build_main(["-b", "html", "-d", str(target / ".doctrees"), *arguments])
    (target / "index.html").write_text(_FRONT, encoding="utf-8")
    return int(code)


@attrs.define
class _Page(HTMLParser):
    """`links`: what a reader may follow; `loads`: what a browser fetches by itself; `ids`: what a fragment may name."""

    links: list[str] = attrs.field(factory=list)
    loads: list[str] = attrs.field(factory=list)
    ids: set[str] = attrs.field(factory=set)

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.ids.update(value for name, value in given.items() if name in {"id", "name"})
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and "href" in given and given.get("rel") not in {"canonical", "next", "prev"}:
            self.loads.append(given["href"])
        elif given.get("src"):
            self.loads.append(given["src"])


def faults(site: Path) -> Iterator[str]:
    """What is wrong with the links of a built site, a line each."""
    pages = {path.resolve(): _parsed(path) for path in site.rglob("*.html")}
    for path, page in sorted(pages.items()):
        where = path.relative_to(site.resolve())
        for target in page.loads:
            if urlsplit(target).scheme or target.startswith("//"):
                if not target.startswith("data:"):
                    yield f"{where} loads {target} from elsewhere"
            elif not _local(path, target).is_file():
                yield f"{where} loads {target}, which is not there"
        for target in page.links:
            parts = urlsplit(target)
            if parts.scheme or target.startswith("//"):
                continue
            found = _local(path, target)
            if not found.is_file():
                yield f"{where} links to {target}, which is not there"
            elif parts.fragment and found in pages and unquote(parts.fragment) not in pages[found].ids:
                yield f"{where} links to {target}, where nothing has that name"


def _parsed(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _local(page: Path, target: str) -> Path:
    path = unquote(urlsplit(target).path)
    return (page.parent / path).resolve() if path else page


def main(arguments: list[str]) -> int:
    target = Path(arguments[0]) if arguments else SITE
    code = build(target)
    wrong = list(faults(target))
    for line in wrong:
        sys.stdout.write(f"{line}\n")
    if not code and not wrong:
        sys.stdout.write(f"the site is at {target / 'index.html'}\n")
    return 1 if code or wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
