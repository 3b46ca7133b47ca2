"""Workato Identity: end users, their groups, and app links; and topics of event streams. Of the partner alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Links, Row, Rows
from bulkops.sandbox.handlers._nouns import serve_noun
from bulkops.sandbox.request import ApiRequest, there

MAX_TOPICS: Final = 20
_TAKEN: Final = 422
"""Status for an address or a name that another one has (vendor facts, section 18)."""


USERS: Final = serve_noun(
    "iam.users", "IdentityUser", noun="iam_user", prefix="usr", key="email", unique=("email", _TAKEN)
)
GROUPS: Final = serve_noun(
    "iam.user_groups",
    "IdentityGroup",
    noun="iam_user_group",
    prefix="group",
    unique=("name", _TAKEN),
    shown=lambda request, row: {**row, "users_count": len(IN_GROUP.ids(request, row))},
)
LINKS: Final = serve_noun(
    "iam.app_links",
    "AppLink",
    noun="app_link",
    usual={"name": "App", "url": "https://apps.example"},
    required=(),
    shown=lambda _, row: {name: row[name] for name in ("id", "name", "url")},
)
TOPICS: Final = serve_noun("event_streams.topics", "Topic", noun="event_topic", most=MAX_TOPICS, usual={"retention": 7})


def _users(request: ApiRequest) -> Mapping[str, Row]:
    return USERS.rows(request.workspace)


IN_GROUP: Final[Links] = Links(holder=GROUPS, what="user", member="user_ids", known=_users)
IN_GROUP.serve("iam.user_groups.add_users", "iam.user_groups.remove_users")


@answers("iam.user_groups.members", row="IdentityUser")
def list_users(request: ApiRequest) -> Rows:
    users = _users(request)
    return [users[id_] for id_ in IN_GROUP.ids(request, GROUPS.row_of(request))]


@answers("iam.users.add_to_group")
def add_to_group(request: ApiRequest) -> None:
    IN_GROUP.add(_from_the_group(request))


@answers("iam.users.remove_from_group")
def remove_from_group(request: ApiRequest) -> None:
    IN_GROUP.remove(_from_the_group(request))


def _from_the_group(request: ApiRequest) -> ApiRequest:
    """The same request as the group would have it. Raises: RefusedError 404."""
    user = USERS.row_of(request)
    request.names = {GROUPS.id_name: request.given["user_group_id"]}
    request.given = {IN_GROUP.member: [user["id"]]}
    return request


@answers("iam.app_links.delete_many")
def delete_links(request: ApiRequest) -> None:
    shelf = LINKS.rows(request.workspace)
    for id_ in request.given["ids"]:
        there(shelf.get(str(id_)))
    for id_ in request.given["ids"]:
        gone = shelf.pop(str(id_), None)
        if gone is not None:
            LINKS.note(request, gone, "deleted")


@answers("event_streams.topics.purge")
def purge_topic(request: ApiRequest) -> None:
    """Its messages are on another host: only that it was done is here."""
    TOPICS.note(request, TOPICS.row_of(request), "purged")
