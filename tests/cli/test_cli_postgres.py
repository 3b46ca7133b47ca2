"""Every command on a journal in PostgreSQL."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import psycopg
import pytest

from bulkops.cli import watch_run
from tests.cli.conftest import CUSTOMERS, Cli, RemoteSandbox, Start, halted
from tests.postgres import own_server, with_parts
from tests.processes import Process

PASSWORD = "hunter2-never-shown"


@pytest.fixture
def url(postgres: str, here: Path) -> str:
    return with_parts(postgres, password=PASSWORD)


@pytest.fixture
def runs(cli: Cli, sandbox: RemoteSandbox, policy: tuple[str, ...], url: str) -> list[str]:
    """Two runs, oldest first: one that was halted with failed accounts, one that is finished."""
    first = halted(cli, sandbox, "create-folder", "--folder", "A", *policy, "--journal", url)
    done = cli("create-folder", "--folder", "B", *policy, "--journal", url, "--json")
    assert done.code == 0, done.err
    assert PASSWORD not in first.out + first.err + done.out + done.err
    assert not list(Path(".bulkops").glob("*.sqlite3"))
    return [first.report["run"], done.report["run"]]


def test_every_command_takes_the_url(
    cli: Cli,
    runs: list[str],
    url: str,
    policy: tuple[str, ...],
    sandbox: RemoteSandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = cli("report", "previous", "--journal", url)
    assert (shown.code, PASSWORD in shown.out) == (0, False)
    assert re.search(r"resume with: bulkops resume \S+ --journal 'postgresql:///bulkops_test_", shown.out)
    monkeypatch.setenv("BULKOPS_JOURNAL", url)
    assert [line.split()[0] for line in cli("runs").out.splitlines()[1:]] == runs[::-1]
    shown = cli("report", runs[0])
    assert f"resume with: bulkops resume {runs[0]}\n" in shown.out, "the environment says where"
    failed = cli("report", runs[0], "--outcome", "failed", "--ids").out.split()
    assert [row["run"] for row in json.loads(cli("history", failed[0], "--json").out)] == runs[::-1]
    assert cli("compare", *runs).code in {0, 1}
    assert "unfinished" in cli("doctor", "--json", "--client-file", sandbox.client_file).out
    journal = cli("config", "show", "--json")
    assert PASSWORD not in journal.out + journal.err
    assert "BULKOPS_JOURNAL" in journal.out
    assert cli("resume", runs[0], "--yes").code == 1
    assert cli("retry", runs[0], "--yes", "--quiet").code == 0
    assert cli("watch", runs[0]).code == 0
    planned = cli("plan", "create-folder", "--folder", "C", *policy[:4])
    assert f"{CUSTOMERS}" in planned.out
    assert cli("plan", "undo", runs[1]).code == 0
    assert cli("undo", runs[1], "--yes", "--json").report["outcomes"]["changed"] == CUSTOMERS
    pruned = cli("runs", "prune", runs[1], "--yes")
    assert "deleted 1 run" in pruned.err
    assert runs[1] not in {line.split()[0] for line in cli("runs").out.splitlines()}


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv", "junit", "markdown", "html"])
def test_a_report_is_the_same_from_either_store(cli: Cli, runs: list[str], url: str, form: str) -> None:
    """Byte for byte, of a run that was copied to a directory and back."""
    copied = cli("runs", "copy", runs[0], "--journal", url, "--to", "./.bulkops")
    assert copied.err == f"copied run {runs[0]} with {CUSTOMERS} accounts: bulkops report {runs[0]}\n"
    texts: list[bytes] = []
    for place in ({"BULKOPS_JOURNAL": url}, {}):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in place.items():
                patch.setenv(name, value)
            shown = cli("report", runs[0], "--format", form, "-o", f"report-{len(texts)}")
            assert shown.code == 0, shown.err
        written = Path(f"report-{len(texts)}").read_bytes()
        texts.append(re.sub(rb'"as_of": ?"?[0-9T:.Z+-]+"?|<dt>this report</dt>.*?</dd>', b"its time", written))
    assert texts[0] == texts[1]
    assert len(texts[0]) > 300
    again = cli("runs", "copy", runs[0], "--to", url)
    assert (again.code, "is already in the journal" in again.err) == (2, True)


def test_mistakes_are_said_in_one_sentence(cli: Cli, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = f"postgresql://ann:{PASSWORD}@127.0.0.1:1/fleet"
    for command in (["runs"], ["report"], ["resume"], ["watch"], ["history", "1"], ["runs", "prune", "x"], ["undo"]):
        ended = cli(*command, "--journal", dead)
        assert ended.code == 2, command
        assert "cannot use the database ann@127.0.0.1:1/fleet" in ended.err
        assert PASSWORD not in ended.err
        assert "Traceback" not in ended.err
    demo = cli("demo", "--journal", dead)
    assert (demo.code, "the demo keeps its journal in a directory" in demo.err, PASSWORD in demo.err) == (
        2,
        True,
        False,
    )
    wrong = cli("runs", "--journal", f"postgresql://ann:{PASSWORD}@db/fleet?schema=No")
    assert (wrong.code, PASSWORD in wrong.err, "schema=No" in wrong.err) == (2, False, True)
    monkeypatch.setenv("BULKOPS_JOURNAL", dead)
    assert "cannot use the database" in cli("doctor", "--json").out


def until_at_work(url: str, process: Process) -> None:
    """Until the first step of the run is in the journal."""
    with psycopg.connect(url, autocommit=True) as connection:
        for question in ("SELECT to_regclass('bulkops.steps') IS NOT NULL", "SELECT count(*) > 0 FROM bulkops.steps"):
            while connection.execute(question.encode()).fetchone() != (True,):
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.02)


def test_without_a_worker_a_detached_run_waits(
    cli: Cli, policy: tuple[str, ...], runs: list[str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_run, "_COMING_S", 0.0)
    monkeypatch.setattr(watch_run, "_WORKER_COMING_S", 0.3)
    over = cli("stop", "--journal", url)
    shown = url.replace(f"&password={PASSWORD}", "")
    assert over.code == 2
    assert over.err.splitlines()[:2] == [
        f"error: run {runs[1]} is not running",
        f"  try: see its state: bulkops report {runs[1]} --journal '{shown}'",
    ]
    assert cli("create-folder", "--folder", "C", *policy, "--detach", "--journal", url).code == 0
    watched = cli("watch", "--journal", url)
    assert watched.code == 130
    assert re.fullmatch(r"run \S+ waits for a worker\n", watched.err)
    assert "reason: no worker is alive" in watched.out


def test_a_run_that_is_killed_is_resumed_at_once_on_its_machine(
    background: Start, cli: Cli, sandbox: RemoteSandbox, policy: tuple[str, ...], url: str
) -> None:
    """Its lock is free without waiting for the lease."""
    there = (*policy, "--max-rate", "24", "--journal", url)
    process = background("create-folder", "--folder", "A", *there, "--quiet", env=sandbox.access)
    until_at_work(url, process)
    process.kill()
    process.wait()
    resumed = cli("resume", "--journal", url, "--yes", "--json")
    assert resumed.code == 0, resumed.err
    assert sum(resumed.report["outcomes"].values()) == CUSTOMERS
    assert len(sandbox.effects("folder.created")) == CUSTOMERS


@pytest.mark.slow
def test_a_run_goes_on_after_a_restart_of_the_database(
    background: Start, sandbox: RemoteSandbox, policy: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with own_server() as server:
        there = (*policy, "--max-rate", "8", "--journal", server.url)
        process = background("create-folder", "--folder", "A", *there, "--json", env=sandbox.access)
        until_at_work(server.url, process)
        server.stop()
        time.sleep(3)
        server.start()
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert json.loads(out)["outcomes"]["changed"] == CUSTOMERS
        assert len(sandbox.effects("folder.created")) == CUSTOMERS
