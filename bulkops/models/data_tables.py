"""Data tables of a workspace. Their records are on another host of the vendor's."""

from __future__ import annotations

from typing import Any

import attrs

from bulkops.models.members import Id, Instant


@attrs.frozen(kw_only=True)
class DataTable:
    """`id`: a UUID; `schema`: the columns, as the API describes them."""

    id: str
    name: str
    folder_id: Id | None = None
    schema: list[dict[str, Any]] = attrs.field(factory=list, repr=False)
    created_at: Instant | None = None
    updated_at: Instant | None = None
