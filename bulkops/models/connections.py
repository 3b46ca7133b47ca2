"""Connections of a workspace, and pick lists of their application."""

from __future__ import annotations

from typing import Any

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model


class Connection(Model, frozen=True, kw_only=True):
    """`authorization_status`: "success", "failed", "exception", or None for a shell that was never authorized."""

    id: Id
    name: str
    provider: str | None = None
    authorization_status: str | None = None
    authorization_error: str | None = None
    authorized_at: Instant | None = None
    external_id: str | None = None
    folder_id: Id | None = None
    parent_id: Id | None = None
    description: str | None = None
    connection_lost_at: Instant | None = None
    connection_lost_reason: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None

    @property
    def is_authorized(self) -> bool:
        return self.authorization_status == "success"

    @property
    def is_shell(self) -> bool:
        """Whether it was never authorized, or is disconnected."""
        return self.authorization_status is None


class PickListValue(Model, frozen=True, kw_only=True):
    """What a pick list shows, and what it stands for."""

    label: str
    value: Any = None


class InputField(Model, frozen=True, kw_only=True):
    """One field of a connector's connection form. `optional`: whether it may be left out, as far as the reply says."""

    name: str
    type: str | None = None
    label: str | None = None
    optional: bool | None = None
    hint: str | None = None
    control_type: str | None = None
