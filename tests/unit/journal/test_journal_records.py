"""What is written comes back: runs, accounts, steps, facts, grants, events."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator
from types import MappingProxyType
from typing import Any

import anyio
import pytest

from bulkops.errors import JournalCorrupt, JournalError
from bulkops.journal import AccountResult, InventoryRow, Journal, RunState, StepState, new_run_id
from bulkops.outcome import Outcome
from bulkops.postgres import is_database_url
from tests.unit.journal.conftest import Make, StepClock, tamper

pytestmark = pytest.mark.usefixtures("nothing_blocks")

RUN = "20261122-101530-k3f"
HOST = "http://127.0.0.1:8080"


@pytest.fixture
async def journal(place: str, clock: StepClock, record: Make, inventory: list[InventoryRow]) -> AsyncIterator[Journal]:
    async with Journal.open(place, clock=clock) as opened:
        await opened.create_run(record(), inventory)
        yield opened


async def test_run_comes_back_as_it_was_created(journal: Journal, record: Make) -> None:
    assert await journal.get_run(RUN) == record()


async def test_state_and_policy_change(journal: Journal, clock: StepClock) -> None:
    await journal.set_state(RUN, RunState.HALTED, "max failures")
    await journal.set_policy(RUN, {"concurrency": 5}, MappingProxyType({"share": 1.0}))
    run = await journal.get_run(RUN)
    assert (run.state, run.reason, run.ended_at) == (RunState.HALTED, "max failures", clock.wall_s)
    assert (run.policy, run.tuning) == ({"concurrency": 5}, {"share": 1.0})
    await journal.set_state(RUN, RunState.RUNNING)
    run = await journal.get_run(RUN)
    assert (run.state, run.reason, run.ended_at) == (RunState.RUNNING, None, None)


async def test_every_account_has_its_row_from_second_zero(journal: Journal, inventory: list[InventoryRow]) -> None:
    rows = await journal.accounts(RUN)
    assert [(row.seq, row.account, row.params, row.outcome) for row in rows] == [
        (row.seq, row.account, row.params, Outcome.NOT_ATTEMPTED) for row in inventory
    ]
    assert list(await journal.counts(RUN)) == list(Outcome)
    assert (await journal.counts(RUN))[Outcome.NOT_ATTEMPTED] == 3


async def test_an_account_left_behind_is_cancelled_or_with_an_open_intent_unknown(journal: Journal) -> None:
    for seq in range(3):
        journal.start_account(RUN, seq)
    await journal.begin_step(RUN, 0, "import", {"before": {}})
    await journal.begin_step(RUN, 1, "import", {"before": {}})
    journal.end_step(RUN, 1, "import", StepState.DONE, {"package_id": 7}, changed=True)
    await journal.flush()
    assert [row.outcome for row in await journal.accounts(RUN)] == [
        Outcome.UNKNOWN,
        Outcome.CANCELLED,
        Outcome.CANCELLED,
    ]
    assert await journal.in_flight(RUN) == 3
    counts = await journal.counts(RUN)
    assert (counts[Outcome.UNKNOWN], counts[Outcome.CANCELLED], sum(counts.values())) == (1, 2, 3)


async def test_an_ending_holds_until_the_account_is_started_again(journal: Journal, clock: StepClock) -> None:
    ending = AccountResult(
        outcome=Outcome.FAILED,
        failure_class="import-failed",
        cause="the import failed",
        reason="import 7 failed",
        remedy="correct it",
        detail={"import": 7},
    )
    journal.start_account(RUN, 1)
    await journal.flush()  # it takes the database's time when it is written
    began = clock.wall_s
    clock.pass_s(5)
    await journal.end_account(RUN, 1, ending)
    (row,) = await journal.accounts(RUN, outcomes={Outcome.FAILED})
    assert row.seq == 1
    assert (row.failure_class, row.cause, row.reason, row.remedy, row.detail) == (
        "import-failed",
        "the import failed",
        "import 7 failed",
        "correct it",
        {"import": 7},
    )
    assert (row.started_at, row.ended_at) == (began, began + 5)
    assert await journal.in_flight(RUN) == 0
    journal.start_account(RUN, 1)
    await journal.flush()
    (row,) = await journal.accounts(RUN, outcomes=[Outcome.CANCELLED])
    assert (row.failure_class, row.detail, row.ended_at) == (None, {}, None)
    assert row.cause == row.reason == "its process died while it worked on the account, or is still at work"
    assert row.remedy is not None
    assert "resume" in row.remedy


async def test_an_account_may_be_taken_up_again_and_again(journal: Journal) -> None:
    for _ in range(3):
        journal.start_account(RUN, 0)
        await journal.flush()
        assert (await journal.accounts(RUN))[0].outcome is Outcome.CANCELLED


async def test_an_unknown_account_stays_unknown_when_the_process_that_takes_it_up_is_killed(journal: Journal) -> None:
    """Nothing was learned: neither `cancelled` nor without its cause, however often that happens."""
    unknown = AccountResult(outcome=Outcome.UNKNOWN, failure_class="outcome-unknown", cause="lost", reason="lost: 7")
    await journal.end_account(RUN, 0, unknown)
    for _ in range(2):
        journal.start_account(RUN, 0)
        await journal.flush()
        (row,) = await journal.accounts(RUN, outcomes={Outcome.UNKNOWN})
        assert (row.seq, row.failure_class, row.cause, row.reason) == (0, "outcome-unknown", "lost", "lost: 7")
        assert (await journal.counts(RUN))[Outcome.UNKNOWN] == 1
        assert await journal.in_flight(RUN) == 1
    await journal.end_account(RUN, 0, AccountResult(outcome=Outcome.CHANGED))
    journal.start_account(RUN, 0)
    await journal.flush()
    assert (await journal.counts(RUN))[Outcome.CANCELLED] == 1


async def test_an_unknown_account_whose_intents_were_settled_before_the_kill_is_cancelled(journal: Journal) -> None:
    await journal.begin_step(RUN, 0, "import", None)
    await journal.end_account(RUN, 0, AccountResult(outcome=Outcome.UNKNOWN, cause="lost"))
    journal.start_account(RUN, 0)
    journal.end_step(RUN, 0, "import", StepState.FAILED, None)
    await journal.flush()
    (row,) = await journal.accounts(RUN, outcomes={Outcome.CANCELLED})
    assert row.cause == "its process died while it worked on the account, or is still at work"


async def test_filters_of_accounts(journal: Journal) -> None:
    for seq, failure_class in enumerate(["timeout", "import-failed", "timeout"]):
        await journal.end_account(RUN, seq, AccountResult(outcome=Outcome.FAILED, failure_class=failure_class))
    await journal.end_account(RUN, 2, AccountResult(outcome=Outcome.UNKNOWN, failure_class="timeout"))
    rows = await journal.accounts(RUN, outcomes={Outcome.FAILED}, failure_class="timeout")
    assert [row.seq for row in rows] == [0]
    assert await journal.accounts(RUN, outcomes=set()) == []
    assert [row.seq for row in await journal.accounts(RUN, failure_class="timeout")] == [0, 2]


async def test_a_step_goes_from_intent_to_done_and_may_be_taken_back(journal: Journal) -> None:
    assert await journal.steps(RUN, 0) == {}
    await journal.begin_step(RUN, 0, "import", {"before": {"a": [[1, 2]]}})
    step = (await journal.steps(RUN, 0))["import"]
    assert (step.state, step.data, step.result, step.changed) == (
        StepState.INTENT,
        {"before": {"a": [[1, 2]]}},
        None,
        False,
    )
    journal.end_step(RUN, 0, "import", StepState.DONE, {"package_id": 7}, changed=True)
    await journal.flush()
    step = (await journal.steps(RUN, 0))["import"]
    assert (step.state, step.data, step.result, step.changed, step.began_age_s) == (
        StepState.DONE,
        {"before": {"a": [[1, 2]]}},
        {"package_id": 7},
        True,
        0.0,
    )
    journal.end_step(RUN, 0, "import", StepState.FAILED)
    await journal.flush()
    step = (await journal.steps(RUN, 0))["import"]
    assert (step.state, step.result, step.changed) == (StepState.FAILED, None, False)
    await journal.begin_step(RUN, 0, "import")
    step = (await journal.steps(RUN, 0))["import"]
    assert (step.state, step.data) == (StepState.INTENT, None)


async def test_a_step_may_end_without_an_intent(journal: Journal) -> None:
    journal.end_step(RUN, 2, "noted", StepState.DONE, [1])
    await journal.flush()
    assert (await journal.steps(RUN, 2))["noted"].result == [1]
    assert await journal.steps(RUN, 1) == {}


async def test_changed_accounts_are_those_with_a_finished_effect(journal: Journal) -> None:
    await journal.begin_step(RUN, 0, "under way")
    journal.end_step(RUN, 1, "looked", StepState.DONE, [1])
    journal.end_step(RUN, 2, "looked", StepState.DONE, [1])
    journal.end_step(RUN, 2, "wrote", StepState.DONE, [2], changed=True)
    await journal.flush()
    assert [row.seq for row in await journal.changed_accounts(RUN)] == [2]


async def test_facts_outlive_runs_and_are_told_apart(journal: Journal) -> None:
    await journal.put_fact(HOST, "E1", "import", "k", {"a": 1})
    await journal.put_fact(HOST, "E1", "import", "k", {"a": 2})
    assert await journal.get_fact(HOST, "E1", "import", "k") == {"a": 2}
    for host, account, kind, key in [
        ("http://other", "E1", "import", "k"),
        (HOST, "E2", "import", "k"),
        (HOST, "E1", "start", "k"),
        (HOST, "E1", "import", "l"),
    ]:
        assert await journal.get_fact(host, account, kind, key) is None


async def test_events_come_back_in_order(journal: Journal, clock: StepClock) -> None:
    at = clock.wall_s
    journal.add_event(RUN, "quota", {"change": "closed"})
    await journal.flush()
    clock.pass_s(1)
    journal.add_event(RUN, "quota")
    await journal.flush()
    found = [(event.at, event.kind, event.data) for event in await journal.events(RUN)]
    assert found == [(at, "quota", {"change": "closed"}), (at + 1, "quota", None)]


HOSTILE = ["lone \ud800 surrogate \udcff", "nul \0 inside", "x" * 10_000, "Zoë 😀 \u202e", "'; DROP TABLE runs; --", ""]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_text_can_be_kept_anywhere(journal: Journal, record: Make, place: str, text: Any) -> None:
    """Lone surrogates come back spelled out, and NUL where PostgreSQL cannot store it; everything else as it was."""
    in_json = kept = text.encode("utf-8", "backslashreplace").decode()
    if is_database_url(place):
        kept = kept.replace("\0", "\\x00")
    data = {text: [text, {"n": 1, "t": (text, None)}]}
    rows = [InventoryRow(seq=0, account=text, params={text: text})]
    await journal.create_run(record("other", title=text, operation=data, reason=text), rows)
    run = await journal.get_run("other")
    assert (run.title, run.reason, run.operation) == (
        kept,
        kept,
        {in_json: [in_json, {"n": 1, "t": [in_json, None]}]},
    )
    await journal.end_account(
        "other", 0, AccountResult(outcome=Outcome.FAILED, failure_class=text, cause=text, detail=data)
    )
    (row,) = await journal.accounts("other", failure_class=text)
    assert (row.account, row.params, row.cause) == (kept, {in_json: in_json}, kept)
    await journal.begin_step("other", 0, text, text)
    journal.end_step("other", 0, text, StepState.DONE, text)
    await journal.flush()
    steps = await journal.steps("other", 0)
    assert [(name, step.step, step.result) for name, step in steps.items()] == [(kept, kept, in_json)]
    await journal.put_fact(text, text, text, text, text)
    assert await journal.get_fact(text, text, text, text) == in_json
    journal.add_event("other", text, text)
    await journal.flush()
    assert [(event.kind, event.data) for event in await journal.events("other")] == [(kept, in_json)]


@pytest.mark.parametrize(
    "value", [object(), {("a", "b"): 1}, {"deep": {1, object()}}, {"deep": (None, math.nan)}, -math.inf]
)
async def test_what_json_cannot_say_is_refused_in_words(journal: Journal, value: Any) -> None:
    with pytest.raises(JournalError, match="cannot store a value of type"):
        await journal.begin_step(RUN, 0, "s", value)
    assert await journal.steps(RUN, 0) == {}


async def test_what_is_nested_too_deep_is_refused_in_words_too(journal: Journal) -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(JournalError, match="cannot store a value of type list"):
        await journal.begin_step(RUN, 0, "s", value)
    while value:  # freed at once it would be one deep recursion
        value = value.pop()


async def test_a_run_is_found_by_the_only_prefix(journal: Journal, record: Make) -> None:
    for run_id in ["20261122-101531-aaa", "20261123-000000-zzz"]:
        await journal.create_run(record(run_id), [])
    assert (await journal.get_run("20261122-101530")).run_id == RUN
    assert (await journal.get_run("20261123")).run_id == "20261123-000000-zzz"
    with pytest.raises(JournalError) as caught:
        await journal.get_run("20261122")
    for words in ["2 runs", "20261122-101531-aaa, " + RUN, "'20261122'", str(journal.location), "`bulkops runs`"]:
        assert words in str(caught.value)
    with pytest.raises(JournalError) as caught:
        await journal.get_run("1999")
    for words in ["run '1999' does not exist", str(journal.location), "`bulkops runs`"]:
        assert words in str(caught.value)


async def test_an_exact_id_wins_over_longer_ones_and_many_candidates_are_cut_short(
    journal: Journal, record: Make
) -> None:
    for tail in ["", "1", "2", "3", "4", "5"]:
        await journal.create_run(record(f"r{tail}"), [])
    assert (await journal.get_run("r")).run_id == "r"
    await journal.create_run(record("rr"), [])
    with pytest.raises(JournalError, match=r"8 runs .*: rr, r5, r4, r3, r2, \.\.\.;"):
        await journal.get_run("")


async def test_newest_goes_by_the_order_of_beginning_not_by_the_clock(journal: Journal, record: Make) -> None:
    await journal.create_run(record("b", created_at=5.0), [])
    assert [run.run_id for run in await journal.list_runs()] == ["b", RUN]
    assert (await journal.get_run()).run_id == "b"
    await journal.set_state("b", RunState.FINISHED)
    assert await _newest_unfinished(journal) == RUN
    await journal.set_state(RUN, RunState.FINISHED)
    assert await _newest_unfinished(journal) == RUN, "it ended, and left accounts to resume"
    for seq in range(3):
        await journal.end_account(RUN, seq, AccountResult(outcome=Outcome.FAILED if seq else Outcome.CHANGED))
    assert await journal.newest_unfinished() is None


async def test_an_empty_journal_says_so(place: str) -> None:
    async with Journal.open(place) as journal:
        assert await journal.list_runs() == []
        with pytest.raises(JournalError, match="has no run yet; start one"):
            await journal.get_run()


async def test_a_run_or_a_number_twice_is_refused_whole(journal: Journal, record: Make) -> None:
    with pytest.raises(JournalError, match=f"run {RUN} is already in the journal"):
        await journal.create_run(record(), [])
    twice = [InventoryRow(seq=0, account="E1"), InventoryRow(seq=0, account="E2")]
    with pytest.raises(JournalError, match="duplicate sequence number"):
        await journal.create_run(record("new"), twice)
    assert [run.run_id for run in await journal.list_runs()] == [RUN]


async def test_an_answer_for_nobody_is_refused(journal: Journal) -> None:
    with pytest.raises(JournalError, match=f"account 9 of run {RUN} is not in the journal"):
        await journal.end_account(RUN, 9, AccountResult(outcome=Outcome.CHANGED))
    with pytest.raises(JournalError, match="run nope is not in the journal"):
        await journal.set_state("nope", RunState.FINISHED)
    with pytest.raises(JournalError, match="run nope is not in the journal"):
        await journal.set_policy("nope", {}, {})


async def test_a_row_of_another_hand_is_called_damaged(journal: Journal, place: str) -> None:
    await anyio.to_thread.run_sync(tamper, place, "UPDATE runs SET state = 'flying'")
    with pytest.raises(JournalCorrupt, match="has an unreadable row"):
        await journal.get_run(RUN)
    await anyio.to_thread.run_sync(tamper, place, "UPDATE accounts SET params = '{'")
    with pytest.raises(JournalCorrupt, match="has an unreadable row"):
        await journal.all_accounts(RUN)


@pytest.mark.parametrize("count", [20_000, pytest.param(100_000, marks=pytest.mark.slow)])
async def test_many_accounts(journal: Journal, record: Make, count: int) -> None:
    rows = [InventoryRow(seq=seq, account=str(seq), params={"plan": "pro"}) for seq in range(count)]
    commits = journal.commits
    await journal.create_run(record("big", inventory_count=len(rows)), rows)
    assert journal.commits - commits < 10, "one transaction, and heartbeats meanwhile"
    assert (await journal.counts("big"))[Outcome.NOT_ATTEMPTED] == count
    assert (await journal.accounts("big"))[-1].account == str(count - 1)


def test_run_ids_sort_and_can_be_typed() -> None:
    ids = {new_run_id() for _ in range(51)}
    assert all(re.fullmatch(r"20\d{6}-\d{6}-[0-9a-hjkmnp-tv-z]{4}", run_id) for run_id in ids)
    assert len(ids) > 40


async def _newest_unfinished(journal: Journal) -> str | None:
    found = await journal.newest_unfinished()
    return None if found is None else found.run_id
