"""The text report: the first lines answer the first questions."""

from __future__ import annotations

import html
import json
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bulkops.journal import AccountRow, RunState
from bulkops.outcome import Outcome
from bulkops.pacing import Explored
from bulkops.report import FORMATS, Report, render
from bulkops.runs.halting import Gate, GateVerdict, WaveResult
from bulkops.runs.halting.failure_limit_and_breaker import FailureLimit
from bulkops.runs.policy import Policy
from bulkops.runs.waves import Wave
from tests.records import any_texts, report_saying
from tests.work import lines_run

Row = Callable[..., AccountRow]
Make = Callable[..., Report]

CAUSE = "connection 'SF Dev Account' is not authorized"


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
@pytest.mark.parametrize(("refused", "end"), [(False, "; its limit was not met"), (True, ", and refused more")])
def test_what_was_explored_is_in_each_format_for_people(
    row: Row, report: Make, form: Any, refused: bool, end: str
) -> None:
    quota = "assumed.customer.folders"
    made = report(row(0, Outcome.CHANGED), explored=[Explored(quota, 1480, 60.0, refused=refused)])
    shown = html.unescape(render(made, form)).replace("\\", "")
    assert f"quota {quota} accepted 1,480 requests in 60 s{end}" in shown
    assert f'"{quota}" = [{{ limit = 1480, window_s = 60 }}]' in shown
    assert quota not in render(report(row(0, Outcome.CHANGED)), form)


def test_a_run_with_failures(row: Row, report: Make) -> None:
    failed = {
        "failure_class": "recipe-not-started",
        "cause": CAUSE,
        "reason": f"recipe 'Sync' (41354), step 2: {CAUSE}; authorize it",
        "remedy": "authorize it",
    }
    unknown = {"cause": "the import did not end in time", "reason": "the import did not end in time", "remedy": "look"}
    rows = [
        *(row(seq, Outcome.CHANGED) for seq in range(267)),
        *(row(seq, **failed) for seq in range(267, 298)),
        row(298, Outcome.UNKNOWN, **unknown),
        row(299, Outcome.SKIPPED, reason="on the exclude list"),
    ]
    assert render(report(*rows)) == (
        "Finished: 267 changed, 31 failed, 1 unknown, 1 skipped of 300 accounts in 2 min 3 s"
        " (run 20260102-101530-k3f)\n"
        "import crm.zip (5 recipes) into folder 'CRM', at https://www.workato.com, workspace 17293\n"
        "\n"
        "31 accounts: connection 'SF Dev Account' is not authorized\n"
        "    failed, for example 4100267: recipe 'Sync' (41354), step 2:"
        " connection 'SF Dev Account' is not authorized; authorize it\n"
        "    first: authorize it\n"
        "    then: bulkops retry 20260102-101530-k3f --failure-class recipe-not-started\n"
        "\n"
        "1 account: the import did not end in time\n"
        "    unknown, account 4100298\n"
        "    remedy: look\n"
        "    next: bulkops resume 20260102-101530-k3f\n"
        "\n"
        "1 account: on the exclude list\n"
        "    skipped, account 4100299\n"
        "\n"
        "resume with: bulkops resume 20260102-101530-k3f\n"
    )


@pytest.mark.parametrize(
    ("failure_class", "remedy", "lines"),
    [
        ("not-found", "look whether it is there, then `bulkops retry`", ["first: look whether it is there", "then"]),
        ("connection-lost", "try again", ["remedy: try again", "next"]),
        ("import-gone", "`bulkops retry` imports again", ["remedy: `bulkops retry` imports again", "next"]),
        ("task-failed", None, ["next"]),
    ],
)
def test_what_a_retry_cannot_change_is_said_before_the_retry(
    row: Row, report: Make, failure_class: str, remedy: str | None, lines: list[str]
) -> None:
    made = report(row(0, failure_class=failure_class, cause="c", reason="r", remedy=remedy))
    *words, last = lines
    command = f"bulkops retry 20260102-101530-k3f --failure-class {failure_class}"
    text = render(made, "text")
    assert "".join(f"    {line}\n" for line in [*words, f"{last}: {command}"]) in text
    how = "when that is corrected, retry with" if last == "then" else "retry with"
    assert text.endswith(f"\n{how}: bulkops retry 20260102-101530-k3f\n")
    (cluster,) = json.loads(render(made, "json"))["clusters"]
    assert cluster["first"] == (words[0].removeprefix("first: ") if last == "then" else None)
    for form in ("junit", "markdown"):
        assert command in render(made, form)
        assert ("look whether it is there" in render(made, form)) is (last == "then")


@pytest.mark.parametrize("failure_class", ["unexpected", "step-not-awaited", "step-name-twice"])
def test_a_corrected_operation_is_another_one_and_the_command_says_so(
    row: Row, report: Make, failure_class: str
) -> None:
    made = report(row(0, failure_class=failure_class, cause="KeyError", remedy="correct the operation"))
    text = render(made, "text")
    assert "    first: correct the operation\n" in text
    assert f"    then: bulkops retry 20260102-101530-k3f --failure-class {failure_class} --accept-changes\n" in text
    assert text.endswith(": bulkops retry 20260102-101530-k3f --accept-changes\n")
    assert f"--failure-class {failure_class} --accept-changes" in render(made, "junit")
    halted = report(*made.accounts, row(1, Outcome.NOT_ATTEMPTED), state=RunState.HALTED)
    command = "bulkops resume 20260102-101530-k3f --accept-changes"
    assert render(halted, "text").endswith(f"\nwhen that is corrected, resume with: {command}\n")
    both = report(row(0, failure_class=failure_class, cause="KeyError"), row(1, failure_class="x", cause="other"))
    assert render(both, "text").endswith(": bulkops retry 20260102-101530-k3f\n"), "the other ones need no new code"


def test_a_good_run_is_two_lines(row: Row, report: Make) -> None:
    text = render(report(*(row(seq, Outcome.UNCHANGED) for seq in range(300))), "text")
    assert text.splitlines() == [
        "Finished: 300 unchanged of 300 accounts in 2 min 3 s (run 20260102-101530-k3f)",
        "import crm.zip (5 recipes) into folder 'CRM', at https://www.workato.com, workspace 17293",
    ]


def test_an_example_is_called_as_people_call_it(row: Row, report: Make) -> None:
    text = render(report(row(0, cause="c", name="Acme\n" + "x" * 500), row(1, cause="c")), "text")
    line = next(line for line in text.splitlines() if "for example" in line)
    assert line.startswith("    failed, for example 4100000 (Acme xxx")
    assert len(line) < 150
    assert "| 4100000 \\(Acme xxx" in render(report(row(0, cause="c", name="Acme xxx")), "markdown")


def test_a_run_of_nothing(report: Make) -> None:
    assert render(report()).startswith("Finished: nothing to do of 0 accounts in 2 min 3 s")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RunState.HALTED, "Halted: 1 failed, 40 not attempted of 41 accounts in 2 min 3 s"),
        (RunState.PAUSED, "Paused: "),
        (RunState.INTERRUPTED, "Interrupted: "),
        (RunState.AUTH_FAILED, "Stopped, the vendor refused the token: "),
    ],
)
def test_a_stopped_run_says_why_once_and_how_to_go_on(row: Row, report: Make, state: RunState, words: str) -> None:
    waiting = [row(seq, Outcome.NOT_ATTEMPTED) for seq in range(1, 41)]
    lines = render(report(row(0, cause=CAUSE), *waiting, state=state, reason="1 failed\nno more")).splitlines()
    assert lines[0].startswith(words)
    assert lines[1] == "reason: 1 failed no more"
    assert "40 accounts: 1 failed no more" in lines
    assert "    not attempted, for example 4100001" in lines
    resume = "resume with: bulkops resume 20260102-101530-k3f"
    assert (
        lines[-1]
        == {
            RunState.HALTED: resume,
            RunState.PAUSED: f"{resume} --approve",
            RunState.INTERRUPTED: resume,
            RunState.AUTH_FAILED: f"when the token is corrected, {resume}",
        }[state]
    )


async def reason_of_gate(policy: Policy, **outcomes: int) -> str:
    wave = Wave(1, 2, 0, 2)
    counts = dict.fromkeys(Outcome, 0) | {Outcome(name): count for name, count in outcomes.items()}
    result = WaveResult(run_id="r", wave=wave, outcomes=counts, next_wave=Wave(2, 2, 2, 3), starting=1)
    verdict, reason = await Gate(policy=policy).judge(result)
    assert verdict is GateVerdict.FAIL
    return reason


@pytest.mark.parametrize("cause", ["limit of the run", "limit of the wave", "nothing succeeded"])
async def test_after_a_halt_by_failures_every_command_is_the_retry(row: Row, report: Make, cause: str) -> None:
    """A resume is refused until then, or halts at once."""
    reason = {
        "limit of the run": FailureLimit(0).note(Outcome.FAILED),
        "limit of the wave": await reason_of_gate(Policy(max_failures="10%"), changed=1, failed=1),
        "nothing succeeded": await reason_of_gate(Policy(), failed=2),
    }[cause]
    made = report(row(0, cause=CAUSE), row(1, Outcome.NOT_ATTEMPTED), state=RunState.HALTED, reason=reason)
    retry = "bulkops retry 20260102-101530-k3f"
    assert render(made, "text").endswith(f"\nretry with: {retry}\n")
    assert json.loads(render(made, "summary"))["next"] == retry
    assert [one["next"] for one in json.loads(render(made, "json"))["clusters"]] == [retry, retry]
    for form in FORMATS:
        assert "bulkops resume" not in render(made, form)


def test_a_halted_run_without_failed_accounts_is_resumed(row: Row, report: Make) -> None:
    rows = row(0, Outcome.UNKNOWN, cause=CAUSE), row(1, Outcome.NOT_ATTEMPTED)
    lines = render(report(*rows, state=RunState.HALTED, reason="no")).splitlines()
    assert lines[-1] == "resume with: bulkops resume 20260102-101530-k3f"


def test_only_failures_left_means_retry(row: Row, report: Make) -> None:
    lines = render(report(row(0, cause=CAUSE))).splitlines()
    assert "    next: bulkops retry 20260102-101530-k3f" in lines
    assert lines[-1] == "retry with: bulkops retry 20260102-101530-k3f"


def test_a_run_that_is_on_counts_what_is_in_progress_and_gives_no_commands(row: Row, report: Make) -> None:
    made = report(
        row(0, Outcome.CHANGED, started_at=1.0, ended_at=2.0),
        row(1, cause=CAUSE, failure_class="x", started_at=1.0, ended_at=2.0),
        row(2, Outcome.CANCELLED, started_at=1.0),
        row(3, Outcome.UNKNOWN, started_at=1.0),
        row(4, Outcome.NOT_ATTEMPTED),
        state=RunState.RUNNING,
        ended_at=None,
    )
    text = render(made)
    assert text.startswith(
        "Running: 1 changed, 1 failed, 2 in progress, 1 waiting of 5 accounts for 17 min 50 s so far (run "
    )
    assert f"1 account: {CAUSE}\n" in text
    assert text.count("account:") == 1
    assert (made.exit_code, [one.seq for one in made.failures]) == (1, [1])
    assert sum(made.outcomes.values()) == 5
    assert "bulkops " not in text


def test_commands_name_a_journal_elsewhere_and_survive_the_shell(row: Row, report: Make) -> None:
    made = report(row(0, cause="c", failure_class="two words"), run_id="r", journal="/srv/our runs")
    text = render(made)
    assert "next: bulkops retry r --failure-class 'two words' --journal '/srv/our runs'\n" in text
    assert "retry with: bulkops retry r --journal '/srv/our runs'\n" in text


def test_many_causes_are_cut_and_counted(row: Row, report: Make) -> None:
    rows = [row(seq, cause=f"cause {seq % 30}") for seq in range(300)]
    text = render(report(*rows))
    assert text.count("10 accounts: cause") == 20
    assert "and 10 more causes (100 accounts): see the report with --format json or csv\n" in text


def test_a_long_reason_is_whole_and_an_absurd_one_is_cut(row: Row, report: Make) -> None:
    assert "y" * 1900 in render(report(row(0, cause="c", reason="y" * 1900)))
    assert f"{'y' * 2000}... (8000 more characters)" in render(report(row(0, cause="c", reason="y" * 10_000)))


def test_str_is_the_text(row: Row, report: Make) -> None:
    made = report(row(0))
    assert str(made) == render(made)


def test_parameters_of_the_account_file_are_not_shown(row: Row, report: Make) -> None:
    assert "hunter2" not in render(report(row(0, params={"password": "hunter2"})))


@given(any_texts, st.sampled_from(list(RunState)), st.sampled_from(list(Outcome)))
def test_no_text_from_elsewhere_reaches_the_terminal_raw(texts: list[str], state: RunState, outcome: Outcome) -> None:
    made = report_saying(texts, state=state, outcome=outcome)
    text = render(made)
    assert not [char for char in text if char != "\n" and unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    assert len(text.splitlines()) <= 10
    text.encode()


def test_the_work_of_rendering_grows_with_the_accounts_and_no_faster(row: Row, report: Make) -> None:
    rows = [
        row(seq, cause=f"{seq}: recipe '{seq}' " + "z" * 200, reason="r" * 300, detail={"import": {"recipes": seq}})
        for seq in range(1_000)
    ]

    def work(kind: Any, count: int) -> int:
        made = report(*rows[:count])
        return lines_run(lambda: render(made, kind))

    for kind in FORMATS:
        work(kind, 1)  # imports and templates are there from then on
        assert work(kind, 1_000) < 12 * work(kind, 100), kind
