"""The commands on a sandbox: run, run again, look, resume, retry."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bulkops.cli.app import main
from tests.cli.conftest import Cli, RemoteSandbox, Start, environment, without_a_reader
from tests.cli.pseudo import on_a_terminal
from tests.fleet import main_job_text

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "bulkops" / "_demo"
PACKAGE = DEMO / "crm-v1.zip"
COUNT = 12


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: RemoteSandbox) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEMO_CRM_KEY", "key-of-the-crm")
    monkeypatch.setenv("DEMO_SHOP_KEY", "key-of-the-shop")
    return tmp_path


@pytest.fixture
def importing(sandbox: RemoteSandbox) -> tuple[object, ...]:
    return (
        "import-package",
        PACKAGE,
        *("--folder", "CRM", "--accounts", sandbox.accounts, "--client-file", sandbox.client_file, "--yes"),
    )


def test_import_authorize_start_and_all_of_it_again(
    cli: Cli, here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...]
) -> None:
    policy = ("--accounts", "all", "--client-file", sandbox.client_file, "--yes", "--json")
    steps = [
        (*importing, "--json"),
        ("authorize-connections", "--from", DEMO / "connections.toml", *policy),
        ("start-recipes", "--folder", "CRM", *policy),
    ]
    for step in steps:
        result = cli(*step)
        assert result.code == 0, result.err
        assert result.outcomes == {"changed": COUNT}
    assert len(sandbox.effects("import.completed")) == COUNT
    assert len(sandbox.effects("connection.authorized")) == 2 * COUNT
    assert len(sandbox.effects("recipe.started")) == 3 * COUNT
    before = len(sandbox.ledger())
    for step in steps:
        assert cli(*step).outcomes == {"unchanged": COUNT}
    assert len(sandbox.ledger()) == before


def test_stdout_is_the_report_and_stderr_the_story(cli: Cli, here: Path, importing: tuple[object, ...]) -> None:
    result = cli(*importing)
    assert result.code == 0
    assert f"{COUNT} changed" in result.out
    assert "error" not in result.err
    lines = result.err.splitlines()
    assert lines[0].startswith(f"{COUNT} accounts at http://127.0.0.1")
    assert re.fullmatch(r"  up to \d+ requests in about .+", lines[1])
    assert "import crm-v1.zip" in lines[0]
    assert any(line.startswith("at work on run ") for line in lines)
    assert lines[-1] == f"{COUNT}/{COUNT} accounts: {COUNT} changed"


def test_quiet_says_nothing(cli: Cli, here: Path, importing: tuple[object, ...]) -> None:
    result = cli(*importing, "--quiet")
    assert (result.code, result.err) == (0, "")


def test_limit_and_exclude(cli: Cli, here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...]) -> None:
    first, second, *_ = sandbox.accounts.read_text().splitlines()
    Path("without.txt").write_text(first)
    result = cli(*importing, "--json", "--exclude", "without.txt", "--limit", "1")
    assert [row["account"] for row in json.loads(result.out)["accounts"]] == [second]


@pytest.mark.parametrize(("flags", "chosen"), [(("--accounts", "-"), 0), (("--exclude", "-", "--limit", "1"), 1)])
def test_accounts_from_stdin(
    cli: Cli,
    here: Path,
    sandbox: RemoteSandbox,
    importing: tuple[object, ...],
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str, ...],
    chosen: int,
) -> None:
    accounts = sandbox.accounts.read_text().splitlines()
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        os.write(writing, f"{accounts[0]}\n".encode())
        os.close(writing)
        result = cli(*importing, *flags, "--json")
    assert [row["account"] for row in json.loads(result.out)["accounts"]] == [accounts[chosen]]


def test_a_job_file(cli: Cli, here: Path, sandbox: RemoteSandbox) -> None:
    Path("rollout.toml").write_text(
        f"""
[selection]
accounts = "{sandbox.accounts}"
[policy]
client_file = "{sandbox.client_file}"
max_failures = "50%"
breaker = "off"
max_rate = "off"
{main_job_text()}"""
    )
    result = cli("run", "rollout.toml", "--yes", "--json", "--limit", "3")
    assert result.code == 0, result.err
    assert result.outcomes == {"changed": 3}
    assert "halts when more than 50% failed; in the worst case 2 more fail" in result.err
    assert len(sandbox.effects("recipe.started")) == 9
    two = cli("run", "rollout.toml", "--yes", "--limit", "2")
    assert "in the worst case 1 more fails, because it is in progress by then" in two.err


def test_a_python_function(cli: Cli, here: Path, sandbox: RemoteSandbox) -> None:
    Path("tidy.py").write_text("async def look(ctx):\n    [recipe async for recipe in ctx.account.recipes.list()]\n")
    arguments = ("--accounts", sandbox.accounts, "--client-file", sandbox.client_file, "--yes", "--json")
    result = cli("run", "tidy.py:look", *arguments)
    assert result.code == 0, result.err
    assert result.outcomes == {"unchanged": COUNT}


def test_a_mistake_in_a_function_names_its_line_and_is_logged_once(
    cli: Cli, here: Path, sandbox: RemoteSandbox
) -> None:
    Path("tidy.py").write_text("async def look(ctx):\n    await ctx.account.folders.create('x') if 0 else [][3]\n")
    result = cli("run", "tidy.py:look", "--accounts", sandbox.accounts, "--client-file", sandbox.client_file, "--yes")
    assert result.code == 1
    assert result.err.count("Traceback") == 1
    assert f"{COUNT} accounts: IndexError: list index out of range (tidy.py, line 2)" in result.out
    assert "the log has its traceback" in result.out


def test_a_corrected_function_takes_up_what_failed_when_that_is_accepted(
    cli: Cli, here: Path, sandbox: RemoteSandbox
) -> None:
    wrong = "async def look(ctx):\n    [recipe async for recipe in ctx.account.recipes.list()]\n"
    wrong += "    if ctx.account.id == '4100231':\n        raise KeyError('x')\n"
    Path("tidy.py").write_text(wrong)
    arguments = ("--accounts", sandbox.accounts, "--client-file", sandbox.client_file, "--yes", "--json")
    assert cli("run", "tidy.py:look", *arguments).outcomes == {"unchanged": COUNT - 1, "failed": 1}
    Path("tidy.py").write_text(wrong.replace("raise KeyError('x')", "return"))
    refused = cli("retry", "--yes")
    assert refused.code == 2
    assert "--accept-changes" in refused.err
    accepted = cli("retry", "--yes", "--json", "--accept-changes")
    assert accepted.outcomes == {"unchanged": COUNT}, accepted.err
    assert cli("retry", "--yes").code == 0  # from now on this is the operation of the run


def test_a_run_of_changed_code_is_undone_when_that_is_accepted(cli: Cli, here: Path, sandbox: RemoteSandbox) -> None:
    """The refusal named --accept-changes, and the command had no such option."""
    text = """import bulkops
async def delete(ctx, done):
    folder = done["create"].result["id"]
    await ctx.step("delete", lambda: ctx.account.folders.delete(folder), check="the folder")
@bulkops.operation(undo=delete)
async def tidy(ctx):
    await ctx.step("create", lambda: ctx.account.folders.create("A"), check="the folder")
"""
    Path("tidy.py").write_text(text)
    arguments = ("--accounts", sandbox.accounts, "--client-file", sandbox.client_file, "--yes", "--json")
    assert cli("run", "tidy.py:tidy", *arguments).outcomes == {"changed": COUNT}
    Path("tidy.py").write_text(text.replace('create("A")', 'create("B")'))
    refused = cli("undo", "--yes")
    assert (refused.code, "--accept-changes" in refused.err) == (2, True)
    assert cli("plan", "undo", "--accept-changes").code == 0
    assert cli("undo", "--accept-changes", "--yes", "--json").outcomes == {"changed": COUNT}
    assert len(sandbox.effects("folder.deleted")) == COUNT


def test_another_package_is_another_operation_whatever_is_accepted(
    cli: Cli, here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...]
) -> None:
    sandbox.ask("faults", {"import_failed": 1.0})
    package = Path("own.zip")
    package.write_bytes(PACKAGE.read_bytes())
    words = [str(package) if word == str(PACKAGE) else word for word in map(str, importing)]
    assert cli(*words, "--breaker", "off", "--limit", "1").code == 1
    sandbox.ask("faults", {})
    package.write_bytes((PACKAGE.parent / "crm-v2.zip").read_bytes())
    refused = cli("retry", "--yes", "--accept-changes")
    assert refused.code == 2
    assert "start a new run" in refused.err


def test_failures_are_counted_explained_and_retried(
    cli: Cli, here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...]
) -> None:
    sandbox.ask("faults", {"import_failed": 1.0})
    failed = cli(*importing)
    assert failed.code == 1
    assert f"{COUNT} failed" in failed.out
    last = failed.err.splitlines()[-1]
    assert "retry with: bulkops retry " in last
    assert cli("retry", "--failure-class", "no-such-class", "--yes").err.startswith("nothing to retry")
    refused = cli("retry")
    assert refused.code == 2
    assert "--yes" in refused.err
    sandbox.ask("faults", {})
    retried = cli("retry", "--failure-class", "import-failed", "--yes", "--json")
    assert retried.code == 0, retried.err
    assert retried.outcomes == {"changed": COUNT}


@pytest.mark.parametrize("together", [True, False])
def test_how_to_go_on_is_said_once_where_report_and_story_are_read_together(
    here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...], monkeypatch: pytest.MonkeyPatch, together: bool
) -> None:
    sandbox.ask("faults", {"import_failed": 1.0})
    with open("out", "w", encoding="utf-8") as out, open("out" if together else "err", "a", encoding="utf-8") as err:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        assert main([str(word) for word in importing]) == 1
    report = Path("out").read_text()
    assert report.count("retry with: bulkops retry ") == 1
    assert together or Path("err").read_text().count("retry with: bulkops retry ") == 1


def test_a_limit_of_failures_halts_with_the_overshoot_printed(
    cli: Cli, here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...]
) -> None:
    sandbox.ask("faults", {"import_failed": 1.0})
    result = cli(*importing, "--max-failures", "2", "--concurrency", "3", "--json")
    assert result.code == 3
    assert "halts when more than 2 failed; in the worst case 3 more fail" in result.err
    failed = json.loads(result.out)["outcomes"]["failed"]
    assert 2 < failed <= 2 + 3
    assert "retry with: bulkops retry " in result.err.splitlines()[-1]  # a resume is refused until that is done
    sandbox.ask("faults", {})
    assert cli("resume", "--yes").code == 2
    retried = cli("retry", "--yes")
    assert "resume with: bulkops resume " in retried.err.splitlines()[-1]
    assert cli("resume", "--yes", "--json").outcomes == {"changed": COUNT}


def test_one_expired_token_costs_one_request_beside_the_question_whose_it_is(
    cli: Cli, here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...]
) -> None:
    sandbox.ask("faults", {"expired": True})
    result = cli(*importing, "--json")
    assert result.code == 4
    assert result.outcomes == {"not_attempted": COUNT}
    assert sandbox.count() == 2
    assert sandbox.ledger() == []
    sandbox.ask("faults", {})
    resumed = cli("resume", "--yes", "--json")
    assert resumed.code == 0, resumed.err
    assert resumed.outcomes == {"changed": COUNT}


def test_listing_all_accounts_with_an_expired_token(
    cli: Cli, here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...]
) -> None:
    sandbox.ask("faults", {"expired": True})
    result = cli(*importing, "--accounts", "all")
    assert result.code == 4
    assert result.out == ""
    assert result.err.startswith("error: ")
    assert "WORKATO_API_TOKEN" in result.err
    assert sandbox.count() == 2, "whose token it is, and the list"


def test_nothing_to_resume_is_no_error(cli: Cli, here: Path, importing: tuple[object, ...]) -> None:
    empty = cli("resume", "--yes")
    assert (empty.code, empty.out) == (0, "")
    assert empty.err.startswith("nothing to resume")
    assert cli("retry").code == 0
    assert cli("runs").code == 0
    assert cli(*importing).code == 0
    assert cli("resume").err.startswith("nothing to resume")


def test_runs_and_reports(cli: Cli, here: Path, importing: tuple[object, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    ran = json.loads(cli(*importing, "--json").out)
    monkeypatch.delenv("WORKATO_API_TOKEN")  # looking needs no token
    listed = cli("runs")
    assert listed.code == 0
    header, row = listed.out.splitlines()
    assert header.split()[:3] == ["RUN", "STATE", "CREATED"]
    assert ran["run"] in row
    assert f"{COUNT} changed" in row
    assert json.loads(cli("show", "--format", "json").out) == json.loads(
        cli("report", ran["run"], "--format", "json").out
    )
    assert len(cli("show", "--format", "jsonl").out.splitlines()) >= COUNT
    rows = list(csv.DictReader(io.StringIO(cli("show", "--format", "csv").out)))
    assert [entry["account"] for entry in rows] == [entry["account"] for entry in ran["accounts"]]
    written = cli("show", "--format", "csv", "-o", "report.csv")
    assert (written.code, written.out) == (0, "")
    assert stat.S_IMODE(Path("report.csv").stat().st_mode) == 0o600
    assert Path("report.csv").read_bytes().decode() == cli("show", "--format", "csv").out
    assert cli("show", "-o", "no/where.txt").code == 2
    assert sorted(path.name for path in here.iterdir()) == [".bulkops", "report.csv"]


def test_another_journal_stands_in_the_hint(
    cli: Cli, here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...]
) -> None:
    sandbox.ask("faults", {"expired": True})
    result = cli(*importing, "--journal", "my journal")
    assert result.err.splitlines()[-1].endswith(" --journal 'my journal'")


def test_looking_loads_no_http(shell: Cli, here: Path, importing: tuple[object, ...], cli: Cli) -> None:
    assert cli(*importing, "--limit", "1").code == 0
    program = (
        "import sys; from bulkops.cli.app import main; main(['show']); main(['runs']);"
        "print(sorted({'aiohttp', 'bulkops.sandbox', 'bulkops.client'} & set(sys.modules)), file=sys.stderr)"
    )
    result = shell(code=program)
    assert result.err.strip() == "[]"
    assert "changed" in result.out


def test_a_reader_that_left_is_no_error(
    background: Start, here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...]
) -> None:
    words = (*importing, "--limit", "1", "--quiet")
    done = background(*words, env=sandbox.access, streams={1: without_a_reader()})
    _, err = done.communicate(300)
    assert (done.wait(), err) == (0, "")


def test_the_token_is_nowhere(cli: Cli, here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...]) -> None:
    results = [cli(*importing, "-v"), cli("show", "-v"), cli("show", "--format", "json")]
    assert results[0].err.count("\n") > 3 * COUNT  # the debug log is there
    for result in results:
        assert sandbox.token not in result.out + result.err
    kept = b"".join(path.read_bytes() for path in Path(".bulkops").rglob("*") if path.is_file())
    assert len(kept) > 1000
    assert sandbox.token.encode() not in kept


@pytest.mark.parametrize(("answer", "code"), [("n\n", 2), ("\n", 2), ("y\n", 0), ("\x03", 130)])
def test_on_a_terminal_it_asks(
    here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...], answer: str, code: int
) -> None:
    words = [str(word) for word in importing if word != "--yes"]
    exit_code, seen = on_a_terminal(
        [*words, "--limit", "2"], ("Start this run (2 accounts)? [y]es, [N]o ", answer), sandbox=sandbox
    )
    assert exit_code == code, seen
    assert "2 accounts at http://127.0.0.1" in seen
    assert (len(sandbox.effects("import.completed")) == 2) is (code == 0)
    if code == 0:
        assert "2/2" in seen


@pytest.mark.parametrize(
    ("number", "times", "drains"), [(signal.SIGINT, 1, True), (signal.SIGTERM, 2, False), (signal.SIGHUP, 2, True)]
)
def test_signals_once_and_twice_then_resume(
    cli: Cli,
    background: Start,
    here: Path,
    sandbox: RemoteSandbox,
    importing: tuple[object, ...],
    number: Any,
    times: int,
    drains: bool,
) -> None:
    sandbox.ask("faults", {"slow": 0.3})
    process = background(*importing, "--concurrency", "2", "--json", env=sandbox.access)
    until(lambda: sandbox.effects("folder.created"))
    listed = cli("runs").out.splitlines()[1]
    assert "running" in listed
    assert "in progress" in listed
    assert "cancelled" not in listed  # what is in flight has no outcome yet
    process.send_signal(number)
    assert process.stderr is not None
    said = process.stderr.readline()
    while "press Ctrl-C again" not in said:
        said = process.stderr.readline()
        assert said, "it ended without a word"
    if times == 2:
        process.send_signal(number)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert ("stopping now" in err) is not drains
    assert err.splitlines()[-1].startswith("resume with: bulkops resume ")
    report = json.loads(out)
    assert report["state"] == "interrupted"
    assert sum(report["outcomes"].values()) == COUNT
    assert report["outcomes"]["not_attempted"] > 0
    if drains:
        assert {name for name, count in report["outcomes"].items() if count} <= {"changed", "not_attempted"}
    sandbox.ask("faults", {})
    resumed = cli("resume", "--yes", "--json")
    assert resumed.code == 0, resumed.err
    assert resumed.outcomes == {"changed": COUNT}
    for kind in ("folder.created", "import.completed"):
        keys = [(effect["account"], effect["key"]) for effect in sandbox.effects(kind)]
        assert len(keys) == len(set(keys)), kind


def until(condition: Any, timeout_s: float = 60.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@pytest.mark.parametrize("verb", ["resume", "retry"])
def test_resume_and_retry_name_the_requests_to_come(
    cli: Cli, here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...], verb: str
) -> None:
    if verb == "resume":
        assert cli(*importing, "--waves", "2,rest", "--approve", "--quiet").code == 5
        flags = ["--approve"]
    else:
        sandbox.ask("rights", {"deny": ["managed_users.imports.create"]})
        assert cli(*importing, "--yes", "--quiet", "--limit", "4").code == 1
        sandbox.ask("rights", {"deny": []})
        flags = []
    before = sandbox.count()
    result = cli(verb, *flags, "--yes")
    assert result.code == 0, result.err
    (bound,) = re.findall(r"  up to ([\d,]+) requests in about", result.err)
    said = int(bound.replace(",", ""))
    sent = sandbox.count() - before
    assert sent <= said <= 3 * sent, "a bound; so fast a sandbox is polled less often than the worst case allows"


def test_a_gate_that_never_comes_is_told_before_the_run(cli: Cli, here: Path, sandbox: RemoteSandbox) -> None:
    folder = ("create-folder", "--folder", "Night", "--accounts", "all", "--client-file", str(sandbox.client_file))
    told = "approve and soak have no effect: all accounts are in one wave"
    assert told in cli(*folder, "--approve", "--soak", "1s", "--limit", "2", "--yes").err
    assert told in cli(*folder, "--approve", "--soak", "1s", "--waves", "2,rest", "--limit", "2", "--yes").err
    assert "no effect" not in cli(*folder, "--approve", "--waves", "1,rest", "--limit", "2", "--yes").err


def test_an_account_to_exclude_that_does_not_exist_is_told_before_the_run(
    cli: Cli, here: Path, sandbox: RemoteSandbox
) -> None:
    (here / "not.txt").write_text("4100231\n99\n")
    folder = ("create-folder", "--folder", "Night", "--accounts", "all", "--client-file", str(sandbox.client_file))
    err = cli(*folder, "--exclude", str(here / "not.txt"), "--limit", "2", "--yes").err
    assert "not.txt: 1 account to exclude not found among the accounts: 99" in err


def test_an_interrupt_that_the_run_does_not_get_names_the_command_that_goes_on(
    cli: Cli, sandbox: RemoteSandbox, tmp_path: Path
) -> None:
    """As the third Ctrl-C, which has its usual effect: an exception in whatever runs at that moment."""
    (tmp_path / "third.py").write_text("async def third(ctx):\n    raise KeyboardInterrupt\n")
    journal = ("--journal", f"{tmp_path}/elsewhere")
    ended = cli("run", f"{tmp_path}/third.py:third", "--accounts", "all", "--limit", "2", "--yes", *journal)
    assert ended.code == 130
    (run_id,) = re.findall("at work on run (.*)", ended.err)
    assert ended.err.splitlines()[-2:] == [
        f"error: interrupted; run {run_id} stopped at once, with accounts in progress",
        f"  try: bulkops resume {run_id} --journal {tmp_path}/elsewhere",
    ]


@pytest.mark.parametrize(("closed", "code"), [(">&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 0), ("<&- >&-", 2)])
def test_a_run_with_closed_streams_ends_as_any_other(
    sandbox: RemoteSandbox, tmp_path: Path, closed: str, code: int
) -> None:
    asks = () if code else ("--yes",)
    words = [
        "create-folder",
        "--folder",
        "Night",
        "--accounts",
        "all",
        "--client-file",
        str(sandbox.client_file),
        *asks,
    ]
    shell = f'exec "$0" -m bulkops "$@" --journal "{tmp_path}" {closed}'
    done = subprocess.run(
        ["sh", "-c", shell, sys.executable, *words],
        env=environment(sandbox.access),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == code
    assert ("cannot ask for confirmation" in done.stderr) is (code == 2)
    assert len(sandbox.effects("folder.created")) == (0 if code else COUNT)


def test_a_run_in_progress_is_refused_before_it_is_shown_or_undone(
    cli: Cli, background: Start, here: Path, sandbox: RemoteSandbox, importing: tuple[object, ...]
) -> None:
    sandbox.ask("faults", {"slow": 1.0})
    process = background(*importing, "--concurrency", "4", env=sandbox.access)
    until(lambda: sandbox.effects("import.completed"))
    for command in ("resume", "retry", "undo"):
        refused = cli(command, "--if-running", "share", "--yes")
        assert (refused.code, refused.out) == (2, ""), refused.err
        lines = refused.err.splitlines()
        assert f" is in progress in process {process.pid}" in lines[0]
        assert lines[1].startswith("  try: ")
        assert len(lines) == 2
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=300)
    assert not sandbox.effects("folder.deleted"), "nothing was undone"


def test_a_full_disk_under_the_outputs_stops_neither_the_run_nor_the_notification(
    background: Start, sandbox: RemoteSandbox, tmp_path: Path
) -> None:
    words = ["create-folder", "--folder", "Night", "--accounts", "all", "--client-file", sandbox.client_file]
    words += ["--journal", tmp_path, "--yes", "--on-finish", f"touch {tmp_path}/told"]
    full = {number: os.open("/dev/full", os.O_WRONLY) for number in (1, 2)}
    code = background(*words, env=sandbox.access, streams=full).wait(300)
    assert len(sandbox.effects("folder.created")) == COUNT
    assert code == 1, "the report could not be written"
    assert (tmp_path / "told").exists()
