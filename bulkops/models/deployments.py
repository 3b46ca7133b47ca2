"""Project builds, and deployments of them to another environment."""

from __future__ import annotations

from typing import Final

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model

_FINISHED: Final = frozenset({"success", "failed"})


class _Progress(Model, frozen=True, kw_only=True):
    id: Id
    state: str
    project_id: Id | None = None
    created_at: Instant | None = None

    @property
    def is_finished(self) -> bool:
        return self.state in _FINISHED


class ProjectBuild(_Progress, frozen=True, kw_only=True):
    """`state`: pending, then success or failed."""


class Deployment(_Progress, frozen=True, kw_only=True):
    """`state`: pending, then success or failed. `environment_type`: test or prod."""

    project_build_id: Id | None = None
    environment_type: str | None = None
