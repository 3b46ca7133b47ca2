"""`Finding`: one line of the doctor."""

from __future__ import annotations

from typing import Literal

import attrs


@attrs.frozen
class Finding:
    """`state`: "ok", "note" (needs a look), or "fix" (a run would fail); `do`: the remedy."""

    check: str
    state: Literal["ok", "note", "fix"]
    says: str
    do: str | None = None
    is_auth: bool = False
