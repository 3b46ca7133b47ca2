"""Data tables of a workspace. Their records are on another host of the vendor's."""

from __future__ import annotations

from typing import Any

import msgspec

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model


class DataTable(Model, frozen=True, kw_only=True):
    """`id`: a UUID; `schema`: the columns, as the API describes them."""

    hidden = ("schema",)
    id: str
    name: str
    folder_id: Id | None = None
    schema: list[dict[str, Any]] = msgspec.field(default_factory=list)
    created_at: Instant | None = None
    updated_at: Instant | None = None
