"""C3: opening carefully, closing once, learning from refusals and not from noise."""

from __future__ import annotations

import asyncio
import itertools
import math
import statistics
from collections.abc import Callable
from random import Random

import attrs
import pytest

from benchmarks.adaptation_grid import Cell, World
from bulkops.pacing import Pacer
from bulkops.pacing.limit_after_429 import AdaptiveLimit
from bulkops.pacing.rate_limiter import Gcra
from bulkops.pacing.refusal_cause import RefusalTest, WindowUsage, is_dense
from bulkops.rate_limit import Limit
from tests.unit.pacing.vendor import BucketServer, FixedServer, Server, SlidingServer, now, pumping, run

CALM = WindowUsage(used=100, refused=1, answered=99)
DENSE = WindowUsage(used=100, refused=10, answered=90)


def make(limit: int = 100, window_s: float = 10.0) -> AdaptiveLimit:
    return AdaptiveLimit(limit=limit, window_s=window_s, base_s=1.0, cap_s=60.0, rng=Random(1))


def opened(limit: int = 100, window_s: float = 10.0) -> AdaptiveLimit:
    adaptation = make(limit, window_s)
    grow(adaptation)
    return adaptation


def grow(adaptation: AdaptiveLimit) -> list[int]:
    """Answer round after round at time 0; returns what was allowed in each."""
    rounds, used = [adaptation.allowed], 0
    while adaptation.allowed < adaptation.limit:
        begun = range(used, adaptation.allowed)
        for used in (number + 1 for number in begun):
            adaptation.granted(0.0, used)
        for _ in begun:
            adaptation.accepted(0.0, 0.0)
        rounds.append(adaptation.allowed)
    return rounds


class TestOpening:
    @pytest.mark.parametrize(
        ("limit", "rounds"),
        [
            (1, [1]),
            (3, [1, 2, 3]),
            (60, [3, 5, 8, 12, 18, 27, 41, 60]),
            (600, [30, 45, 68, 102, 153, 230, 345, 518, 600]),
        ],
    )
    def test_five_percent_then_half_more_each_round_trip(self, limit: int, rounds: list[int]) -> None:
        assert grow(make(limit)) == rounds

    def test_a_round_is_over_when_all_but_a_tenth_have_ended(self) -> None:
        adaptation = make(600)
        for used in range(1, 31):
            adaptation.granted(0.0, used)
        assert [adaptation.accepted(0.0, 0.1) for _ in range(26)] == [None] * 26
        assert adaptation.accepted(0.0, 0.1) == "grown"

    def test_nothing_grows_before_all_that_is_allowed_was_used(self) -> None:
        adaptation = make(600)
        for _ in range(1000):
            adaptation.granted(0.0, 29)
            assert adaptation.accepted(0.0, 0.1) is None
        assert adaptation.allowed == 30

    def test_a_lost_or_unused_request_ends_its_round_like_any_other(self) -> None:
        adaptation = make(20)
        adaptation.granted(0.0, 1)
        assert adaptation.ended() == "grown"
        full = opened(20)
        assert full.ended() is None

    def test_a_single_429_does_not_end_the_opening(self) -> None:
        adaptation = make(100)
        for used in range(1, 6):
            adaptation.granted(0.0, used)
        assert adaptation.refused(0.0, 0.1, WindowUsage(5, 1, 0), retry_after_s=1.0) == ["closed"]
        assert [adaptation.accepted(0.0, 0.1) for _ in range(4)] == [None, None, None, "grown"]


class TestClosing:
    @pytest.mark.parametrize("retry_after_s", [0.0, 0.01, 7.0, 500.0])
    def test_retry_after_wins_over_the_jitter_be_it_shorter_or_longer(self, retry_after_s: float) -> None:
        adaptation = opened()
        adaptation.refused(5.0, 5.0, CALM, retry_after_s=retry_after_s)
        assert adaptation.may_leave_at(5.0) == 5.0 + retry_after_s

    def test_without_it_the_closing_is_jittered_and_grows_while_nothing_is_answered(self) -> None:
        most = []
        for closings in range(8):
            delays = []
            for seed in range(200):
                adaptation = attrs.evolve(opened(window_s=1000.0), rng=Random(seed))
                at = 0.0
                for _ in range(closings + 1):
                    at = max(at, adaptation.may_leave_at(at))
                    adaptation.refused(at, at, CALM, retry_after_s=None)
                delays.append(adaptation.closed_until - at)
            most.append(max(delays))
        assert most == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60], rel=0.05)

    def test_a_closing_does_not_sleep_through_the_window_that_follows(self) -> None:
        adaptation = opened(window_s=20.0)
        delays = []
        for at in range(0, 10_000, 100):
            adaptation.refused(at, at, CALM, retry_after_s=None)
            delays.append(adaptation.closed_until - at)
        assert 4.8 < max(delays) <= 5.01

    def test_a_good_answer_resets_the_backoff(self) -> None:
        adaptation = opened()
        for at in (0.0, 100.0, 200.0, 300.0):
            adaptation.refused(at, at, CALM, retry_after_s=None)
        adaptation.accepted(400.0, 400.0)
        adaptation.refused(500.0, 500.0, CALM, retry_after_s=None)
        assert adaptation.closed_until <= 501.0

    def test_an_answer_to_what_left_before_the_closing_resets_nothing(self) -> None:
        adaptation = opened()
        for at in (0.0, 100.0):
            adaptation.refused(at, at, CALM, retry_after_s=None)
        adaptation.accepted(99.0, 150.0)
        assert adaptation._closings_in_a_row == 2

    def test_many_429s_of_one_burst_close_once(self) -> None:
        adaptation = opened()
        assert adaptation.refused(0.0, 1.0, CALM, retry_after_s=5.0) == ["closed"]
        for at in (1.0, 1.1, 1.5):
            assert adaptation.refused(0.0, at, CALM, retry_after_s=None) == []
        assert adaptation.refused(0.5, 1.6, CALM, retry_after_s=5.0) == []
        assert adaptation.closed_until == 6.6, "the server's last word counts"

    def test_a_closing_that_gets_a_second_longer_is_told(self) -> None:
        adaptation = opened()
        adaptation.refused(0.0, 1.0, CALM, retry_after_s=5.0)
        assert adaptation.refused(0.0, 1.0, CALM, retry_after_s=6.0) == ["closed"]
        assert adaptation.refused(0.0, 1.0, CALM, retry_after_s=2.0) == []
        assert adaptation.closed_until == 7.0

    def test_a_429_that_comes_after_the_reopening_is_stale(self) -> None:
        adaptation = opened()
        adaptation.refused(0.0, 1.0, CALM, retry_after_s=2.0)
        assert adaptation.refused(0.9, 3.0, CALM, retry_after_s=30.0) == []
        assert adaptation.may_leave_at(3.0) == 3.0
        assert adaptation.refused(3.0, 3.1, CALM, retry_after_s=2.0) == ["closed"]


class TestSpacing:
    def test_even_departures_and_a_burst_of_what_was_saved_up(self) -> None:
        spacing = Gcra(10.0, 10, burst=3, at=0.0)
        times, clock = [], 0.0
        for _ in range(3):
            clock = max(clock, spacing.next_at())
            spacing.left(clock)
            times.append(clock)
        assert times == [0.0, 1.0, 2.0]
        clock = 100.0
        for _ in range(4):
            clock = max(clock, spacing.next_at())
            spacing.left(clock)
            times.append(clock)
        assert times[3:] == [100.0, 100.0, 100.0, 101.0]

    def test_restart_forfeits_and_credit_gives_back(self) -> None:
        spacing = Gcra(10.0, 10, burst=3, at=0.0)
        spacing.restart(50.0)
        assert spacing.next_at() == 50.0
        spacing.left(50.0)
        spacing.credit(2.0)
        assert spacing.next_at() <= 50.0

    def test_the_first_dense_refusals_space_a_quota_and_lift_its_limit_again(self) -> None:
        adaptation = make(100)
        assert adaptation.refused(0.0, 1.0, WindowUsage(10, 1, 5), retry_after_s=1.0) == ["closed"]
        assert adaptation.refused(0.0, 1.0, WindowUsage(10, 2, 5), retry_after_s=1.0) == []
        assert adaptation.refused(0.0, 1.0, WindowUsage(10, 3, 5), retry_after_s=1.0) == ["shrunk"]
        assert adaptation.allowed == 100
        times = []
        for _ in range(3):
            at = adaptation.may_leave_at(2.0)
            adaptation.granted(at, 10)
            times.append(at)
        assert times == pytest.approx([2.0, 2.0, 2.0]) or times[2] > 2.0

    def test_three_closings_without_an_answer_space_it_too(self) -> None:
        adaptation = opened()
        told = []
        for _ in range(3):
            at = adaptation.may_leave_at(0.0)
            told += adaptation.refused(at, at, CALM, retry_after_s=1.0)
        assert told == ["closed", "closed", "closed", "shrunk"]


class TestNarrowing:
    def spaced(self) -> AdaptiveLimit:
        adaptation = opened()
        adaptation.refused(0.0, 0.0, DENSE, retry_after_s=0.0)
        adaptation.accepted(0.0, 0.0)
        return adaptation

    def strike(self, adaptation: AdaptiveLimit, at: float, answered: int) -> list[str]:
        """Answered until `at`, then refused, with too many refusals around."""
        for second in range(math.ceil(adaptation._answered_at) + 1, math.floor(at)):
            adaptation.accepted(second, second)
        return list(adaptation.refused(at, at, WindowUsage(100, 10, answered), retry_after_s=0.0))

    def test_two_strikes_narrow_to_the_better_of_what_was_answered(self) -> None:
        adaptation = self.spaced()
        assert self.strike(adaptation, 25.5, 50) == ["closed"]
        assert self.strike(adaptation, 40.5, 48) == ["closed", "shrunk"]
        assert adaptation.allowed == 50

    def test_the_first_two_windows_teach_nothing(self) -> None:
        adaptation = self.spaced()
        for at in (5.5, 9.5, 12.5, 15.5, 18.5):
            assert self.strike(adaptation, at, 20) == ["closed"]
        assert adaptation.allowed == 100

    def test_after_a_silence_the_count_begins_afresh(self) -> None:
        adaptation = self.spaced()
        self.strike(adaptation, 25.5, 50)
        adaptation.accepted(90.0, 90.0)
        assert self.strike(adaptation, 95.5, 3) == ["closed"]
        assert self.strike(adaptation, 115.5, 60) == ["closed"]
        assert self.strike(adaptation, 117.5, 55) == ["closed", "shrunk"]
        assert adaptation.allowed == 60

    def test_where_nothing_was_answered_one_request_may_still_leave(self) -> None:
        adaptation = self.spaced()
        for begins, ends in ((1, 25), (26, 40)):
            for second in range(begins, ends):
                adaptation.accepted(second, second)
            for part in (0.1, 0.2, 0.3):  # three closings in a row
                adaptation.refused(ends + part, ends + part, WindowUsage(100, 1, 0), retry_after_s=0.0)
        assert adaptation.allowed == 1

    def test_two_percent_less_is_not_worth_it(self) -> None:
        adaptation = self.spaced()
        assert self.strike(adaptation, 25.5, 98) == ["closed"]
        assert self.strike(adaptation, 40.5, 90) == ["closed"]
        assert adaptation.allowed == 100

    def test_one_turn_is_one_strike_however_many_refusals_follow(self) -> None:
        adaptation = self.spaced()
        self.strike(adaptation, 25.5, 50)
        for _ in range(10):
            assert adaptation.refused(25.4, 25.5, DENSE, retry_after_s=None) == []

    def test_widening_after_ten_clean_windows_then_twice_as_much(self) -> None:
        adaptation = self.narrowed()
        grown = self.clean_until(adaptation, 500)
        assert [allowed for _, allowed in grown] == [51, 53, 57, 65]
        times = [at for at, _ in grown]
        assert all(later - earlier == 100 for earlier, later in itertools.pairwise([40, *times][1:]))
        assert 140 <= times[0] <= 142

    def test_it_stops_at_the_limit(self) -> None:
        adaptation = self.narrowed()
        assert self.clean_until(adaptation, 2000)[-1][1] == 100

    def test_a_refusal_soon_after_takes_the_last_widening_back(self) -> None:
        adaptation = self.narrowed()
        grown = self.clean_until(adaptation, 355)
        assert grown[-1][1] == 57
        assert adaptation.refused(355, 355, CALM, retry_after_s=0.0) == ["closed", "shrunk"]
        assert adaptation.allowed == 53
        assert adaptation.refused(356, 356, CALM, retry_after_s=0.0) == ["closed"]
        assert adaptation.allowed == 53
        assert self.clean_until(adaptation, 460)[0][1] == 54, "and the steps begin small again"

    def test_a_refusal_much_later_does_not(self) -> None:
        adaptation = self.narrowed()
        self.clean_until(adaptation, 170)
        assert adaptation.refused(170, 170, CALM, retry_after_s=0.0) == ["closed"]
        assert adaptation.allowed == 51

    def narrowed(self) -> AdaptiveLimit:
        adaptation = self.spaced()
        self.strike(adaptation, 25.5, 50)
        self.strike(adaptation, 40.5, 48)
        return adaptation

    def clean_until(self, adaptation: AdaptiveLimit, until: int) -> list[tuple[int, int]]:
        return [
            (at, adaptation.allowed)
            for at in range(math.ceil(adaptation._answered_at) + 1, until)
            if adaptation.accepted(at, at) == "grown"
        ]


class TestAnotherLimit:
    def test_less_counts_at_once_and_more_is_opened_carefully(self) -> None:
        adaptation = opened(100)
        adaptation.relimit(50)
        assert (adaptation.limit, adaptation.allowed) == (50, 50)
        adaptation.relimit(90)
        assert adaptation.allowed == 50
        adaptation.granted(0.0, 50)
        for _ in range(50):
            adaptation.accepted(0.0, 0.0)
        assert adaptation.allowed == 75

    def test_what_a_429_taught_stays(self) -> None:
        adaptation = TestNarrowing().narrowed()
        adaptation.relimit(200)
        assert adaptation.allowed == 50
        adaptation.relimit(20)
        assert adaptation.allowed == 20

    def test_taking_a_widening_back_does_not_exceed_a_new_limit(self) -> None:
        adaptation = TestNarrowing().narrowed()
        TestNarrowing().clean_until(adaptation, 142)
        assert adaptation.allowed == 51
        adaptation.relimit(20)
        adaptation.refused(145.0, 145.0, CALM, retry_after_s=0.0)
        assert adaptation.allowed == 20


@attrs.frozen
class Result:
    """`time`: over what the server's true limit would take; `waste`: refused, of all that was sent."""

    time: float
    waste: float
    allowed: int


N, T = 600, 60.0


def play(server: Server, true_limit: int, *, retry_after: bool, throttle: float = 0.0, windows: int = 20) -> Result:
    """200 workers with all the work in the world; `throttle`: share of replies that are 429 for no reason."""
    rng = Random(1)
    todo = itertools.repeat(None, true_limit * windows)
    sent = refused = 0

    async def work(pacer: Pacer) -> None:
        nonlocal sent, refused
        for _ in todo:
            while True:
                slot = await pacer.slot("q")
                wait_s = 0.01 if rng.random() < throttle else server.take(now())
                sent += 1
                await asyncio.sleep(rng.uniform(0.02, 0.1))
                if wait_s is None:
                    slot.replied()
                    break
                refused += 1
                slot.refused(math.ceil(wait_s) if retry_after else None)

    async def main() -> Result:
        pacer = Pacer({"q": [Limit(N, T)]}, max_rate=None, rng=Random(1))
        async with pumping(pacer), asyncio.TaskGroup() as workers:
            for _ in range(200):
                workers.create_task(work(pacer))
        return Result(now() / (windows * T), refused / sent, pacer.statistics()["q"].allowed)

    return run(main())


@pytest.mark.parametrize("retry_after", [True, False])
@pytest.mark.parametrize(
    ("make_server", "true_limit", "most_waste"),
    [
        pytest.param(lambda: SlidingServer(N // 2, T), N // 2, 0.04, id="sliding, half"),
        pytest.param(lambda: FixedServer(N // 2, T, phase_s=20), N // 2, 0.04, id="fixed, half"),
        pytest.param(lambda: BucketServer(N // 2, T), N // 2, 0.04, id="bucket, half"),
        pytest.param(lambda: BucketServer(N, T, burst=N // 10), N, 0.02, id="bucket, burst of a tenth"),
    ],
)
def test_a_wrong_limit_or_burst_costs_little(
    make_server: Callable[[], Server], true_limit: int, most_waste: float, *, retry_after: bool
) -> None:
    windows = 20 if true_limit < N else 10  # what happens in a burst's first ten windows is what happens
    result = play(make_server(), true_limit, retry_after=retry_after, windows=windows)
    assert result.time <= 1.10
    assert result.waste <= most_waste


def test_a_right_limit_is_never_refused() -> None:
    result = play(SlidingServer(N, T), N, retry_after=True, windows=5)
    assert (result.waste, result.allowed) == (0.0, N)


@pytest.mark.parametrize("retry_after", [True, False])
def test_random_throttling_costs_little_and_narrows_nothing(*, retry_after: bool) -> None:
    result = play(SlidingServer(N, T), N, retry_after=retry_after, throttle=0.01, windows=6)
    assert result.time <= 1.03
    assert result.waste <= 0.016
    assert result.allowed == N


class TestNoise:
    def test_a_few_and_the_known_noise_with_its_chance_are_not_dense(self) -> None:
        assert is_dense(WindowUsage(used=100, refused=3, answered=97), noise=0.0)
        assert not is_dense(WindowUsage(used=20, refused=2, answered=18), noise=0.0)
        assert not is_dense(WindowUsage(used=100, refused=12, answered=88), noise=0.05)
        assert is_dense(WindowUsage(used=100, refused=13, answered=87), noise=0.05)

    def test_as_many_refusals_as_before_are_noise_and_far_fewer_the_limit(self) -> None:
        def verdict(every: int) -> str | None:
            trial = RefusalTest(DENSE, 0.0, 80, since=0.0)
            answers = (trial.count(refused=number % every == 0) for number in range(1, 1000))
            return next((cause for cause in answers if cause), None)

        assert verdict(10) == "noise"
        assert verdict(1001) == "limit"

    def test_refusals_before_the_first_good_answer_say_nothing(self) -> None:
        trial = RefusalTest(DENSE, 0.0, 80, since=0.0)
        assert {trial.count(refused=True) for _ in range(50)} == {None}
        assert trial.share_refused == 0.1

    def test_when_all_were_refused_before_one_answer_is_no_proof(self) -> None:
        trial = RefusalTest(WindowUsage(used=9, refused=9, answered=0), 0.0, 1, since=0.0)
        assert trial.count(refused=False) is None

    def on_trial(self) -> AdaptiveLimit:
        adaptation = TestNarrowing().spaced()
        TestNarrowing().strike(adaptation, 25.5, 95)
        TestNarrowing().strike(adaptation, 40.5, 94)
        assert adaptation.allowed == 90, "narrower than the 95 that were answered, to see a difference"
        return adaptation

    def test_a_narrowing_that_helps_is_kept_at_what_was_answered(self) -> None:
        adaptation = self.on_trial()
        told = [adaptation.accepted(41.0, 41.0) for _ in range(40)]
        assert [change for change in told if change] == ["grown"]
        assert adaptation.allowed == 95

    def test_what_leaves_at_the_reopening_counts_on_the_trial(self) -> None:
        adaptation = self.on_trial()
        told = [adaptation.accepted(adaptation.closed_until, 41.0) for _ in range(29)]
        assert told == [None] * 28 + ["grown"]

    def test_the_share_that_is_noise_is_of_all_answers_before_and_after(self) -> None:
        trial = RefusalTest(DENSE, 0.0, 80, since=0.0)
        for refused in (False, False, True):
            assert trial.count(refused=refused) is None
        assert trial.share_refused == (10 + 1) / (100 + 3)

    def test_a_narrowing_is_taken_back_without_its_spacing_where_that_has_another_cause(self) -> None:
        adaptation = opened()
        adaptation.refused(0.0, 0.0, WindowUsage(used=100, refused=60, answered=40), retry_after_s=0.0)
        adaptation.accepted(0.0, 0.0)
        TestNarrowing().strike(adaptation, 25.5, 95)
        TestNarrowing().strike(adaptation, 40.5, 94)
        assert adaptation.allowed == 90
        self.throttled(adaptation)
        assert not adaptation.is_opening
        assert adaptation.allowed == 100

    def throttled(self, adaptation: AdaptiveLimit) -> None:
        """As many are refused as before, until it is clear that the narrowing changes nothing."""
        for number in range(1, 300):
            at = 41.0 + number / 100
            adaptation.granted(at, 60)
            if number % 10:
                told = [adaptation.accepted(at, at)]
            else:
                told = list(adaptation.refused(at, at, DENSE, retry_after_s=0.0))
            if "grown" in told:
                return
        raise AssertionError("it never became clear")

    def test_one_that_changes_nothing_is_taken_back_with_its_spacing(self) -> None:
        adaptation = self.on_trial()
        self.throttled(adaptation)
        assert adaptation.is_opening, "as carefully as at first, from where it stands"
        assert adaptation.allowed == 60
        assert adaptation.refused(50.0, 50.0, DENSE, retry_after_s=0.0) == ["closed"], "and 10 % teach nothing now"


@pytest.mark.parametrize(("limit", "server", "retry_after"), [(N, "right", True), (60, "half", False)])
def test_five_percent_at_random_cost_little_beside_a_right_limit_or_half(
    limit: int, server: str, *, retry_after: bool
) -> None:
    """The twentieth that is refused, and the T to find out. It was 23 times the bound once."""
    cell = Cell(limit, server, "fixed", retry_after, 0.05, stalls=False)
    assert statistics.median(World(cell, seed).run()[0] for seed in range(3)) <= 1.12
