"""31 rows become one line that names the cause."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bulkops.journal import AccountRow
from bulkops.outcome import Outcome
from bulkops.report.failure_clusters import cluster, normalized

Row = Callable[..., AccountRow]


@pytest.mark.parametrize(
    ("cause", "same"),
    [
        ("recipe 4135412 did not start", "recipe <id> did not start"),
        ("folder 'EA2300' and \"77\"", "folder '<id>' and \"<id>\""),
        ("job 0b6a4a86-0d2a-4a2f-9c0b-0d9a6f6f0a11 failed", "job <id> failed"),
        ("request 9f8a7b6c5d4e3f2a failed", "request <id> failed"),
        ("account E-17 of E-170: no", "account <id> of E-170: no"),
        ("connect to 127.0.0.1:54321", "connect to 127.0.0.1:<id>"),
        # what means something stays
        ("connection 'SF Dev Account 2' is not authorized", None),
        ("connection 'Salesforce2' answered 404 in 1000 ms", None),
        ("'v2' of recipe-00012345-x", None),
        ("the facade decade is effaced", None),
    ],
)
def test_what_differs_from_account_to_account_is_left_out(cause: str, same: str | None) -> None:
    assert normalized(cause, "E-17") == (same or cause)


def test_a_page_of_html_is_one_cause_whatever_its_end(row: Row) -> None:
    page = "<html>" + "x" * 10_000
    (one,) = cluster([row(0, cause=page + "0"), row(1, cause=page + "1")])
    assert one.count == 2


def test_equal_causes_keep_their_own_words(row: Row) -> None:
    cause = "package '12345' is too new"
    (one,) = cluster([row(seq, cause=cause, failure_class="import-failed") for seq in range(31)])
    assert (one.cause, one.count, one.failure_class, one.example.seq) == (cause, 31, "import-failed", 0)


def test_different_ids_make_one_cluster_and_are_not_shown(row: Row) -> None:
    (one,) = cluster([row(seq, cause=f"recipe {70_000 + seq} did not start") for seq in range(3)])
    assert one.cause == "recipe <id> did not start"


def test_failures_come_first_then_the_largest_then_inventory_order(row: Row) -> None:
    rows = [
        *(row(seq, Outcome.NOT_ATTEMPTED) for seq in range(50)),
        row(50, cause="b"),
        row(51, cause="a"),
        *(row(seq, Outcome.UNKNOWN, cause="c") for seq in range(52, 55)),
        *(row(seq, Outcome.SKIPPED, reason="on the list") for seq in range(55, 57)),
    ]
    assert [(one.outcome.value, one.cause, one.count) for one in cluster(rows, run_reason="halted")] == [
        ("unknown", "c", 3),
        ("failed", "b", 1),
        ("failed", "a", 1),
        ("not_attempted", "halted", 50),
        ("skipped", "on the list", 2),
    ]


def test_outcomes_and_failure_classes_are_kept_apart(row: Row) -> None:
    """Each cluster has one next command."""
    rows = [
        row(0, cause="x", failure_class="timeout"),
        row(1, cause="x", failure_class="decode"),
        row(2, Outcome.UNKNOWN, cause="x", failure_class="timeout"),
    ]
    assert [one.count for one in cluster(rows)] == [1, 1, 1]


def test_done_accounts_are_in_no_cluster(row: Row) -> None:
    assert cluster([row(0, Outcome.CHANGED), row(1, Outcome.UNCHANGED)]) == []


@pytest.mark.parametrize(
    ("outcome", "members", "run_reason", "words"),
    [
        (Outcome.FAILED, {"cause": "c", "reason": "r"}, "run", "c"),
        (Outcome.FAILED, {"reason": "r"}, "run", "r"),
        (Outcome.UNKNOWN, {}, "run", "no cause recorded"),
        (Outcome.CANCELLED, {"cause": "c", "reason": "r"}, "run", "r"),
        (Outcome.CANCELLED, {"cause": "c"}, "run", "c"),
        (Outcome.NOT_ATTEMPTED, {}, "run", "run"),
        (Outcome.SKIPPED, {}, None, "no reason recorded"),
    ],
)
def test_the_best_words_there_are(
    row: Row, outcome: Outcome, members: dict[str, str], run_reason: str | None, words: str
) -> None:
    (one,) = cluster([row(0, outcome, **members)], run_reason=run_reason)
    assert one.cause == words


def test_a_cluster_does_not_show_an_accounts_parameters(row: Row) -> None:
    (one,) = cluster([row(0, params={"password": "hunter2"})])
    assert "hunter2" not in repr(one)
    assert "4100000" in repr(one)
