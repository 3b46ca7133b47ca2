"""The token and the connections' credentials are nowhere but on the wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fleet import CREDENTIALS, SECRETS, fleet

TOKEN = "canary-token-0f3b9c"


@pytest.mark.parametrize("customers", [12, pytest.param(30, marks=pytest.mark.slow)])
def test_no_secret_is_written_or_said(tmp_path: Path, customers: int) -> None:
    faults = "error=0.1,reset=0.05,throttle=0.05,malformed=0.05,unauthorizable=0.2"
    said = []
    journal = ("--journal", str(tmp_path / "journal"))
    with fleet(tmp_path, customers=customers, time_scale=200, token=TOKEN, faults=faults) as vendor:
        for arguments in (
            vendor.rollout_command("-v"),
            ("resume", *vendor.policy, "-v"),
            ("retry", *vendor.policy, "--debug", "-v"),
            (
                *("create-connection", "--name", "Web shop", "--from", str(CREDENTIALS), "--external-id", "{account}"),
                *("--accounts", "all", *vendor.policy, "-v"),
            ),
            ("set-properties", "-p", "shop.key={env:DEMO_SHOP_KEY}", "--accounts", "all", *vendor.policy, "-v"),
            *(("show", "--format", form, *journal) for form in ("text", "json", "jsonl", "csv")),
            ("runs", *journal),
        ):
            done = vendor.cli(*arguments, BULKOPS_LOG_LEVEL="debug")
            said.append(done.out + done.err)
        vendor.ask("token", {"token": "another"})
        refused = vendor.rollout("-v", "--debug")
        assert refused.code == 4
        said.append(refused.out + refused.err)
    assert any("attempt" in text for text in said), "debug logs are on"
    written = [path.read_bytes() for path in vendor.journal.rglob("*") if path.is_file()]
    assert written
    for secret in (TOKEN, *SECRETS.values()):
        assert not [text for text in said if secret in text]
        assert not [blob for blob in written if secret.encode() in blob]
