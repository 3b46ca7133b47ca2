"""`Rows`: nouns of the API that differ in nothing but the names of their calls, declared in a line each."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import attrs

from bulkops.catalogue import Call
from bulkops.models import (
    DataTable,
    Genie,
    KnowledgeBase,
    OAuthProfile,
    OnPremAgent,
    OnPremGroup,
    ProjectRole,
    Skill,
    Tag,
)
from bulkops.resources._arguments import place
from bulkops.resources._pages import Pages, Row
from bulkops.resources._resource import Resource
from bulkops.resources.generic import find_call
from bulkops.session import ApiSession, RequestContext

R = TypeVar("R", bound=Row)


class Rows(Resource, Generic[R]):
    """The calls of one noun, in an account or in the partner's own workspace: `tags`, `data_tables`, `on_prem_groups`,
    `on_prem_agents`, `skills`, `knowledge_bases`, `project_roles`, and the partner's `custom_oauth_profiles`.

    Filters and members are those that `bulkops calls` lists for the call. All methods raise ConfigError for an unknown
    or missing one, and for a call that the API does not have, before anything is sent.
    """

    def __init__(self, session: ApiSession, scope: RequestContext, noun: Noun[R]) -> None:
        super().__init__(session, scope)
        self._noun = noun

    def list(self, **filters: Any) -> Pages[R]:
        """All rows, or those that the filters name. One request a hundred."""
        call = self._call("list")
        return self._pages(call.id, self._noun.row, place(call, filters).query)

    async def get(self, id: int | str) -> R:  # noqa: A002 - the API's own word
        """Raises: NotFound."""
        return await self._one("get", id)

    async def create(self, **members: Any) -> R:
        """Raises: BadRequest; OutcomeUnknown when the response is lost: look into the `list`."""
        call = self._call("create")
        return await self._object(call.id, self._noun.row, json=place(call, members).json)

    async def update(self, id: int | str, **members: Any) -> R:  # noqa: A002
        """Change what is given. Raises: NotFound, BadRequest."""
        return await self._one("update", id, **members)

    async def delete(self, id: int | str) -> None:  # noqa: A002
        """Raises: NotFound."""
        await self._done(self._call("delete").id, path={self._noun.key: id})

    def _call(self, verb: str) -> Call:
        return find_call(self._id(f"{self._noun.name}.{verb}"))

    async def _one(self, verb: str, id_: int | str, **members: Any) -> R:
        call, path = self._call(verb), {self._noun.key: id_}
        arguments = place(call, {**path, **members})
        return await self._object(call.id, self._noun.row, path=path, json=arguments.json)


@attrs.frozen
class Noun(Generic[R]):
    """`name`: of its calls in the catalogue; `key`: what they call its id; `row`: the model of one."""

    name: str
    key: str
    row: type[R]

    def __call__(self, session: ApiSession, scope: RequestContext) -> Rows[R]:
        return Rows(session, scope, self)


DATA_TABLES = Noun("data_tables", "data_table_id", DataTable)
GENIES = Noun("agentic.genies", "genie_id", Genie)
KNOWLEDGE_BASES = Noun("agentic.knowledge_bases", "knowledge_base_id", KnowledgeBase)
OAUTH_PROFILES = Noun("custom_oauth_profiles", "custom_oauth_profile_id", OAuthProfile)
ON_PREM_AGENTS = Noun("on_prem_agents", "agent_id", OnPremAgent)
ON_PREM_GROUPS = Noun("on_prem_groups", "group_id", OnPremGroup)
PROJECT_ROLES = Noun("project_roles", "role_id", ProjectRole)
SKILLS = Noun("agentic.skills", "skill_id", Skill)
TAGS = Noun("tags", "handle", Tag)
