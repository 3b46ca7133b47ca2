"""Names of runs: sortable, and short enough to type."""

from __future__ import annotations

import secrets
import time
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32: no i, l, o, u, which people misread."""


def new_run_id() -> str:
    """A new id from the time (UTC, whole seconds) and chance, e.g. "20261122-101530-k3f7"."""
    tail = "".join(secrets.choice(_ALPHABET) for _ in range(4))
    return time.strftime("%Y%m%d-%H%M%S-", time.gmtime()) + tail
