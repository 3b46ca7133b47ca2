"""A run on workers is one run like any other: its limits, its end at Ctrl-C, its resume elsewhere, its reports."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.crew import crew
from tests.fleet import PACKAGE, SandboxProcess

ACCOUNTS = 60
FIRST_ACCOUNT = 4_100_231


@pytest.mark.slow
def test_a_limit_halts_four_workers_at_its_failure(tmp_path: Path, postgres: str) -> None:
    """After the failure that is one too many, only accounts end that had begun: in the order of the journal."""
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=400) as played:
        played.vendor.ask("rights", {"deny": ["managed_users.folders.create"]})
        for _ in range(4):
            played.start_worker()
        folder = ("create-folder", "--folder", "A", "--accounts", "all", "--breaker", "off")
        ended = played.run(*folder, "--max-failures", "5", "--concurrency", "4")
        assert (ended.code, ended.report["state"]) == (3, "halted"), ended.err
        assert ended.report["reason"] == "6 accounts failed or unknown, more than the 5 allowed"
        numbers = played.ask("SELECT ended_nr FROM accounts WHERE outcome = 'failed' ORDER BY ended_nr")
        assert [number for (number,) in numbers] == [*range(1, len(numbers) + 1)]
        assert 6 <= len(numbers) <= 6 + 3, "no more than the other three that were in progress"
        assert ended.outcomes == {"failed": len(numbers), "not_attempted": ACCOUNTS - len(numbers)}


@pytest.mark.slow
@pytest.mark.measures
def test_ctrl_c_drains_four_workers_and_an_empty_disk_resumes(tmp_path: Path, postgres: str) -> None:
    customers = 400
    with crew(tmp_path, postgres, customers=customers, time_scale=100) as played:
        workers = [played.start_worker() for _ in range(4)]
        package = tmp_path / "package.zip"
        shutil.copy(PACKAGE, package)
        submitted = played.submit(
            *("import-package", str(package), "--folder", "CRM", "--accounts", "all"),
            *("--concurrency", "100"),
        )
        played.wait(lambda: played.ended() >= 8, "some have ended")
        played.wait(lambda: len(played.in_progress()) >= 3, "several are at work")
        stopped_at = time.time()
        submitted.send_signal(signal.SIGINT)
        out, err = submitted.communicate(timeout=120)
        report = json.loads(out)
        assert (submitted.wait(), report["state"]) == (130, "interrupted"), err
        began, ended = played.ask("SELECT max(started_at), max(ended_at) FROM accounts")[0]
        print(f"after Ctrl-C the last one began at {began - stopped_at:.2f} s, and ended at {ended - stopped_at:.2f} s")
        assert began - stopped_at <= 2.0, "nothing begins any more"
        assert 0 < report["outcomes"]["not_attempted"] < customers
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
        package.unlink()  # the journal has it
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        machine = SandboxProcess(played.vendor.url, played.vendor.token, elsewhere)
        again = machine.cli("resume", report["run"], "--journal", postgres, "--yes", "--json")
        assert (again.code, again.outcomes) == (0, {"changed": customers}), again.err
        assert (played.vendor.twice(), played.vendor.refused()) == ([], 0)


@pytest.mark.slow
def test_a_run_of_workers_is_shown_as_one_in_a_directory(tmp_path: Path, postgres: str) -> None:
    """Byte for byte, in every format and in `watch`, of its copy in SQLite."""
    with crew(tmp_path, postgres, customers=ACCOUNTS, time_scale=400) as played:
        for _ in range(3):
            played.start_worker()
        ended = played.run(*played.main_job("--waves", "10,rest"))
        assert (ended.code, ended.outcomes) == (0, {"changed": ACCOUNTS}), ended.err
        run = ended.report["run"]
        copied = played.vendor.cli("runs", "copy", run, "--journal", postgres, "--to", str(tmp_path / "copy"))
        assert copied.code == 0, copied.err

        places = {"PostgreSQL": postgres, "SQLite": str(tmp_path / "copy")}

        for form in ("text", "json", "jsonl", "csv", "junit", "markdown", "html"):
            file = tmp_path / "report"
            written = {}
            for name, place in places.items():
                made = played.vendor.cli("report", run, "--format", form, "-o", str(file), BULKOPS_JOURNAL=place)
                assert made.code == 0, made.err
                written[name] = without_now(file.read_text())
                file.unlink()
            assert written["PostgreSQL"] == written["SQLite"], form
            assert len(written["SQLite"]) > 200
        for words in (("watch", run), ("history", str(FIRST_ACCOUNT))):
            found = [played.vendor.cli(*words, BULKOPS_JOURNAL=place) for place in places.values()]
            assert [each.code for each in found] == [0, 0], found
            assert found[0].out + found[0].err == found[1].out + found[1].err, words


def without_now(text: str) -> str:
    """Without the moment at which a report was asked for."""
    return re.sub(r'"as_of": ?"?[0-9T:.Z+-]+"?|(?<=>bulkops )[^<]* UTC', "now", text)
