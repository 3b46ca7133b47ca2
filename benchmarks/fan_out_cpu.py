"""CPU per item of `fan_out` beside a bare worker pool. The work gives way to others once and returns: no HTTP."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from benchmarks.kit.harness import Row, arguments, cpu_s, publish, ratio, ratios, rounds
from benchmarks.kit.pools import pools

BAR: Final = 1.35
CONCURRENCY: Final = 100


async def work(item: int) -> int:
    await asyncio.sleep(0)
    return item


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    items = 500 if smoke else 20_000
    candidates = {name: partial(pool, work, range(items), CONCURRENCY) for name, pool in pools().items()}
    figures = rounds(candidates, measure=cpu_s, count=1 if smoke else 15)
    row = Row(
        what="fan_out, no HTTP: CPU per item / bare worker pool",
        measured=ratio(figures, "fan_out", "bare pool"),
        bar=BAR,
        better="below",
        peers={name: figure for name, figure in ratios(figures, to="bare pool").items() if name != "fan_out"},
    )
    per_item_us = {name: [round(one / items * 1e6, 3) for one in row] for name, row in figures.items()}
    publish("fan_out_cpu", [row], smoke=smoke, details={"items": items, "cpu_us_per_item": per_item_us})


if __name__ == "__main__":
    main()
