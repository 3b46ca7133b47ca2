"""1,500 accounts, two quotas of 600 in 6 s and one of 10,000 in 6 s, jobs polled: time against needed / rate.

The server counts each request up to 20 ms after its arrival, in fixed, sliding and token windows. A row holds only
with no request refused; the peers' refusals stand beside their names. Jobs of two lengths: the time holds the last
jobs too, which no quota explains.
"""

from __future__ import annotations

import math
from typing import Any, Final

from benchmarks.kit.harness import Row, arguments, publish
from benchmarks.kit.limiters import installed
from benchmarks.kit.rate_work import LONGEST_JOBS_S, side_by_side
from benchmarks.kit.windows import WINDOWS

BAR: Final = 1.03


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    accounts, windows = (20, ["sliding"]) if smoke else (1_500, list(WINDOWS))
    names = installed("pyrate-limiter per quota", "one AsyncLimiter for all", "AsyncLimiter(N, T) per quota")
    rows: list[Row] = []
    details: dict[str, Any] = {"facts": []}
    for longest_s in LONGEST_JOBS_S:
        ours = side_by_side([("bulkops", window) for window in windows], accounts, "steady", longest_s=longest_s)
        peers = side_by_side([(name, "sliding") for name in names], accounts, "steady", longest_s=longest_s)
        shown = {f"{name} ({peer['refused']} refused)": peer["ratio"] for (name, _), peer in peers.items()}
        rows += [
            Row(
                what=f"rate bound, {window} windows, jobs up to {longest_s:g} s: time / (needed / rate), with no 429 "
                f"({one['refused']} seen)",
                measured=math.inf if one["refused"] else one["ratio"],
                bar=BAR,
                better="below",
                peers=shown if window == "sliding" else {},
            )
            for (_, window), one in ours.items()
        ]
        for (name, window), one in (ours | peers).items():
            job = f"{name}, {window}, jobs up to {longest_s:g} s"
            details[job] = one
            details["facts"].append(f"{job}: {one['took_s']:.2f} s, {one['refused']} refused")
    publish("rate_bound", rows, smoke=smoke, details=details)


if __name__ == "__main__":
    main()
