"""Ctrl-C once: what is in flight ends; twice: now. Either way 130, and resume goes on."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.fleet import fleet, wait_until


@pytest.mark.parametrize("customers", [30, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("presses", [1, 2])
def test_interrupted_and_resumed(tmp_path: Path, presses: int, customers: int) -> None:
    with fleet(tmp_path, customers=customers, time_scale=20) as vendor:
        process = vendor.start(*vendor.rollout_command("--concurrency", "10"))
        wait_until(process, lambda: len(vendor.ledger()), 10)
        process.send_signal(signal.SIGINT)
        if presses == 2:
            assert process.stderr is not None
            while "press Ctrl-C again" not in (line := process.stderr.readline()):
                assert line, "it ended without a word"
            process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=300)
        assert process.returncode == 130, err
        assert "resume" in err.splitlines()[-1]
        assert "Traceback" not in err
        report = vendor.cli("show", "--journal", str(vendor.journal), "--format", "json").report
        assert report["state"] == "interrupted"
        counts = report["outcomes"]
        assert sum(counts.values()) == customers
        assert counts["not_attempted"] > 0
        if presses == 1:
            assert counts["cancelled"] == counts["unknown"] == counts["failed"] == 0
        else:
            assert counts["cancelled"] + counts["unknown"] > 0  # now: what was in flight did not end

        done = vendor.cli("resume", *vendor.policy, "--json")
        assert (done.code, done.outcomes) == (0, {"changed": customers}), done.err
        assert vendor.twice() == []
        nothing = vendor.cli("resume", "--yes", "--journal", str(vendor.journal))
        assert nothing.code == 0
        assert "nothing" in (nothing.out + nothing.err).lower()
