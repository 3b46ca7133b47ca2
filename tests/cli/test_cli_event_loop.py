"""BULKOPS_LOOP: which event loop runs an operation, and what is said where it cannot."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fleet import fleet, wait_until

JOB = """
import asyncio
from bulkops import Context, operation

@operation(plan="rehearse")
async def which(ctx: Context) -> None:
    is_asyncio = isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop)
    ctx.add_note("asyncio" if is_asyncio else "uvloop")
"""


@pytest.mark.parametrize("name", ["asyncio", "uvloop"])
def test_an_operation_runs_on_the_loop_that_was_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "job.py").write_text(JOB, encoding="utf-8")
    with fleet(tmp_path, customers=1, time_scale=1000) as vendor:
        arguments = ("--accounts", "4100231", *vendor.policy, "--json")
        ended = vendor.cli("run", f"{tmp_path / 'job.py'}:which", *arguments, BULKOPS_LOOP=name)
        assert ended.code == 0, ended.err
        assert name in str(ended.report["accounts"])


LEAVING = """
import asyncio
import sys
import bulkops

async def leave():
    await asyncio.sleep(0)
    sys.exit()

@bulkops.operation(plan="rehearse")
async def direct(ctx):
    sys.exit()

@bulkops.operation(plan="rehearse")
async def gathered(ctx):
    if ctx.account.id == "4100231":
        await asyncio.gather(leave(), leave())

@bulkops.operation(plan="rehearse")
async def in_a_group(ctx):
    if ctx.account.id == "4100231":
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(leave())
    else:
        ended = asyncio.create_task(leave())
        ended.cancel()
        await ended

class Priced(bulkops.Operation):
    name = "priced"

    async def apply(self, ctx):
        pass

    def cost(self, foreseen):
        sys.exit()
"""


@pytest.mark.parametrize("name", ["asyncio", "uvloop"])
@pytest.mark.parametrize(
    ("operation", "causes"),
    [
        ("direct", ["SystemExit", "SystemExit"]),
        ("gathered", ["SystemExit", None]),
        ("in_a_group", ["SystemExit", "CancelledError"]),
    ],
)
def test_an_exit_in_an_operation_ends_its_account_only(
    tmp_path: Path, name: str, operation: str, causes: list[str | None]
) -> None:
    """In a task of its own it ended the run or the plan, with exit code 0 and nothing said."""
    file = tmp_path / "leaving.py"
    file.write_text(LEAVING, encoding="utf-8")
    with fleet(tmp_path, customers=2, time_scale=1000) as vendor:
        one_by_one = (f"{file}:{operation}", "--accounts", "all", "--concurrency", "1", *vendor.policy, "--json")
        ran = vendor.cli("run", *one_by_one, BULKOPS_LOOP=name)
        assert ran.code == 1, ran.err
        assert [_kind(row["cause"]) for row in ran.report["accounts"]] == causes
        planned = vendor.cli("plan", "run", *one_by_one, BULKOPS_LOOP=name)
        assert planned.code == 1, planned.err
        assert [_kind(row["problem"]) for row in planned.report["accounts"]] == causes


def _kind(problem: str | None) -> str | None:
    return problem and problem.partition(" (")[0]


def test_an_exit_outside_the_accounts_is_an_error_of_the_command(tmp_path: Path) -> None:
    """It ended the command with exit code 0 and nothing said."""
    file = tmp_path / "leaving.py"
    file.write_text(LEAVING, encoding="utf-8")
    with fleet(tmp_path, customers=1, time_scale=1000) as vendor:
        ended = vendor.cli("run", f"{file}:Priced", "--accounts", "all", *vendor.policy)
        assert ended.code == 1
        assert ended.err.startswith("error: the operation's code called sys.exit(None) outside the accounts\n")
        assert "Traceback" not in ended.err


def test_the_main_job_on_uvloop_is_stopped_and_resumed(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=20, time_scale=100) as vendor:
        process = vendor.start(*vendor.rollout_command("--concurrency", "2"), BULKOPS_LOOP="uvloop")
        wait_until(process, lambda: vendor.kinds()["import.completed"], 2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=300)
        assert process.wait() == 130, err
        done = vendor.cli("resume", *vendor.policy, "--json", BULKOPS_LOOP="uvloop")
        assert (done.code, done.outcomes) == (0, {"changed": 20}), done.err
        assert (vendor.refused(), vendor.twice()) == (0, [])


def test_another_loop_is_refused(tmp_path: Path) -> None:
    with fleet(tmp_path, customers=1) as vendor:
        ended = vendor.rollout(BULKOPS_LOOP="trio")
        assert ended.code == 2
        assert 'BULKOPS_LOOP must be "asyncio" or "uvloop", not "trio"' in ended.err
        assert vendor.requests()["total"] == 0


def test_without_uvloop_it_says_how_to_get_it() -> None:
    """In a process of its own, where importing uvloop fails as if it were not installed."""
    program = (
        "import os, sys; sys.modules['uvloop'] = None; os.environ['BULKOPS_LOOP'] = 'uvloop'\n"
        "from bulkops.cli import event_loop\n"
        "from bulkops.errors import ConfigError\n"
        "async def main(): pass\n"
        "try: event_loop.run(main())\n"
        "except ConfigError as error: print(error)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300)
    said = "BULKOPS_LOOP asks for uvloop, which is not installed; pip install 'bulkops[fast]', or unset BULKOPS_LOOP"
    assert (ended.stdout.strip(), ended.stderr) == (said, "")
