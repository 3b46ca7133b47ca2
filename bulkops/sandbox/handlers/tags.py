"""Tags, and what they are on; and the cache of external secrets, of which nothing is kept."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Crud, Row
from bulkops.sandbox.request import ApiRequest, invalid, there
from bulkops.sandbox.workspace import TAGS_OF

MAX_TAGS: Final = 1000
"""Vendor facts, section 16."""

TAGS: Final = Crud(
    noun="tag",
    id_name="handle",
    id_member="handle",
    new_id=lambda: f"tag-{uuid4().hex[:4].upper()}-{uuid4().hex[:4]}",
    members={"title": None, "description": None, "color": "blue"},
    required=("title",),
    key="title",
    most=MAX_TAGS,
    within=("q",),
)


@answers("[managed_users.]tags.delete")
def delete_tag(request: ApiRequest) -> Row:
    """It is on nothing any more, either."""
    done = TAGS.delete(request)
    for handles in request.workspace.shelf(TAGS_OF).values():
        handles.pop(request.names["handle"], None)
    return done


@answers("[managed_users.]tags_assignments.update")
def assign_tags(request: ApiRequest) -> Row:
    """All of it, or nothing where a tag or what it should be on is not there."""
    given, tags, workspace = request.given, TAGS.shelf(request), request.workspace
    adding, removing = given.get("add_tags") or [], given.get("remove_tags") or []
    targets: dict[str, object] = {f"recipe {id_}": workspace.recipes.get(id_) for id_ in given.get("recipe_ids", ())}
    targets |= {f"connection {id_}": workspace.connections.get(id_) for id_ in given.get("connection_ids", ())}
    if not targets:
        raise invalid("recipe_ids", "or connection_ids must be given")
    for thing in (*targets.values(), *map(tags.get, (*adding, *removing))):
        there(thing)
    assigned = workspace.shelf(TAGS_OF)
    for target in targets:
        before = assigned.get(target, {})
        kept = {handle: None for handle in (*before, *adding) if handle not in removing}
        if kept != before:
            assigned[target] = kept
            request.note("tags.assigned", target)
    return {"success": True}


@answers("secrets_management.clear_cache")
def clear_secrets_cache(request: ApiRequest) -> Row:
    request.note("secrets_cache.cleared", "all")
    return {"success": True}


TAGS.serve("[managed_users.]tags", "list", "create", "update", row="Tag")
