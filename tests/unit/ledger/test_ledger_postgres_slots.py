"""The functions of the ledger in PostgreSQL: who gets which slot, and what a dead process holds."""

from __future__ import annotations

import os
from collections.abc import Sequence

import psycopg
import pytest

from bulkops.clock import MARGIN_S
from bulkops.errors import RunLocked
from bulkops.ledger.postgres.database import LEASE_S
from bulkops.ledger.postgres.messages import Earlier, Recorded
from bulkops.pacing import HORIZON_S, window_length_s
from bulkops.rate_limit import Limit
from tests.unit.ledger.machines import SERVER_TIMEOUT_S, Fleet, Machine

TEN = Limit(10, 60.0)
T = window_length_s(60.0)
DEAD_S = MARGIN_S + SERVER_TIMEOUT_S
ONE_AN_HOUR = Limit(1, 3600.0, "workspace")


def drain(machine: Machine, quota: str = "q") -> int:
    """Take all that is free now, and keep it. Returns: how many slots."""
    count = 0
    while taken := machine.ready(100, quota):
        count += len(taken)
    return count


# -- slots --------------------------------------------------------------------------------------------------------


def test_all_slots_together_are_as_many_as_the_window_allows(fleet: Fleet) -> None:
    one, other = fleet.begin("r1"), fleet.begin("r2")
    for machine in (one, other):
        machine.open("q", TEN)
    assert one.ready(4) == [0.0] * 4
    assert drain(other) + drain(one) == 6
    assert drain(one) == drain(other) == 0


def test_a_slot_is_free_one_window_after_its_response(fleet: Fleet) -> None:
    one, other = fleet.begin("r1"), fleet.begin("r2")
    for machine in (one, other):
        machine.open("q", TEN)
    taken, _ = one.take(2)
    drain(one), drain(other)
    one.give_back([taken[0][0]], -3.0)  # counted 3 s ago
    one.give_back([taken[1][0]], None)
    assert other.ready(5) == [0.0], "the one that never left"
    fleet.pass_s(T - 3.0 - HORIZON_S - 0.01, one, other)
    assert other.ready(5) == []
    fleet.pass_s(0.02, one, other)
    assert other.ready(5) == [pytest.approx(HORIZON_S - 0.01)], "it may leave at the exact moment"


def test_a_slot_that_was_taken_ahead_and_never_left_is_free_no_earlier(fleet: Fleet) -> None:
    machine = fleet.begin()
    machine.open("q", Limit(1, 60.0))
    [(slot, _)], _ = machine.take(1)
    machine.give_back([slot], 0.0)
    fleet.pass_s(T - 0.4, machine)
    [(slot, ready_in_s)], _ = machine.take(1)
    assert ready_in_s == pytest.approx(0.4)
    machine.give_back([slot], None)
    assert machine.ready(1) == [pytest.approx(0.4)]


def test_a_request_needs_a_slot_of_each_window(fleet: Fleet) -> None:
    machine = fleet.begin()
    machine.open("q", Limit(4, 10.0), Limit(6, 60.0))
    taken, _ = machine.take(100)
    assert len(taken) == 4
    machine.give_back([slot for slot, _ in taken], 0.0)
    fleet.pass_s(window_length_s(10.0), machine)
    assert drain(machine) == 2, "the long window has no more"
    fleet.pass_s(T - window_length_s(10.0), machine)
    assert drain(machine) == 2, "the short one has no more"


def test_one_is_not_given_more_than_half_a_second_of_what_others_wait_for(fleet: Fleet) -> None:
    one, other = fleet.begin("r1"), fleet.begin("r2")
    for machine in (one, other):
        machine.open("q", Limit(600, 60.0))
    slots = [slot for machine in (one, other) for _ in range(9) for slot, _ in machine.take(1000)[0]]
    assert 500 < len(slots) <= 600
    for machine in (one, other):
        machine.take(1)
    assert len(one.ready(1000)) < 60


def test_who_has_a_fair_part_leaves_the_rest_to_the_other_for_a_moment(fleet: Fleet) -> None:
    one, other = fleet.begin("r1"), fleet.begin("r2")
    for machine in (one, other):
        machine.open("q", TEN)
    slots = [slot for slot, _ in one.take(10)[0]]
    assert len(slots) == 10
    one.give_back(slots, 0.0)
    fleet.pass_s(T, one, other)
    other.take(1)
    assert drain(one) == 5
    assert drain(other) == 4
    assert drain(one) == drain(other) == 0


def share(fleet: Fleet, one: Machine, other: Machine) -> None:
    """One has taken all ten slots of a quota and given them back; a window later the other wants some too."""
    for machine in (one, other):
        machine.open("q", TEN)
    slots = [slot for slot, _ in one.take(10)[0]]
    one.give_back(slots, 0.0)
    fleet.pass_s(T, one, other)
    other.take(1)


def test_commands_of_one_name_share_as_two_runs_do(fleet: Fleet) -> None:
    one, other = (fleet.begin("of bulkops call", holder=holder) for holder in ("h1", "h2"))
    share(fleet, one, other)
    assert (drain(one), drain(other)) == (5, 4)


def test_what_one_does_not_want_the_other_may_have(fleet: Fleet) -> None:
    one, other = fleet.begin("r1"), fleet.begin("r2")
    share(fleet, one, other)
    assert drain(one) == 5
    fleet.pass_s(0.3)
    assert drain(one) == 4, "nobody else has taken them"


# -- the workers of a run -----------------------------------------------------------------------------------------

OLD, NEW = range(20), range(100, 120)
"""Places of accounts in the run."""


def waiting(fleet: Fleet, *, window_s: float = 60.0, **all_places: Sequence[int]) -> list[Machine]:
    """Machines whose requests wait for ten slots, which came free 0.1 s ago. Their names begin with the run's."""
    machines = [fleet.begin(name[:2]) for name in all_places]
    for machine in machines:
        machine.open("q", Limit(10, window_s))
    taken, _ = machines[0].take(10)
    machines[0].give_back([slot for slot, _ in taken], 0.0)
    fleet.pass_s(window_length_s(window_s) - HORIZON_S - 0.1, *machines)
    for machine, places in zip(machines, all_places.values(), strict=True):
        assert machine.ready(places) == []
    fleet.pass_s(HORIZON_S + 0.2)
    return machines


def served(machine: Machine, places: Sequence[int]) -> list[int]:
    """The requests, by their places, that get slots now."""
    count = 0
    while taken := machine.ready(places[count:]):
        count += len(taken)
    return [*places[:count]]


def test_slots_go_to_the_oldest_accounts_of_a_run(fleet: Fleet) -> None:
    new, old = waiting(fleet, r1_new=NEW, r1_old=OLD)
    assert served(new, NEW) == []
    assert served(old, OLD[:8]) == [*OLD[:8]]
    assert served(new, NEW) == [*NEW[:2]]


def test_slots_go_to_accounts_in_turn_whichever_worker_has_them(fleet: Fleet) -> None:
    even, odd = waiting(fleet, r1_even=OLD[::2], r1_odd=OLD[1::2])
    assert served(even, OLD[::2]) == [0, 2, 4, 6, 8]
    assert served(odd, OLD[1::2]) == [1, 3, 5, 7, 9]


def test_a_run_with_more_workers_and_older_accounts_has_no_larger_part(fleet: Fleet) -> None:
    new, old, other = waiting(fleet, r1_new=NEW, r1_old=OLD, r2=NEW)
    assert (served(new, NEW), served(old, OLD)) == ([], [*OLD[:5]])
    assert served(other, NEW) == [*NEW[:5]]


@pytest.mark.parametrize(
    ("window_s", "after_s"),
    [
        pytest.param(20.0, 0.3, id="free for a fiftieth of the window"),
        pytest.param(600.0, 0.8, id="not wanted for a while"),
    ],
)
def test_slots_that_the_oldest_accounts_leave_go_to_others(fleet: Fleet, window_s: float, after_s: float) -> None:
    new, old = waiting(fleet, window_s=window_s, r1_new=NEW, r1_old=OLD)
    fleet.pass_s(after_s - 0.1, new, old)
    assert served(new, NEW) == []
    fleet.pass_s(0.2, new, old)
    assert served(new, NEW) == [*NEW[:10]]


def test_slots_of_a_narrow_quota_go_to_the_oldest_accounts_too(fleet: Fleet) -> None:
    new, old = waiting(fleet, r1_new=NEW, r1_old=OLD)
    old.tell(allowed=4)
    assert served(new, NEW) == []
    assert served(old, OLD[:3]) == [*OLD[:3]]
    assert served(new, NEW) == [*NEW[:1]]


# -- the dead -----------------------------------------------------------------------------------------------------


def test_what_a_dead_process_held_is_free_when_its_last_request_has_left_the_window(fleet: Fleet) -> None:
    dead, other = fleet.begin("r1"), fleet.begin("r2")
    for machine in (dead, other):
        machine.open("q", TEN)
        machine.open("short", Limit(3, 5.0))
    assert drain(dead) == 10
    assert drain(dead, "short") == 3
    dead.exchange()  # its last beat
    dead.database.close()
    free = {"q": DEAD_S + T, "short": DEAD_S + window_length_s(5.0)}
    found: dict[str, float] = {}
    for passed in range(int(DEAD_S + T) + 3):
        for quota in free:
            if quota not in found and other.ready(1, quota):
                found[quota] = float(passed)
        fleet.pass_s(1.0, other)
    assert found == {quota: pytest.approx(at, abs=1.0) for quota, at in free.items()}, "each window by its own length"
    assert all(found[quota] >= free[quota] - HORIZON_S for quota in free)


def test_nobody_is_dead_before_the_lease_is_over(fleet: Fleet) -> None:
    quiet, other = fleet.begin("r1"), fleet.begin("r2")
    fleet.pass_s(LEASE_S, other)
    assert quiet.exchange() is not None
    fleet.pass_s(LEASE_S, other)
    fleet.pass_s(0.1, other)
    beat_boot_s = quiet.database.beat_boot_s
    assert quiet.exchange() is None, "others have declared it dead"
    quiet.database.beat()
    assert quiet.database.beat_boot_s == beat_boot_s, "it may send nothing"


def test_nobody_declares_others_dead_before_its_own_beats_were_good_for_a_lease(fleet: Fleet) -> None:
    """After an outage of the database, everybody's beat is old."""
    one, other = fleet.begin("r1"), fleet.begin("r2")
    fleet.pass_s(LEASE_S + 1, one, other)
    fleet.pass_s(60.0)  # an outage
    fleet.pass_s(LEASE_S - 1, one)
    assert other.exchange() is not None
    fleet.pass_s(LEASE_S - 1, one)
    newcomer = fleet.begin("r3")
    fleet.pass_s(LEASE_S - 1, newcomer)
    assert one.exchange() is not None


def test_what_a_process_returns_after_it_was_declared_dead_changes_nothing(fleet: Fleet) -> None:
    stopped, other = fleet.begin("r1"), fleet.begin("r2")
    for machine in (stopped, other):
        machine.open("q", Limit(1, 5.0))
    [(slot, _)], _ = stopped.take(1)
    fleet.pass_s(2 * LEASE_S + 1, other)
    assert stopped.exchange(back=[(stopped.quotas["q"][0].windows[0], slot[0][0], slot[1], None, False)]) is None
    assert other.ready(1) == []


def test_one_that_ended_holds_what_was_under_way_for_the_server_timeout(fleet: Fleet) -> None:
    first = fleet.begin("r1")
    first.open("q", TEN)
    taken, _ = first.take(3)
    first.give_back([taken[0][0]], -50.0)
    first.database.end()
    second = fleet.begin("r1")
    second.open("q", TEN)
    assert drain(second) == 7
    fleet.pass_s(T - 50.0, second)
    assert drain(second) == 1
    fleet.pass_s(SERVER_TIMEOUT_S + 50.0, second)
    assert drain(second) == 2


def test_slots_of_an_exchange_whose_reply_is_lost_are_taken_again(fleet: Fleet) -> None:
    machine = fleet.begin()
    machine.open("q", TEN)
    machine.take(3)
    ghost = fleet.again(machine)
    assert len(ghost.take(100)[0]) == 7, "committed, and then the connection breaks"
    assert ghost.record("a", ONE_AN_HOUR).record_id is not None
    fleet.cut(machine)
    assert len(machine.take(100)[0]) == 7
    assert machine.record("a", ONE_AN_HOUR).record_id is not None


# -- credentials --------------------------------------------------------------------------------------------------


def test_another_run_is_refused_unless_it_shares(fleet: Fleet) -> None:
    first = fleet.begin("r1", share=False)
    fleet.begin("r1", share=False)  # another worker of the same run
    with pytest.raises(
        RunLocked, match=f"run r1 is already using this credential in process {os.getpid()} of "
    ) as caught:
        fleet.begin("r2", share=False)
    assert caught.value.run_id == "r1"
    fleet.begin("r2", share=False, workspace="2")
    fleet.begin("r2", share=False, host=f"{fleet.host}0")
    with pytest.raises(RunLocked):
        fleet.begin("r3", share=False, workspace=None)
    fleet.begin("r3", share=True)
    alone = f"{fleet.host}1"
    fleet.begin("of bulkops plan", share=False, host=alone, holder="h1")
    with pytest.raises(RunLocked, match="run of bulkops plan is already using this credential"):
        fleet.begin("of bulkops plan", share=False, host=alone, holder="h2")
    assert first.exchange() is not None
    fleet.pass_s(LEASE_S + 1)
    fleet.begin("r4", share=False)


def test_credentials_have_nothing_to_do_with_each_other(fleet: Fleet) -> None:
    machines = [fleet.begin(), fleet.begin(workspace="2"), fleet.begin(host=f"{fleet.host}0")]
    for machine in machines:
        machine.open("q", TEN)
        assert drain(machine) == 10


def test_an_unknown_workspace_may_be_any_of_the_host(fleet: Fleet) -> None:
    known, another, unknown = fleet.begin(), fleet.begin(workspace="2"), fleet.begin(workspace=None)
    for machine in (known, another, unknown):
        machine.open("q", TEN)
    assert len(known.ready(3)) == 3
    assert len(another.ready(5)) == 5
    assert drain(unknown) == 5, "it may be the one that has taken five"
    assert drain(known) == 2
    assert drain(another) == 0


def test_requests_from_before_the_lease_hold_slots(fleet: Fleet) -> None:
    machine = fleet.begin()
    machine.open("q", TEN, ONE_AN_HOUR, held=[Earlier("a", 0.0), Earlier("b", -20.0)])
    assert drain(machine) == 8
    assert machine.record("b", ONE_AN_HOUR).again_in_s == pytest.approx(window_length_s(3600.0) - 20.0)
    fleet.pass_s(T - 20.0, machine)
    assert drain(machine) == 1


# -- keys ---------------------------------------------------------------------------------------------------------


def test_a_key_has_a_window_of_its_own_for_all_machines(fleet: Fleet) -> None:
    one, other = fleet.begin("r1"), fleet.begin("r2")
    first = one.record("a", ONE_AN_HOUR)
    assert first.record_id is not None
    assert other.record("a", ONE_AN_HOUR) == Recorded(again_in_s=HORIZON_S), "it is in flight"
    assert other.record("b", ONE_AN_HOUR).record_id is not None
    one.exchange(settled=[(first.record_id, -10.0)])
    assert other.record("a", ONE_AN_HOUR).again_in_s == pytest.approx(window_length_s(3600.0) - 10.0)
    one.exchange(settled=[(first.record_id, None)])
    assert other.record("a", ONE_AN_HOUR).record_id is not None, "the first one never left"


def test_what_a_dead_process_had_on_record_counts_until_the_server_gives_it_up(fleet: Fleet) -> None:
    dead, other = fleet.begin("r1"), fleet.begin("r2")
    dead.record("a", ONE_AN_HOUR)
    fleet.pass_s(LEASE_S + 1, other)
    again_in_s = other.record("a", ONE_AN_HOUR).again_in_s
    assert again_in_s == pytest.approx(DEAD_S + window_length_s(3600.0) - LEASE_S - 1)


# -- what responses teach -----------------------------------------------------------------------------------------


def test_a_closing_counts_for_all(fleet: Fleet) -> None:
    one, other = fleet.begin("r1"), fleet.begin("r2")
    for machine in (one, other):
        machine.open("q", TEN)
    one.tell(closed_for_s=7.0)
    slots, seen = other.take(5)
    assert slots == []
    assert (seen.closed_for_s, seen.is_scarce, seen.next_in_s) == (7.0, True, 7.0)
    one.tell(closed_for_s=3.0)
    fleet.pass_s(6.8, one, other)
    assert other.ready(1) == [pytest.approx(0.2)]


def test_the_width_counts_for_all_and_of_two_changes_at_once_only_one(fleet: Fleet) -> None:
    one, other = fleet.begin("r1"), fleet.begin("r2")
    for machine in (one, other):
        machine.open("q", TEN)
    assert len(one.ready(3)) == 3
    one.tell(allowed=6)
    other.tell(allowed=5)
    slots, seen = other.take(9)
    assert (len(slots), seen.allowed) == (3, 6)
    assert drain(one) == 0
    other.tell(allowed=8, version=seen.version)
    assert drain(one) + drain(other) == 2


def test_a_narrow_width_lets_the_next_leave_when_enough_have_come_free(fleet: Fleet) -> None:
    machine = fleet.begin()
    machine.open("q", TEN)
    for counted_in_s in (0.0, 0.1, 0.2, 0.3):
        [(slot, _)], _ = machine.take(1)
        machine.give_back([slot], counted_in_s)
    machine.tell(allowed=3)
    fleet.pass_s(T - 0.1, machine)
    assert machine.ready(5) == [pytest.approx(0.2), pytest.approx(0.3), pytest.approx(0.4)]


def test_slots_from_before_do_not_delay_an_opening(fleet: Fleet) -> None:
    first = fleet.begin("r1")
    first.open("q", TEN)
    first.give_back([slot for slot, _ in first.take(6)[0]], 0.0)
    first.database.end()
    fleet.pass_s(1.0)
    second = fleet.begin("r2")
    assert second.open("q", TEN, allowed=2).opening
    assert drain(second) == 2
    second.tell(allowed=9, opening=True)
    assert drain(second) == 2, "but they count in the window"


def test_one_that_joins_others_uses_what_they_have_learned(fleet: Fleet) -> None:
    first = fleet.begin("r1")
    first.open("q", TEN, allowed=1)
    first.tell(allowed=7, opening=True)
    joined = fleet.begin("r2").open("q", TEN, allowed=1)
    assert (joined.allowed, joined.opening) == (7, True)
    first.database.end()
    fleet.pass_s(LEASE_S + 1)
    assert fleet.begin("r3").open("q", TEN, allowed=1).allowed == 7, "r2 is not declared dead yet"


def test_what_others_use_is_told(fleet: Fleet) -> None:
    one, other = fleet.begin("r1"), fleet.begin("r2")
    for machine in (one, other):
        machine.open("q", TEN)
    taken, _ = one.take(5)
    one.give_back([taken[0][0]], 0.0, refused=True)
    one.give_back([taken[1][0]], 0.0)
    _, seen = other.take(1)
    assert (seen.used, seen.refused, seen.held, seen.sharers) == (5, 1, 3, 2)
    fleet.pass_s(2.0, one, other)
    assert other.take(1)[1].sharers == 1, "the first has not wanted any for a while"


def test_what_nobody_counts_is_forgotten(fleet: Fleet) -> None:
    machine = fleet.begin()
    machine.open("q", TEN, ONE_AN_HOUR, held=[Earlier("a", 0.0)])
    machine.database.end()
    fleet.pass_s(2 * 3600.0)
    fleet.begin(host=f"{fleet.host}0")
    with psycopg.connect(fleet.url.conninfo.reveal()) as admin:
        for table in ("quotas", "records", "processes"):
            found = admin.execute(
                f"SELECT count(*) FROM bulkops.ledger_{table} WHERE host = %s", (fleet.host,)
            ).fetchone()
            assert found == (0,), table
