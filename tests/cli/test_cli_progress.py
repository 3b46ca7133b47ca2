"""The progress on stderr: counted from events, one line when something moved."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from bulkops.cli.progress import Plain, ProgressDisplay, RunProgress
from bulkops.cli.progress_counts import Tally
from bulkops.cli.run_frame import display_for
from bulkops.events import AccountEnded, AccountStarted, QuotaChanged, RunChanged, WaveChanged
from bulkops.outcome import Outcome
from bulkops.runs.progress import Eta
from tests.virtual_time import over_sockets


def started(seq: Any) -> Any:
    return AccountStarted(account=str(seq), seq=seq)


def ended(seq: Any, outcome: Any) -> Any:
    return AccountEnded(account=str(seq), seq=seq, outcome=outcome, cause=None, elapsed_s=1.0)


def test_the_line_counts_outcomes_and_what_is_in_flight() -> None:
    tally = Tally(300)
    for seq in range(132):
        tally.observe(started(seq))
    for seq in range(120):
        outcome = Outcome.CHANGED if seq < 95 else Outcome.UNCHANGED if seq < 115 else Outcome.FAILED
        tally.observe(ended(seq, outcome))
    assert tally.line(0.0) == "120/300 accounts: 95 changed, 20 unchanged, 5 failed; 12 in flight"


def test_a_resumed_run_counts_on() -> None:
    tally = Tally(300, {Outcome.CHANGED: 100, Outcome.FAILED: 2, Outcome.UNKNOWN: 0})
    assert tally.line(0.0) == "102/300 accounts: 100 changed, 2 failed"


def test_draining_is_said() -> None:
    tally = Tally(3)
    tally.observe(RunChanged(run_id="r", state="draining", reason="interrupted"))
    assert tally.line(0.0) == "0/3 accounts; nothing new starts"


async def test_a_closed_quota_is_said_as_long_as_it_is_closed() -> None:
    tally = Tally(3)
    now = asyncio.get_running_loop().time()
    tally.observe(QuotaChanged(quota="embedded.recipes.get", change="closed", allowed=0, limit=60, closed_for_s=2.0))
    assert tally.line(now) == "0/3 accounts; throttled by the vendor: embedded.recipes.get"
    assert tally.line(now + 3) == "0/3 accounts"


@over_sockets
async def test_plain_lines_at_the_end_and_only_when_something_moved(capsys: pytest.CaptureFixture[str]) -> None:
    progress = RunProgress(Plain(interval_s=0.005))
    async with progress.shown(2):
        progress.observe(RunChanged(run_id="r-1", state="running"))
        progress.observe(started(0))
        await asyncio.sleep(0.03)
        progress.observe(ended(0, Outcome.CHANGED))
        progress.observe(ended(1, Outcome.FAILED))
        progress.observe(RunChanged(run_id="r-1", state="finished"))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "at work on run r-1",
        "0/2 accounts; 1 in flight",
        "2/2 accounts: 1 changed, 1 failed",
    ]


async def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = RunProgress(display_for(quiet=True))
    assert type(display_for(quiet=True)) is ProgressDisplay
    async with progress.shown(1):
        progress.observe(RunChanged(run_id="r-1", state="running"))
        progress.observe(ended(0, Outcome.CHANGED))
    assert capsys.readouterr() == ("", "")


async def test_without_a_terminal_the_voice_is_plain() -> None:
    assert isinstance(display_for(quiet=False), Plain)


async def test_an_error_of_the_run_leaves_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with RunProgress(Plain()).shown(1):
            raise ZeroDivisionError


class Foreseen:
    """An eta_source that is sure of itself."""

    def __init__(self, eta: Any) -> None:
        self._eta = eta

    def observe(self, event: Any) -> None:
        pass

    def eta(self) -> Any:
        return self._eta

    def quotas(self) -> Any:
        return {}


@over_sockets
async def test_plain_lines_name_the_end_in_sight_and_each_wave(capsys: pytest.CaptureFixture[str]) -> None:
    progress = RunProgress(Plain(interval_s=0.005))
    async with progress.shown(
        16, eta_source=cast("Any", Foreseen)(Eta(seconds=372.0, bound_by="embedded.recipes.get"))
    ):
        progress.observe(WaveChanged(run_id="r-1", number=1, of=2, size=1, state="started", taken=1))
        progress.observe(started(0))
        await asyncio.sleep(0.03)
        progress.observe(ended(0, Outcome.CHANGED))
        progress.observe(WaveChanged(run_id="r-1", number=1, of=2, size=1, state="pass", reason="no failures"))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "wave 1 of 2: 1 account",
        "0/16 accounts; 1 in flight; about 6 min left, bound by embedded.recipes.get",
        "pass: no failures",
        "1/16 accounts: 1 changed",
    ]


def test_failures_are_put_together_by_cause_and_the_newest_come_first() -> None:
    tally = Tally(300)
    for seq in range(4):
        cause = "recipe 4135412 is broken" if seq % 2 else f"account {4100231 + seq} is locked"
        tally.observe(
            AccountEnded(account=str(4100231 + seq), seq=seq, outcome=Outcome.FAILED, cause=cause, elapsed_s=1.0)
        )
    assert [(one.count, one.cause, one.account) for one in tally.troubles(3)] == [
        (2, "recipe 4135412 is broken", "4100234"),
        (2, "account 4100233 is locked", "4100233"),
    ]


def test_what_a_resumed_wave_holds_already_is_counted_in_it() -> None:
    tally = Tally(300, {Outcome.CHANGED: 100})
    assert tally.wave.done == 100
    tally.observe(WaveChanged(run_id="r", number=2, of=2, size=284, state="started", taken=200))
    tally.observe(ended(90, Outcome.CHANGED))
    assert [(wave.number, wave.done, wave.size) for wave in tally.waves] == [(2, 85, 284)]
