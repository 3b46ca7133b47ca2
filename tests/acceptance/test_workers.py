"""Several workers on one run, as processes: nothing is done twice, nothing is lost, whatever dies."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.crew import Crew, crew

ACCOUNTS = 60


def check_once(played: Crew, *, accounts: int = ACCOUNTS) -> None:
    """Every account is changed, by effects that happened once and inside the quotas."""
    assert played.ask("SELECT outcome, count(*) FROM accounts GROUP BY 1") == [("changed", accounts)]
    assert played.vendor.twice() == []
    assert played.vendor.refused() == 0
    assert played.ask("SELECT count(*) FROM accounts WHERE wanted OR process_id IS NOT NULL") == [(0,)]


def test_two_workers_share_a_rollout(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=400) as played:
        workers = [played.start_worker(), played.start_worker()]
        listed = json.loads(played.vendor.cli("workers", "--json", "--journal", postgres).out)
        assert [row["state"] for row in listed] == ["alive", "alive"]
        assert played.vendor.cli("worker", "--check", "--journal", postgres).code == 0
        ended = played.run(*played.main_job("--waves", "10,rest"))
        assert (ended.code, ended.outcomes) == (0, {"changed": ACCOUNTS}), ended.err
        check_once(played)
        shares = played.ask("SELECT process_id, count(DISTINCT seq) FROM steps GROUP BY 1")
        assert len(shares) == 2, shares
        assert [wave["wave"] for wave in played.events("wave")] == [1, 2]
        assert [gate["verdict"] for gate in played.events("gate")] == ["pass"]
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(30) for worker in workers] == [0, 0]
        assert played.vendor.cli("worker", "--check", "--journal", postgres).code == 1


@pytest.mark.slow
def test_a_killed_worker_is_replaced(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=100) as played:
        first, _ = played.start_worker(), played.start_worker()
        submitted = played.submit(*played.main_job())
        played.wait(lambda: played.in_progress().get(first.pid, 0) >= 3 and played.ended() >= 1, "both are at work")
        played.kill(first)
        out, err = submitted.communicate(timeout=120)
        assert json.loads(out)["outcomes"]["changed"] == ACCOUNTS, err
        check_once(played)
        lost = played.ask("SELECT count(*) FROM accounts WHERE claims_lost > 0")
        assert lost[0][0] >= 1
        states = [row["state"] for row in json.loads(played.vendor.cli("workers", "--json", "--journal", postgres).out)]
        assert states == ["dead", "alive"]


@pytest.mark.slow
def test_a_stopped_worker_is_fenced(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=100) as played:
        first, _ = played.start_worker(), played.start_worker()
        submitted = played.submit(*played.main_job())
        played.wait(lambda: played.in_progress().get(first.pid, 0) >= 3, "the first is at work")
        os.kill(first.pid, signal.SIGSTOP)
        played.wait(
            lambda: played.ask("SELECT 1 FROM processes WHERE worker IS NOT NULL AND dead"), "it is declared dead"
        )
        played.wait(lambda: not played.in_progress().get(first.pid), "its accounts are free")
        os.kill(first.pid, signal.SIGCONT)
        out, err = submitted.communicate(timeout=120)
        assert json.loads(out)["outcomes"]["changed"] == ACCOUNTS, err
        check_once(played)
        assert first.wait(60) == 2
        assert "without contact" in played.said(first)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["wave", "soak", "between"])
def test_a_coordinator_is_replaced(tmp_path: Path, postgres: str, moment: str) -> None:
    """Each wave begins once, and each gate is judged once."""
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=100) as played:
        for _ in range(3):
            played.start_worker()
        submitted = played.submit(*played.main_job("--waves", "10,20,rest", "--soak", "3"))
        if moment == "wave":
            played.wait(lambda: len(played.events("wave")) == 2 and played.ended() >= 13, "the second wave is at work")
        elif moment == "soak":
            played.wait(lambda: played.events("soak"), "a soak begins")
        else:
            played.wait(lambda: played.events("gate"), "a gate was judged")
        coordinator = played.coordinator()
        assert coordinator is not None
        played.kill(coordinator)
        out, err = submitted.communicate(timeout=120)
        assert json.loads(out)["outcomes"]["changed"] == ACCOUNTS, err
        check_once(played)
        assert [wave["wave"] for wave in played.events("wave")] == [1, 2, 3]
        assert [(gate["wave"], gate["verdict"]) for gate in played.events("gate")] == [(1, "pass"), (2, "pass")]


@pytest.mark.slow
def test_ctrl_c_at_the_submitter_stops_all_workers(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=60) as played:
        workers = [played.start_worker(), played.start_worker()]
        submitted = played.submit(*played.main_job("--concurrency", "6"))
        played.wait(lambda: played.ended() >= 3, "some have ended")
        submitted.send_signal(signal.SIGINT)
        out, err = submitted.communicate(timeout=120)
        report = json.loads(out)
        assert (submitted.wait(), report["state"]) == (130, "interrupted"), err
        assert report["outcomes"]["not_attempted"] > 0
        assert sum(report["outcomes"].values()) == ACCOUNTS
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
        # From another machine, with an empty disk and without workers.
        again = played.run("resume", report["run"])
        assert (again.code, again.outcomes) == (0, {"changed": ACCOUNTS}), again.err
        check_once(played)


@pytest.mark.parametrize(("flags", "most"), [(("--strict-failures",), 6), pytest.param((), 60, marks=pytest.mark.slow)])
def test_limits_hold_over_all_workers(tmp_path: Path, postgres: str, flags: tuple[str, ...], most: int) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=400) as played:
        played.vendor.ask("rights", {"deny": ["managed_users.folders.create"]})
        for _ in range(2):
            played.start_worker()
        folder = ("create-folder", "--folder", "A", "--accounts", "all", "--breaker", "off", "--max-failures", "5")
        ended = played.run(*folder, *flags)
        assert (ended.code, ended.report["state"]) == (3, "halted"), ended.err
        assert 6 <= ended.outcomes["failed"] <= most
        assert ended.outcomes["failed"] + ended.outcomes.get("not_attempted", 0) == ACCOUNTS
        assert ended.report["reason"] == "6 accounts failed or unknown, more than the 5 allowed"


@pytest.mark.slow
def test_a_worker_that_stops_hands_over(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=60) as played:
        first, _ = played.start_worker(), played.start_worker()
        submitted = played.submit(*played.main_job())
        played.wait(lambda: played.in_progress().get(first.pid, 0) >= 3, "the first is at work")
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) == 0
        assert not played.in_progress().get(first.pid)
        out, err = submitted.communicate(timeout=120)
        assert json.loads(out)["outcomes"]["changed"] == ACCOUNTS, err
        check_once(played)
        assert played.ask("SELECT max(claims_lost) FROM accounts") == [(0,)]


def test_detach_needs_no_worker(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=4, time_scale=400) as played:
        detached = played.run("create-folder", "--folder", "A", "--accounts", "all", "--detach")
        assert (detached.code, detached.out) == (0, "")
        assert "no worker is alive" in detached.err
        played.start_worker()
        played.wait(lambda: played.ended() == 4, "the worker has taken it up")
        watched = played.vendor.cli("watch", "--quiet", "--journal", postgres)
        assert watched.code == 0, watched.err
        check_once(played, accounts=4)


@pytest.mark.slow
def test_what_a_worker_lacks_is_named(tmp_path: Path, postgres: str) -> None:
    (tmp_path / "tidy.py").write_text("async def tidy(ctx):\n    await ctx.account.folders.find('A')\n")
    with crew(tmp_path, postgres, customers=4, time_scale=400) as played:
        played.start_worker()
        tidy = ("run", str(tmp_path / "tidy.py:tidy"), "--accounts", "all")
        ended = played.run(*tidy)
        assert (ended.code, ended.report["state"]) == (5, "paused"), ended.err
        assert "its operation is in the Python file tidy.py" in ended.report["reason"]
        code = tmp_path / "code"
        code.mkdir()
        (code / "tidy.py").write_text((tmp_path / "tidy.py").read_text())
        played.start_worker("--code", str(code))
        again = played.run("resume", ended.report["run"])
        assert (again.code, again.outcomes) == (0, {"unchanged": 4}), again.err
        other = tmp_path / "other"
        other.mkdir()
        (other / "tidy.py").write_text("async def tidy(ctx):\n    raise SystemExit\n")
        played.start_worker("--code", str(other))
        third = played.run(*tidy)
        assert third.outcomes == {"unchanged": 4}
        assert any("is not the one the run began with" in event["reason"] for event in played.events("worker-cannot"))
