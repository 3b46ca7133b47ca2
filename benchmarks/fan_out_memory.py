"""Growth of a process from 100,000 to 1,000,000 items with results streamed: two new processes, peak resident size."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from typing import Final

from benchmarks.kit.harness import Row, arguments, publish
from benchmarks.kit.pools import pools

BAR_MIB: Final = 2.0
CONCURRENCY: Final = 100


async def work(item: int) -> int:
    await asyncio.sleep(0)
    return item


def child(pool: str, items: int) -> None:
    """Print this process's peak resident size in KiB after streaming `items` results."""
    asyncio.run(pools()[pool](work, range(items), CONCURRENCY))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def peak_mib(pool: str, items: int) -> float:
    command = [sys.executable, "-m", "benchmarks.fan_out_memory", "--child", pool, str(items)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(json.loads(done.stdout)) / 1024


def growth_mib(pool: str, few: int, many: int) -> float:
    return peak_mib(pool, many) - peak_mib(pool, few)


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    few, many = (1_000, 2_000) if smoke else (100_000, 1_000_000)
    growths = {pool: growth_mib(pool, few, many) for pool in ("fan_out", "bare pool")}
    # the others keep something for every item: at a tenth of the items, times ten, is kind to them and to the machine
    tenth = {pool: 10 * growth_mib(pool, few // 10, many // 10) for pool in pools() if pool not in growths}
    row = Row(
        what="fan_out memory, 100k -> 1M items, results streamed",
        measured=growths.pop("fan_out"),
        bar=BAR_MIB,
        better="below",
        unit=" MiB",
        peers=growths | tenth,
    )
    publish("fan_out_memory", [row], smoke=smoke, details={"few": few, "many": many})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], int(sys.argv[3]))
    else:
        main()
