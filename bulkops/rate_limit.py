"""`Limit`: the most requests in a window."""

from __future__ import annotations

import attrs


@attrs.frozen
class Limit:
    """At most `requests` in any `window_s` seconds; `key` says what is counted separately (None: all together)."""

    requests: int
    window_s: float
    key: str | None = None
