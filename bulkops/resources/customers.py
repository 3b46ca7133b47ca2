"""Customers of the partner."""

from __future__ import annotations

from typing import Any

from bulkops.errors import NotFound
from bulkops.models import Customer
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource
from bulkops.session import account_segment


class Customers(Resource):
    def list(self) -> Pages[Customer]:
        """All customers. One request a hundred."""
        return self._pages("managed_users.list", Customer, {})

    async def get(self, id: str | int) -> Customer:  # noqa: A002 - the API's own word
        """The customer by number or E-id. Raises: NotFound, InputError."""
        return await self._object("managed_users.get", Customer, path={"managed_user_id": account_segment(id)})

    async def find(self, external_id: str) -> Customer | None:
        """The customer with the partner's own id, or None. `external_id` without the E."""
        try:
            return await self.get(f"E{external_id}")
        except NotFound:
            return None

    async def create(self, *, name: str, external_id: str | None = None, **members: Any) -> Customer:
        """Create a customer. `members`: `notification_email`, `plan_id` and others of the call; None is sent as null.

        Raises: OutcomeUnknown when the reply is lost: `find` the external id before creating it again.
        """
        body = {"name": name, **({} if external_id is None else {"external_id": external_id}), **members}
        return await self._object("managed_users.create", Customer, json=body)
