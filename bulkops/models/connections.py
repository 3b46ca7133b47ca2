"""Connections of a workspace."""

from __future__ import annotations

import attrs

from bulkops.models.members import Id, Instant


@attrs.frozen(kw_only=True)
class Connection:
    """`authorization_status`: "success", "failed", "exception", or None for a shell that was never authorised."""

    id: Id
    name: str
    provider: str | None = None
    authorization_status: str | None = None
    authorization_error: str | None = None
    authorized_at: Instant | None = None
    external_id: str | None = None
    folder_id: Id | None = None
    parent_id: Id | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None

    @property
    def is_authorized(self) -> bool:
        return self.authorization_status == "success"
