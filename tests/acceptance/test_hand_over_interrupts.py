"""Ctrl-C and SIGTERM at the submitter while workers get the run, and a stop that cannot be written."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.crew import LONG_LEASE_S, Crew, crew
from tests.fleet import caught
from tests.processes import Process

ACCOUNTS = 30
FOLDER = ("create-folder", "--accounts", "all", "--concurrency", "2", "--folder")


@contextmanager
def no_writes(played: Crew, table: str) -> Iterator[None]:
    """While inside, at most 20 seconds, every write to the table waits."""
    with psycopg.connect(played.database) as connection:
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = '20s'")
        connection.execute(f"LOCK TABLE bulkops.{table} IN SHARE MODE".encode())
        yield


def waits(played: Crew) -> bool:
    return bool(played.ask("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'runs'::regclass"))


def read_until(submitted: Process, words: str) -> str:
    """The line of stderr with these words."""
    said = [submitted.stderr.readline()]
    while words not in said[-1]:
        assert said[-1], f"it ended with {submitted.wait()}: {said}"
        said.append(submitted.stderr.readline())
    return said[-1]


def interrupt(played: Crew, submitted: Process, number: signal.Signals) -> None:
    """A signal, while a write of the submitter waits; the submitter has heard it."""
    played.wait(lambda: waits(played), "a write waits")
    submitted.send_signal(number)
    read_until(submitted, "press Ctrl-C again")


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_signal_during_the_hand_over_stops_the_run(tmp_path: Path, postgres: str, number: signal.Signals) -> None:
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=30) as played:
        played.start_worker()
        with no_writes(played, "runs"):
            submitted = played.submit(*FOLDER, "A")
            interrupt(played, submitted, number)
        out, err = submitted.communicate(timeout=60)
        report = json.loads(out)
        assert (submitted.wait(), report["state"]) == (130, "interrupted"), err
        assert report["outcomes"]["not_attempted"] > 0
        assert f"run {report['run']} is handed over to workers" in err
        assert "no run was in progress" not in err

        left = played.ended()
        with no_writes(played, "runs"):
            resumed = played.submit("resume", report["run"])
            interrupt(played, resumed, number)
        out, err = resumed.communicate(timeout=60)
        assert (resumed.wait(), out) == (130, ""), err
        assert "interrupted; no run was in progress" in err
        assert played.ask("SELECT state FROM runs WHERE request IS NULL") == [("interrupted",)]
        assert played.ended() == left


@pytest.mark.slow
def test_a_signal_during_a_detached_hand_over_stops_the_run(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, customers=4, time_scale=400) as played:
        with no_writes(played, "runs"):
            submitted = played.submit(*FOLDER, "A", "--detach")
            interrupt(played, submitted, signal.SIGTERM)
        _, err = submitted.communicate(timeout=60)
        assert submitted.wait() == 130, err
        assert "follow it with: bulkops watch" in err
        assert played.ask("SELECT stopping, stop_kind FROM runs") == [("interrupted", "drain")]
        played.start_worker()
        played.wait(lambda: played.ask("SELECT 1 FROM runs WHERE state = 'interrupted'"), "the worker ends it")
        assert played.ended() == 0


@pytest.mark.slow
def test_the_third_interrupt_names_the_command_that_follows_the_run(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, lease_s=LONG_LEASE_S, customers=ACCOUNTS, time_scale=30) as played:
        worker = played.start_worker()
        submitted = played.submit(*FOLDER, "A")
        with caught(lambda: 1 <= played.ended() < ACCOUNTS, worker), no_writes(played, "runs"):
            for answer in ("press Ctrl-C again", "stopping now", "error: interrupted"):
                submitted.send_signal(signal.SIGINT)
                said = read_until(submitted, answer)
            assert submitted.wait() == 130
        ((run_id,),) = played.ask("SELECT run_id FROM runs")
        assert said == f"error: interrupted; workers still have run {run_id}\n"
        assert f"try: bulkops watch {run_id} --journal" in submitted.stderr.readline()


@pytest.mark.slow
def test_a_stop_that_is_not_written_is_told(tmp_path: Path, postgres: str) -> None:
    with crew(tmp_path, postgres, lease_s=LONG_LEASE_S, customers=ACCOUNTS, time_scale=100) as played:
        worker = played.start_worker()
        played.ask(
            """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the disk is gone'; END $$;
            CREATE TRIGGER refuse BEFORE UPDATE ON runs FOR EACH ROW WHEN (NEW.stopping IS NOT NULL)
              EXECUTE FUNCTION refuse()"""
        )
        submitted = played.submit(*FOLDER, "A")
        with caught(lambda: 1 <= played.ended() < ACCOUNTS, worker):
            submitted.send_signal(signal.SIGINT)
            refused = read_until(submitted, "was not stopped")
        out, err = submitted.communicate(timeout=60)
        report = json.loads(out)
        assert (submitted.wait(), report["outcomes"]["changed"]) == (0, ACCOUNTS), err
        assert f"error: run {report['run']} was not stopped" in refused
        assert f"try: bulkops stop {report['run']} --journal" in err
