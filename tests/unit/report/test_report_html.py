"""The HTML report as a file: one piece, sealed, small. What it does in a browser is tested in tests/browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import attrs
import pytest

from bulkops.journal import RunState
from bulkops.outcome import Outcome
from bulkops.report import Report, render
from bulkops.report.html.rows import MOST_ROWS
from tests.browser.pages import HOSTILE, hostile, large
from tests.records import account_row, report_of


class Page(HTMLParser):
    """Elements with their attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.inline:
            self.inline[self._inside].append(data)

    def policy(self) -> str:
        (found,) = (
            attributes["content"]
            for tag, attributes in self.elements
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        )
        return found or ""

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.inline["script"][0])
        return found


def digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


@pytest.mark.parametrize("report", [large(60), hostile()], ids=["usual", "hostile"])
def test_it_is_sealed(report: Report) -> None:
    page = Page(render(report, "html"))
    (style,) = page.inline["style"]
    _, script = page.inline["script"]
    assert page.policy() == (
        f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    for tag, attributes in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "src", "srcset"}]
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in re.sub(r"url\(#\w+\)", "", style)
    assert not re.search(r"https?://(?!www\.w3\.org/)|\beval\b|innerHTML|fetch\(|import\(", script)


def test_hostile_texts_end_no_element_and_are_all_there() -> None:
    text = render(hostile(), "html")
    page = Page(text)
    assert [tag for tag, _ in page.elements].count("script") == 2
    names = [row[0] for row in page.data()["rows"]]
    assert names[: len(HOSTILE) - 5] == list(HOSTILE[: len(HOSTILE) - 5])
    assert text.encode()
    assert not set(text) & {chr(code) for code in [*range(9), *range(11, 32), 127, 0x202E, 0x2066, 0x2028]}
    assert "hunter2" not in text


def test_a_thousand_accounts_take_less_than_a_megabyte() -> None:
    text = render(large(1000), "html")
    print(f"1,000 accounts: {len(text.encode()):,} bytes")
    assert len(text.encode()) < 1_000_000


def test_every_account_is_in_it_with_its_steps() -> None:
    report = large(80)
    data = Page(render(report, "html")).data()
    kinds = [name for name, _ in data["kinds"]]
    assert [row[0] for row in data["rows"]] == [row.account for row in report.accounts]
    assert [kinds[row[1]] for row in data["rows"]] == [row.outcome.value for row in report.accounts]
    seq = next(row.seq for row in report.accounts if row.outcome is Outcome.CHANGED)
    steps = data["rows"][seq][10]
    assert [data["texts"][place] for place in steps[::3]] == ["create-folder", "import", f"start {7_000_000 + seq}"]
    assert steps[1::3] == [1, 1, 1]
    assert data["rows"][seq][9] == {"import": {"package_id": 300_000 + seq, "recipes": 5}}
    assert data["waves"] == [0, 1, 5, 21]


def test_sections_follow_what_is_known() -> None:
    report = large(60)
    full = re.findall(r'<section[^>]* id="(\w+)"', render(report, "html"))
    assert full == ["outcomes", "causes", "time", "quotas", "accounts", "settings"]
    plain = re.findall(r'<section[^>]* id="(\w+)"', render(attrs.evolve(report, details=None), "html"))
    assert plain == ["outcomes", "causes", "time", "accounts"]


@pytest.mark.parametrize(
    ("state", "outcome", "badge"),
    [
        (RunState.FINISHED, Outcome.CHANGED, "all well"),
        (RunState.FINISHED, Outcome.FAILED, "1 needs attention"),
        (RunState.PAUSED, Outcome.NOT_ATTEMPTED, "not complete"),
        (RunState.RUNNING, Outcome.CHANGED, "running"),
    ],
)
def test_the_badge(state: RunState, outcome: Outcome, badge: str) -> None:
    report = large(1)
    row = attrs.evolve(report.accounts[0], outcome=outcome)
    text = render(attrs.evolve(report, accounts=[row], state=state), "html")
    assert re.findall(r'class="badge \w+">([^<]*)<', text) == [badge]


def test_accounts_under_way_have_no_outcome_yet() -> None:
    report = large(3)
    rows = [
        attrs.evolve(report.accounts[0], outcome=Outcome.UNKNOWN, ended_at=None, started_at=report.created_at),
        attrs.evolve(report.accounts[1], outcome=Outcome.NOT_ATTEMPTED, started_at=None, ended_at=None),
        report.accounts[2],
    ]
    running = attrs.evolve(report, accounts=rows, state=RunState.RUNNING, ended_at=None)
    data = Page(render(running, "html")).data()
    assert [data["kinds"][row[1]][1] for row in data["rows"]] == ["in progress", "waiting", rows[2].outcome.value]


def test_without_jinja2_it_says_how_to_get_it() -> None:
    """In a process of its own, where importing jinja2 fails as if it were not installed."""
    program = (
        "import sys; sys.modules['jinja2'] = None\n"
        "from tests.browser.pages import large\n"
        "from bulkops.errors import ConfigError\n"
        "from bulkops.report import render\n"
        "render(large(2), 'text')\n"
        "try: render(large(2), 'html')\n"
        "except ConfigError as error: print(error)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300)
    assert ended.stdout.strip() == 'the HTML report needs jinja2, which is not installed; pip install "bulkops[cli]"'


def test_quotas_of_a_client_file_are_listed_as_far_as_the_run_used_them() -> None:
    report = large(30)
    assert report.details is not None
    quotas = {
        "other": [{"limit": 1200, "window_s": 60.0}],
        "embedded.rlcm.import_create": [
            {"limit": 1000, "window_s": 60.0},
            {"limit": 500, "window_s": 3600.0, "key": "workspace"},
        ],
        "not.used": [{"limit": 1, "window_s": 1.0}],
    }
    record = attrs.evolve(report.details.record, tuning={"share": 0.5, "quotas": quotas})
    text = render(attrs.evolve(report, details=attrs.evolve(report.details, record=record)), "html")
    shown = re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", text.partition("Quotas of the client file")[2])
    assert shown[:3] == [
        ("embedded.rlcm.import_create", "1,000 in 60 s, 500 in 3600 s for each workspace"),
        ("other", "1,200 in 60 s"),
        ("others", "1, which this run did not use"),
    ]


def test_a_large_fleet_is_shown_in_part_and_the_page_says_so() -> None:
    count = MOST_ROWS + 300
    rows = [account_row(seq, Outcome.CHANGED) for seq in range(count)]
    for seq in (7, count - 1):
        rows[seq] = account_row(seq, cause="no such folder")
    text = render(report_of(*rows), "html")
    data = json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)[1])  # type: ignore[index]
    assert len(data["rows"]) == MOST_ROWS
    assert [row[0] for row in data["rows"]][-1] == rows[count - 1].account, "those that failed are all there"
    assert "this page shows a part one by one: 20,000 of 20,300" in text
    assert f"bulkops report {report_of(*rows).run_id} --format jsonl" in text
    assert "20,298" in text, "counts are of all"
    assert "this page shows a part" not in render(report_of(*rows[:300]), "html")
