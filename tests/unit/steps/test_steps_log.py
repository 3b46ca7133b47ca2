"""The engine's side of an account's steps: admission before the first effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from bulkops.errors import ApiError, ServerError, TaskFailed, TaskUnknown
from bulkops.events import Event, Observer, StepEnded, ignore
from bulkops.journal import InventoryRow, Journal, StepRow, StepState
from bulkops.journal.sqlite.locks import Locks
from bulkops.session import RequestContext
from bulkops.settings import Tuning
from bulkops.steps import AccountMemory, Effect, Probe, StepLog
from bulkops.steps.effect import Intent
from bulkops.steps.writes_outside_steps import OUTSIDE_STEPS
from tests.records import run_record
from tests.virtual_time import run_virtual


@asynccontextmanager
async def opened(home: Path) -> AsyncIterator[tuple[Journal, StepLog, str]]:
    """A run of one account, and the log of that account's steps."""
    async with Journal.open(home) as journal:
        run = run_record()
        await journal.create_run(run, [InventoryRow(seq=0, account="7")])
        log = StepLog(
            journal=journal, run_id=run.run_id, seq=0, scope=RequestContext(account="7"), tuning=Tuning(), steps={}
        )
        yield journal, log, run.run_id


def log_of_rows(
    journal: Journal | None, *rows: StepRow, observe: Observer = ignore, tuning: Tuning | None = None
) -> StepLog:
    return StepLog(
        journal=cast("Journal", journal),
        run_id=run_record().run_id,
        seq=0,
        scope=RequestContext(account="7"),
        tuning=tuning or Tuning(),
        steps={row.step: row for row in rows},
        observe=observe,
    )


async def one() -> int:
    return 1


ONE = Effect(fn=one)


async def test_admission_is_awaited_once_and_before_the_first_intent(tmp_path: Path) -> None:
    async with opened(tmp_path) as (journal, log, run_id):
        seen: list[object] = []

        async def admit() -> None:
            await asyncio.sleep(0)
            seen.append(dict(await journal.steps(run_id, 0)))

        log.before_effect = admit
        assert not log.changed
        await asyncio.gather(log.step("a", ONE), log.step("b", ONE))
        await log.step("c", ONE)
        assert seen == [{}]
        assert log.changed
        assert all(map(log.is_done, "abc"))  # on disk a moment later


async def test_a_write_outside_of_steps_is_admitted_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, log, _):
        calls: list[int] = []

        async def admit() -> None:
            calls.append(1)

        log.before_effect = admit
        scope = log._scope
        await scope.about_to_write()
        await scope.about_to_write()
        assert calls == [1]


async def test_cancelled_while_it_waits_for_admission_it_has_begun_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as (journal, log, run_id):
        log.before_effect = asyncio.Event().wait  # type: ignore[assignment]  # its result is not used
        waiting = asyncio.create_task(log.step("a", ONE))
        await asyncio.sleep(0.001)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert (log.changed, log.unresolved) == (False, None)
        assert await journal.steps(run_id, 0) == {}


async def test_the_first_pause_before_a_step_is_sent_again_is_the_shortest(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, log, _):
        longest_s = [max(log._pause_s(sends) for _ in range(300)) for sends in (1, 2, 3)]
    base_s = Tuning().backoff_base_s
    assert longest_s == pytest.approx([base_s, 2 * base_s, 4 * base_s], rel=0.1)
    assert longest_s[0] <= base_s


@pytest.mark.parametrize(
    ("step", "state", "is_untouched"),
    [
        ("import", StepState.DONE, False),
        ("import", StepState.FAILED, False),
        ("import", StepState.INTENT, False),
        (OUTSIDE_STEPS, StepState.DONE, False),
        (OUTSIDE_STEPS, StepState.INTENT, False),
        (OUTSIDE_STEPS, StepState.FAILED, True),
    ],
)
def test_an_account_is_untouched_until_a_step_was_begun_or_something_written(
    step: str, state: StepState, *, is_untouched: bool
) -> None:
    assert log_of_rows(None).is_untouched
    row = StepRow(step=step, state=state, data=None, result=None, changed=False, began_age_s=0.0)
    assert log_of_rows(None, row).is_untouched == is_untouched


@pytest.mark.parametrize(("waits", "left", "may"), [(0, 0, False), (1, 0, True), (1, 1, False), (0, 1, False)])
async def test_a_first_effect_is_withdrawn_only_while_its_request_waits(
    tmp_path: Path, waits: int, left: int, *, may: bool
) -> None:
    async with opened(tmp_path) as (_, log, _):
        sending = asyncio.Event()

        async def send() -> None:
            (writes,) = log._sending.values()
            writes.waits, writes.left = waits, left
            sending.set()
            await asyncio.Event().wait()

        step = asyncio.create_task(log.step("a", Effect(fn=send)))
        await sending.wait()
        assert log.withdraw() == may
        step.cancel()
        await asyncio.wait([step])
        assert log.unresolved == (None if may else "step 'a'"), "one that was withdrawn did not happen"


@pytest.mark.parametrize(("repeatable", "looks"), [(False, 2), (True, 1)])
async def test_a_probe_that_finds_nothing_looks_again_when_the_server_has_given_up(
    tmp_path: Path, looks: int, *, repeatable: bool
) -> None:
    """Until then the request of the earlier process may still be running. One that may be repeated need not wait."""
    ages_s: list[float] = []

    async def probe(intent: Intent) -> None:
        ages_s.append(intent.age_s)

    row = StepRow(step="a", state=StepState.INTENT, data=None, result=None, changed=False, began_age_s=100.0)
    async with Journal.open(tmp_path) as journal:
        await journal.create_run(run_record(), [InventoryRow(seq=0, account="7")])
        log = log_of_rows(journal, row, tuning=Tuning(server_timeout_s=100.01))
        assert await log.step("a", Effect(fn=one, probe=probe, repeatable=repeatable)) == 1
    assert len(ages_s) == looks
    assert ages_s[0] == 100.0
    assert repeatable or ages_s[-1] >= 100.01


def server_error() -> ServerError:
    return ServerError("500", status=500, said="", call="folders.create", method="POST", path="/folders", sent_at=0.0)


async def raise_unknown(_: Intent) -> None:
    raise TaskUnknown("no read shows it")


async def raise_server_error(_: Intent) -> None:
    raise server_error()


async def raise_unknown_after_an_error(intent: Intent) -> None:
    try:
        await raise_server_error(intent)
    except ApiError as error:
        raise TaskUnknown("reading failed") from error


@pytest.mark.parametrize(
    ("probe", "failure_class"),
    [
        (None, "still-unknown"),
        (raise_unknown, "still-unknown"),
        (raise_server_error, "outcome-unknown"),
        (raise_unknown_after_an_error, "outcome-unknown"),
    ],
)
async def test_an_intent_of_an_earlier_process_stays_unknown_unless_a_request_failed(
    probe: Probe | None, failure_class: str
) -> None:
    row = StepRow(step="a", state=StepState.INTENT, data=None, result=None, changed=False, began_age_s=0.0)
    with pytest.raises(TaskUnknown) as raised:
        await log_of_rows(None, row).step("a", Effect(fn=one, probe=probe))
    assert raised.value.failure_class == failure_class


@pytest.mark.parametrize("probe", [None, raise_unknown])
async def test_an_effect_of_this_process_has_no_earlier_intent(tmp_path: Path, probe: Probe | None) -> None:
    async def lose() -> None:
        raise server_error()

    async with opened(tmp_path) as (_, log, _):
        with pytest.raises(TaskUnknown) as raised:
            await log.step("a", Effect(fn=lose, probe=probe))
    assert raised.value.failure_class == "outcome-unknown"


async def test_nothing_is_withdrawn_after_an_effect(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, log, _):
        assert log.withdraw(), "nothing was begun"
        await log.step("a", ONE)
        assert not log.withdraw()
    row = StepRow(step="a", state=StepState.INTENT, data=None, result=None, changed=False, began_age_s=0.0)
    assert not log_of_rows(None, row).withdraw(), "an earlier process may have sent it"


async def test_observers_are_told_of_each_step_when_it_begins_and_when_it_ends(tmp_path: Path) -> None:
    seen: list[Event] = []
    async with Journal.open(tmp_path) as journal:
        await journal.create_run(run_record(), [InventoryRow(seq=0, account="7")])
        log = log_of_rows(journal, observe=seen.append)
        await log.step("import", ONE)
        await log._scope.about_to_write()  # outside of steps
        log.settle_writes(ended_well=True)
    assert seen == [StepEnded(account="7", step="import", state=state) for state in ("intent", "done")]


def test_a_lock_that_another_run_holds_is_waited_for_ten_minutes(tmp_path: Path) -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        journal = cast("Journal", Locks(tmp_path))  # a journal has threads, which virtual time cannot wait for
        memory = AccountMemory(journal=journal, tenant="https://www.workato.com", account="7", shared={})
        async with memory.exclusive("customer managers"):
            began = loop.time()
            with pytest.raises(TaskFailed, match="has held the lock of the customer managers for 600 s"):
                async with memory.exclusive("customer managers"):
                    pass
            return loop.time() - began

    assert run_virtual(main()) == pytest.approx(600.0, abs=0.2)
