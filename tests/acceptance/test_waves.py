"""Waves and gates: a canary first, a person between, a kill in the middle."""

from __future__ import annotations

from pathlib import Path

from tests.fleet import fleet, kill, wait_until

WAVES = ("--waves", "1,5%,rest")


MORE = """
[[operation]]
use = "upgrade-plan"
plan_id = "oem_enterprise"
[[operation]]
use = "add-member"
name = "Night Operator"
external_id = "night-1"
role = "Operator"
"""


def test_paused_killed_approved_from_a_second_shell_and_finished(tmp_path: Path) -> None:
    """Import, authorize, start, upgrade-plan, add-member in waves of 1, 5 % and the rest."""
    customers = 40
    with fleet(tmp_path, customers=customers, time_scale=60) as vendor:
        command = vendor.rollout_command(*WAVES, "--approve")
        job = Path(command[1])
        job.write_text(job.read_text() + MORE)
        paused = vendor.cli(*command)
        assert (paused.code, paused.report["state"]) == (5, "paused"), paused.err
        assert paused.outcomes == {"changed": 1, "not_attempted": customers - 1}
        assert "approve" in paused.err.splitlines()[-1]

        still = vendor.cli("resume", *vendor.policy, "--json")
        assert (still.code, still.outcomes) == (5, paused.outcomes), "without --approve nothing starts"

        second = vendor.cli("resume", "--approve", *vendor.policy, "--json")
        assert (second.code, second.outcomes) == (5, {"changed": 3, "not_attempted": customers - 3}), second.err

        process = vendor.start("resume", "--approve", *vendor.policy, "--json")
        wait_until(process, lambda: vendor.kinds()["import.completed"], 10)
        kill(process)
        done = vendor.cli("resume", *vendor.policy, "--json")
        assert (done.code, done.outcomes) == (0, {"changed": customers}), done.err
        assert vendor.twice() == []
        kinds = vendor.kinds()
        assert kinds["plan.changed"] == kinds["member.added"] == kinds["import.completed"] == customers


def test_a_canary_that_fails_halts_before_the_second_wave(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=20, time_scale=200, faults="unauthorizable=1") as vendor:
        halted = vendor.rollout(*WAVES)
        assert (halted.code, halted.report["state"]) == (3, "halted"), halted.err
        assert halted.outcomes == {"failed": 1, "not_attempted": 19}
        assert {effect["account"] for effect in vendor.ledger()} == {4100231}


def test_a_percentage_counts_against_the_current_wave(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=40, time_scale=200, faults="unauthorizable=0.2") as vendor:
        halted = vendor.rollout("--waves", "10,rest", "--max-failures", "5%", "--concurrency", "1", "--breaker", "off")
        assert halted.code == 3, halted.err
        assert "more than the" in halted.report["reason"]
        assert halted.outcomes["not_attempted"] > 0


def test_undone_from_the_journal(tmp_path: Path) -> None:
    customers = 12
    with fleet(tmp_path, customers=customers, time_scale=200) as vendor:
        assert vendor.rollout().code == 0
        assert vendor.kinds()["recipe.started"] == 3 * customers
        effects = vendor.ledger()
        foreseen = vendor.cli("plan", "undo", *vendor.policy)
        assert (foreseen.code, vendor.ledger()) == (0, effects), foreseen.err
        assert f"{customers} accounts: stop 3 recipes, " in foreseen.out
        undone = vendor.cli("undo", *vendor.policy, "--json")
        assert (undone.code, undone.outcomes) == (0, {"changed": customers}), undone.err
        assert vendor.kinds()["recipe.stopped"] == 3 * customers
        order = [row["account"] for row in undone.report["accounts"]]
        assert order == [str(4100231 + n) for n in reversed(range(customers))]
