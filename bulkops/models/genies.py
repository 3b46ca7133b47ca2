"""Agent Studio: genies, which are agents of a workspace, their skills and knowledge bases."""

from __future__ import annotations

from bulkops.models.members import Id, Instant
from bulkops.models.model import Model


class Genie(Model, frozen=True, kw_only=True):
    """`id`: a text such as "gin-4F3A-9b2c"; `state`: running or stopped."""

    id: str
    name: str
    state: str
    folder_id: Id | None = None

    @property
    def is_running(self) -> bool:
        return self.state == "running"


class CreatedGenie(Model, frozen=True, kw_only=True):
    """The reply to the creation of a genie."""

    id: str


class Skill(Model, frozen=True, kw_only=True):
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


class KnowledgeBase(Model, frozen=True, kw_only=True):
    """`id`: a text such as "kb-4F3A-9b2c"."""

    id: str
    name: str
    description: str | None = None
    folder_id: Id | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
