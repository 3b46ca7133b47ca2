"""Benchmarks, then the page: `python -m benchmarks [--wide] [--smoke | --page | --profile] [NAME ...]`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.kit.harness import RESULTS
from benchmarks.kit.results_page import write

NAMES: Final = (
    "session_overhead",
    "start_up",
    "fan_out_cpu",
    "fan_out_latency",
    "rate_bound",
    "stalled_client",
    "quota_cpu",
    "rollout",
    "live_view",
    "journal_commits",
    "list_page",
)
"""These need a quiet machine: one after another."""

WIDE: Final = (
    "fan_out_memory",
    "million",
    "requests_sent",
    "admission",
    "event_loop",
    "wrong_limits",
    "how_far",
    "adaptation_grid",
    "exploring",
    "workers",
)
"""Bytes, counts, ratios in pairs and virtual time: any machine will do."""

EVERY: Final = (*NAMES, *WIDE)
AT_ONCE: Final = 2


def run(name: str, *, smoke: bool, profile: bool) -> bool:
    """Run one benchmark in a process of its own and print what it printed. Returns: whether it ended well."""
    began = time.monotonic()
    command = [sys.executable, "-m", f"benchmarks.{name}", *(["--smoke"] if smoke else [])]
    if profile:
        flames = RESULTS / f"{name}.flames.svg"
        command = ["py-spy", "record", "--rate", "250", "--threads", "--output", str(flames), "--", *command]
    with tempfile.TemporaryDirectory() as state:  # its ledger is not the user's
        environment = os.environ | {"XDG_STATE_HOME": state, "PATH": f"{Path(sys.executable).parent}:{os.defpath}"}
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, env=environment)
    verdict = "" if done.returncode == 0 else f", FAILED ({done.returncode})"
    print(f"{name}: {time.monotonic() - began:.0f} s{verdict}\n{done.stdout}", flush=True)
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(EVERY)}; none: all but the wide ones")
    parser.add_argument("--wide", action="store_true", help="those that need no quiet machine")
    parser.add_argument("--smoke", action="store_true", help="check that they run and that counts are right")
    parser.add_argument("--page", action="store_true", help="only write the page from the results that are there")
    parser.add_argument("--profile", action="store_true", help="write a flame graph: results/NAME.flames.svg")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.names) - set(EVERY))
    if unknown:
        parser.error(f"no benchmark named {', '.join(unknown)}")
    names = chosen.names or (EVERY if chosen.smoke else WIDE if chosen.wide else NAMES)
    ok = True
    if not chosen.page:
        RESULTS.mkdir(exist_ok=True)
        with ThreadPoolExecutor(AT_ONCE if chosen.smoke or chosen.wide else 1) as side_by_side:
            ok = all(list(side_by_side.map(partial(run, smoke=chosen.smoke, profile=chosen.profile), names)))
    if not (chosen.smoke or chosen.names or chosen.profile):
        print(f"wrote {write(EVERY)}")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
