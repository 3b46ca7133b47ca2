"""Agent Studio: genies with what they use, their clients, knowledge bases and skills."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Crud, Links, Row, Rows
from bulkops.sandbox.handlers._nouns import opaque_id, serve_noun
from bulkops.sandbox.handlers.identity import GROUPS
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, there

POLICIES: Final = (
    *("harmful_content", "prompt_attack", "pii_detection", "topic_boundary", "profanity_filter"),
    "custom_word_filter",
)
RUNNING: Final = "running"
STOPPED: Final = "stopped"


def _project_id(request: ApiRequest, row: Row) -> int:
    folder = request.workspace.folders.get(row["folder_id"]) or request.workspace.home
    return folder.project_id


def _genie_shown(request: ApiRequest, row: Row) -> Row:
    names = ("id", "name", "description", "folder_id", "state", "instructions", "ai_provider", "created_at")
    return {
        **{name: row[name] for name in (*names, "updated_at")},
        "project_id": _project_id(request, row),
        "skills_count": len(SKILL_LINKS.ids(request, row)),
        "user_groups": [{"id": id_} for id_ in GROUP_LINKS.ids(request, row)],
    }


def _create_genie(request: ApiRequest) -> Row:
    return {"id": GENIES.create(request)["id"]}


GENIES: Final = serve_noun(
    "agentic.genies",
    "Genie",
    noun="genie",
    prefix="gin",
    facts={"state": STOPPED},
    shown=_genie_shown,
    other={"create": _create_genie},
    rows={"create": "Id"},
)
KNOWLEDGE_BASES: Final = serve_noun(
    "agentic.knowledge_bases", "KnowledgeBase", noun="knowledge_base", prefix="kb", equal=("folder_id",)
)


def _skill_shape(request: ApiRequest, given: Row, row: Row | None) -> Row:
    recipe = there(request.workspace.recipes.get(given["recipe_id"]))
    return {"recipe_id": recipe.id, "name": recipe.name, "folder_id": recipe.folder_id}


def _skill_shown(request: ApiRequest, row: Row) -> Row:
    recipe = request.workspace.recipes.get(row["recipe_id"])
    genies = GENIES.rows(request.workspace).values()
    return {
        **{name: row[name] for name in ("id", "name", "folder_id")},
        "description": "",
        "provider_id": row["recipe_id"],
        "provider_type": "recipe",
        "project_id": _project_id(request, row),
        "running": recipe is not None and recipe.running,
        "genies_count": sum(row["id"] in SKILL_LINKS.ids(request, genie) for genie in genies),
        "trigger_description": "",
        "applications": recipe.packed.applications if recipe else [],
    }


SKILLS: Final = serve_noun(
    "agentic.skills",
    "Skill",
    noun="skill",
    prefix="skl",
    id_name="skill_id",
    shape=_skill_shape,
    shown=_skill_shown,
)


def _links(what: str, member: str, known: Callable[[ApiRequest], Mapping[str, Row]]) -> Links:
    """Calls `assign_skills` and `remove_skills` of both scopes, and so on."""
    made = Links(holder=GENIES, what=what, member=member, known=known)
    made.serve(f"[managed_users.]agentic.genies.assign_{what}s", f"[managed_users.]agentic.genies.remove_{what}s")
    return made


SKILL_LINKS: Final = _links("skill", "skill_ids", lambda request: SKILLS.rows(request.workspace))
BASE_LINKS: Final = _links(
    "knowledge_base", "knowledge_base_ids", lambda request: KNOWLEDGE_BASES.rows(request.workspace)
)
GROUP_LINKS: Final = _links(
    "user_group", "user_group_ids", lambda request: GROUPS.rows(request.state.partner.workspace)
)


@answers("[managed_users.]agentic.genies.start")
def start_genie(request: ApiRequest) -> None:
    GENIES.change(request, GENIES.row_of(request), {"state": RUNNING}, "started")


@answers("[managed_users.]agentic.genies.stop")
def stop_genie(request: ApiRequest) -> None:
    GENIES.change(request, GENIES.row_of(request), {"state": STOPPED}, "stopped")


@answers("[managed_users.]agentic.genies.conversations.list", row="Conversation")
def list_conversations(request: ApiRequest) -> Rows:
    """One, as long as the genie is there: nobody talks to the sandbox."""
    genie = GENIES.row_of(request)
    return [{"id": _conversation_id(genie), "created_at": genie["created_at"], "updated_at": genie["created_at"]}]


@answers("[managed_users.]agentic.genies.conversations.events", row="ConversationEvent")
def list_events(request: ApiRequest) -> Rows:
    genie = GENIES.row_of(request)
    there(genie if request.names["conversation_id"] == _conversation_id(genie) else None)
    return [{"type": "tool_execution_completed", "created_at": genie["created_at"]}]


def _conversation_id(genie: Row) -> str:
    return f"cnv-{uuid5(NAMESPACE_OID, genie['id']).hex[:8]}"


@answers("agentic.genies.guardrails.get", row="Guardrails")
def get_guardrails(request: ApiRequest) -> Row:
    genie, kept = GENIES.row_of(request), _policies(request)
    return {"id": f"grd-{genie['id']}" if kept else None, "policies": [*kept.values()]}


@answers("agentic.genies.guardrails.policies.upsert", row="Policy")
def set_policy(request: ApiRequest) -> Row:
    """Raises: RefusedError 400 for a policy that there is not."""
    genie, name, kept = GENIES.row_of(request), request.names["policy_type"], _policies(request)
    if name not in POLICIES:
        raise RefusedError(400, f"Unknown policy type: {name}")
    made = {"policy_type": name, "configuration": request.given["configuration"]}
    if kept.get(name) != made:
        kept[name] = made
        GENIES.note(request, genie, "policy_set")
    return made


def _policies(request: ApiRequest) -> dict[str, Row]:
    return request.workspace.shelf(f"policies of {GENIES.row_of(request)['id']}")


@answers("agentic.genies.guardrails.pii_entities", row="str")
def list_entities(_: ApiRequest) -> list[str]:
    return ["EMAIL", "PHONE"]


CLIENTS: Final = Crud(
    noun="genie_client",
    id_name="client_id",
    id_member="client_id",
    new_id=lambda: opaque_id("gincl"),
    members={"client_name": None, "auth": None},
    required=("client_name",),
    key="client_name",
    shown=lambda _, row: {name: row[name] for name in ("client_id", "client_name")},
)
CLIENTS.serve("agentic.genie_clients", "list", "delete", row="GenieClient")


@answers("agentic.genie_clients.create", row="NewGenieClient")
def create_client(request: ApiRequest) -> Row:
    if request.given["auth"].get("type") not in ("api_key", "oauth"):
        raise invalid("auth", "type must be api_key or oauth")
    return _with_key(request, CLIENTS.create(request))


@answers("agentic.genie_clients.regenerate", row="NewGenieClient")
def regenerate_key(request: ApiRequest) -> Row:
    row = CLIENTS.row_of(request)
    CLIENTS.touch(request, row, "key_renewed")
    return _with_key(request, CLIENTS.shown(request, row))


def _with_key(request: ApiRequest, shown: Row) -> Row:
    """The key is shown by this reply and never again."""
    row = CLIENTS.rows(request.workspace)[shown["client_id"]]
    row["key"] = secrets.token_hex(32)
    is_oauth = row["auth"].get("type") == "oauth"
    return {**shown, "api_key": row["key"], "oauth_client_id": f"cid-{row['key'][:8]}" if is_oauth else None}


@answers("agentic.genies.clients.detach")
def detach_client(request: ApiRequest) -> None:
    """Raises: RefusedError 404 for one that is not attached."""
    client_id: Any = request.names["client_id"]
    there(client_id if client_id in CLIENT_LINKS.ids(request, GENIES.row_of(request)) else None)
    request.given = {CLIENT_LINKS.member: client_id}
    CLIENT_LINKS.remove(request)


CLIENT_LINKS: Final = Links(
    holder=GENIES, what="client", member="genie_client_id", known=lambda request: CLIENTS.rows(request.workspace)
)
answers("agentic.genies.clients.attach")(CLIENT_LINKS.add)


@answers("[managed_users.]agentic.knowledge_bases.data_sources", row="DataSources")
def list_sources(request: ApiRequest) -> Row:
    row = KNOWLEDGE_BASES.row_of(request)
    return {"knowledge_base_id": row["id"], "data_sources": row["data_sources"] or []}


@answers("[managed_users.]agentic.knowledge_bases.recipes", row="Named")
def list_recipes(request: ApiRequest) -> Rows:
    """Those in the folder of the base that fill it, by assumption."""
    folder_id = KNOWLEDGE_BASES.row_of(request)["folder_id"]
    found = [recipe for recipe in request.workspace.recipes.values() if recipe.folder_id == folder_id]
    return [{"id": recipe.id, "name": recipe.name} for recipe in found]
