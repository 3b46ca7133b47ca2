"""On-prem groups, and the agents in them."""

from __future__ import annotations

import msgspec

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model


class OnPremGroup(Model, frozen=True, kw_only=True):
    """`in_use`: whether it has agents; `whitelisted_ips`: addresses that may connect."""

    id: Id
    name: str
    in_use: bool | None = None
    use_managed_connection: bool | None = None
    config_version: int | None = None
    logs_enabled: bool | None = None
    whitelisted_ips: list[str] = msgspec.field(default_factory=list)
    created_at: Instant | None = None


class OnPremAgent(Model, frozen=True, kw_only=True):
    """`cn`: common name of its certificate; `awaiting_setup`: it was never connected."""

    id: Id
    name: str
    on_prem_group_id: Id | None = None
    cn: str | None = None
    os: str | None = None
    awaiting_setup: bool | None = None
    enabled: bool | None = None
