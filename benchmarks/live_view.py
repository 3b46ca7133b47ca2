"""What the live view costs of a run's CPU time: counting events, foreseeing the end, drawing.

10,000 accounts, two reads each, against a sandbox in its own process, as fast as this machine goes: no run at the
vendor's pace draws more often for its requests, since the view keeps to a share of the CPU time that the run uses.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from rich.console import Console

import bulkops
from benchmarks.kit.harness import Row, arguments, publish
from bulkops.cli.eta import ForecastEta
from bulkops.cli.live import Live
from bulkops.cli.progress import ProgressDisplay, RunProgress
from bulkops.cli.progress_counts import Tally
from bulkops.events import Event
from bulkops.settings import Tuning
from tests.fleet import SandboxProcess, fleet

BAR: Final = 2.0
FIRST_ACCOUNT: Final = 4_100_231


@bulkops.operation
async def look(ctx: bulkops.Context) -> None:
    """Two reads under two quotas."""
    async for _ in ctx.account.folders.list():
        pass
    async for _ in ctx.account.recipes.list():
        pass


async def watched(vendor: SandboxProcess, accounts: int) -> dict[str, Any]:
    live = Live(Console(file=io.StringIO(), force_terminal=True, width=120, height=40))
    progress = RunProgress(live)
    events: list[Event] = []

    def observe(event: Event) -> None:
        events.append(event)
        progress.observe(event)

    tuning = Tuning.from_file(vendor.client_file)
    async with bulkops.Workato(token=vendor.token, host=vendor.url, tuning=tuning, observe=observe) as workato:
        policy = bulkops.Policy()
        eta_source = ForecastEta(workato, look, policy, total=accounts)
        began, cpu = time.monotonic(), time.process_time()
        async with progress.shown(accounts, eta_source=eta_source):
            ids = range(FIRST_ACCOUNT, FIRST_ACCOUNT + accounts)
            await bulkops.run(
                look, accounts=ids, workato=workato, policy=policy, journal=vendor.journal, observe=observe
            )
        cpu_s, took_s = time.process_time() - cpu, time.monotonic() - began
        again = RunProgress(ProgressDisplay())
        again.view.tally, again.view.eta_source = Tally(accounts), ForecastEta(workato, look, policy, total=accounts)
        cpu = time.process_time()
        for event in events:
            again.observe(event)
        observing_s = time.process_time() - cpu
    return {
        "took_s": took_s,
        "cpu_s": cpu_s,
        "events": len(events),
        "observing_s": observing_s,
        "foreseeing_s": eta_source.spent_s,
        "drawing_s": live.spent_s,
        "redraws": live.redraws,
    }


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    accounts = 200 if smoke else 10_000
    with (
        tempfile.TemporaryDirectory() as home,
        fleet(Path(home), customers=accounts, time_scale=900) as vendor,
    ):
        found = asyncio.run(watched(vendor, accounts))
    spent_s = found["observing_s"] + found["foreseeing_s"] + found["drawing_s"]
    rows = [
        Row(
            what=f"live view: share of a run's CPU time, {accounts:,} accounts",
            measured=100 * spent_s / found["cpu_s"],
            bar=BAR,
            better="below",
            unit=" %",
        )
    ]
    facts = [
        f"{found['took_s']:.1f} s, {found['cpu_s']:.1f} s CPU; of that observing {found['events']} events "
        f"{found['observing_s']:.2f} s (played again to be measured), "
        f"foreseeing {found['foreseeing_s']:.2f} s, drawing {found['drawing_s']:.2f} s ({found['redraws']} times, "
        f"{1000 * found['drawing_s'] / max(1, found['redraws']):.1f} ms each)"
    ]
    publish("live_view", rows, smoke=smoke, details={"facts": facts, **found})
    print(*facts, sep="\n")


if __name__ == "__main__":
    main()
