"""Bad input: one clear line and one to try, exit code 2, nothing on stdout, and not one request sent."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, RemoteSandbox

PACKAGE = Path(__file__).parents[2] / "bulkops" / "_demo" / "crm-v1.zip"


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: RemoteSandbox) -> Path:
    """A directory with one file for each kind of trouble, as the working directory."""
    monkeypatch.chdir(tmp_path)
    files = {
        "good.txt": sandbox.accounts.read_text(),
        "twice.txt": "4100231\n4100232\n4100231\n",
        "strange.txt": "4100231\nhello world\n",
        "broken.toml": "quotas = [",
        "unknown.toml": "speed = 3\n",
        "job.toml": 'operation = "x"\n',
        "code.py": "x = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "journal.sqlite3").write_text(
        "this is no database, and long enough to be seen as none\n" * 9
    )
    return tmp_path


def importing(*more: Any, package: Any = PACKAGE, accounts: str = "good.txt") -> Any:
    return ("import-package", package, "--folder", "CRM", "--accounts", accounts, "--yes", *more)


STARTING = ("start-recipes", "--folder", "CRM", "--accounts", "good.txt", "--yes")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        # account files; each mistake in one: tests/unit/runs/test_runs_inventory.py
        (importing(accounts="missing.csv"), ["missing.csv", "No such file"]),
        (importing(accounts="."), ["directory"]),
        (importing(accounts="strange.txt"), ["strange.txt", "line 2"]),
        (importing("--exclude", "missing.csv"), ["missing.csv"]),
        (importing("--exclude", "good.txt"), ["no account is selected"]),
        (("import-package", PACKAGE, "--folder", "CRM", "--yes"), ["--accounts", "all"]),
        (("import-package", PACKAGE, "--folder", "CRM", "--accounts", "-"), ["stdin", "--yes"]),
        ((*STARTING[:-1], "--exclude", "-"), ["--exclude - uses stdin", "--yes"]),
        (("resume", "20260102-k3f9", "--exclude", "-"), ["--exclude - uses stdin", "--yes"]),
        (importing("--exclude", "-", accounts="-"), ["--accounts - and --exclude - both read stdin"]),
        # packages; each mistake in one: tests/chaos/test_inputs.py
        (importing(package="missing.zip"), ["missing.zip", "No such file"]),
        (("import-package", PACKAGE, "--accounts", "good.txt", "--yes"), ["--folder"]),
        (("import-package", PACKAGE, "--folder", " ", "--accounts", "good.txt", "--yes"), ["folder", "empty"]),
        # credentials
        (("authorize-connections", "--from", "missing.toml", "--accounts", "good.txt", "--yes"), ["missing.toml"]),
        (("authorize-connections", "--from", "broken.toml", "--accounts", "good.txt", "--yes"), ["broken.toml"]),
        # policy
        (importing("--max-failures", "150%"), ["150%", "0% to 100%"]),
        (importing("--max-failures", "-1%"), ["-1%", "0% to 100%"]),
        (importing("--max-failures", "many"), ["many"]),
        (importing("--max-failures=-3"), ["-3"]),
        (importing("--concurrency", "0"), ["--concurrency", "0"]),
        (importing("--concurrency", "lots"), ["--concurrency", "lots"]),
        (importing("--concurrency", "1000000"), ["concurrency", "1000000"]),
        (importing("--breaker", "0"), ["--breaker", "0"]),
        (importing("--breaker", "never"), ["--breaker", "never"]),
        (importing("--max-rate", "0"), ["--max-rate", "0"]),
        (importing("--max-rate", "inf"), ["--max-rate", "inf"]),
        (importing("--limit", "0"), ["--limit", "0"]),
        (importing("--client-file", "missing.toml"), ["missing.toml"]),
        (importing("--client-file", "broken.toml"), ["broken.toml", "TOML"]),
        (importing("--client-file", "unknown.toml"), ["unknown.toml", "speed"]),
        # jobs; each mistake in one: tests/acceptance/test_job_mistakes.py
        (("run", "missing.toml", "--accounts", "good.txt", "--yes"), ["missing.toml"]),
        (("run", "broken.toml", "--accounts", "good.txt", "--yes"), ["broken.toml", "TOML"]),
        (("run", "job.toml", "--accounts", "good.txt", "--yes"), ["job.toml", "operation"]),
        (("run", "code.py", "--accounts", "good.txt", "--yes"), ["code.py", "FILE.py:NAME"]),
        (("run", "code.py:nothing", "--accounts", "good.txt", "--yes"), ["nothing"]),
        # the journal
        (importing("--journal", "good.txt"), ["good.txt"]),
        (importing("--journal", "broken"), ["broken"]),
        (("runs", "--journal", "broken"), ["broken"]),
        (("runs", "--journal", "good.txt"), ["good.txt"]),
        (("show", "--journal", "nowhere"), ["nowhere"]),
        (("show", "20260101-none", "--journal", "nowhere"), ["nowhere"]),
        (("show", "--format", "xml"), ["--format", "xml"]),
        (("compare",), ["RUN_A"]),
        (("compare", "a", "b", "--journal", "nowhere"), ["nowhere"]),
        (("compare", "a", "b", "-o", "page.html"), ["html", "markdown"]),
        (("resume", "20260101-none", "--journal", "nowhere"), ["nowhere"]),
        # the command line itself
        (("imprt-package",), ["imprt-package", "import-package"]),
        (importing("--foldr", "x"), ["--foldr", "--folder"]),
        (importing("--max-failure", "1"), ["--max-failure", "--max-failures"]),
        ((*STARTING, "surplus"), ["surplus"]),
        # nobody to ask
        (STARTING[:-1], ["terminal", "--yes"]),
        (("start-recipes", "--folder", "CRM", "--accounts", "all"), ["terminal", "--yes"]),
    ],
    ids=lambda value: " ".join(map(str, value))[-60:] if isinstance(value, tuple) else "",
)
def test_one_clear_line_and_no_request(
    cli: Cli, inputs: Any, sandbox: RemoteSandbox, arguments: Any, words: Any
) -> None:
    result = cli(*arguments)
    assert_refused(result, words)
    assert sandbox.count() == 0


def assert_refused(result: Any, words: Any) -> None:
    first, *rest = result.err.splitlines()
    assert first.startswith("error: ")
    assert len(rest) <= 1
    assert all(line.startswith("  try: ") for line in rest)
    for word in words:
        assert word in result.err
    assert (result.code, result.out) == (2, "")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WORKATO_API_TOKEN", None, ["token", "WORKATO_API_TOKEN"]),
        ("WORKATO_API_TOKEN", "", ["token", "WORKATO_API_TOKEN"]),
        ("WORKATO_API_TOKEN", "two words", ["token", "WORKATO_API_TOKEN"]),
        ("WORKATO_HOST", "http://example.com", ["plain http", "example.com"]),
        ("WORKATO_HOST", "mars", ["mars", "data center"]),
        ("WORKATO_HOST", "https://user:geheim@example.com", ["user name or password"]),
        ("BULKOPS_LOG_LEVEL", "loud", ["BULKOPS_LOG_LEVEL", "loud"]),
        ("BULKOPS_LOG_FORMAT", "xml", ["BULKOPS_LOG_FORMAT", "xml"]),
    ],
)
def test_a_bad_environment(
    cli: Cli, inputs: Any, sandbox: RemoteSandbox, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, words: Any
) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    result = cli(*STARTING)
    assert_refused(result, words)
    assert "two words" not in result.err
    assert "geheim" not in result.err
    assert sandbox.count() == 0


def test_accounts_from_stdin_may_be_bad_too(
    cli: Cli, inputs: Any, sandbox: RemoteSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", (inputs / "twice.txt").open())
    assert_refused(cli(*importing(accounts="-")), ["stdin", "line 3", "4100231"])
    sys.stdin.close()
    assert sandbox.count() == 0


@pytest.mark.parametrize(
    "arguments",
    [importing(accounts="-"), ("call", "managed_users.folders.create", "--account", "1", "--body", "-", "--yes")],
    ids=lambda arguments: arguments[0],
)
def test_stdin_that_is_open_for_writing_only_cannot_be_read(
    cli: Cli, inputs: Any, sandbox: RemoteSandbox, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """As `0>FILE` in a shell has it."""
    with os.fdopen(os.open("out.txt", os.O_WRONLY | os.O_CREAT)) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert_refused(cli(*arguments), ["cannot read stdin: Bad file descriptor"])
    assert sandbox.count() == 0
