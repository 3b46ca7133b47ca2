"""Customers of the partner."""

from __future__ import annotations

from typing import Any

from bulkops.errors import InputError, NotFound
from bulkops.models import Customer, PlanChange
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource
from bulkops.session import ApiSession, Scope, account_segment


class Customers(Resource):
    def list(self) -> Pages[Customer]:
        """All customers. One request a hundred."""
        return self._pages("managed_users.list", Customer, {})

    async def get(self, id: str | int) -> Customer:  # noqa: A002 - the API's own word
        """The customer by number or E-id. Raises: NotFound, InputError."""
        return await self._object("managed_users.get", Customer, path=_path(id))

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

    async def update(self, id: str | int, **members: Any) -> Customer:  # noqa: A002 - the API's own word
        """Change what `members` names (`name`, `plan_id` ...); the rest stays, and None clears. Raises: NotFound."""
        return await self._object("managed_users.update", Customer, path=_path(id), json=members)

    async def upgrade(self, id: str | int, *, plan_id: str | None = None) -> PlanChange:  # noqa: A002
        """Move to a paid plan, the partner's default one if None. Deprecated by the vendor: see `update`."""
        body = {} if plan_id is None else {"plan_id": plan_id}
        return await self._object("managed_users.upgrade", PlanChange, path=_path(id), json=body)

    async def downgrade(self, id: str | int) -> PlanChange:  # noqa: A002
        """Move to the plan "free". Deprecated by the vendor: see `update`."""
        return await self._object("managed_users.downgrade", PlanChange, path=_path(id))


class OwnCustomer:
    """The customer that an account is: `Customers` without the id, asked in the account's turn."""

    def __init__(self, session: ApiSession, scope: Scope) -> None:
        self._customers = Customers(session, scope)
        self._id = scope.account or ""

    async def get(self) -> Customer:
        """Raises: NotFound."""
        return await self._customers.get(self._id)

    async def find(self) -> Customer | None:
        """None: there is no such customer (yet)."""
        try:
            return await self.get()
        except NotFound:
            return None

    async def create(self, *, name: str, **members: Any) -> Customer:
        """Create the customer under the external id by which the account is called.

        Raises: InputError when the account is called by a number; else as `Customers.create`.
        """
        if not self._id.startswith("E"):
            raise InputError(
                f"{self._id} is the vendor's own number: nobody can choose it",
                remedy="give your own id in a column external_id",
            )
        return await self._customers.create(name=name, external_id=self._id[1:], **members)

    async def update(self, **members: Any) -> Customer:
        """As `Customers.update`."""
        return await self._customers.update(self._id, **members)

    async def upgrade(self, *, plan_id: str | None = None) -> PlanChange:
        """As `Customers.upgrade`."""
        return await self._customers.upgrade(self._id, plan_id=plan_id)

    async def downgrade(self) -> PlanChange:
        """As `Customers.downgrade`."""
        return await self._customers.downgrade(self._id)


def _path(id: str | int) -> dict[str, str]:  # noqa: A002
    return {"managed_user_id": account_segment(id)}
