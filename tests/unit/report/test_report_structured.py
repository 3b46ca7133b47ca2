"""JSON, JSON lines and CSV: valid whatever is in them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from bulkops.errors import ConfigError
from bulkops.journal import AccountRow, RunState
from bulkops.outcome import Outcome
from bulkops.report import FORMATS, Report, render, render_parts
from tests.records import any_text, any_texts, report_saying

Row = Callable[..., AccountRow]
Make = Callable[..., Report]

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)


def test_json_has_the_documented_members(row: Row, report: Make) -> None:
    failed = row(
        1,
        failure_class="import-failed",
        cause="the import failed: too new",
        reason="import 9 failed: too new",
        remedy="correct the package",
        started_at=1_767_348_931.25,
        ended_at=1_767_348_990.5,
        detail={"import": {"package_id": 9}},
        params={"password": "hunter2"},
        name="Acme Ltd",
    )
    data = json.loads(render(report(row(0, Outcome.CHANGED), failed, journal="j"), "json"))
    accounts = data.pop("accounts")
    assert data == {
        "schema": 1,
        "run": "20260102-101530-k3f",
        "state": "finished",
        "reason": None,
        "title": "import crm.zip (5 recipes) into folder 'CRM'",
        "host": "https://www.workato.com",
        "workspace": "17293",
        "created_at": "2026-01-02T10:15:30.000+00:00",
        "ended_at": "2026-01-02T10:17:33.000+00:00",
        "duration_s": 123.0,
        "between_s": 0.0,
        "inventory": 2,
        "outcomes": {
            "changed": 1,
            "unchanged": 0,
            "failed": 1,
            "unknown": 0,
            "cancelled": 0,
            "skipped": 0,
            "not_attempted": 0,
        },
        "explored": [],
        "clusters": [
            {
                "outcome": "failed",
                "cause": "the import failed: too new",
                "failure_class": "import-failed",
                "count": 1,
                "example": "4100001",
                "name": "Acme Ltd",
                "reason": "import 9 failed: too new",
                "remedy": "correct the package",
                "first": "correct the package",
                "next": "bulkops retry 20260102-101530-k3f --failure-class import-failed --journal j",
            }
        ],
    }
    assert accounts[1] == {
        "account": "4100001",
        "name": "Acme Ltd",
        "outcome": "failed",
        "reason": "import 9 failed: too new",
        "failure_class": "import-failed",
        "cause": "the import failed: too new",
        "remedy": "correct the package",
        "started_at": "2026-01-02T10:15:31.250+00:00",
        "ended_at": "2026-01-02T10:16:30.500+00:00",
        "detail": {"import": {"package_id": 9}},
    }
    assert [account["outcome"] for account in accounts] == ["changed", "failed"]


def test_json_of_a_run_that_is_on(row: Row, report: Make) -> None:
    data = json.loads(render(report(row(0, cause="c"), state=RunState.RUNNING, ended_at=None), "json"))
    assert (data["state"], data["ended_at"], data["clusters"][0]["next"]) == ("running", None, None)


def test_json_has_an_account_a_line(row: Row, report: Make) -> None:
    lines = render(report(*(row(seq, Outcome.CHANGED) for seq in range(3))), "json").splitlines()
    assert sum(line.startswith('{"account"') for line in lines) == 3


def test_json_of_an_empty_run(report: Make) -> None:
    data = json.loads(render(report(), "json"))
    assert (data["inventory"], data["clusters"], data["accounts"]) == (0, [], [])


def test_jsonl_is_the_accounts_of_json(row: Row, report: Make) -> None:
    made = report(row(0, Outcome.CHANGED), row(1, cause="two\nlines"))
    lines = render(made, "jsonl").splitlines()
    assert [json.loads(line) for line in lines] == json.loads(render(made, "json"))["accounts"]


def test_csv_has_a_row_an_account_after_rfc_4180(row: Row, report: Make) -> None:
    text = render(
        report(
            row(0, Outcome.CHANGED, name="Acme, Ltd", detail={"import": {"recipes": 5}}),
            row(1, account="E-1", reason='says "no", twice', cause="two\nlines", started_at=0.5),
            row(2, params={"password": "hunter2"}),
        ),
        "csv",
    )
    assert text.split("\r\n") == [
        "account,name,outcome,failure_class,cause,reason,remedy,started_at,ended_at,detail",
        '4100000,"Acme, Ltd",changed,,,,,,,"{""import"": {""recipes"": 5}}"',
        'E-1,,failed,,two lines,"says ""no"", twice",,1970-01-01T00:00:00.500+00:00,,',
        "4100002,,failed,,,,,,,",
        "",
    ]


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u00a0@", "＝", "\t="])
def test_a_cell_never_is_a_formula(row: Row, report: Make, lead: str) -> None:
    text = render(report(row(0, account=f"{lead}cmd|' /C calc'!A0", name=f"{lead}2", reason=f"{lead}1")), "csv")
    cells = list(csv.reader(io.StringIO(text, newline="")))[1]
    assert cells[0].startswith("'")
    assert cells[1].startswith("'")
    assert cells[5].startswith("'")
    assert cells[2] == "failed"


def test_lone_surrogates_are_replaced_and_pairs_are_joined(row: Row, report: Make) -> None:
    text = render(report(row(0, account="a\ud800b\ud83c\udf89", detail={"\udc00": [1.5, float("nan")]})), "jsonl")
    account = json.loads(text)
    assert account["account"] == "a\ufffdb🎉"
    assert account["detail"] == {"\ufffd": [1.5, None]}


def test_an_unknown_format_is_refused_in_words(report: Make) -> None:
    with pytest.raises(ConfigError, match="unknown report format 'pdf'; use one of text, json, jsonl, csv, junit"):
        render(report(), "pdf")  # type: ignore[arg-type]
    assert FORMATS == ("text", "json", "jsonl", "csv", "junit", "markdown", "html", "summary")


@given(any_texts, st.dictionaries(any_text, any_json, max_size=3))
def test_anything_anywhere_is_valid_and_inert(texts: list[str], detail: dict[str, Any]) -> None:
    made = report_saying(texts, copies=2, detail=detail)
    for text in (render(made, "json"), render(made, "jsonl")):
        assert text.isascii()
        assert not set(text) & {chr(code) for code in [*range(10), *range(11, 32), 127]}
    document = msgspec.json.decode(render(made, "json").encode())  # strict where json.loads is lenient
    assert document["inventory"] == len(document["accounts"]) == 2
    assert [json.loads(line) for line in render(made, "jsonl").splitlines()] == document["accounts"]

    table = render(made, "csv")
    assert table.encode().count(b"\r\n") == table.count("\n") == 3
    header, *rows = csv.reader(io.StringIO(table, newline=""), strict=True)
    assert [len(cells) for cells in (header, *rows)] == [10, 10, 10]
    assert not [cell for cells in rows for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_a_line_an_account_comes_in_parts_of_a_line(row: Row, report: Make, form: Any) -> None:
    """A report of a million accounts is never in memory as one text."""
    made = report(*(row(seq, Outcome.CHANGED) for seq in range(1000)))
    parts = list(render_parts(made, form))
    assert "".join(parts) == render(made, form)
    assert len(parts) >= 1000
    assert max(map(len, parts)) < 1000
