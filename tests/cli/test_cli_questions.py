"""Questions on a terminal: what they name, what an answer does, and that nothing typed earlier answers them."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, RemoteSandbox, environment
from tests.cli.pseudo import on_a_terminal
from tests.patience import PATIENCE_S

START = "Start this run (12 accounts)? [y]es, [N]o "
GATE = "Start wave 2 (11 accounts)? [y]es, [N]o: halt, [p]ause "


@pytest.fixture
def waves(sandbox: RemoteSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A command that runs in two waves with a question between them, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    fast = ("--client-file", str(sandbox.client_file))
    return ["create-folder", "--folder", "Night", "--accounts", "all", *fast, "--waves", "1,rest", "--approve"]


@pytest.mark.parametrize("early", ["y\n", "y", "\n"])
def test_what_was_typed_before_the_question_does_not_answer_it(
    sandbox: RemoteSandbox, waves: list[object], early: str
) -> None:
    code, seen = on_a_terminal(waves, (START, "y\n" + early), (GATE, "p\n"), sandbox=sandbox)
    assert code == 5, seen
    assert len(sandbox.effects("folder.created")) == 1


@pytest.mark.parametrize(
    ("answer", "code", "made"),
    [("y\n", 0, 12), ("n\n", 3, 1), ("\n", 3, 1), ("p\n", 5, 1), ("\x04", 5, 1), ("\x03", 130, 1)],
)
def test_the_answer_at_a_gate(sandbox: RemoteSandbox, waves: list[object], answer: str, code: int, made: int) -> None:
    """Ctrl-D pauses; Ctrl-C interrupts the run, which then asks again."""
    exit_code, seen = on_a_terminal(waves, (START, "y\n"), (GATE, answer), sandbox=sandbox)
    assert exit_code == code, seen
    assert len(sandbox.effects("folder.created")) == made


def test_an_answer_that_means_nothing_is_asked_again(sandbox: RemoteSandbox, waves: list[object]) -> None:
    code, seen = on_a_terminal(waves, (START, "y\n"), (GATE, "sure\n"), (GATE, "y\n"), sandbox=sandbox)
    assert code == 0, seen


def test_after_a_no_resume_asks_again_or_approve_goes_on_at_once(
    cli: Cli, sandbox: RemoteSandbox, waves: list[object]
) -> None:
    code, seen = on_a_terminal(waves, (START, "y\n"), (GATE, "n\n"), sandbox=sandbox)
    assert code == 3, seen
    assert "wave 2 did not start" in seen
    code, seen = on_a_terminal(["resume"], ("Resume this run (11 accounts)? ", "y\n"), (GATE, "n\n"), sandbox=sandbox)
    assert code == 3, seen
    resumed = cli("resume", "--approve", "--yes", "--json")
    assert (resumed.code, resumed.outcomes) == (0, {"changed": 12}), resumed.err


def test_approve_passes_one_gate_and_says_when_there_is_none(
    cli: Cli, sandbox: RemoteSandbox, waves: list[object]
) -> None:
    waves[waves.index("1,rest")] = "1,2,rest"
    paused = cli(*waves, "--yes", "--json")
    assert paused.code == 5, paused.err
    second = cli("resume", "--approve", "--yes", "--json")
    assert (second.code, second.outcomes) == (5, {"changed": 3, "not_attempted": 9}), second.err
    assert "has no effect" not in second.err
    third = cli("resume", "--approve", "--yes", "--json")
    assert (third.code, third.outcomes) == (0, {"changed": 12}), third.err


def test_approve_of_a_run_that_stopped_elsewhere_has_no_effect(
    cli: Cli, sandbox: RemoteSandbox, waves: list[object]
) -> None:
    waves[waves.index("all")] = "1,4100231,4100232"  # there is no account 1
    halted = cli(*waves, "--waves", "2,rest", "--max-failures", "0", "--concurrency", "1", "--yes", "--json")
    assert (halted.code, halted.outcomes) == (3, {"failed": 1, "not_attempted": 2}), halted.err
    resumed = cli("resume", "--approve", "--max-failures", "1", "--yes", "--json")
    assert "did not stop at a gate: --approve has no effect" in resumed.err
    assert (resumed.code, resumed.outcomes) == (5, {"failed": 1, "changed": 1, "not_attempted": 1}), resumed.err


def test_each_command_takes_the_flags_that_it_heeds(cli: Cli) -> None:
    assert "Pass the gate at which the run paused or halted" in " ".join(cli("resume", "--help").out.split())
    assert "--waves" not in cli("retry", "--help").out
    assert cli("retry", "--approve").code == 2


def test_a_run_whose_terminal_hangs_up_ends_as_any_other(sandbox: RemoteSandbox, waves: list[object]) -> None:
    """With SIGHUP ignored, as `nohup` and `disown` do it."""
    sandbox.ask("faults", {"slow": 1.0})
    ours, theirs = pty.openpty()
    shell = 'trap "" HUP; exec "$0" -m bulkops "$@" --yes --on-finish "touch told"'
    with subprocess.Popen(
        ["sh", "-c", shell, sys.executable, *map(str, waves[:-1])],
        env=environment(sandbox.access) | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        seen, end = b"", time.monotonic() + PATIENCE_S
        while b"in flight" not in seen:
            if not select.select([ours], [], [], max(0.0, end - time.monotonic()))[0]:
                process.kill()
                pytest.fail(f"it shows no progress: {seen.decode(errors='replace')}")
            seen += os.read(ours, 65536)
        os.close(ours)
        assert process.wait(timeout=120) == 0
    assert Path("told").exists()
    assert len(sandbox.effects("folder.created")) == 12
