"""Collaborator groups and their members. One group has everybody in it."""

from __future__ import annotations

from typing import Any, Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Links, Row
from bulkops.sandbox.handlers._nouns import serve_noun
from bulkops.sandbox.request import ApiRequest, Counted, RefusedError

EVERYBODY: Final = {"id": "am-0000-0000", "name": "All collaborators"}
"""The group that always exists (vendor facts, section 18)."""

_PAGING: Final = {"number": "page[number]", "size": "page[size]"}


def delete_group(request: ApiRequest) -> Row:
    if request.names["group_id"] == EVERYBODY["id"]:
        raise RefusedError(403, "The group of all collaborators cannot be deleted")
    return GROUPS.delete(request)


def _shown(request: ApiRequest, row: Row) -> Row:
    born = request.workspace.home.created_at
    return {"created_at": born, "updated_at": born, **row, "members_count": len(member_ids(request, row))}


def member_ids(request: ApiRequest, group: Row) -> list[int]:
    """Those of everybody, or of those who were added."""
    return [*request.workspace.members] if group["id"] == EVERYBODY["id"] else MEMBERS.ids(request, group)


GROUPS: Final = serve_noun(
    "user_groups",
    "Group",
    noun="user_group",
    prefix="am",
    first=(EVERYBODY,),
    shown=_shown,
    other={"delete": delete_group},
)
MEMBERS: Final = Links(
    holder=GROUPS, what="member", member="member_ids", known=lambda request: request.workspace.members
)
for _scope in ("", "managed_users."):
    MEMBERS.serve(f"{_scope}user_groups.members.add", f"{_scope}user_groups.members.remove")


@answers("[managed_users.]user_groups.members.list", row="GroupMember")
def list_members(request: ApiRequest) -> Counted:
    members = request.workspace.members
    found = [members[id_] for id_ in member_ids(request, GROUPS.row_of(request))]
    rows: list[dict[str, Any]] = [{"id": each.id, "name": each.name, "email": each.email} for each in found]
    return request.counted(rows, **_PAGING)
