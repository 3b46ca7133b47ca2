"""Genies: agents of a workspace."""

from __future__ import annotations

import attrs

from bulkops.models.members import Id


@attrs.frozen(kw_only=True)
class Genie:
    """`id`: a text such as "gin-4F3A-9b2c"; `state`: running or stopped."""

    id: str
    name: str
    state: str
    folder_id: Id | None = None

    @property
    def is_running(self) -> bool:
        return self.state == "running"
