"""Custom OAuth profiles: the partner's own applications, with which customers' connections sign in."""

from __future__ import annotations

from bulkops.models.members import Id
from bulkops.models.model import Model


class OAuthProfile(Model, frozen=True, kw_only=True):
    """`provider`: the connector; `oem_customers_count`: customers that use it. Secrets are never shown."""

    id: Id
    name: str
    provider: str | None = None
    oem_customers_count: int | None = None
