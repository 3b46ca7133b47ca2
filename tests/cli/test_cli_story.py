"""The story on stderr: counted from events, one line when something moved."""

from __future__ import annotations

import asyncio

import pytest
from rich.console import Console

from bulkops.cli.live import REDRAWS_PER_S, Live
from bulkops.cli.story import Plain, Silent, Story, Tally, voice_for
from bulkops.events import AccountEnded, AccountStarted, QuotaChanged, RunChanged
from bulkops.outcome import Outcome

pytestmark = pytest.mark.anyio


def started(seq):
    return AccountStarted(account=str(seq), seq=seq)


def ended(seq, outcome):
    return AccountEnded(account=str(seq), seq=seq, outcome=outcome, cause=None, elapsed_s=1.0)


def test_the_line_counts_outcomes_and_what_is_in_flight():
    tally = Tally(300)
    for seq in range(132):
        tally.observe(started(seq))
    for seq in range(120):
        outcome = Outcome.CHANGED if seq < 95 else Outcome.UNCHANGED if seq < 115 else Outcome.FAILED
        tally.observe(ended(seq, outcome))
    assert tally.line(0.0) == "120/300 accounts: 95 changed, 20 unchanged, 5 failed; 12 in flight"


def test_a_resumed_run_counts_on():
    tally = Tally(300, {Outcome.CHANGED: 100, Outcome.FAILED: 2, Outcome.UNKNOWN: 0})
    assert tally.line(0.0) == "102/300 accounts: 100 changed, 2 failed"


def test_draining_is_said():
    tally = Tally(3)
    tally.observe(RunChanged(run_id="r", state="draining", reason="interrupted"))
    assert tally.line(0.0) == "0/3 accounts; nothing new starts"


async def test_a_closed_quota_is_said_as_long_as_it_is_closed():
    tally = Tally(3)
    now = asyncio.get_running_loop().time()
    tally.observe(QuotaChanged(quota="embedded.recipes.get", change="closed", allowed=0, limit=60, closed_for_s=2.0))
    assert tally.line(now) == "0/3 accounts; the vendor throttles embedded.recipes.get"
    assert tally.line(now + 3) == "0/3 accounts"


async def test_plain_lines_at_start_and_end_and_only_when_something_moved(capsys):
    story = Story(Plain(interval_s=0.005))
    async with story.told(2):
        story.observe(RunChanged(run_id="r-1", state="running"))
        story.observe(started(0))
        await asyncio.sleep(0.03)
        story.observe(ended(0, Outcome.CHANGED))
        story.observe(ended(1, Outcome.FAILED))
        story.observe(RunChanged(run_id="r-1", state="finished"))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "0/2 accounts",
        "at work on run r-1",
        "0/2 accounts; 1 in flight",
        "2/2 accounts: 1 changed, 1 failed",
    ]


async def test_quiet_says_nothing(capsys):
    story = Story(voice_for(quiet=True))
    assert isinstance(voice_for(quiet=True), Silent)
    async with story.told(1):
        story.observe(RunChanged(run_id="r-1", state="running"))
        story.observe(ended(0, Outcome.CHANGED))
    assert capsys.readouterr() == ("", "")


async def test_without_a_terminal_the_voice_is_plain():
    assert isinstance(voice_for(quiet=False), Plain)


async def test_an_error_of_the_run_leaves_as_it_is():
    with pytest.raises(ZeroDivisionError):
        async with Story(Plain()).told(1):
            raise ZeroDivisionError


async def test_the_live_view_shows_the_same_words(capsys):
    console = Console(force_terminal=True, width=120, stderr=True, color_system=None)
    voice = Live(console)
    assert voice.interval_s >= 1 / 8
    assert REDRAWS_PER_S <= 8
    tally = Tally(4, {Outcome.CHANGED: 3})
    voice.begin(tally)
    tally.observe(started(3))
    voice.tell(tally)
    voice.end(tally)
    out, err = capsys.readouterr()
    assert out == ""
    assert "3 changed; 1 in flight" in err
    assert "3/4" in err
