"""The live view as it would stand on a terminal: every width, every color setting, and names that mean harm."""

from __future__ import annotations

import asyncio
import io
import itertools
from typing import Any, cast

import pytest
from rich.cells import cell_len
from rich.console import Console

from bulkops.cli.cpu_budget import CpuBudget
from bulkops.cli.live import REDRAWS_PER_S, Live, Screen
from bulkops.cli.live.bars import CHANGED, IN_FLIGHT, TROUBLE, bar, shares
from bulkops.cli.progress import RunProgress, View
from bulkops.cli.progress_counts import Tally
from bulkops.events import AccountEnded, AccountStarted, RunChanged, WaveChanged
from bulkops.outcome import Outcome
from bulkops.pacing import QuotaStatistics
from bulkops.runs.progress import Eta
from tests.patience import until

HOSTILE = "\x1b[2J\u202e\r\n\tAcme 株式会社 " + "x" * 500
QUOTA = "embedded.developer_api_client_roles.list"


def statistics(**members: Any) -> Any:
    usual = {"requests": 9, "refused": 0, "lost": 0, "waited_s": 0.0, "allowed": 60, "limit": 60, "window_s": 60.0}
    return QuotaStatistics(**usual | {"used": 60, "waiting": 1234, "in_flight": 3, "closed_for_s": 0.0} | members)


class ForecastEta:
    seen_s_ago = None

    def __init__(self, bound_by: Any = QUOTA) -> None:
        self._bound_by = bound_by

    def observe(self, event: Any) -> None:
        pass

    def eta(self) -> Any:
        return Eta(seconds=372.0, bound_by=self._bound_by)

    def quotas(self) -> Any:
        return {
            QUOTA: statistics(),
            "embedded.recipes.get": statistics(limit=2000, used=20, waiting=0),
            "assumed.customer.folders": statistics(closed_for_s=3.5, allowed=12, waiting=0),
            "embedded.rlcm.import_status": statistics(limit=1000, allowed=113, used=113, waiting=99_999),
            "unlimited": statistics(limit=10**9, allowed=10**9),
        }


def busy(total: int = 10_000) -> Any:
    """A tally of the third of many waves, in the midst of trouble."""
    tally = Tally(total)
    seqs = itertools.count()
    for number, size in enumerate([1, 5, 40, 500, 4000], start=1):
        tally.observe(WaveChanged(run_id="r", number=number, of=9, size=size, state="started", taken=size))
        for seq in itertools.islice(seqs, size if number < 5 else 1300):
            outcome = (Outcome.CHANGED, Outcome.UNCHANGED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED)[seq % 5]
            tally.observe(AccountStarted(account=str(seq), seq=seq))
            if seq % 10 != 7:
                tally.observe(AccountEnded(account=f"E{HOSTILE}", seq=seq, outcome=outcome, cause=HOSTILE, elapsed_s=1))
    return tally


def drawn(view: Any, width: Any, *, height: int = 40, encoding: str = "utf-8", **options: Any) -> Any:
    """The lines that a terminal of this width is sent, without colors unless they are asked for."""
    raw = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    options.setdefault("color_system", None)
    console = Console(file=raw, force_terminal=True, width=width, height=height, **options)
    console.print(Screen(view), end="")
    raw.flush()
    return raw.buffer.getvalue().decode(encoding).split("\n")


@pytest.mark.parametrize("width", [24, 40, 60, 61, 79, 80, 100, 160, 200])
@pytest.mark.parametrize("height", [8, 24, 60])
def test_nothing_wraps_and_nothing_steers_at_any_width(width: int, height: int) -> None:
    lines = drawn(View(tally=busy(), eta_source=ForecastEta()), width, height=height)
    assert max(cell_len(line) for line in lines) < width
    assert len(lines) < height
    assert not any(char in line for line in lines for char in "\x1b\r\t\u202e")


def test_every_part_of_a_run_is_there() -> None:
    lines = drawn(View(tally=busy(), eta_source=ForecastEta()), 100)
    assert lines[0].startswith("1662 of 10000 accounts")
    assert "about 6 min left" in lines[0]
    text = "\n".join(lines)
    assert "wave 1       1 account, passed" in text
    assert [line.split()[0:4] for line in lines if line.startswith("wave ")][-1] == ["wave", "5", "of", "9"]
    assert "waves 6-9    5454 accounts to come" in text
    assert "in flight" in text
    assert "failed" in text
    assert "unknown" in text
    assert "skipped" in text
    marked = [line for line in lines if line.startswith(">")]
    assert len(marked) == 1
    assert QUOTA in marked[0]
    assert "60/60" in marked[0]
    assert marked[0].endswith("1234")
    assert "closed for 3.5 s" in text
    assert "opened to 113" in text
    assert "embedded.recipes.get" not in text
    assert "unlimited" not in text
    assert any(line.startswith("185 failed: \\x1b[2J") for line in lines), text


def test_the_quota_that_bounds_is_named_beside_the_end_where_there_is_room() -> None:
    view = View(tally=busy(), eta_source=ForecastEta())
    assert f"bound by {QUOTA}" in drawn(view, 120)[0]
    assert "bound" not in drawn(view, 60)[0]
    assert "bound by max_rate" in drawn(View(tally=busy(), eta_source=ForecastEta("max_rate")), 80)[0]


def test_while_nothing_new_starts_the_reason_stands_there_and_no_end() -> None:
    tally = busy()
    tally.observe(RunChanged(run_id="r", state="draining", reason="interrupted\x1b[2J"))
    first = drawn(View(tally=tally, eta_source=ForecastEta()), 100)[0]
    assert "nothing new starts: interrupted\\x1b[2J" in first
    assert "left" not in first


def test_a_terminal_that_knows_ascii_only_is_sent_ascii() -> None:
    for line in drawn(View(tally=busy(), eta_source=ForecastEta()), 80, encoding="ascii")[:8]:
        assert line.isascii()
        assert "?" not in line


def test_no_color_and_force_color_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    view = View(tally=busy(), eta_source=ForecastEta())
    monkeypatch.setenv("TERM", "xterm-256color")
    assert any("\x1b[" in line for line in drawn(view, 80, color_system="auto"))
    monkeypatch.setenv("NO_COLOR", "1")
    colors = [part for line in drawn(view, 80, color_system="auto") for part in line.split("\x1b[")[1:]]
    assert all(part.split("m")[0] in {"0", "1", "2"} for part in colors)  # weights at most


def test_a_bar_shows_all_that_is_there_and_is_as_long_as_it_should_be() -> None:
    assert shares([1, 0, 10_000], 10_001, 20) == [1, 0, 19]
    assert shares([5, 5], 10, 0) == [0, 0]
    row = bar({CHANGED: 500, TROUBLE: 1, IN_FLIGHT: 3}, 1000, 30)
    assert "".join(text for text, _ in row) == "█" * 15 + "▚░" + "·" * 13
    full = bar({CHANGED: 995, TROUBLE: 5}, 1000, 30)
    assert "".join(text for text, _ in full) == "█" * 29 + "▚"


async def test_the_view_is_redrawn_on_stderr_and_leaves_how_far_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    display = Live(Console(force_terminal=True, width=100, stderr=True, color_system=None))
    assert display.interval_s >= 1 / REDRAWS_PER_S
    assert REDRAWS_PER_S <= 8
    progress = RunProgress(display)
    async with progress.shown(4, {Outcome.CHANGED: 3}, cast("Any", ForecastEta())):
        progress.observe(RunChanged(run_id="r-1", state="running"))
        progress.observe(WaveChanged(run_id="r-1", number=1, of=2, size=3, state="inconclusive", reason="a person"))
        progress.observe(AccountStarted(account="7", seq=3))
        await asyncio.sleep(0)
        display.tell(progress.view)
        progress.observe(AccountEnded(account="7", seq=3, outcome=Outcome.CHANGED, cause=None, elapsed_s=1.0))
    out, err = capsys.readouterr()
    assert out == ""
    assert "at work on run r-1" in err
    assert "pause: a person" in err
    assert "1 in flight" in err
    last = err[err.rindex("4 of 4 accounts") :]
    assert "4/4" in last
    assert QUOTA not in last


def test_what_is_shown_may_cost_a_share_of_the_run_and_waits_when_it_is_spent() -> None:
    cpu, now = [0.0], [0.0]
    budget = CpuBudget(
        0.01, accounts=300, longest_s=10.0, earning=lambda: cpu[0], spending=lambda: cpu[0], clock=lambda: now[0]
    )

    def spend(seconds: Any) -> None:
        with budget.spending():
            cpu[0] += seconds

    assert budget.may_spend()
    spend(0.6)
    assert not budget.may_spend()  # a third of a second is free, and 1 % of 0.6 s is little
    now[0] = 10.0
    assert budget.may_spend()  # but nobody waits longer than that
    spend(0.001)
    assert not budget.may_spend()
    cpu[0] = 60.0
    assert budget.may_spend()


async def test_nothing_is_redrawn_while_a_person_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    display = Live(Console(force_terminal=True, width=100, stderr=True, color_system=None))
    display.interval_s = 0.001
    progress = RunProgress(display)
    async with progress.shown(4, None, cast("Any", ForecastEta())):
        progress.observe(AccountStarted(account="7", seq=3))
        with progress.silence():
            assert QUOTA not in capsys.readouterr().err.rsplit("accounts", 1)[1]
            await asyncio.sleep(0.01)
            assert capsys.readouterr().err == ""
        await until(lambda: "1 in flight" in capsys.readouterr().err)
