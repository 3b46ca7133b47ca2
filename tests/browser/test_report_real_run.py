"""The page of a run that really happened: sandbox and command line as processes, report from their journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.chromium import missing
from tests.browser.conftest import Browser
from tests.fleet import fleet

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


def test_a_rollout_that_was_halted(browser: Browser, tmp_path: Path) -> None:
    with fleet(tmp_path, customers=40, time_scale=200, faults="unauthorizable=0.5") as vendor:
        ended = vendor.rollout("--max-failures", "3", "--concurrency", "5", "--quiet")
        assert ended.code == 3
        page = tmp_path / "report.html"
        shown = vendor.cli("report", "-o", str(page), "--journal", str(vendor.journal))
        assert (shown.code, shown.out, shown.err) == (0, "", "")
    outcomes = ended.outcomes
    browser.open(page)
    assert browser.text("h1").startswith(f"Halted: {outcomes['changed']} changed, {outcomes['failed']} failed, ")
    assert browser.text(".reason").endswith("more than the 3 allowed")
    assert browser.text("#found") == "40 accounts"
    assert browser.texts(".cause .count")[0] == f"{outcomes['failed']} failed"
    assert browser.texts(".stages tbody th")[0] == "1 import-package: create-folder"
    browser.click(".legend a[data-only=failed]")
    failed = [row["account"] for row in ended.report["accounts"] if row["outcome"] == "failed"]
    assert browser.accounts == failed
    browser.click("#table tbody button")
    assert "2 authorize-connections: authorize CRM" in browser.texts(".more table tbody th")
    told = "".join(browser.texts("#settings"))
    assert "crm-v1.zip" in told
    assert ended.report["run"] in browser.texts(".facts dd")
    source = page.read_text(encoding="utf-8")
    assert vendor.token not in source
    assert "canary-credential" not in source
