"""Customers of the partner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bulkops.errors import InputError, NotFound
from bulkops.models import Customer, CustomerMetrics, CustomerUsage, PlanChange
from bulkops.resources._pages import PER_PAGE, Pages
from bulkops.resources._resource import Resource, given
from bulkops.session import ApiSession, RequestContext, account_segment


class Customers(Resource):
    def list(self) -> Pages[Customer]:
        """All customers. One request a hundred."""
        return self._pages("managed_users.list", Customer, {}, note=self._learn)

    async def get(self, id: str | int) -> Customer:  # noqa: A002 - the API's own word
        """The customer by number or E-id. Raises: NotFound, InputError."""
        return self._learn(await self._object("managed_users.get", Customer, path=_path(id)))

    def _learn(self, customer: Customer) -> Customer:
        """Let the session know that both of the customer's names are one account."""
        if customer.external_id:
            self._session.same_account(customer.id, customer.external_id)
        return customer

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
        body = {"name": name, **given(external_id=external_id), **members}
        return self._learn(await self._object("managed_users.create", Customer, json=body))

    async def update(self, id: str | int, **members: Any) -> Customer:  # noqa: A002 - the API's own word
        """Change what `members` names (`name`, `plan_id` ...); the rest stays, and None clears. Raises: NotFound."""
        return await self._object("managed_users.update", Customer, path=_path(id), json=members)

    async def upgrade(self, id: str | int, *, plan_id: str | None = None) -> PlanChange:  # noqa: A002
        """Move to a paid plan, the partner's default one if None. Deprecated by the vendor: see `update`."""
        return await self._object("managed_users.upgrade", PlanChange, path=_path(id), json=given(plan_id=plan_id))

    async def downgrade(self, id: str | int) -> PlanChange:  # noqa: A002
        """Move to the plan "free". Deprecated by the vendor: see `update`."""
        return await self._object("managed_users.downgrade", PlanChange, path=_path(id))

    async def delete(self, id: str | int) -> None:  # noqa: A002
        """Delete the customer and everything in it; nothing brings it back. Raises: NotFound when it is gone."""
        await self._done("managed_users.delete", path=_path(id))

    async def provision_environments(
        self,
        id: str | int,  # noqa: A002
        *,
        environments: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Customer:
        """Make TEST and PROD beside the customer, which becomes DEV itself: see `Customer.environment_ids`.

        Cannot be undone. `environments`: more about "test" and "prod", such as their `external_id`.
        Raises: BadRequest when it has them; OutcomeUnknown when the reply is lost: `get` says whether it has them.
        """
        body = {} if environments is None else {"environments": {name: dict(of) for name, of in environments.items()}}
        return await self._object("managed_users.environments.create", Customer, path=_path(id), json=body)

    async def usage(self) -> AsyncIterator[CustomerUsage]:
        """Tasks by month, of every customer.

        No page of the vendor says whether this list has pages: it is asked for by page until one brings nothing new.
        """
        seen: set[int] = set()
        page = 1
        while True:
            query = {"page": page, "per_page": PER_PAGE}
            rows = await self._list("managed_users.usage", CustomerUsage, query=query)
            new = [row for row in rows if row.id not in seen]
            for row in new:
                yield row
            if not new or len(rows) != PER_PAGE:  # longer than a page: the server knows none
                return
            seen.update(row.id for row in new)
            page += 1

    async def metrics(
        self,
        ids: Iterable[int] | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        of_connections: bool = False,
    ) -> Sequence[CustomerMetrics]:
        """Tasks, recipes and jobs of customers (None: of all) in a time frame; with `of_connections` what is counted
        by connection. One request."""
        call = "managed_users.statistics_connection_usage" if of_connections else "managed_users.statistics_usage"
        body: dict[str, Any] = {} if ids is None else {"managed_user_ids": list(ids)}
        body |= {name: at.isoformat() for name, at in (("from", since), ("to", until)) if at is not None}
        return await self._list(call, CustomerMetrics, json=body)


class OwnCustomer:
    """The customer that an account is: `Customers` without the id, asked in the account's turn."""

    def __init__(self, session: ApiSession, scope: RequestContext) -> None:
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
                f"{self._id} is a number, and only the vendor assigns numbers",
                remedy="put your own id into a column external_id",
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

    async def delete(self, *, id: int | None = None) -> None:  # noqa: A002
        """As `Customers.delete`. `id`: the number, if known: an E-id may have been given to another one meanwhile."""
        await self._customers.delete(self._id if id is None else id)

    async def provision_environments(self, *, environments: Mapping[str, Mapping[str, str]] | None = None) -> Customer:
        """As `Customers.provision_environments`."""
        return await self._customers.provision_environments(self._id, environments=environments)


def _path(id: str | int) -> dict[str, str]:  # noqa: A002
    return {"managed_user_id": account_segment(id)}
