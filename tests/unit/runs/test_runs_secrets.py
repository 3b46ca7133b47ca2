"""Texts of an operation, in exceptions, notes and details: without secrets in journal, report and log."""

from __future__ import annotations

import logging
from pathlib import Path

import attrs
import pytest

import bulkops
from bulkops import Workato
from bulkops.report import render
from bulkops.sandbox import Sandbox, SandboxSettings
from bulkops.secret import Secret
from bulkops.settings import Tuning

ID = 4100231
CREDENTIAL = "canary-credential-1f2e"


@attrs.frozen
class Login:
    by: str


def _written(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in directory.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", [ValueError, bulkops.TaskFailed])
async def test_no_secret_is_in_what_is_said_of_an_exception(
    tmp_path: Path, kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kept = Secret(CREDENTIAL)

    async with Sandbox(SandboxSettings(customers=1, time_scale=400, quotas="off")) as vendor:
        tuning = Tuning.from_toml(vendor.client_file, source="client file")
        token = vendor.token

        async def log_in(ctx: bulkops.Context) -> None:
            ctx.add_note(f"signed in with {token}", kept.reveal())
            ctx.detail["seen"] = {"by": [f"Basic {kept.reveal()}", ("password=correcthorse", 7)], token: {Login(token)}}
            raise kind(
                f"cannot log in as {kept.reveal()} with {token}; password=correcthorse, at https://me:p4ss@host/"
            )

        async with Workato(token=token, host=vendor.url, tuning=tuning) as workato:
            report = await bulkops.run(log_in, accounts=[ID], workato=workato, journal=tmp_path)
    (row,) = report.accounts
    assert row.reason is not None
    assert "cannot log in as *** with ***; password=***, at https://***@host/" in row.reason
    assert row.detail["seen"] == {"by": ["Basic ***", ["password=***", 7]], "***": [{"by": "***"}]}
    shown = [render(report, form) for form in ("text", "json", "junit", "markdown")]
    shown += [caplog.text, *(repr(record.__dict__) for record in caplog.records)]
    written = _written(tmp_path)
    for secret in (CREDENTIAL, token, "correcthorse", "p4ss"):
        assert not [text for text in shown if secret in text]
        assert not [blob for blob in written if secret.encode() in blob]
