"""2,000 items of 50 ms at 200 in flight: how much longer than a bare pool, on the clock on the wall."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from benchmarks.kit.harness import Row, arguments, publish, ratio, ratios, rounds, wall_s
from benchmarks.kit.pools import pools

BAR: Final = 1.10
LATENCY_S: Final = 0.05


async def work(item: int) -> int:
    await asyncio.sleep(LATENCY_S)
    return item


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    items, concurrency = (40, 20) if smoke else (2_000, 200)
    candidates = {name: partial(pool, work, range(items), concurrency) for name, pool in pools().items()}
    figures = rounds(candidates, measure=wall_s, count=1 if smoke else 15)
    row = Row(
        what="latency bound, 2,000 x 50 ms at 200 in flight: wall / bare pool",
        measured=ratio(figures, "fan_out", "bare pool"),
        bar=BAR,
        better="below",
        peers={name: figure for name, figure in ratios(figures, to="bare pool").items() if name != "fan_out"},
    )
    publish("fan_out_latency", [row], smoke=smoke, details={"items": items, "wall_s": figures})


if __name__ == "__main__":
    main()
