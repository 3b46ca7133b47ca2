"""The client file: a sandbox's quotas and durations in the form that `bulkops --client-file` reads.

The client knows no time scale: it gets the figures it would find in the vendor's documents, already divided.
"""

from __future__ import annotations

from typing import Final

from bulkops.sandbox.settings import SandboxSettings
from bulkops.settings import Limit

_MAX_RATE: Final = 50.0


def client_file(settings: SandboxSettings) -> str:
    """TOML text. Durations have floors, because a real socket and a real scheduler do not scale."""
    scale = settings.time_scale
    durations = {
        "server_timeout_s": settings.server_timeout_s,
        "attempt_timeout_s": max(settings.server_timeout_s + 0.5, 45 / scale),
        "first_poll_s": max(0.05, 2 / scale),
        "import_deadline_s": max(3.0, 300 / scale),
        "backoff_base_s": max(0.05, 1 / scale),
        "backoff_cap_s": max(1.0, 60 / scale),
    }
    lines = [f"{name} = {float(value)!r}" for name, value in durations.items()]
    if settings.quotas == "off":
        return "\n".join([*lines, 'max_rate = "off"', 'quotas = "off"', ""])
    lines += [f"max_rate = {float(_MAX_RATE * scale)!r}", "", "[quotas]"]
    lines += [f'"{name}" = [{", ".join(map(_row, limits))}]' for name, limits in settings.stated_limits().items()]
    return "\n".join([*lines, ""])


def _row(limit: Limit) -> str:
    key = f', key = "{limit.key}"' if limit.key else ""
    return f"{{ limit = {limit.requests}, window_s = {float(limit.window_s)!r}{key} }}"
