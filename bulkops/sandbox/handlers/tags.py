"""Tags, and what they are on; and the cache of external secrets, of which nothing is kept."""

from __future__ import annotations

from typing import Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._nouns import serve_noun
from bulkops.sandbox.request import ApiRequest, invalid, there
from bulkops.sandbox.workspace import TAGS_OF

MAX_TAGS: Final = 1000
"""Vendor facts, section 16."""


def _delete(request: ApiRequest) -> None:
    """It is on nothing any more, either."""
    TAGS.delete(request)
    for handles in request.workspace.shelf(TAGS_OF).values():
        handles.pop(request.names["handle"], None)


TAGS: Final = serve_noun(
    "tags",
    "Tag",
    noun="tag",
    prefix="tag",
    id_member="handle",
    key="title",
    usual={"color": "blue"},
    most=MAX_TAGS,
    other={"delete": _delete},
)


@answers("[managed_users.]tags_assignments.update")
def assign_tags(request: ApiRequest) -> None:
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


answers("secrets_management.clear_cache")(lambda request: request.note("secrets_cache.cleared", "all"))
