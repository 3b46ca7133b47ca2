"""The partner's own workspace."""

from __future__ import annotations

from bulkops.models.members import Id
from bulkops.models.model import Model


class PartnerWorkspace(Model, frozen=True, kw_only=True):
    """The workspace that a token belongs to."""

    id: Id
    name: str = ""
