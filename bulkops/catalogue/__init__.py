"""The vendor's API as a table: one row per call, and the documented quotas they count against.

Facts are from the vendor's pages (see the project's notes on the API). Adding a call is adding a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

import attrs

from bulkops.catalogue._calls import ROWS
from bulkops.catalogue._quotas import ASSUMED, DOCUMENTED
from bulkops.settings import Limit

__all__ = ["CALLS", "QUOTAS", "Call", "RetryClass"]


class RetryClass(StrEnum):
    """Whether a call may be sent again after an unknown outcome (contract C4)."""

    IDEMPOTENT = "idempotent"
    """Reads: repeat freely."""
    SAFE_TO_RETRY = "safe_to_retry"
    """Repeating reaches the same end state."""
    RECONCILE_FIRST = "reconcile_first"
    """Look up whether the first try happened before sending again."""


@attrs.frozen(kw_only=True)
class Call:
    """One row of the catalogue.

    `envelope`: what wraps the payload: "object", "result" (object in {"result": ...}), "list" (array in
    {"result": [...]} or one of the known variants), "verdict" (an object whose `success: false` is an answer,
    not an error), "text" or "none".
    `pages`: "none", "page" (page + per_page) or "since_id".
    `speaks_of`: whether a 429 speaks of the quota or of this one call (poll_now).
    """

    id: str
    method: str
    path: str
    scope: Literal["customer", "partner"]
    quota: str
    retry: RetryClass
    envelope: str
    pages: str
    body: Literal["json", "octets", "none"]
    speaks_of: Literal["quota", "call"] = "quota"

    @property
    def is_read(self) -> bool:
        return self.retry is RetryClass.IDEMPOTENT


def _parse(rows: str) -> dict[str, Call]:
    calls: dict[str, Call] = {}
    for line in rows.strip().splitlines():
        id_, method, path, scope, quota, retry, envelope, pages, body = line.split()
        calls[id_] = Call(
            id=id_,
            method=method,
            path=path,
            scope=scope,  # type: ignore[arg-type]  # a test checks every row against the literals
            quota=quota,
            retry=RetryClass(retry),
            envelope=envelope,
            pages=pages,
            body=body,  # type: ignore[arg-type]
        )
    return calls


CALLS: Final[Mapping[str, Call]] = _parse(ROWS)

QUOTAS: Final[Mapping[str, tuple[Limit, ...]]] = {
    name: tuple(Limit(*row) for row in rows) for name, rows in (DOCUMENTED | ASSUMED).items()
}
