"""Collaborator groups of one account, or of the partner's own workspace."""

from __future__ import annotations

from collections.abc import Sequence

from bulkops.models import CollaboratorGroup, GroupMember
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource


class CollaboratorGroups(Resource):
    """The bodies of the membership calls are assumed: no page of the vendor shows them."""

    def list(self, *, name: str | None = None) -> Pages[CollaboratorGroup]:
        """All groups, or those of a name as the vendor filters it. One request a hundred."""
        return self._pages(self._id("user_groups.list"), CollaboratorGroup, {"name": name})

    async def create(self, name: str) -> CollaboratorGroup:
        """Raises: OutcomeUnknown when the response is lost: check the `list`."""
        return await self._object(self._id("user_groups.create"), CollaboratorGroup, json={"name": name})

    async def delete(self, id: str) -> None:  # noqa: A002 - the API's own word
        """Raises: NotFound."""
        await self._done(self._id("user_groups.delete"), path={"group_id": id})

    def members(self, id: str) -> Pages[GroupMember]:  # noqa: A002
        """The members of a group. One request a hundred. Raises, while iterated: NotFound."""
        return self._pages(self._id("user_groups.members.list"), GroupMember, {}, path={"group_id": id})

    async def add_members(self, id: str, member_ids: Sequence[int]) -> None:  # noqa: A002
        """Add members; those who are in the group stay. Raises: NotFound."""
        await self._members("add", id, member_ids)

    async def remove_members(self, id: str, member_ids: Sequence[int]) -> None:  # noqa: A002
        """Remove members; those who are not in the group do not matter. Raises: NotFound."""
        await self._members("remove", id, member_ids)

    async def _members(self, verb: str, group_id: str, member_ids: Sequence[int]) -> None:
        call = self._id(f"user_groups.members.{verb}")
        await self._done(call, path={"group_id": group_id}, json={"member_ids": [*member_ids]})
