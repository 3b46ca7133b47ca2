"""Agent Studio: genies, which are agents of a workspace, their skills and knowledge bases."""

from __future__ import annotations

import attrs

from bulkops.models.members import Id, Instant


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


@attrs.frozen(kw_only=True)
class CreatedGenie:
    """The reply to the creation of a genie."""

    id: str


@attrs.frozen(kw_only=True)
class Skill:
    """A recipe that genies may use. `id`: a text such as "skl-4F3A-9b2c"; `provider_id`: of the recipe."""

    id: str
    name: str
    description: str | None = None
    provider_id: Id | None = None
    provider_type: str | None = None
    folder_id: Id | None = None
    project_id: Id | None = None
    running: bool | None = None
    genies_count: int | None = None


@attrs.frozen(kw_only=True)
class KnowledgeBase:
    """`id`: a text such as "kb-4F3A-9b2c"."""

    id: str
    name: str
    description: str | None = None
    folder_id: Id | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
