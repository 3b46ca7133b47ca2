"""The rate-bound work by a client whose event loop stands still for 100 to 200 ms at random, a fifth of the time."""

from __future__ import annotations

import math
from typing import Any, Final

from benchmarks.kit.harness import Row, arguments, publish
from benchmarks.kit.limiters import installed
from benchmarks.kit.rate_work import LONGEST_JOBS_S, side_by_side
from benchmarks.kit.windows import WINDOWS

BAR: Final = 1.04


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    accounts, windows = (20, ["sliding"]) if smoke else (1_500, list(WINDOWS))
    names = installed("send log with guard per quota", "pyrate-limiter per quota", "AsyncLimiter(N, T) per quota")
    rows: list[Row] = []
    details: dict[str, Any] = {"facts": []}
    for longest_s in LONGEST_JOBS_S:
        ours = side_by_side([("bulkops", window) for window in windows], accounts, "stalled", longest_s=longest_s)
        peers = side_by_side([(name, "sliding") for name in names], accounts, "stalled", longest_s=longest_s)
        refused = sum(one["refused"] for one in ours.values())
        rows.append(
            Row(
                what=f"client stalled 100-200 ms at random, jobs up to {longest_s:g} s, worst window kind: "
                f"time / (needed / rate), with no 429 ({refused} seen)",
                measured=math.inf if refused else max(one["ratio"] for one in ours.values()),
                bar=BAR,
                better="below",
                peers={f"{name} ({peer['refused']} refused)": peer["ratio"] for (name, _), peer in peers.items()},
            )
        )
        for (name, window), one in (ours | peers).items():
            job = f"{name}, {window}, jobs up to {longest_s:g} s"
            details[job] = one
            details["facts"].append(f"{job}: {one['took_s']:.2f} s, {one['refused']} refused")
    publish("stalled_client", rows, smoke=smoke, details=details)


if __name__ == "__main__":
    main()
