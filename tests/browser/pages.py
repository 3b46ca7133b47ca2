"""Reports to look at: made of rows, as large and as nasty as wanted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from bulkops.journal import AccountRow, EventRow, StepState, StepTiming
from bulkops.outcome import Outcome
from bulkops.report import Report, render
from bulkops.report.model import Details
from tests.records import BEGAN, report_of, run_record

HOSTILE = (
    "<script>document.title='owned'</script>",
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    '"><svg onload="document.title=\'owned\'">',
    "{{ 7 * 7 }}{% raw %}",
    "javascript:document.title='owned'",
    "<!--<script>",
    "]]>&lt;b&gt;&amp;",
    "\u202egnp.exe\u2066 \x1b[31m \ud800 \u2028 \ufffe",
    "' onmouseover='document.title=1",
    "",
    "x" * 5000,
    "Müller & Søn, 株式会社, \U0001f600",
)
"""Texts that a careless page would act on, or break at."""

_NAMES = ("Ember Jewels", "Indigo Optics", "Müller & Søhne Verwaltungsgesellschaft mbH & Co. KG", "Otter")

_CAUSE = "connection 'SF Dev Account' cannot be authorized: the credentials were refused by the application"


ALL_KINDS = (880, 90, 12, 4, 1, 9, 4)
FINISHED = (880, 90, 12, 4, 0, 9, 0)
"""How often each outcome comes, in the order of `Outcome`."""


def large(count: int, weights: Sequence[int] = ALL_KINDS) -> Report:
    """A run of `count` accounts over hours: steps, requests, refusals, four waves."""
    draw = Random(5)
    rows, steps, sent = [], [], [0] * (count // 4 + 60)
    for seq in range(count):
        outcome = draw.choices(list(Outcome), weights)[0]
        began, took = seq * 1.02, [draw.lognormvariate(mean, 0.6) for mean in (0.5, 2.5, 0.0)]
        started = outcome not in {Outcome.SKIPPED, Outcome.NOT_ATTEMPTED}
        rows.append(_row(seq, outcome, began if started else None, sum(took)))
        if started:
            for place, name in enumerate(("create-folder", "import", f"start {7_000_000 + seq}")):
                at = BEGAN + began + sum(took[:place])
                steps.append(StepTiming(seq=seq, step=name, state=StepState.DONE, changed=True, began_at=at))
                sent[int((at - BEGAN) / 5)] += 1
    events = [_process(), *_waves(count), *(_requests(draw, place, n) for place, n in enumerate(sent) if n)]
    return _report(rows, steps=steps, events=events, ended_at=BEGAN + count * 1.02 + 60)


def hostile() -> Report:
    """Every text that comes from elsewhere is one of `HOSTILE`, in every place where one can stand."""
    rows = [
        AccountRow(
            seq=seq,
            account=text,
            name=text,
            params={"password": "hunter2"},
            outcome=Outcome.FAILED,
            failure_class=text,
            cause=text,
            reason=f"{text} again",
            remedy=text,
            detail={text: text, "nested": {text: [text, {text: text}]}},
            started_at=BEGAN + seq,
            ended_at=BEGAN + seq + 1,
        )
        for seq, text in enumerate(HOSTILE)
    ]
    steps = [
        StepTiming(seq=seq, step=text, state=StepState.DONE, changed=False, began_at=BEGAN + seq + 0.2)
        for seq, text in enumerate(HOSTILE)
    ]
    everything = " ".join(HOSTILE)
    quotas = {text: [[60, 1.0]] for text in HOSTILE}
    counts = {text: {"requests": 3, "refused": 1, "waited_s": 0.5} for text in HOSTILE}
    events = [
        EventRow(at=BEGAN, kind="process", data=_process().data | {"quotas": quotas, "bulkops": everything}),
        EventRow(at=BEGAN, kind="requests", data={"from": BEGAN, "s": 0.1, "quotas": counts}),
        EventRow(at=BEGAN, kind="wave", data={"wave": 1, "of": 2, "size": 2}),
        EventRow(at=BEGAN, kind="gate", data={"wave": 1, "verdict": "fail", "reason": everything}),
    ]
    operation = {"name": everything, "parameters": dict.fromkeys(HOSTILE, everything), "digest": everything}
    return _report(rows, steps=steps, events=events, title=everything, reason=everything, operation=operation)


def write(report: Report, path: Path) -> Path:
    path.write_text(render(report, "html"), encoding="utf-8", newline="")
    return path


def _row(seq: int, outcome: Outcome, began: float | None, took: float) -> AccountRow:
    words: dict[str, Any] = {}
    if outcome is Outcome.FAILED:
        reason = f"connection 'SF Dev Account' ({9_000_000 + seq}) cannot be authorized"
        words = {
            "failure_class": "connection-not-authorized",
            "cause": _CAUSE,
            "reason": reason,
            "remedy": "check them",
        }
    elif outcome is Outcome.UNKNOWN:
        words = {"failure_class": "outcome-unknown", "cause": "nobody can tell whether 'import' happened"}
    elif outcome is Outcome.SKIPPED:
        words = {"reason": "no plan that allows API access"}
    elif outcome is Outcome.CHANGED:
        words = {"detail": {"import": {"package_id": 300_000 + seq, "recipes": 5}}}
    return AccountRow(
        seq=seq,
        account=str(4_100_000 + 3 * seq),
        name=f"{_NAMES[seq % len(_NAMES)]} {seq}",
        params={"password": "hunter2"},
        outcome=outcome,
        started_at=None if began is None else BEGAN + began,
        ended_at=None if began is None else BEGAN + began + took,
        **words,
    )


def _process() -> EventRow:
    quotas = {"embedded.rlcm.import_create": [[1000, 60.0], [500, 3600.0, "workspace"]], "other": [[60, 60.0]]}
    return EventRow(
        at=BEGAN, kind="process", data={"bulkops": "0.1.0", "python": "3.11.9", "share": 1.0, "quotas": quotas}
    )


def _waves(count: int) -> list[EventRow]:
    begins = [0, 1, 1 + count // 20, 1 + count // 4, count]
    return [
        EventRow(
            at=BEGAN + begin * 1.02,
            kind="wave",
            data={"wave": number, "of": 4, "size": end - begin},
        )
        for number, (begin, end) in enumerate(pairwise(begins), start=1)
    ]


def _requests(draw: Random, place: int, count: int) -> EventRow:
    other = {"requests": min(5, count), "waited_s": round(draw.random() * 9, 2)}
    if draw.random() < 0.01:
        other["refused"] = draw.randint(1, 3)
    quotas = {"embedded.rlcm.import_create": {"requests": count}, "other": other}
    return EventRow(at=BEGAN, kind="requests", data={"from": BEGAN + 5 * place, "s": 5.0, "quotas": quotas})


def _report(
    rows: list[AccountRow],
    *,
    steps: list[StepTiming],
    events: list[EventRow],
    title: str = "import crm-v2.zip (5 recipes) into folder 'CRM'",
    reason: str | None = None,
    ended_at: float = BEGAN + 60,
    operation: dict[str, Any] | None = None,
) -> Report:
    record = run_record(
        title=title,
        operation=operation or {"name": "import-package", "parameters": {"folder": "CRM"}, "digest": "cd" * 32},
        inventory_count=len(rows),
        policy={"concurrency": 200, "max_failures": "5%"},
        tuning={"share": 0.8},
    )
    return report_of(
        *rows,
        reason=reason,
        title=title,
        ended_at=ended_at,
        as_of=ended_at + 60,
        details=Details(record=record, events=events, steps=steps),
    )
