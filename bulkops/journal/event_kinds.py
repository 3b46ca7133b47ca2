"""Kinds of the events that runs write into the journal, and what their data holds."""

from __future__ import annotations

from typing import Final

PLAN: Final = "plan"
"""The saved plan of a run: {"expected"}."""

HANDED_OVER: Final = "handed-over"
"""Workers go on with the run from here."""

COORDINATES: Final = "coordinates"
"""A worker begins to coordinate the run."""

CANNOT_WORK: Final = "worker-cannot"
"""A worker cannot work on the run: {"reason"}."""

WAVE: Final = "wave"
"""A wave begins: {"wave", "of", "size"}."""

SOAK: Final = "soak"
"""The wait after a wave begins, written for a successor of the coordinator: {"end": of that wave}."""

GATE: Final = "gate"
"""A gate was judged: {"wave", "end": of that wave, "verdict", "reason", "left": accounts that had not ended}."""

PROCESS: Final = "process"
"""One for each process that works on the run: {"bulkops", "python", "share", "quotas": {name: [[requests, window_s] or
[requests, window_s, key], ...]}}, and "worker" for one beside others."""

REQUESTS: Final = "requests"
"""One for each interval in which something was sent: {"from": wall-clock seconds, "s": its length, "quotas": {name:
{"requests", "refused", "lost", "waited_s", "allowed"}}}; members that are 0 and a full `allowed` are left out. A
request counts in the interval in which it left: that is what a quota bounds (C1), replies may come in a crowd. One that
took long comes in a later event with the same "from"."""

EXPLORED: Final = "explored"
"""At the end of a process that has learned about quotas without a published limit: {name: {"requests", "window_s",
"refused"}}, see `Explored`."""
