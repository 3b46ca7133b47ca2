"""All benchmarks one after another, then the page: `python -m benchmarks [--smoke | --page] [NAME ...]`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from benchmarks.kit.results_page import write

NAMES: Final = (
    "session_overhead",
    "fan_out_cpu",
    "fan_out_memory",
    "fan_out_latency",
    "rate_bound",
    "stalled_client",
    "wrong_limits",
    "quota_cpu",
    "rollout",
    "live_view",
    "journal_commits",
    "list_page",
)
WITHOUT_ROWS: Final = ("how_far", "adaptation_grid")
"""Measured like the others, for a page of its own."""

SMOKES_AT_ONCE: Final = 2


def run(name: str, *, smoke: bool) -> bool:
    """Run one benchmark in a process of its own and print what it printed. Returns: whether it ended well."""
    began = time.monotonic()
    command = [sys.executable, "-m", f"benchmarks.{name}", *(["--smoke"] if smoke else [])]
    with tempfile.TemporaryDirectory() as state:  # its ledger is not the user's
        environment = os.environ | {"XDG_STATE_HOME": state}
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, env=environment)
    verdict = "" if done.returncode == 0 else f", FAILED ({done.returncode})"
    print(f"{name}: {time.monotonic() - began:.0f} s{verdict}\n{done.stdout}", flush=True)
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join((*NAMES, *WITHOUT_ROWS))}; none: all")
    parser.add_argument("--smoke", action="store_true", help="check that they run and that counts are right")
    parser.add_argument("--page", action="store_true", help="only write the page from the results that are there")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.names) - {*NAMES, *WITHOUT_ROWS})
    if unknown:
        parser.error(f"no benchmark named {', '.join(unknown)}")
    names = chosen.names or (*NAMES, *WITHOUT_ROWS)
    ok = True
    if not chosen.page:
        with ThreadPoolExecutor(SMOKES_AT_ONCE if chosen.smoke else 1) as side_by_side:
            ok = all(list(side_by_side.map(lambda name: run(name, smoke=chosen.smoke), names)))
    if not chosen.smoke and not chosen.names:
        print(f"wrote {write(NAMES)}")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
