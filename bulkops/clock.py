"""Instants that outlive a process, and lower bounds of their age.

An age may be too small: a probe then waits a little longer. It is never too great: a probe would run before the old
request has ended, find nothing, and the effect would be sent twice.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, Protocol

import attrs

BEAT_S: Final = 1.0
"""Seconds between two heartbeats of a process at work."""

MARGIN_S: Final = 2.0
"""Seconds after its last heartbeat in which a killed process can have sent requests: one beat, and one slow commit."""

_BOOT_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Counts through suspend, which CLOCK_MONOTONIC on Linux does not. Other systems have neither this clock nor a boot
id.
"""


@attrs.define  # not frozen: a frozen class pays twice for its constructor
class Instant:
    """`boot_s`: seconds since boot, comparable between processes of one `boot_id` ("": unknown); `wall_s`: seconds
    since the epoch."""

    boot_id: str
    boot_s: float
    wall_s: float


class Clock(Protocol):
    def now(self) -> Instant: ...

    def boot_time_s(self) -> float:
        """`now().boot_s`, for the hot path."""
        ...


class SystemClock:
    """The machine's clocks. Reads one small file on creation."""

    def __init__(self, *, boot_id_file: Path = Path("/proc/sys/kernel/random/boot_id")) -> None:
        try:
            self._boot_id = boot_id_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            self._boot_id = ""

    def now(self) -> Instant:
        return Instant(self._boot_id, self.boot_time_s(), time.time())

    def boot_time_s(self) -> float:
        return time.clock_gettime(_BOOT_CLOCK)


@attrs.frozen(kw_only=True)
class ProcessRecord:
    """One process, as of its newest heartbeat. `ended`: it reported that it sends nothing any more."""

    boot_id: str
    beat_boot_s: float
    beat_wall_s: float
    ended: bool

    def age_s(self, boot_s: float, now: Instant) -> float:
        """Seconds since the instant `boot_s` of this process's boot clock, or fewer.

        Within one boot the boot clock counts. Between boots it counts up to the heartbeat; after that, at least the
        time since this machine started has passed, and the wall clock may only shorten that.
        """
        if self.boot_id and self.boot_id == now.boot_id:
            return max(0.0, now.boot_s - boot_s)
        return max(0.0, self._since_beat_s(now) + self.beat_boot_s - boot_s)

    def _since_beat_s(self, now: Instant) -> float:
        """A lower bound across a reboot, even if the wall clock was changed. Between two machines it needs correct wall
        clocks.
        """
        by_boot_s = now.boot_s - self.beat_boot_s
        if (self.boot_id and now.boot_id) or by_boot_s < 0:
            by_boot_s = now.boot_s  # certainly another boot: the process lived before this one
        return max(0.0, min(now.wall_s - self.beat_wall_s, by_boot_s))

    def idle_s(self, now: Instant, *, since_boot_s: float = float("-inf")) -> float:
        """Seconds since this process can have sent its last request; it certainly lived at `since_boot_s`."""
        last = max(self.beat_boot_s, since_boot_s) + (0.0 if self.ended else MARGIN_S)
        return self.age_s(last, now)
