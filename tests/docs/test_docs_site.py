"""The documentation as a site: builds without a warning, links lead somewhere, nothing comes from elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docs import conf, site


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<a href="missing.html">x</a>', "page.html links to missing.html, which is not there"),
        ('<a href="#nowhere">x</a>', "page.html links to #nowhere, where nothing has that name"),
        ('<a href="other.html#nowhere">x</a>', "page.html links to other.html#nowhere, where nothing has that name"),
        ('<img src="missing.png">', "page.html loads missing.png, which is not there"),
        (
            '<script src="https://cdn.example/x.js"></script>',
            "page.html loads https://cdn.example/x.js from elsewhere",
        ),
        (
            '<link rel="stylesheet" href="//cdn.example/x.css">',
            "page.html loads //cdn.example/x.css from elsewhere",
        ),
        ('<a href="https://example.com/">x</a><a href="other.html#here">y</a><a href="#top" id="top">z</a>', None),
    ],
)
def test_faults_are_found(tmp_path: Path, html: str, fault: str | None) -> None:
    (tmp_path / "page.html").write_text(html)
    (tmp_path / "other.html").write_text('<h1 id="here">x</h1>')
    assert list(site.faults(tmp_path)) == ([] if fault is None else [fault])


def test_every_example_is_shown_in_full() -> None:
    """With a language for each kind of file: one without ended the build."""
    folder = site.ROOT / "examples"
    shown = conf.examples((folder / "README.md").read_text(encoding="utf-8"))
    files = {path.name for path in folder.iterdir() if path.is_file() and path.name != "README.md"}
    assert {line[3:] for line in shown.splitlines() if line.startswith("## ")} >= files
    assert "````ini\n" in shown


@pytest.mark.slow
def test_the_site_is_built_and_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "docs.site", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=site.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*.html")}
    sources = {
        path.relative_to(site.ROOT).with_suffix(".html").as_posix() for path in (site.ROOT / "docs").rglob("*.md")
    }
    assert sources | {"index.html", "examples/README.html", "CHANGELOG.html", "benchmarks/RESULTS.html"} <= pages
    api = (tmp_path / "site" / "docs" / "reference" / "api.html").read_text()
    assert "Context.step" in api
    assert "highlight-python" in (tmp_path / "site" / "examples" / "README.html").read_text()
