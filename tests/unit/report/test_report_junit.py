"""JUnit XML: well-formed whatever is in it, and its counts are those of the inventory."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

from hypothesis import given, strategies as st

from bulkops.journal import AccountRow, RunState
from bulkops.outcome import Outcome
from bulkops.report import Report, render
from tests.records import any_texts, report_saying

Row = Callable[..., AccountRow]
Make = Callable[..., Report]


def suite(report: Report) -> ElementTree.Element:
    root = ElementTree.fromstring(render(report, "junit"))
    (found,) = root.findall("testsuite")
    assert {name: root.attrib[name] for name in ("tests", "failures", "errors", "skipped")} == {
        name: found.attrib[name] for name in ("tests", "failures", "errors", "skipped")
    }
    return found


def test_every_account_is_a_case_also_the_never_tried(row: Row, report: Make) -> None:
    made = report(
        row(0, Outcome.CHANGED, started_at=10.0, ended_at=12.5),
        row(1, Outcome.UNCHANGED),
        row(2, failure_class="import-failed", cause="too new", reason="import 9: too new", remedy="correct it"),
        row(3, Outcome.UNKNOWN, cause="nobody can tell"),
        row(4, Outcome.CANCELLED, reason="stopped"),
        row(5, Outcome.SKIPPED, reason="left out"),
        row(6, Outcome.NOT_ATTEMPTED),
        state=RunState.HALTED,
        reason="too many failures",
    )
    found = suite(made)
    assert [found.attrib[name] for name in ("tests", "failures", "errors", "skipped")] == ["7", "1", "1", "3"]
    assert found.attrib["timestamp"] == "2026-01-02T10:15:30+00:00"
    cases = found.findall("testcase")
    assert [case.attrib["name"] for case in cases] == [one.account for one in made.accounts]
    assert [child.tag for case in cases for child in case] == ["failure", "error", "skipped", "skipped", "skipped"]
    assert cases[0].attrib["time"] == "2.500"
    failure = cases[2][0]
    assert failure.attrib == {"type": "import-failed", "message": "too new"}
    assert failure.text == (
        "import 9: too new\nfirst: correct it\nthen: bulkops retry 20260102-101530-k3f --failure-class import-failed"
    )
    assert cases[3][0].text == "next: bulkops resume 20260102-101530-k3f"
    assert [case[0].attrib["message"] for case in cases[4:]] == [
        "cancelled: stopped",
        "skipped: left out",
        "not attempted: too many failures",
    ]
    assert {one.attrib["name"]: one.attrib["value"] for one in found.iter("property")}["state"] == "halted"


def test_a_case_carries_the_customers_name(row: Row, report: Make) -> None:
    found = suite(report(row(0, Outcome.CHANGED, name="Acme & Sons"), row(1, Outcome.CHANGED)))
    names = [case.attrib["name"] for case in found.findall("testcase")]
    assert names == ["4100000 (Acme & Sons)", "4100001"]


def test_of_a_run_that_is_on(row: Row, report: Make) -> None:
    made = report(
        row(0, Outcome.UNKNOWN, started_at=1.0, cause="its process died"),
        row(1, started_at=1.0, ended_at=2.0),
        row(2, Outcome.NOT_ATTEMPTED),
        state=RunState.RUNNING,
        ended_at=None,
    )
    found = suite(made)
    assert [found.attrib[name] for name in ("failures", "errors", "skipped")] == ["1", "0", "2"]
    busy, failed, waiting = found.findall("testcase")
    assert busy[0].attrib == {"message": "in progress"}
    assert waiting[0].attrib == {"message": "not attempted"}
    assert "next:" not in (failed[0].text or "")


def test_account_parameters_stay_out(row: Row, report: Make) -> None:
    assert "hunter2" not in render(report(row(0, params={"password": "hunter2"})), "junit")


@given(any_texts, st.sampled_from(Outcome))
def test_anything_anywhere_is_well_formed(texts: list[str], outcome: Outcome) -> None:
    made = report_saying(texts, copies=2, outcome=outcome)
    found = suite(made)
    assert len(found.findall("testcase")) == int(found.attrib["tests"]) == 2
    assert render(made, "junit").encode()
