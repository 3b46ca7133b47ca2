"""Markdown: short, and a name in it is neither a link nor a mention nor a row of its own."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from bulkops.journal import AccountRow, RunState
from bulkops.outcome import Outcome
from bulkops.report import Report, render
from tests.records import account_row, report_of

Row = Callable[..., AccountRow]
Make = Callable[..., Report]


def test_what_a_person_needs_first(row: Row, report: Make) -> None:
    made = report(
        row(0, Outcome.CHANGED),
        row(1, failure_class="import-failed", cause="the import failed: too new"),
        row(2, failure_class="import-failed", cause="the import failed: too new"),
        row(3, Outcome.NOT_ATTEMPTED),
        state=RunState.HALTED,
        reason="2 accounts failed",
        title="import crm.zip",
    )
    assert render(made, "markdown").splitlines() == [
        "### Halted\\: 1 changed, 2 failed, 1 not attempted of 4 accounts in 2 min 3 s "
        "\\(run 20260102\\-101530\\-k3f\\)",
        "",
        "import crm\\.zip",
        "",
        "**Reason:** 2 accounts failed",
        "",
        "| Accounts | changed | failed | not attempted |",
        "| ---: | ---: | ---: | ---: |",
        "| 4 | 1 | 2 | 1 |",
        "",
        "| Accounts | Outcome | Cause | For example | Next |",
        "| ---: | --- | --- | --- | --- |",
        "| 2 | failed | the import failed\\: too new | 4100001 "
        "| `bulkops retry 20260102-101530-k3f --failure-class import-failed` |",
        "| 1 | not attempted | 2 accounts failed | 4100003 | `bulkops resume 20260102-101530-k3f` |",
        "",
        "Resume with:",
        "",
        "```sh",
        "bulkops resume 20260102-101530-k3f",
        "```",
    ]


def test_all_well_is_short(row: Row, report: Make) -> None:
    text = render(report(*(row(seq, Outcome.CHANGED) for seq in range(3))), "markdown")
    assert len(text.splitlines()) == 7
    assert "Next" not in text


def test_a_run_that_is_on_has_no_outcomes_yet(row: Row, report: Make) -> None:
    made = report(row(0, Outcome.UNKNOWN, started_at=1.0), state=RunState.RUNNING, ended_at=None)
    text = render(made, "markdown")
    assert "1 in progress" in text
    assert "unknown" not in text


def test_it_stays_short_however_many_causes_there_are(row: Row, report: Make) -> None:
    text = render(
        report(*(row(seq, cause="x" * (seq % 400) + "y" * (seq // 400) + "z" * 100) for seq in range(900))), "markdown"
    )
    assert "and 880 more causes (880 accounts)" in text
    assert len(text) < 20_000


@pytest.mark.parametrize(
    "nasty",
    [
        "[click](https://evil.example)",
        "![x](https://evil.example/x.png)",
        "<img src=x onerror=alert(1)>",
        "@octocat and #1",
        "https://evil.example",
        "a | b | c\n| d |",
        "`code` ``more``",
        "**bold** __bold__ ~~gone~~",
        "\n\n# heading\n- item\n1. item\n> quote",
    ],
)
def test_a_name_is_only_a_name(row: Row, report: Make, nasty: str) -> None:
    made = report(row(0, account=nasty, cause=nasty, failure_class=nasty), title=nasty, reason=nasty, journal=nasty)
    text = re.sub(r"(?s)```+sh\n.*?\n```+", "", render(made, "markdown"))
    text = re.sub(r"(`+) ?.*? ?\1(?!`)", "", text)  # what stands in code is shown as it is
    bare = re.sub(r"\\.", "", text)
    assert not re.search(r"[\[\]<>@!~`_]|https?:|(?<!\*)\*(?!\*)", bare)
    tables = [line for line in render(made, "markdown").splitlines() if line.startswith("|")]
    assert len(tables) == 6
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables[3:]} == {6}


@given(st.text(st.characters()), st.text("`|\\ -", max_size=12))
def test_code_is_closed_where_it_was_opened(text: str, ticks: str) -> None:
    row = account_row(account=text, failure_class=f"{text}{ticks}{text}", cause=text)
    made = report_of(row, run_id=ticks or "r", title=text, journal=ticks or None)
    lines = render(made, "markdown").splitlines()
    assert lines[-1].strip("`") == ""
    assert lines[-3] == lines[-1] + "sh"
    assert lines[-1] not in lines[-2]
