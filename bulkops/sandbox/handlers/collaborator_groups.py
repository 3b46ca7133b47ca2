"""Collaborator groups and their members. One group has everybody in it."""

from __future__ import annotations

from typing import Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Links, Row, Rows
from bulkops.sandbox.handlers._nouns import serve_noun
from bulkops.sandbox.request import ApiRequest

EVERYBODY: Final = {"id": "am-0000-0000", "name": "All collaborators"}
"""The group that always exists (vendor facts, section 18)."""


def _shown(request: ApiRequest, row: Row) -> Row:
    return {**row, "members_count": len(member_ids(request, row))}


def member_ids(request: ApiRequest, group: Row) -> list[int]:
    """Those of everybody, or of those who were added."""
    return [*request.workspace.members] if group["id"] == EVERYBODY["id"] else MEMBERS.ids(request, group)


GROUPS: Final = serve_noun(
    "user_groups",
    "Group",
    noun="user_group",
    prefix="am",
    first=(EVERYBODY,),
    fixed="The group of all collaborators cannot be changed",
    shown=_shown,
)
MEMBERS: Final = Links(
    holder=GROUPS, what="member", member="member_ids", known=lambda request: request.workspace.members
)
for _scope in ("", "managed_users."):
    MEMBERS.serve(f"{_scope}user_groups.members.add", f"{_scope}user_groups.members.remove")


@answers("[managed_users.]user_groups.members.list", row="GroupMember")
def list_members(request: ApiRequest) -> Rows:
    members = request.workspace.members
    return [members[id_].short() for id_ in member_ids(request, GROUPS.row_of(request))]
