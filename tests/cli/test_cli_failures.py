"""Every error becomes at most two lines and one exit code; a traceback only with --debug."""

from __future__ import annotations

from typing import Any

import click
import pytest

from bulkops import errors
from bulkops.cli.app import main
from bulkops.cli.error_messages import report_failure

API: dict[str, Any] = {
    "call": "managed_users.get",
    "method": "GET",
    "path": "/api/managed_users/1",
    "request_id": "r-1",
}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("what", remedy="remedy"), 2),
        (errors.InputError("what", remedy="remedy"), 2),
        (errors.PlanError("what", remedy="remedy"), 2),
        (errors.JournalError("what", remedy="remedy"), 2),
        (errors.JournalCorrupt("what", remedy="remedy"), 2),
        (errors.RunLocked("what", run_id="r", pid=7, remedy="remedy"), 2),
        (errors.Unauthorized("what", status=401, said="no", remedy="remedy", **API), 4),
        (errors.RunAborted("what", run_id="r", remedy="remedy"), 3),
        (errors.RunFailed("what", run_id="r", remedy="remedy"), 1),
        (errors.ServerError("what", status=500, said="oops", remedy="remedy", is_read=True, **API), 2),
        (errors.ServerError("what", status=500, said="oops", remedy="remedy", **API), 1),
        (errors.Forbidden("what", status=403, said="no", remedy="remedy", **API), 2),
        (errors.DecodeError("what", remedy="remedy", is_read=True, sent_at=1.0, **API), 2),
        (errors.OutcomeUnknown("what", remedy="remedy", sent_at=1.0, **API), 1),
        (errors.TaskFailed("what", remedy="remedy"), 2),
        (ExceptionGroup("group", [errors.ConfigError("what", remedy="remedy")]), 2),
    ],
)
def test_two_lines_and_a_code(capsys: pytest.CaptureFixture[str], error: Any, code: int) -> None:
    assert report_failure(error, debug=False) == code
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith("error: ")
    assert "what" in first
    assert "remedy" not in first
    assert second == "  try: remedy"


def test_a_vendor_out_of_reach_is_no_failed_account_and_leaves_no_run_to_retry(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert report_failure(errors.ConnectFailed("what", remedy="look, then `bulkops retry`", **API), debug=False) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "  try: check the network and WORKATO_HOST"


@pytest.mark.parametrize(("has_begun", "code"), [(False, 2), (True, 1)])
def test_a_refusal_is_2_before_the_command_has_begun_and_1_afterwards(has_begun: bool, code: int) -> None:
    error = errors.Forbidden("what", status=403, said="no", **API)
    assert report_failure(error, debug=False, has_begun=has_begun) == code


def test_a_value_from_the_environment_is_called_by_its_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULKOPS_CONCURRENCY", "many")
    assert main(["start-recipes", "--folder", "CRM", "--accounts", "1", "--yes"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("error: BULKOPS_CONCURRENCY: 'many' is not")
    assert second == "  try: correct or unset BULKOPS_CONCURRENCY"
    assert main(["start-recipes", "--folder", "CRM", "--accounts", "1", "--yes", "--concurrency", "few"]) == 2
    assert "'--concurrency': 'few'" in capsys.readouterr().err


def test_an_unexpected_error_is_one_line_and_called_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_failure(ZeroDivisionError("division"), debug=False) == 1
    assert capsys.readouterr().err.splitlines() == [
        "error: ZeroDivisionError: division",
        "  try: this is a bug: run the command again with --debug",
    ]


def test_an_interrupt_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_failure(KeyboardInterrupt(), debug=False) == 130
    assert report_failure(click.Abort(), debug=False) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_debug_shows_the_traceback_without_the_secret(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("refused wrkaus-1234")  # noqa: TRY301 - a traceback is wanted
    except ValueError as error:
        report_failure(error, debug=True, secrets=("wrkaus-1234",))
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "refused ***" in err
    assert "wrkaus-1234" not in err


def test_a_message_stays_on_its_line_and_steers_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    report_failure(errors.InputError("row \x1b[31m\nerror: forged", remedy="a\nb"), debug=False)
    err = capsys.readouterr().err
    assert err.splitlines() == ["error: row \\x1b[31m error: forged", "  try: a b"]
