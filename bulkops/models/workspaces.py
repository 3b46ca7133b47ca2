"""The partner's own workspace."""

from __future__ import annotations

import attrs

from bulkops.models.members import Id


@attrs.frozen(kw_only=True)
class PartnerWorkspace:
    """The workspace that a token belongs to."""

    id: Id
    name: str = ""
