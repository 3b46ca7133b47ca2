"""Custom OAuth profiles of the partner, as they are assigned to one account."""

from __future__ import annotations

from bulkops.resources._resource import Resource


class AccountOAuthProfiles(Resource):
    """The vendor has no call that lists the profiles of a customer."""

    async def assign(self, id: int) -> None:  # noqa: A002 - the API's own word
        """Let the account's connections sign in with it. Repeating is harmless. Raises: NotFound."""
        await self._done("managed_users.custom_oauth_profiles.assign", path={"custom_oauth_profile_id": id})

    async def unassign(self, id: int, *, force: bool = False) -> None:  # noqa: A002
        """`force`: also while connections of the account use it. Raises: NotFound; BadRequest for one in use."""
        query = {"force": True} if force else {}
        call = "managed_users.custom_oauth_profiles.unassign"
        await self._done(call, path={"custom_oauth_profile_id": id}, query=query)
