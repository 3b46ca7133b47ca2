"""The journal's disk and its locks: a torn log, a full disk, a place that cannot be written, two who want the same."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bulkops.errors import JournalError
from bulkops.journal import Journal
from tests.fleet import SandboxProcess, fleet, kill, wait_until
from tests.processes import Process

CUSTOMERS = 12
SEED = 20261122


def start_slowly(vendor: SandboxProcess, *more: str) -> Process:
    """A run that is still at work when something else happens: returns once it has changed something."""
    process = vendor.start(*vendor.rollout_command("--concurrency", "2", *more))
    wait_until(process, lambda: len(vendor.ledger()), 6)
    return process


async def outcomes_of(directory: Path) -> Counter[str] | str:
    """What a reader and then a writer of the journal see, or the error in words."""
    try:
        async with Journal.open(directory) as journal:
            record = await journal.get_run()
            return Counter({key.value: count for key, count in (await journal.counts(record.run_id)).items() if count})
    except JournalError as error:
        return str(error)


def test_a_torn_log_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=CUSTOMERS, time_scale=100) as vendor:
        kill(start_slowly(vendor))
    log = vendor.journal / "journal.sqlite3-wal"
    whole = log.read_bytes()
    assert len(whole) > 4096
    draw = random.Random(SEED)
    cuts = [0, 1, 31, 32, len(whole) - 1, *(draw.randrange(len(whole)) for _ in range(40))]
    seen: Counter[str] = Counter()
    for number, cut in enumerate(cuts):
        torn = tmp_path / f"torn-{number}"
        shutil.copytree(vendor.journal, torn)
        (torn / log.name).write_bytes(whole[:cut])
        (torn / "journal.sqlite3-shm").unlink(missing_ok=True)
        told = asyncio.run(outcomes_of(torn))
        if isinstance(told, str):
            assert re.search("no run|no journal", told), told
            seen["no run yet"] += 1
        else:
            assert sum(told.values()) == CUSTOMERS, (cut, told)
            seen["readable"] += 1
    print(dict(seen))
    assert seen["readable"] > 10


def test_a_flipped_bit_is_told_in_words(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=3, time_scale=400, quotas="off") as vendor:
        assert vendor.rollout().code == 0
        path = vendor.journal / "journal.sqlite3"
        whole = bytearray(path.read_bytes())
        draw = random.Random(SEED)
        for _ in range(30):
            broken = bytearray(whole)
            start = draw.randrange(len(broken))
            broken[start : start + 200] = draw.randbytes(min(200, len(broken) - start))
            path.write_bytes(broken)
            told = asyncio.run(outcomes_of(vendor.journal))  # anything but a foreign exception
            assert told


def test_a_full_disk_ends_the_run_in_words_and_resume_goes_on(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=CUSTOMERS, time_scale=400, quotas="off") as vendor:
        limited = (
            f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({150 * 1024}, resource.RLIM_INFINITY));"
            "from bulkops.__main__ import main; sys.exit(main())"
        )
        done = subprocess.run(
            [sys.executable, "-c", limited, *vendor.rollout_command()],
            env=vendor.environment(PYTHONPATH=str(Path(__file__).parents[2])),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            cwd=tmp_path,
            check=False,
        )
        assert done.returncode == 2, (done.returncode, done.stderr)
        assert "Traceback" not in done.stderr
        assert "the journal" in done.stderr
        assert re.search("disk", done.stderr), done.stderr

        again = vendor.cli("resume", *vendor.policy, "--json")
        assert (again.code, again.outcomes) == (0, {"changed": CUSTOMERS}), again.err
        assert vendor.twice() == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=3, time_scale=400) as vendor:
        accounts = tmp_path / "accounts.txt"
        accounts.write_text("4100231\n")
        done = vendor.rollout("--accounts", str(accounts), "--journal", "/proc/bulkops")
        assert done.code == 2
        assert "/proc/bulkops" in done.err
        assert "--journal" in done.err
        assert "Traceback" not in done.err
        assert vendor.requests()["total"] == 0


def test_two_on_one_journal_and_two_on_one_credential(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=CUSTOMERS, time_scale=100) as vendor:
        first = start_slowly(vendor)
        os.kill(first.pid, signal.SIGSTOP)  # at work, however fast the machine is
        try:
            same = vendor.cli("resume", *vendor.policy, "--json")
            elsewhere = vendor.rollout("--journal", str(tmp_path / "another"))
        finally:
            os.kill(first.pid, signal.SIGCONT)
        for refused in (same, elsewhere):
            assert refused.code == 2, refused.err
            assert re.search(r"run \d{8}-\d{6}-\w+", refused.err), refused.err
            assert f"process {first.pid}" in refused.err
            assert "Traceback" not in refused.err
        out, err = first.communicate(timeout=300)
        assert first.returncode == 0, err
        assert '"changed":12' in out.replace(" ", "")
        assert vendor.twice() == []
