"""Roles: the legacy ones, which are copied, and environment roles, which are made."""

from __future__ import annotations

from typing import Any

import msgspec

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model


class Role(Model, frozen=True, kw_only=True):
    """A legacy role. `folder_ids`: where it counts; `inheritable`: whether customers have the partner's role too."""

    id: Id
    name: str
    inheritable: bool | None = None
    folder_ids: list[Id] = msgspec.field(default_factory=list)
    privileges: dict[str, list[str]] | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class CopiedRole(Model, frozen=True, kw_only=True):
    """What a copy answers: all of the role for a customer, little more than its id for the partner."""

    id: Id
    name: str | None = None
    folder_ids: list[Id] = msgspec.field(default_factory=list)
    privileges: dict[str, list[str]] | None = None


class EnvironmentRole(Model, frozen=True, kw_only=True):
    """`type`: "system", "custom", "inheritable" or "inherited"; `privileges`: as the reply has them, for no page of
    the vendor shows their form."""

    id: Id
    name: str
    type: str | None = None
    members_count: int | None = None
    privileges: Any = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
