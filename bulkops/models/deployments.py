"""Project builds, and deployments of them to another environment."""

from __future__ import annotations

from typing import Final

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model

_GOOD: Final = frozenset({"success", "succeeded"})
_BAD: Final = frozenset({"failed", "failure", "rejected", "canceled", "cancelled", "aborted", "error", "expired"})
_PENDING: Final = frozenset({"pending", "in_progress", "processing"})
"""The vendor documents success, failed and pending. Clients accept others too, or imports have them; of the bad
ones, the rest are words that can only be an end."""


class _Progress(Model, frozen=True, kw_only=True):
    id: Id
    state: str
    project_id: Id | None = None
    created_at: Instant | None = None

    @property
    def is_finished(self) -> bool:
        return self.state in _GOOD | _BAD

    @property
    def is_good(self) -> bool:
        return self.state in _GOOD

    @property
    def is_pending(self) -> bool:
        """False for a state that is not known, which may be final."""
        return self.state in _PENDING


class ProjectBuild(_Progress, frozen=True, kw_only=True):
    """`state`: pending, then success or failed."""


class Deployment(_Progress, frozen=True, kw_only=True):
    """`state`: pending, then success or failed. `environment_type`: test or prod."""

    project_build_id: Id | None = None
    environment_type: str | None = None
