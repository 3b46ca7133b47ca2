"""`Finding`: one line of the doctor."""

from __future__ import annotations

from typing import Literal

import attrs

from bulkops.errors import BulkopsError, Unauthorized


@attrs.frozen
class Finding:
    """`state`: "ok", "note" (needs a look), or "fix" (a run would fail); `do`: the remedy."""

    check: str
    state: Literal["ok", "note", "fix"]
    says: str
    do: str | None = None
    is_auth: bool = False

    @classmethod
    def of(cls, check: str, error: BulkopsError) -> Finding:
        """What the error says has to be fixed."""
        return cls(check, "fix", error.message, error.remedy, is_auth=isinstance(error, Unauthorized))
