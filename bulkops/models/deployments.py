"""Project builds, and deployments of them to another environment."""

from __future__ import annotations

import attrs

from bulkops.models.members import Id, Instant


@attrs.frozen(kw_only=True)
class _Progress:
    id: Id
    state: str
    project_id: Id | None = None
    created_at: Instant | None = None

    @property
    def is_finished(self) -> bool:
        return self.state != "pending"


@attrs.frozen(kw_only=True)
class ProjectBuild(_Progress):
    """`state`: pending, then success or failed."""


@attrs.frozen(kw_only=True)
class Deployment(_Progress):
    """`state`: pending, then success or failed. `environment_type`: test or prod."""

    project_build_id: Id | None = None
    environment_type: str | None = None
