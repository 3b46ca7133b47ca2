"""Two runs side by side: every account is in exactly one place, and what it says can be counted again."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

from bulkops.journal import AccountRow, EventRow, RunRecord, RunState
from bulkops.outcome import Outcome
from bulkops.report import Report
from bulkops.report.comparison import Comparison, render_comparison
from bulkops.report.model import Details

Row = Callable[..., AccountRow]
Make = Callable[..., Report]

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "comparison.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())

CHANGED, UNCHANGED, FAILED, UNKNOWN = Outcome.CHANGED, Outcome.UNCHANGED, Outcome.FAILED, Outcome.UNKNOWN


def detailed(report: Report, requests: Mapping[str, int], **record: Any) -> Report:
    defaults: dict[str, Any] = {
        "operation": {"name": "import-package", "parameters": {"folder": "CRM"}, "digest": "0" * 64},
        "policy": {"concurrency": 200},
        "tuning": {},
    }
    made = RunRecord(
        run_id=report.run_id,
        created_at=report.created_at,
        title=report.title,
        host=report.host,
        inventory_hash="",
        inventory_count=report.inventory,
        **defaults | record,
    )
    quotas = {quota: {"requests": count, "refused": 1} for quota, count in requests.items()}
    events = [EventRow(at=0.0, kind="requests", data={"from": 1.0, "s": 1.0, "quotas": quotas})]
    return attrs.evolve(report, details=Details(record=made, events=events, steps=[]))


@pytest.fixture
def found(row: Row, report: Make) -> Comparison:
    """Ten accounts in A, ten in B, eight of them in both; B's places are not A's."""
    cause = {"failure_class": "f", "cause": "connection 'SF' is not authorized"}
    other = {"failure_class": "g", "cause": "no such folder"}
    a = [
        row(0, CHANGED),
        row(1, CHANGED),
        row(2, CHANGED),
        row(3, FAILED, **cause),
        row(4, FAILED, **cause),
        row(5, FAILED, **cause),
        row(6, UNKNOWN, **cause),
        row(7, Outcome.NOT_ATTEMPTED),
        row(8, CHANGED),
        row(9, FAILED, **cause),
    ]
    b = [
        row(11, FAILED, **other),
        row(10, CHANGED),
        row(7, CHANGED),
        row(6, CHANGED),
        row(5, FAILED, **other),
        row(4, FAILED, **cause),
        row(3, CHANGED),
        row(2, UNKNOWN, **other),
        row(1, UNCHANGED),
        row(0, UNCHANGED),
    ]
    a = [attrs.evolve(one, started_at=1.0) for one in a]
    b = [attrs.evolve(one, seq=place, started_at=1.0) for place, one in enumerate(b)]
    return Comparison(
        detailed(report(*a, run_id="run-a"), {"q": 20, "gone": 1}),
        detailed(
            report(*b, run_id="run-b"),
            {"q": 30},
            operation={"name": "import-package", "parameters": {"folder": "CRM 2"}},
        ),
    )


def test_every_account_is_in_exactly_one_place(found: Comparison) -> None:
    names = [b.account for _, b in found.both] + [row.account for row in (*found.only_a, *found.only_b)]
    assert sorted(names) == sorted({row.account for row in (*found.a.accounts, *found.b.accounts)})
    assert (len(found.both), len(found.moved)) == (8, 6)
    assert {move: len(pairs) for move, pairs in found.moves.items()} == {
        (CHANGED, UNCHANGED): 2,
        (Outcome.NOT_ATTEMPTED, CHANGED): 1,
        (UNKNOWN, CHANGED): 1,
        (FAILED, CHANGED): 1,
        (CHANGED, UNKNOWN): 1,
    }
    assert [row.account for row in found.only_a] == ["4100008", "4100009"]
    assert [row.account for row in found.only_b] == ["4100011", "4100010"]


def test_failures_are_new_gone_or_still_there(found: Comparison) -> None:
    assert [(one.outcome, one.count, one.example.account) for one in found.new] == [
        (FAILED, 1, "4100011"),
        (UNKNOWN, 1, "4100002"),
    ]
    assert [(one.outcome, one.count) for one in found.gone] == [(FAILED, 1), (UNKNOWN, 1)]
    assert [(one.cause, one.count) for one in found.still] == [
        ("no such folder", 1),
        ("connection 'SF' is not authorized", 1),
    ]
    assert found.recast == {4}, "A says another cause of the account that is fifth in B"


def test_text_says_all_of_it(found: Comparison) -> None:
    lines = render_comparison(found).splitlines()
    assert lines[0].startswith("A: Finished: 4 changed, 4 failed, 1 unknown, 1 not attempted of 10 accounts")
    assert "    folder: CRM -> CRM 2" in lines
    assert f"    digest: {'0' * 12} -> (nothing)" in lines
    assert "8 accounts in both runs: 2 ended alike, 6 differently" in lines
    assert "    2 accounts: changed -> unchanged, 4100001, 4100000" in lines
    assert "2 accounts only in A (1 changed, 1 failed): 4100008, 4100009" in lines
    assert "new failures: 2 accounts" in lines
    assert "failures that are gone: 2 accounts" in lines
    assert "    1 account: no such folder (1 for another cause in A)" in lines
    assert "        next: bulkops retry run-b --failure-class g" in lines
    table = [line.split() for line in lines[lines.index("failures that are still there: 2 accounts") :]]
    assert ["requests", "21", "30", "1.43", "times"] in table
    assert ["requests", "an", "account", "2.10", "3.00", "1.43", "times"] in table
    assert ["refused", "(429)", "2", "1", "0.50", "times"] in table
    assert ["q", "20", "30", "1.50", "times"] in table
    assert ["gone", "1", "0", "0.00", "times"] in table


def test_markdown_names_the_same_and_a_name_stays_a_name(found: Comparison, row: Row, report: Make) -> None:
    text = render_comparison(found, "markdown")
    assert "| 2 | changed | unchanged | 4100001, 4100000 |" in text
    assert "| still there | 1 | no such folder | 4100005 | `bulkops retry run-b --failure-class g` |" in text
    nasty = "<img src=x> | @all [a](b)"
    other = Comparison(report(run_id="a"), report(row(0, FAILED, account=nasty, cause=nasty), run_id="b"))
    assert r"\<img src=x\> \| \@all \[a\]\(b\)" in render_comparison(other, "markdown")
    assert not re.search(r"(?<!\\)<img", render_comparison(other, "markdown"))


def test_json_is_as_published(found: Comparison) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    document = json.loads(render_comparison(found, "json"))
    VALIDATOR.validate(document)
    assert list(document) == SCHEMA["required"] == list(SCHEMA["properties"])
    assert (document["differs"], document["new_failures"], document["both"]) == (True, 2, 8)
    assert [one["account"] for one in document["moved"]] == [b.account for _, b in found.moved]
    assert document["quotas"]["gone"]["b"] is None
    assert [one["next"] for one in document["gone"]] == [None, None]
    for name, count in (("new", 2), ("gone", 2), ("still", 2), ("only_a", 2), ("only_b", 2)):
        assert len(document[name]) == count
    VALIDATOR.validate(json.loads(render_comparison(Comparison(found.b, found.b), "json")))


def test_runs_that_ended_alike_do_not_differ_however_long_they_took(row: Row, report: Make) -> None:
    rows = [row(0, CHANGED), row(1, FAILED, cause="recipe 41354123 is missing")]
    again = [row(0, CHANGED), row(1, FAILED, cause="recipe 99999999 is missing")]
    found = Comparison(report(*rows), report(*again, ended_at=1_767_350_000.0))
    assert not found.differs
    assert not found.has_new_failures
    text = render_comparison(found)
    assert "2 accounts in both runs: 2 ended alike, 0 differently" in text
    assert "new failures: none" in text
    assert "requests" not in text, "their journals do not tell of any"


def test_a_failure_of_another_cause_is_a_difference(row: Row, report: Make) -> None:
    found = Comparison(report(row(0, FAILED, cause="x")), report(row(0, FAILED, cause="y")))
    assert (found.moved, found.differs, found.has_new_failures) == ([], True, False)


def test_accounts_of_a_run_that_is_on_are_compared_when_they_have_ended(row: Row, report: Make) -> None:
    before = report(*(row(seq, CHANGED) for seq in range(4)))
    on = report(
        row(0, FAILED, started_at=1.0, ended_at=2.0, cause="x"),
        row(1, UNKNOWN, started_at=1.0),  # what a crash would make it
        row(2, Outcome.NOT_ATTEMPTED),
        row(3, CHANGED, started_at=1.0, ended_at=2.0),
        state=RunState.RUNNING,
        ended_at=None,
    )
    found = Comparison(before, on)
    assert (len(found.both), found.open_b, found.only_a) == (2, 2, [])
    assert [one.count for one in found.new] == [1]
    assert "2 accounts of B not ended yet: it is still on" in render_comparison(found)
    assert Comparison(on, before).open_a == 2


@pytest.mark.slow
@pytest.mark.measures
def test_ten_thousand_accounts_take_no_time(row: Row, report: Make) -> None:
    before = report(*(row(seq, FAILED if seq % 20 == 0 else CHANGED, cause="x") for seq in range(10_000)))
    after = report(*(row(seq, FAILED if seq % 20 == 1 else CHANGED, cause="x") for seq in range(10_000)))
    began = time.process_time()
    found = Comparison(before, after)
    for form in ("text", "markdown", "json"):
        assert render_comparison(found, form)
    assert [one.count for one in (*found.new, *found.gone)] == [500, 500]
    assert time.process_time() - began < 2  # 0.2 on an idle machine; quadratic, it was 8
