"""Durations as text."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Two units at most: "0.4 s", "12 s", "2 min 3 s", "1 h 5 min", "3 d 4 h"."""
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s" if seconds >= 9.95 else f"{max(0.0, seconds):.1f} s"
    for size, unit, smaller_size, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // smaller_size} {smaller}"
    return f"{whole // 60} min {whole % 60} s"


def short_duration(seconds: float) -> str:
    """Like `duration`, with milliseconds where they matter: "45 ms"."""
    return f"{seconds * 1000:.0f} ms" if 0 <= seconds < 0.1 else duration(seconds)


def round_duration(seconds: float) -> str:
    """A figure that is round anyway: "300 ms", "2 s", "15 min"."""
    for size, unit in ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1000:.3g} ms"


def rough_duration(seconds: float) -> str:
    """One figure, for an estimate: "45 s", "12 min", "3.5 h"."""
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def clock(seconds: float) -> str:
    """As a clock shows it: "0:45", "12:07", "3:30:00"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
