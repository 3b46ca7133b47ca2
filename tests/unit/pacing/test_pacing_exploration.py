"""Quotas without a published limit: how far they are used beyond the assumed one, and what that costs."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from bulkops.events import QuotaChanged
from bulkops.pacing import Explored
from bulkops.pacing.exploration import Exploration
from tests.unit.pacing.explorers import KINDS, Work, exploring, worked
from tests.unit.pacing.vendor import pumping, run

kinds = pytest.mark.parametrize("kind", KINDS)
kinds_with_and_without_retry_after = pytest.mark.parametrize(
    ("kind", "says_when"), [(kind, place % 2 == 0) for place, kind in enumerate(KINDS)]
)


class TestBars:
    """What the exploration must bring, and may cost."""

    @kinds_with_and_without_retry_after
    def test_a_limit_ten_times_wider_is_used_five_times_as_fast_from_the_third_minute_on(
        self, kind: str, says_when: bool
    ) -> None:
        work, _ = worked(Work(KINDS[kind](600), 360.0, says_when=says_when))
        minutes = [work.between(60.0 * minute, 60.0 * minute + 60) for minute in range(6)]
        assert min(minutes[2:]) >= 5 * 60, minutes
        assert len(work.refused) <= 3

    @kinds_with_and_without_retry_after
    def test_a_limit_as_assumed_costs_three_refusals_at_most(self, kind: str, says_when: bool) -> None:
        work, _ = worked(Work(KINDS[kind](60), 1200.0, says_when=says_when))
        assert len(work.refused) <= 3
        assert len(work.accepted) >= 0.9 * 20 * 60

    @kinds
    def test_what_was_found_is_no_more_than_the_limit(self, kind: str) -> None:
        """Whatever the kind of the window. A run that begins there is refused nothing."""
        _, pacer = worked(Work(KINDS[kind](240), 600.0))
        (found,) = pacer.explored()
        assert found.refused
        assert 0.7 * 240 <= found.requests <= 240
        again, pacer = worked(Work(KINDS[kind](240), 300.0), exploring(known=[found]))
        assert again.refused == []
        assert len(again.accepted) >= 4 * found.requests
        assert pacer.explored() == [found]


class TestGrowth:
    def test_it_is_off_unless_asked_for(self) -> None:
        work, pacer = worked(Work(KINDS["sliding"](600), 300.0), exploring(explore=frozenset()))
        assert len(work.accepted) <= 5 * 60
        assert pacer.explored() == []

    def test_only_the_bottleneck_grows(self) -> None:
        """A client at a time sends less than the assumed limit permits."""
        work, pacer = worked(Work(KINDS["sliding"](600), 600.0, latency_s=2.0, at_once=1))
        assert len(work.accepted) == pytest.approx(300, abs=2)
        assert pacer.explored() == []

    def test_a_busy_hour_does_not_count_when_the_work_ends(self) -> None:
        """What is remembered was accepted within one window; the limit of the moment has run ahead of that."""
        work, pacer = worked(Work(KINDS["sliding"](6000), 200.0))
        (found,) = pacer.explored()
        most = max(work.between(at - 60.0, at) for at in work.accepted)
        assert not found.refused
        assert 0.9 * most <= found.requests <= most

    def test_a_limit_below_the_assumed_one_costs_hardly_more_than_without_exploring(self) -> None:
        with_it, _ = worked(Work(KINDS["sliding"](30), 600.0))
        without, _ = worked(Work(KINDS["sliding"](30), 600.0), exploring(explore=frozenset()))
        assert len(with_it.refused) <= len(without.refused) + 3

    def test_after_a_429_beyond_the_assumed_limit_nothing_grows(self) -> None:
        changes: list[QuotaChanged] = []
        pacer = exploring(observe=changes.append)
        worked(Work(KINDS["sliding"](120), 1800.0), pacer)
        kinds = [change.change for change in changes]
        assert "grown" not in kinds[kinds.index("shrunk") :]

    def test_one_429_counts_once_however_many_were_in_flight(self) -> None:
        work, pacer = worked(Work(KINDS["sliding"](120), 300.0, latency_s=1.5))
        assert 2 <= len(work.refused) <= 3
        (found,) = pacer.explored()
        assert found.requests >= 0.75 * 120

    def test_requests_beyond_the_assumed_limit_leave_evenly(self) -> None:
        known = Explored("q", 300, 60.0, refused=True)
        work, _ = worked(Work(KINDS["sliding"](300), 180.0, latency_s=0.02), exploring(known=[known]))
        late = [at for at in work.accepted if at > 30]
        assert min(b - a for a, b in zip(late, late[3:], strict=False)) > 0.2

    def test_the_share_for_other_tools_stays_free(self) -> None:
        known = Explored("q", 300, 60.0, refused=True)
        work, _ = worked(Work(KINDS["sliding"](600), 300.0), exploring(known=[known], share=0.5))
        assert max(work.between(at - 60.0, at) for at in work.accepted) <= 150
        assert len(work.accepted) >= 4 * 140


class TestKnowledge:
    def explored(self, requests: int, *, refused: bool) -> Explored:
        return Explored("q", requests, 60.0, refused)

    @pytest.mark.parametrize(
        ("one", "other", "both"),
        [
            ((100, False), (200, False), (200, False)),
            ((100, True), (200, False), (100, True)),
            ((300, True), (200, False), (300, True)),
            ((100, True), (200, True), (100, True)),
        ],
    )
    def test_a_429_counts_more_than_what_was_accepted(
        self, one: tuple[int, bool], other: tuple[int, bool], both: tuple[int, bool]
    ) -> None:
        first, second = self.explored(one[0], refused=one[1]), self.explored(other[0], refused=other[1])
        assert first.merged(second) == second.merged(first) == self.explored(both[0], refused=both[1])

    @pytest.mark.parametrize(
        "useless",
        [
            Explored("another", 300, 60.0, refused=False),
            Explored("q", 300, 3600.0, refused=False),
            Explored("q", 59, 60.0, refused=True),
        ],
    )
    def test_of_another_quota_or_window_or_below_the_own_figure_it_says_nothing(self, useless: Explored) -> None:
        assert exploring(known=[useless]).explored() == []

    def test_while_it_works_it_learns_from_others(self) -> None:
        work, pacer = Work(KINDS["sliding"](6000), 240.0), exploring()

        async def play() -> None:
            async with pumping(pacer):
                working = asyncio.create_task(work.do(pacer))
                await asyncio.sleep(60)
                pacer.learn([self.explored(1200, refused=False)])
                await asyncio.sleep(60)
                pacer.learn([self.explored(180, refused=True)])
                await working

        run(play())
        assert work.between(60, 120) > 2 * work.between(0, 60)
        assert work.between(180, 240) <= 180
        assert pacer.explored() == [self.explored(180, refused=True)]


@pytest.mark.parametrize("kind", ["sliding", "fixed", "bucket"])
def test_what_is_certain_is_never_more_than_the_limit(kind: str) -> None:
    """Whatever was sent, and whenever: a server accepted it, so its limit is at least what is certain."""
    for seed in range(40):
        rng = Random(seed)
        limit = rng.randint(5, 300)
        server, exploration = KINDS[kind](limit), Exploration(quota="q", assumed=1, window_s=60.0)
        at, rate = 0.0, limit / 60.0
        for _ in range(limit * 6):
            at += rng.expovariate(rate * rng.choice([0.2, 1.0, 1.0, 5.0]))
            if server.take(at) is None:
                exploration.accepted(at)
        assert exploration._certain(at) <= limit, seed
