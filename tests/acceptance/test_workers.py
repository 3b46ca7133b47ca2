"""Several workers on one run, as processes: nothing is done twice, nothing is lost, whatever dies."""

from __future__ import annotations

import json
import platform
import re
import signal
import time
from pathlib import Path
from typing import Any

import psycopg.conninfo
import pytest

from tests.crew import LONG_LEASE_S, Crew, crew
from tests.fleet import caught
from tests.postgres import own_server
from tests.processes import Process

ACCOUNTS = 60


def check_once(played: Crew, *, accounts: int = ACCOUNTS) -> None:
    """Every account is changed, by effects that happened once and inside the quotas."""
    assert played.ask("SELECT outcome, count(*) FROM accounts GROUP BY 1") == [("changed", accounts)]
    assert played.vendor.twice() == []
    assert played.vendor.refused() == 0
    assert played.ask("SELECT count(*) FROM accounts WHERE wanted OR process_id IS NOT NULL") == [(0,)]


def check_changed(played: Crew, submitted: Process) -> None:
    """The run that waits for the workers ends with every account changed, as `check_once` says."""
    out, err = submitted.communicate(timeout=120)
    assert json.loads(out)["outcomes"]["changed"] == ACCOUNTS, err
    check_once(played)


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
        assert played.said(workers[0]).splitlines()[-2:] == [
            "worker stops: what has begun an effect has 30 s to finish",
            "worker ended",
        ]
        late = "SELECT data FROM events JOIN runs USING (run_id) WHERE kind = 'requests' AND at > ended_at"
        counted_late = [count for (data,) in played.ask(late) for count in json.loads(data)["quotas"].values()]
        assert not any("requests" in count for count in counted_late), "the report at the end of the run has all"
        assert played.vendor.cli("worker", "--check", "--journal", postgres).code == 1


@pytest.mark.slow
def test_a_killed_worker_is_replaced(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=100) as played:
        first = played.start_worker()
        submitted = played.submit(*played.main_job())
        with caught(played.at_work(first), first):
            played.kill(first)
        played.start_worker()
        check_changed(played, submitted)
        lost = played.ask("SELECT count(*) FROM accounts WHERE claims_lost > 0")
        assert lost[0][0] >= 1
        states = [row["state"] for row in json.loads(played.vendor.cli("workers", "--json", "--journal", postgres).out)]
        assert states == ["dead", "alive"]


@pytest.mark.slow
def test_a_person_goes_on_when_every_worker_is_killed(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=20) as played:
        workers = [played.start_worker(), played.start_worker()]
        submitted = played.submit(*played.main_job())
        with caught(played.at_work(*workers, accounts=1), *workers):
            submitted.kill()
            for worker in workers:
                played.kill(worker)
        submitted.communicate(timeout=60)
        for worker in workers:
            played.said(worker)
        played.wait(
            lambda: not played.ask("SELECT 1 FROM processes p WHERE worker IS NOT NULL AND is_alive(p)"), "all are dead"
        )
        resumed = played.run("resume")
        assert (resumed.code, resumed.outcomes) == (0, {"changed": ACCOUNTS}), resumed.err
        check_once(played)


@pytest.mark.slow
def test_a_stopped_worker_is_fenced(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=100) as played:
        first = played.start_worker()
        submitted = played.submit(*played.main_job())
        with caught(played.at_work(first), first):
            played.start_worker()
            played.wait(
                lambda: played.ask("SELECT 1 FROM processes WHERE worker IS NOT NULL AND dead"), "it is declared dead"
            )
            played.wait(lambda: not played.in_progress().get(first.pid), "its accounts are free")
        check_changed(played, submitted)
        assert first.wait(60) == 2
        assert "no contact" in played.said(first)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["wave", "soak", "between"])
def test_a_coordinator_is_replaced(tmp_path: Path, postgres: str, moment: str) -> None:
    """Each wave begins once, and each gate is judged once."""
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=100) as played:
        played.start_workers(3)
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
        check_changed(played, submitted)
        assert [wave["wave"] for wave in played.events("wave")] == [1, 2, 3]
        assert [(gate["wave"], gate["verdict"]) for gate in played.events("gate")] == [(1, "pass"), (2, "pass")]


@pytest.mark.slow
@pytest.mark.parametrize("again", [False, True])
def test_a_coordinator_is_replaced_while_the_run_stops(tmp_path: Path, postgres: str, again: bool) -> None:
    """The run ends when its last account has. A second Ctrl-C reaches each worker, also the one that stops."""
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=2) as played:
        played.start_workers(3, "--grace", "10m")
        submitted = played.submit(*played.main_job("--concurrency", "9"))
        imports = "SELECT 1 FROM steps JOIN accounts USING (run_id, seq) WHERE step ~ ': import$' AND ended_at IS NULL"
        with caught(lambda: len(played.ask(imports)) >= 3, played.vendor.process):
            coordinator = played.coordinator()
            assert coordinator is not None
            submitted.send_signal(signal.SIGINT)
            played.wait(lambda: played.ask("SELECT 1 FROM runs WHERE stopping IS NOT NULL"), "the run is stopping")
            coordinator.send_signal(signal.SIGTERM)
            played.wait(lambda: len(played.events("coordinates")) == 2, "another one coordinates")
            if again:
                submitted.send_signal(signal.SIGINT)
                played.wait(lambda: not played.in_progress(), "no worker waits for the vendor")
        out, err = submitted.communicate(timeout=120)
        assert played.in_progress() == {}
        report = json.loads(out)
        assert (submitted.wait(), report["state"]) == (130, "interrupted"), err
        outcomes = report["outcomes"]
        assert sum(outcomes.values()) == ACCOUNTS
        if again:
            assert outcomes["unknown"] + outcomes["cancelled"] > 0, "what had begun was stopped"
        else:
            assert (outcomes["unknown"], outcomes["changed"] > 0) == (0, True), "what had begun has finished"


@pytest.mark.slow
def test_a_coordinator_without_its_lock_is_a_worker_still(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=100) as played:
        played.start_workers(2)
        submitted = played.submit(*played.main_job())
        steal = """UPDATE processes SET dead = true WHERE process_id IN (SELECT process_id FROM locks)
            AND (SELECT count(ended_at) FROM accounts) BETWEEN 1 AND %s RETURNING 1"""
        played.wait(lambda: played.ask(steal, ACCOUNTS // 2), "the coordinator loses its lock while the run is on")
        check_changed(played, submitted)
        assert len(played.events("coordinates")) == 2
        assert [worker.poll() for worker in played.workers] == [None, None]


@pytest.mark.slow
def test_ctrl_c_at_the_submitter_stops_all_workers(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, lease_s=LONG_LEASE_S, customers=ACCOUNTS, time_scale=60) as played:
        workers = [played.start_worker(), played.start_worker()]
        submitted = played.submit(*played.main_job("--concurrency", "6"))
        with caught(lambda: 3 <= played.ended() <= ACCOUNTS // 2, *workers):
            submitted.send_signal(signal.SIGINT)
            played.wait(lambda: played.ask("SELECT 1 FROM runs WHERE stopping IS NOT NULL"), "the run is stopping")
        out, err = submitted.communicate(timeout=120)
        report = json.loads(out)
        assert (submitted.wait(), report["state"]) == (130, "interrupted"), err
        assert report["outcomes"]["not_attempted"] > 0
        assert sum(report["outcomes"].values()) == ACCOUNTS
        for worker, number in zip(workers, (signal.SIGTERM, signal.SIGHUP), strict=True):
            worker.send_signal(number)
            assert worker.wait(30) == 0
        # From another machine, with an empty disk and without workers.
        again = played.run("resume", report["run"])
        assert (again.code, again.outcomes) == (0, {"changed": ACCOUNTS}), again.err
        check_once(played)


@pytest.mark.parametrize(("flags", "most"), [(("--strict-failures",), 6), pytest.param((), 60, marks=pytest.mark.slow)])
def test_limits_hold_over_all_workers(tmp_path: Path, postgres: str, flags: tuple[str, ...], most: int) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=400) as played:
        played.vendor.ask("rights", {"deny": ["managed_users.folders.create"]})
        played.start_workers(2)
        folder = ("create-folder", "--folder", "A", "--accounts", "all", "--breaker", "off", "--max-failures", "5")
        ended = played.run(*folder, *flags)
        assert (ended.code, ended.report["state"]) == (3, "halted"), ended.err
        assert 6 <= ended.outcomes["failed"] <= most
        assert ended.outcomes["failed"] + ended.outcomes.get("not_attempted", 0) == ACCOUNTS
        assert ended.report["reason"] == "6 accounts failed or unknown, more than the 5 allowed"


@pytest.mark.slow
def test_a_worker_that_stops_hands_over(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, lease_s=LONG_LEASE_S, customers=ACCOUNTS, time_scale=60) as played:
        first = played.start_worker()
        submitted = played.submit(*played.main_job())
        assert submitted.stderr is not None
        while "handed over" not in (said := submitted.stderr.readline()):
            assert said, "it ended without a word"
        submitted.send_signal(signal.SIGHUP)  # its terminal is lost: nobody stops
        with caught(played.at_work(first), first):
            first.send_signal(signal.SIGTERM)
        played.start_worker()
        assert first.wait(60) == 0
        assert not played.in_progress().get(first.pid)
        check_changed(played, submitted)
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
@pytest.mark.parametrize("most", [3, 4])
def test_a_worker_waits_for_a_connection(tmp_path: Path, postgres: str, postgres_role: str, most: int) -> None:
    """The fourth is for the ledger, two more are for coordinating."""
    role = psycopg.conninfo.conninfo_to_dict(postgres_role)["user"]
    with crew(tmp_path, postgres, customers=4, time_scale=400) as played:
        played.ask(f"GRANT USAGE ON SCHEMA bulkops TO {role}")
        for kind in ("TABLES", "FUNCTIONS", "SEQUENCES"):
            played.ask(f"GRANT ALL ON ALL {kind} IN SCHEMA bulkops TO {role}")
        worker = played.start_worker("--journal", postgres_role)
        connected = "SELECT 1 FROM pg_stat_activity WHERE usename = %s"
        played.wait(lambda: len(played.ask(connected, role)) == 3, "its queue is open")
        played.ask(f"ALTER ROLE {role} CONNECTION LIMIT {most}")
        assert played.run("create-folder", "--folder", "A", "--accounts", "all", "--detach").code == 0
        lacks = "worker.waits" if most == 3 else "worker.cannot_coordinate_yet"
        while lacks not in (line := worker.stderr.readline()):
            assert line, "it ended without a word"
        check = ("worker", "--check", "--journal", postgres)
        if most == 3:
            played.wait(lambda: played.vendor.cli(*check).code == 1, "the check says so")
            words = f"worker {worker.pid} of {platform.node()} waits, and tries again: "
            said = played.vendor.cli(*check).err
            assert words in said
            assert "too many connections" in said
            assert ": waits, and tries again: " in played.vendor.cli("workers", "--journal", postgres).out
        else:
            assert played.vendor.cli(*check).code == 0
        assert (worker.poll(), played.ended()) == (None, 0)
        played.ask(f"ALTER ROLE {role} CONNECTION LIMIT -1")
        played.wait(lambda: played.ended() == 4, "the worker has taken it up")
        assert played.vendor.cli(*check).code == 0
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


@pytest.mark.slow
def test_retry_undo_and_an_approval_go_to_workers_too(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=6, time_scale=400) as played:
        played.start_workers(2)
        played.vendor.ask("rights", {"deny": ["managed_users.folders.create"]})
        failed = played.run("create-folder", "--folder", "A", "--accounts", "all", "--breaker", "off")
        assert (failed.code, failed.outcomes) == (1, {"failed": 6}), failed.err
        played.vendor.ask("rights", {"deny": []})
        retried = played.run("retry", failed.report["run"])
        assert (retried.code, retried.outcomes) == (0, {"changed": 6}), retried.err
        undone = played.run("undo", failed.report["run"])
        assert (undone.code, undone.outcomes) == (0, {"changed": 6}), undone.err
        waits = played.run("create-folder", "--folder", "B", "--accounts", "all", "--waves", "2,rest", "--approve")
        assert (waits.code, waits.report["state"]) == (5, "paused"), waits.err
        approved = played.run("resume", waits.report["run"], "--approve")
        assert (approved.code, approved.outcomes) == (0, {"changed": 6}), approved.err
        assert [gate["verdict"] for gate in played.events("gate")] == ["inconclusive", "pass"]


@pytest.mark.slow
def test_a_breaker_and_a_refused_token_halt_all_workers(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=400) as played:
        played.vendor.ask("rights", {"deny": ["managed_users.folders.create"]})
        played.start_workers(2)
        folder = ("create-folder", "--folder", "A", "--accounts", "all")
        halted = played.run(*folder, "--breaker", "5", "--concurrency", "4")
        assert (halted.code, halted.report["state"]) == (3, "halted"), halted.err
        assert halted.report["reason"].startswith("5 accounts in a row ended with one cause")
        assert halted.outcomes["failed"] <= 8, "five, and those that had begun"
        for worker in played.workers:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
        played.start_worker(WORKATO_API_TOKEN="refused")
        refused = played.run(*folder)
        assert (refused.code, refused.report["state"]) == (4, "auth_failed"), refused.err
        assert refused.outcomes == {"not_attempted": ACCOUNTS}


@pytest.mark.slow
def test_what_three_workers_died_of_is_unknown(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=4, time_scale=400) as played:
        played.run("create-folder", "--folder", "A", "--accounts", "all", "--detach")
        played.ask("UPDATE accounts SET claims_lost = 3 WHERE seq = 1")
        played.start_worker()
        played.wait(lambda: played.ended() == 4, "all have ended")
        shown = played.vendor.cli("report", "--format", "json", "--journal", postgres)
        unknown = [row for row in shown.report["accounts"] if row["outcome"] == "unknown"]
        assert [row["reason"] for row in unknown] == ["3 workers died while they worked on the account"]
        assert shown.outcomes == {"changed": 3, "unknown": 1}


@pytest.mark.slow
@pytest.mark.parametrize("away_s", [1.0, 8.0])
def test_workers_outlast_a_restart_of_the_database(tmp_path: Path, away_s: float) -> None:
    with own_server() as server, crew(tmp_path, server.url, lease_s=6.0, customers=ACCOUNTS, time_scale=60) as played:
        played.start_workers(2)
        submitted = played.submit(*played.main_job("--concurrency", "10"))
        played.wait(lambda: played.ended() >= 5, "some have ended")
        server.stop()
        time.sleep(away_s)
        server.start()
        check_changed(played, submitted)
        ended = [played.said(worker) for worker in played.workers if worker.poll() is not None]
        assert ended == []
        assert not played.ask("SELECT 1 FROM processes WHERE dead"), "nobody is declared dead for it"


@pytest.mark.slow
@pytest.mark.parametrize("now", [False, True])
def test_a_detached_run_is_stopped(tmp_path: Path, postgres: str, now: bool) -> None:
    with crew(tmp_path, postgres, lease_s=LONG_LEASE_S, customers=ACCOUNTS, time_scale=30) as played:
        workers = [played.start_worker(), played.start_worker()]
        assert played.run(*played.main_job("--detach", "--concurrency", "10")).code == 0
        with caught(lambda: 3 <= played.ended() <= ACCOUNTS // 2, *workers):
            stopped = played.vendor.cli("stop", *(["--now"] if now else []), "--journal", postgres)
        assert stopped.code == 0, stopped.err
        watched = played.vendor.cli("watch", "--quiet", "--journal", postgres)
        assert watched.code == 130, watched.err
        report = played.vendor.cli("report", "--format", "json", "--journal", postgres).report
        assert (report["state"], sum(report["outcomes"].values())) == ("interrupted", ACCOUNTS)
        assert played.vendor.cli("stop", "--journal", postgres).code == 2, "no worker has it any more"
        resumed = played.run("resume", report["run"])
        assert (resumed.code, resumed.outcomes) == (0, {"changed": ACCOUNTS}), resumed.err
        check_once(played)


@pytest.mark.slow
def test_a_report_is_that_of_one_process(tmp_path: Path, postgres: str) -> None:
    """But for the names of the run and its requests, its times, and where its journal is."""
    own = {"run", "created_at", "ended_at", "as_of", "duration_s", "between_s", "journal", "started_at", "next"}

    def without(report: Any) -> Any:
        if isinstance(report, dict):
            return {key: without(value) for key, value in report.items() if key not in own}
        if isinstance(report, list):
            return [without(value) for value in report]
        return re.sub(r"request [0-9a-f]+-[0-9a-z]+", "request", report) if isinstance(report, str) else report

    with crew(tmp_path, postgres, customers=12, time_scale=400) as played:
        played.start_workers(2)
        folder = ("create-folder", "--folder", "A", "--accounts", "all", "--breaker", "off")
        played.vendor.ask("rights", {"deny": ["managed_users.folders.create"]})
        shared = played.run(*folder).report
        alone = played.vendor.cli(*folder, *played.vendor.policy, "--json").report
        assert without(shared) == without(alone)
