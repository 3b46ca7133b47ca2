"""On-prem groups, and the agents in them."""

from __future__ import annotations

import attrs

from bulkops.models.members import Id, Instant


@attrs.frozen(kw_only=True)
class OnPremGroup:
    """`in_use`: whether it has agents; `whitelisted_ips`: addresses that may connect."""

    id: Id
    name: str
    in_use: bool | None = None
    use_managed_connection: bool | None = None
    config_version: int | None = None
    logs_enabled: bool | None = None
    whitelisted_ips: list[str] = attrs.field(factory=list)
    created_at: Instant | None = None


@attrs.frozen(kw_only=True)
class OnPremAgent:
    """`cn`: common name of its certificate; `awaiting_setup`: it was never connected."""

    id: Id
    name: str
    on_prem_group_id: Id | None = None
    cn: str | None = None
    os: str | None = None
    awaiting_setup: bool | None = None
    enabled: bool | None = None
