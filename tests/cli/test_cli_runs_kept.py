"""The runs that a journal keeps: their list, names and accounts, one account across them, and pruning."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bulkops.locks import held
from tests.cli.conftest import CUSTOMERS, Cli, RemoteSandbox, halted
from tests.cli.pseudo import on_a_terminal


@pytest.fixture
def runs(cli: Cli, sandbox: RemoteSandbox, policy: tuple[str, ...]) -> list[str]:
    """Two runs, oldest first: one that was halted with failed accounts, one that is finished."""
    first = halted(cli, sandbox, "create-folder", "--folder", "A", *policy)
    done = cli("create-folder", "--folder", "B", *policy, "--json")
    assert done.code == 0, done.err
    return [first.report["run"], done.report["run"]]


def test_the_list_of_runs_in_utc(cli: Cli, runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    listed = cli("runs")
    assert [line.split()[:2] for line in listed.out.splitlines()[1:]] == [[runs[1], "finished"], [runs[0], "halted"]]
    assert datetime.now(UTC).strftime("  %Y-%m-%d %H:") in listed.out
    assert listed.out.count(" UTC  ") == 2


def test_the_list_of_runs_for_programs(cli: Cli, runs: list[str]) -> None:
    listed = json.loads(cli("runs", "--json").out)
    assert [one["run"] for one in listed] == runs[::-1]
    assert listed[0]["outcomes"]["changed"] == listed[0]["inventory"] == CUSTOMERS
    assert listed[0]["duration_s"] > 0
    assert [one["run"] for one in json.loads(cli("runs", "--json", "--limit", "1").out)] == [runs[1]]
    assert [one["run"] for one in json.loads(cli("runs", "--json", "--state", "halted").out)] == [runs[0]]
    nothing = cli("runs", "--state", "paused")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "no runs in ./.bulkops with state paused\n")
    assert json.loads(cli("runs", "--state", "paused", "--json").out) == []


def test_latest_and_previous_name_runs_everywhere(cli: Cli, runs: list[str]) -> None:
    assert cli("report", "latest", "--format", "json").report["run"] == runs[1]
    assert cli("show", "previous", "--format", "json").report["run"] == runs[0]
    assert cli("compare", "previous", "latest").out == cli("compare", *runs).out
    assert cli("watch", "previous", "--quiet").code == 3
    resumed = cli("resume", "previous", "--yes", "--json")
    assert resumed.report["run"] == runs[0]
    assert cli("retry", "previous", "--yes", "--json").outcomes == {"changed": CUSTOMERS}
    undone = cli("undo", "latest", "--yes", "--json")
    assert (undone.outcomes, runs[1] in undone.report["title"]) == ({"changed": CUSTOMERS}, True)


def test_there_is_no_previous_run_yet(cli: Cli, sandbox: RemoteSandbox, policy: tuple[str, ...]) -> None:
    assert cli("create-folder", "--folder", "A", *policy).code == 0
    missing = cli("report", "previous")
    assert (missing.code, "run 'previous' does not exist in" in missing.err) == (2, True)


def test_the_failed_accounts_of_a_report_are_an_account_file(cli: Cli, runs: list[str], tmp_path: Path) -> None:
    rows = cli("report", "previous", "--format", "json").report["accounts"]
    failed = [row["account"] for row in rows if row["outcome"] == "failed"]
    assert 0 < len(failed) < CUSTOMERS
    assert cli("report", "previous", "--outcome", "failed", "--ids").out.split() == failed
    assert cli("report", "previous", "--ids").out.split() == [row["account"] for row in rows]
    both = cli("report", "previous", "--outcome", "failed", "--outcome", "not-attempted", "--format", "jsonl")
    assert len(both.out.splitlines()) == CUSTOMERS
    assert cli("report", "previous", "--outcome", "failed", "--ids", "-o", "failed.txt").code == 0
    retried = cli("retry", "previous", "--accounts", "failed.txt", "--yes", "--json")
    assert retried.outcomes["changed"] == len(failed)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--outcome", "failed"), "--outcome selects accounts: add --ids, --format jsonl or --format csv"),
        (("--ids", "--format", "csv"), "leave out one"),
    ],
)
def test_what_selects_accounts_needs_a_list_of_them(
    cli: Cli, runs: list[str], flags: tuple[str, ...], said: str
) -> None:
    refused = cli("report", *flags)
    assert (refused.code, said in refused.err) == (2, True), refused.err


def test_the_history_of_an_account(cli: Cli, runs: list[str]) -> None:
    account = cli("report", "previous", "--outcome", "failed", "--ids").out.split()[0]
    told = cli("history", account)
    lines = told.out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == runs[::-1]
    assert ["changed" in lines[0], "failed" in lines[1]] == [True, True]
    assert "no right" in lines[1]
    rows = json.loads(cli("history", account, "--json").out)
    assert [(row["run"], row["outcome"], row["workspace"]) for row in rows] == [
        (runs[1], "changed", "17293"),
        (runs[0], "failed", "17293"),
    ]
    missing = cli("history", "EORG-77")
    assert (missing.code, "no run of ./.bulkops has account EORG-77" in missing.err) == (2, True)


def aged(days: float) -> None:
    """Make every run of the journal so much older."""
    with sqlite3.connect(".bulkops/journal.sqlite3") as connection:
        connection.execute("UPDATE runs SET created_at = created_at - ?, ended_at = ended_at - ?", 2 * (days * 86400,))
        connection.execute("UPDATE processes SET beat_wall_s = beat_wall_s - ?", (days * 86400,))
    connection.close()


def listed(cli: Cli) -> list[str]:
    return [one["run"] for one in json.loads(cli("runs", "--json").out)]


def test_pruning_keeps_what_is_young_and_what_is_unfinished(cli: Cli, runs: list[str], sandbox: RemoteSandbox) -> None:
    young = cli("runs", "prune", "--older-than", "90d", "--yes")
    assert (young.code, young.err) == (0, "no run to delete\n")
    aged(91)
    pruned = cli("runs", "prune", "--older-than", "90d", "--yes")
    assert pruned.code == 0, pruned.err
    assert "kept: 1 run not finished" in pruned.err
    assert "deleted 1 run\n" in pruned.err
    assert listed(cli) == [runs[0]]
    assert cli("resume", "--yes", "--json").report["run"] == runs[0], "what is left of it can still be resumed"


def test_a_named_run_is_deleted_whatever_its_state(cli: Cli, runs: list[str]) -> None:
    assert cli("runs", "prune", "previous", "--yes").code == 0
    assert listed(cli) == [runs[1]]
    tables = ("accounts", "steps", "events", "processes")
    with sqlite3.connect(".bulkops/journal.sqlite3") as connection:
        left = [connection.execute(f"SELECT count(*) FROM {name} WHERE run_id = ?", runs[:1]) for name in tables]
        assert [found.fetchone() for found in left] == [(0,)] * len(tables)
    connection.close()


def test_pruning_keeps_a_named_run_in_progress_and_says_so(cli: Cli, runs: list[str]) -> None:
    with held(Path(".bulkops", f"run-{runs[0]}.lock"), runs[0]):
        pruned = cli("runs", "prune", *runs, "--yes")
    assert pruned.code == 1
    said = [f"kept: run {runs[0]} is already in progress in process {os.getpid()}", "deleted 1 run"]
    assert pruned.err.splitlines()[-2:] == said
    assert listed(cli) == [runs[0]]


def test_pruning_asks(cli: Cli, runs: list[str], sandbox: RemoteSandbox) -> None:
    refused = cli("runs", "prune", "latest")
    assert (refused.code, "add --yes" in refused.err) == (2, True)
    code, seen = on_a_terminal(["runs", "prune", "latest"], ("Delete 1 run? [y]es, [N]o ", "n\n"), sandbox=sandbox)
    assert (code, runs[1] in seen) == (2, True), seen
    assert listed(cli) == runs[::-1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "add --older-than AGE or run ids"),
        (("--older-than", "90"), "is not an age: write 12h, 90d or 8w"),
        (("nope", "--yes"), "run 'nope' does not exist"),
    ],
)
def test_pruning_the_wrong_way(cli: Cli, runs: list[str], words: tuple[str, ...], said: str) -> None:
    refused = cli("runs", "prune", *words)
    assert (refused.code, said in refused.err) == (2, True), refused.err
    assert listed(cli) == runs[::-1]


def test_an_option_before_the_word_prune_is_refused(cli: Cli, runs: list[str]) -> None:
    refused = cli("runs", "--journal", "night", "prune", "--older-than", "90d")
    assert (refused.code, "Put the options after prune" in refused.err) == (2, True), refused.err
