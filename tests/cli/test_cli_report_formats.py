"""The report in every format, as a user asks for it; and on the summary page of a job."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bulkops.cli.commands.reports import FORMATS
from bulkops.cli.notify import SUMMARY_VARIABLE
from bulkops.report import FORMATS as RENDERED
from tests.cli.conftest import CUSTOMERS, RemoteSandbox, Result
from tests.fleet import PACKAGE

Cli = Callable[..., Result]


@pytest.fixture
def ran(here: Path, sandbox: RemoteSandbox, cli: Cli) -> Result:
    selection = ("--accounts", sandbox.accounts, "--client-file", sandbox.client_file, "--yes", "--quiet")
    return cli("import-package", PACKAGE, "--folder", "CRM", *selection)


def test_what_can_be_rendered_can_be_asked_for() -> None:
    assert sorted(FORMATS) == sorted(RENDERED)
    assert FORMATS[0] == "text"


def test_every_format_to_stdout_and_by_the_ending_of_a_file(ran: Result, here: Path, cli: Cli) -> None:
    assert ran.code == 0
    endings = {
        "html": ".html",
        "markdown": ".md",
        "json": ".json",
        "jsonl": ".jsonl",
        "csv": ".csv",
        "junit": ".xml",
        "text": ".txt",
    }
    for form, ending in endings.items():
        shown = cli("report", "--format", form)
        assert (shown.code, shown.err) == (0, "")
        path = here / f"report{ending.upper() if form == 'html' else ending}"
        assert cli("report", "-o", path) == Result(0, "", "")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        if form not in {"text", "html"}:  # they tell the time of the look
            assert path.read_bytes().decode() == shown.out
    assert cli("report", "--format", "csv", "-o", "table.html").code == 0
    assert Path("table.html").read_text(encoding="utf-8").startswith("account,name,outcome")


def test_junit_of_a_real_run_counts_its_accounts(ran: Result, cli: Cli) -> None:
    root = ElementTree.fromstring(cli("report", "--format", "junit").out)
    assert (root.attrib["tests"], root.attrib["failures"]) == (str(CUSTOMERS), "0")
    assert len(root.findall("./testsuite/testcase")) == CUSTOMERS


def test_a_run_is_appended_to_the_summary_of_the_job(
    here: Path, sandbox: RemoteSandbox, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = here / "summary.md"
    summary.write_text("# Before\n", encoding="utf-8")
    monkeypatch.setenv(SUMMARY_VARIABLE, str(summary))
    selection = ("--accounts", sandbox.accounts, "--client-file", sandbox.client_file, "--yes", "--quiet")
    assert cli("import-package", PACKAGE, "--folder", "CRM", *selection).code == 0
    assert cli("import-package", PACKAGE, "--folder", "CRM", *selection).code == 0
    text = summary.read_text(encoding="utf-8")
    assert text.startswith(f"# Before\n### Finished\\: {CUSTOMERS} changed of {CUSTOMERS} accounts")
    assert f"### Finished\\: {CUSTOMERS} unchanged of" in text
    assert cli("report").code == 0
    assert summary.read_text(encoding="utf-8") == text, "looking is no run"


def test_a_summary_that_cannot_be_written_is_said_and_changes_nothing(
    here: Path, sandbox: RemoteSandbox, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SUMMARY_VARIABLE, str(here))
    selection = ("--accounts", sandbox.accounts, "--client-file", sandbox.client_file, "--yes", "--quiet")
    ended = cli("import-package", PACKAGE, "--folder", "CRM", *selection)
    assert ended.code == 0
    assert f"cannot append the summary to {here} (GITHUB_STEP_SUMMARY): Is a directory" in ended.err
