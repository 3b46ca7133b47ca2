"""`load_report` over a real journal, also one that another process left."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bulkops.errors import JournalCorrupt, JournalError
from bulkops.journal import AccountResult, InventoryRow, Journal, RunState
from bulkops.outcome import Outcome
from bulkops.report import FORMATS, Format, load_report, render
from tests.records import RUN, run_record


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    async with Journal.open(tmp_path / "runs") as opened:
        yield opened


async def begin(journal: Journal, run_id: str = RUN, accounts: int = 4) -> str:
    rows = [InventoryRow(seq=seq, account=f"E{seq}", params={"password": "hunter2"}) for seq in range(accounts)]
    await journal.create_run(run_record(run_id, inventory_count=accounts), rows)
    return run_id


async def test_a_name_is_known_to_later_runs_of_the_journal(journal: Journal) -> None:
    rows = [InventoryRow(seq=0, account="1", name="Acme" * 100), InventoryRow(seq=1, account="2")]
    await journal.create_run(run_record("r-1", inventory_count=2), rows)
    assert [row.name for row in (await load_report(journal, "r-1")).accounts] == [("Acme" * 100)[:200], None]
    again = [InventoryRow(seq=0, account="2", name="Otter"), InventoryRow(seq=1, account="1")]
    await journal.create_run(run_record("r-2", inventory_count=2), again)
    assert [row.name for row in (await load_report(journal, "r-2")).accounts] == ["Otter", ("Acme" * 100)[:200]]
    await journal.create_run(run_record("r-3", inventory_count=1, host="https://eu.vendor.example"), again[1:])
    assert [row.name for row in (await load_report(journal, "r-3")).accounts] == [None]


async def test_a_run_from_its_first_second_to_its_end(journal: Journal) -> None:
    run_id = await begin(journal)
    async with journal.lock_run(run_id):
        assert (await load_report(journal, run_id)).outcomes[Outcome.NOT_ATTEMPTED] == 4
        for seq in range(3):
            journal.start_account(run_id, seq)
        await journal.end_account(run_id, 0, AccountResult(outcome=Outcome.CHANGED, detail={"recipes": 5}))
        await journal.end_account(
            run_id, 1, AccountResult(outcome=Outcome.FAILED, cause="c", reason="r", failure_class="f")
        )
        running = await load_report(journal, run_id)
        assert running.state is RunState.RUNNING
        assert sum(running.outcomes.values()) == running.inventory == 4
        assert render(running).startswith("Running: 1 changed, 1 failed, 1 in progress, 1 waiting of 4 accounts for ")
        await journal.end_account(run_id, 2, AccountResult(outcome=Outcome.UNCHANGED))
        await journal.end_account(run_id, 3, AccountResult(outcome=Outcome.SKIPPED, reason="left out"))
        await journal.set_state(run_id, RunState.FINISHED)
    report = await load_report(journal, run_id)
    assert (report.state, report.reason, report.title, report.host) == (
        RunState.FINISHED,
        None,
        "tidy up",
        "https://www.workato.com",
    )
    assert [row.account for row in report.accounts] == ["E0", "E1", "E2", "E3"]
    assert [row.account for row in report.failures] == ["E1"]
    assert report.ended_at is not None
    assert report.duration_s > 0
    assert report.exit_code == 1


@pytest.mark.parametrize("kind", FORMATS)
async def test_the_columns_of_the_account_file_are_in_no_format(journal: Journal, kind: Format) -> None:
    report = await load_report(journal, await begin(journal))
    assert "hunter2" not in render(report, kind)
    assert "E3" in render(report, kind) or kind in {"text", "markdown", "summary"}


async def test_a_run_whose_process_died_is_interrupted(journal: Journal) -> None:
    run_id = await begin(journal)
    journal.start_account(run_id, 0)
    await journal.begin_step(run_id, 0, "import", {})
    journal.start_account(run_id, 1)
    await journal.flush()
    report = await load_report(journal, run_id)
    assert (report.state, report.exit_code, report.ok) == (RunState.INTERRUPTED, 130, False)
    assert report.reason == "the process that worked on it died"
    assert report.outcomes[Outcome.UNKNOWN] == report.outcomes[Outcome.CANCELLED] == 1
    assert f"resume with: bulkops resume {run_id} --journal " in render(report)


class EndsMeanwhile(Journal):
    """A journal in which another process ends the run while its lock is looked at."""

    async def is_locked(self, run_id: str) -> bool:
        with closing(sqlite3.connect(Path(self.location.absolute) / "journal.sqlite3")) as connection, connection:
            connection.execute("UPDATE runs SET state = 'finished' WHERE run_id = ?", (run_id,))
        return False


async def test_a_run_that_ends_while_it_is_looked_at_did_not_die(tmp_path: Path) -> None:
    async with EndsMeanwhile.open(tmp_path) as journal:
        assert (await load_report(journal, await begin(journal))).state is RunState.FINISHED


async def test_commands_need_no_journal_in_the_usual_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with Journal.open(".bulkops") as usual, Journal.open("other") as other:
        assert render(await load_report(usual, await begin(usual, "r1"))).endswith("bulkops resume r1\n")
        assert render(await load_report(other, await begin(other, "r2"))).endswith("resume r2 --journal other\n")


async def test_the_newest_run_and_the_beginning_of_an_id(journal: Journal) -> None:
    await begin(journal, "20260102-101530-k3f")
    await begin(journal, "20260103-101530-abc")
    assert (await load_report(journal)).run_id == "20260103-101530-abc"
    assert (await load_report(journal, "20260102")).run_id == "20260102-101530-k3f"
    with pytest.raises(JournalError, match="run '2027' does not exist"):
        await load_report(journal, "2027")


async def test_missing_accounts_are_noticed(journal: Journal) -> None:
    run_id = await begin(journal)
    with closing(sqlite3.connect(Path(journal.location.absolute) / "journal.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM accounts WHERE seq = 2")
    with pytest.raises(JournalCorrupt, match=f"the journal has 3 accounts of run {run_id}, but the run began with 4"):
        await load_report(journal, run_id)


async def test_a_journal_opened_for_reading_will_do(journal: Journal) -> None:
    run_id = await begin(journal)
    async with Journal.open(journal.location, read_only=True) as reading:
        assert (await load_report(reading, run_id)).inventory == 4
