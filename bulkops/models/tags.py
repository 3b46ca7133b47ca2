"""Tags of a workspace."""

from __future__ import annotations

from bulkops.models.model import Model


class Tag(Model, frozen=True, kw_only=True):
    """`handle`: what tells it apart, such as "tag-4F3A-9b2c"."""

    handle: str
    title: str
    description: str | None = None
    color: str | None = None

    @property
    def id(self) -> str:
        """The vendor tells tags apart by handle."""
        return self.handle
