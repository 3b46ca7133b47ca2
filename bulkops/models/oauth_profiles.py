"""Custom OAuth profiles: the partner's own applications, with which customers' connections sign in."""

from __future__ import annotations

import attrs

from bulkops.models.members import Id


@attrs.frozen(kw_only=True)
class OAuthProfile:
    """`provider`: the connector; `oem_customers_count`: customers that use it. Secrets are never shown."""

    id: Id
    name: str
    provider: str | None = None
    oem_customers_count: int | None = None
