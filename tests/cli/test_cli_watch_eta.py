"""What a journal tells of a run that is on is what the run's own process shows of it."""

from __future__ import annotations

from typing import Any

import pytest

from bulkops.cli.journal_progress import JournalEta, Look, kept, news, tally_of
from bulkops.cli.progress import View
from bulkops.cli.progress_counts import Tally
from bulkops.journal import AccountTiming, EventRow, Journal, RunRecord
from bulkops.outcome import Outcome
from bulkops.runs import Policy, run
from tests.cli.test_cli_live import drawn
from tests.here import Here, here

BEGAN = 1_767_348_930.0
COUNT = 100


def record(**members: Any) -> RunRecord:
    usual: dict[str, Any] = {
        "run_id": "r",
        "created_at": BEGAN,
        "title": "t",
        "operation": {},
        "host": "h",
        "inventory_hash": "",
        "inventory_count": COUNT,
        "policy": {},
        "tuning": {},
    }
    return RunRecord(**usual | members)


def mark(seq: int, outcome: Outcome | None = Outcome.CHANGED, at: float | None = 1.0, cause: str | None = None) -> Any:
    ended = None if outcome is None or at is None else BEGAN + at
    return AccountTiming(
        seq=seq, account=str(4_100_000 + seq), outcome=outcome, cause=cause, started_at=BEGAN, ended_at=ended
    )


def process(at: float, **quotas: list[list[Any]]) -> EventRow:
    return EventRow(at=BEGAN + at, kind="process", data={"share": 1.0, "quotas": quotas})


def wave(number: int, size: int, at: float = 0.0, of: int = 3) -> EventRow:
    return EventRow(at=BEGAN + at, kind="wave", data={"wave": number, "of": of, "size": size})


def gate(number: int, end: int, verdict: str = "pass") -> EventRow:
    return EventRow(at=BEGAN, kind="gate", data={"wave": number, "end": end, "verdict": verdict, "reason": "so it was"})


def look(marks: list[AccountTiming], *events: EventRow, at: float = 60.0, is_on: bool = True, **members: Any) -> Look:
    return Look(record=record(**members), marks=marks, events=events, new=(), is_on=is_on, at=BEGAN + at)


def shown(tally: Tally) -> Any:
    waves = [(one.number, one.of, one.size, one.done, one.state, dict(one.counts)) for one in tally.waves]
    troubles = [(one.outcome, one.count) for one in tally.troubles(9)]
    return tally.line(0.0), waves, troubles


def test_a_real_run_looks_the_same_from_both_sides(tmp_path: Any) -> None:
    async def scenario(at: Here) -> None:
        own = Tally(12)
        ids = [customer.id async for customer in at.workato.customers.list()]

        async def odd(ctx: Any) -> None:
            """Fails where the id says so."""
            async for _ in ctx.account.folders.list():
                pass
            if int(ctx.account.id) % 3 == 0:
                raise RuntimeError(f"no luck with recipe {ctx.account.id}99")

        report = await run(
            odd,
            accounts=ids,
            workato=at.workato,
            journal=at.journal,
            policy=Policy(waves="1,4,rest", breaker=None),
            observe=own.observe,
        )
        async with Journal.open(at.journal, read_only=True) as journal:
            found = Look(
                record=await journal.get_run(report.run_id),
                marks=await journal.account_marks(report.run_id),
                events=await journal.events(report.run_id),
                new=(),
                is_on=True,
                at=BEGAN,
            )
        assert shown(tally_of(found)) == shown(own)
        assert (len(own.waves), len(list(own.troubles(9)))) == (3, 1)
        assert [(event.number, event.state) for event in news(found.record, found.events)] == [
            (1, "started"),
            (1, "pass"),
            (2, "started"),
            (2, "pass"),
            (3, "started"),
        ]

    here(tmp_path, scenario, customers=12)


def test_accounts_under_way_and_the_waves_to_come() -> None:
    marks = [mark(0), *(mark(seq, Outcome.FAILED, cause=f"recipe {seq + 10_000} is gone") for seq in range(1, 4))]
    marks += [mark(4, None), mark(5, None)]
    tally = tally_of(look(marks, process(0), wave(1, 1), gate(1, 1), wave(2, 10), policy={"waves": "1,10,rest"}))
    assert tally.line(0.0) == "4/100 accounts: 1 changed, 3 failed; 2 in flight"
    assert [(one.size, one.done, one.state) for one in tally.waves] == [(1, 1, "pass"), (10, 3, "started")]
    assert [(one.count, one.account) for one in tally.troubles(3)] == [(3, "4100003")]
    text = "\n".join(drawn(View(tally=tally), 80))
    assert "wave 3       89 accounts to come" in text


def test_what_a_resumed_run_will_take_up_again_has_not_ended() -> None:
    marks = [
        mark(0, Outcome.CHANGED, 5),
        mark(1, Outcome.CANCELLED, 5),
        mark(2, Outcome.UNKNOWN, 5),
        mark(3, Outcome.FAILED, 5),
        mark(4, Outcome.UNKNOWN, 25),
        mark(5, None),
    ]
    first, again = process(0), process(20)
    resumed = tally_of(look(marks, first, wave(1, 100, of=1), again, wave(1, 100, of=1)))
    assert resumed.line(0.0) == "3/100 accounts: 1 changed, 1 failed, 1 unknown; 1 in flight"
    retried = tally_of(look(marks, first, wave(1, 100, of=1), again))
    assert retried.line(0.0) == "5/100 accounts: 1 changed, 1 failed, 2 unknown, 1 cancelled; 1 in flight"
    over = tally_of(look(marks[:5], first, wave(1, 100, of=1), again, wave(1, 100, of=1), is_on=False))
    assert over.line(0.0) == retried.line(0.0).partition(";")[0]


def test_accounts_of_waves_that_are_not_on_are_counted_all_the_same() -> None:
    """A resume may cut the inventory otherwise than the process before it did."""
    marks = [mark(seq) for seq in (0, 50, 99)]
    tally = tally_of(look(marks, process(0), wave(1, 10, of=10), policy={"waves": "10"}))
    assert tally.done == 3
    assert [one.done for one in tally.waves] == [1]


def test_the_end_is_foreseen_from_the_pace_of_those_that_ended_last() -> None:
    slow = [mark(seq, at=10.0 * seq) for seq in range(5)]
    eta_source = JournalEta()
    eta_source.see(look(slow, process(0)))
    assert eta_source.eta() is None, "too few to tell"
    steady = [mark(seq, at=100.0 + seq) for seq in range(40)]
    eta_source.see(look(steady, process(0), at=139.0))
    eta = eta_source.eta()
    assert eta is not None
    assert eta.seconds == pytest.approx(60.0, abs=0.5)
    assert eta.bound_by is None
    eta_source.see(look(steady, process(0), at=178.0))  # nothing has ended since
    stalled = eta_source.eta()
    assert stalled is not None
    assert stalled.seconds == pytest.approx(120.0, abs=0.5)
    eta_source.see(look(steady, process(0), process(150), at=151.0))
    assert eta_source.eta() is None, "they ended before this process began"


def test_quotas_stand_as_the_journal_last_heard_and_what_waits_is_not_shown() -> None:
    def sent(at: float, **quotas: dict[str, Any]) -> EventRow:
        return EventRow(at=BEGAN + at, kind="requests", data={"from": BEGAN + at, "s": 5.0, "quotas": quotas})

    events = [
        process(0, q=[[60, 60.0]], each=[[5, 60.0, "workspace"]]),
        *(sent(at, q={"requests": 5}, each={"requests": 1}) for at in range(0, 90, 5)),
        sent(90, q={"requests": 3, "allowed": 12}),
    ]
    eta_source = JournalEta()
    eta_source.see(look([], *events, at=98.0))
    quotas = eta_source.quotas()
    assert list(quotas) == ["q"], "what is counted apart for each account has no one gauge"
    assert (quotas["q"].used, quotas["q"].limit, quotas["q"].allowed) == (11 * 5 + 3, 60, 12)
    assert eta_source.seen_s_ago == pytest.approx(3.0)
    tally = Tally(COUNT)
    text = "\n".join(drawn(View(tally=tally, eta_source=eta_source), 100))
    assert "in its window, 3 s ago" in text
    assert "waiting" not in text
    assert "58/60" in text
    assert "opened to 12" in text
    eta_source.see(look([], *events, at=400.0))
    assert eta_source.quotas()["q"].used == 0, "a quiet run writes nothing, and its windows run empty"


def test_requests_of_long_ago_are_let_go_and_nothing_else() -> None:
    old = EventRow(at=BEGAN, kind="requests", data={})
    events = [process(0), wave(1, 1), old, EventRow(at=BEGAN + 9000, kind="requests", data={})]
    assert kept(events, BEGAN + 9001) == [events[0], events[1], events[3]]
