"""The partner's customers: found by number or E-id, listed by page, each built on first use."""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from collections.abc import Iterator
from typing import Any, Final

import attrs

from bulkops.sandbox.customer_names import customer_name
from bulkops.sandbox.workspace import Ids, Workspace

FIRST_ID: Final = 4_100_231
_EXTERNAL: Final = re.compile(r"ORG-([1-9][0-9]{0,8})", re.ASCII)
_NUMERIC: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


@attrs.define(kw_only=True)
class Customer:
    """`index`: place among the customers of the start, -1 for one made later.

    `environments`: TEST and PROD by their names, once they are provisioned: this one is DEV then. `is_environment`:
    it is one of those two itself.
    """

    id: int
    index: int
    external_id: str | None
    facts: dict[str, Any]
    workspace: Workspace
    environments: dict[str, Customer] = attrs.field(factory=dict)
    is_environment: bool = False

    @property
    def key(self) -> str:
        """What the ledger calls it."""
        return self.external_id or str(self.facts["name"])

    def row(self) -> dict[str, Any]:
        workspace = self.workspace
        counted: dict[str, Any] = {
            "active_connection_count": sum(c.authorization_status == "success" for c in workspace.connections.values()),
            "active_recipe_count": sum(recipe.running for recipe in workspace.recipes.values()),
            "task_count": workspace.count_jobs("succeeded"),
        }
        if self.environments:
            counted["environments"] = {name: {"id": other.id} for name, other in self.environments.items()}
        return {"id": self.id, "external_id": self.external_id} | self.facts | counted


class Customers:
    """Customers `FIRST_ID`, `FIRST_ID` + 1, ... with external ids ORG-1, ORG-2, ..., and those created since.

    Twenty thousand cost nothing until they are looked at.
    """

    def __init__(self, count: int, *, seed: int, ids: Ids, now: str) -> None:
        self._count = count
        self._seed = seed
        self._ids = ids
        self._began = now
        self._built: dict[int, Customer] = {}
        self._by_external_id: dict[str, int] = {}  # of those created since the start
        self._deleted: set[int] = set()
        self._unlisted: list[int] = []  # places of those deleted, and of environments, ascending

    def find(self, segment: str) -> Customer | None:
        """By a path segment, percent-decoded: the numeric id, or `E` and the external id (vendor facts, section 4)."""
        if _NUMERIC.fullmatch(segment):
            return self._get(int(segment) - FIRST_ID)
        return self.find_external(segment[1:]) if segment.startswith("E") else None

    def find_external(self, external_id: str) -> Customer | None:
        created = self._by_external_id.get(external_id)
        if created is not None:
            return self._get(created)
        initial = _EXTERNAL.fullmatch(external_id)
        index = int(initial[1]) - 1 if initial else -1
        customer = self._get(index)
        return customer if customer is not None and customer.external_id == external_id else None

    def page(self, page: int, per_page: int) -> list[Customer]:
        """Customers by ascending id, environments left out; an empty list beyond the end."""
        start = (page - 1) * per_page
        return list(self._listed(start, start + per_page))

    def all(self) -> Iterator[Customer]:
        """The same, all of them."""
        return self._listed(0, self._count)

    def built(self) -> Iterator[Customer]:
        """Those that were looked at so far: nothing was ever changed in the others."""
        yield from self._built.values()

    def create(self, facts: dict[str, Any], *, external_id: str | None, now: str) -> Customer:
        place = self._count
        self._count += 1
        if external_id is not None:
            self._by_external_id[external_id] = place
        return self._add(place, -1, external_id, facts, now)

    def provision(self, customer: Customer, *, now: str) -> None:
        """Give it TEST and PROD: workspaces with ids of their own, empty but for the people. It becomes DEV itself."""
        for name in ("test", "prod"):
            made = self.create(dict(customer.facts), external_id=None, now=now)
            made.is_environment = True
            made.workspace.members = customer.workspace.members
            customer.environments[name] = made
            insort(self._unlisted, made.id - FIRST_ID)

    def delete(self, customer: Customer) -> None:
        """Forget it, and its environments; its external id is free again."""
        for gone in (customer, *customer.environments.values()):
            place = gone.id - FIRST_ID
            self._built.pop(place, None)
            self._deleted.add(place)
            if not gone.is_environment:  # those have never been listed
                insort(self._unlisted, place)
            if self._by_external_id.get(gone.external_id or "") == place:
                del self._by_external_id[gone.external_id or ""]

    def rename(self, customer: Customer, external_id: str | None) -> None:
        """Give it another external id, or none; it is not found by the old one any more."""
        self._by_external_id.pop(customer.external_id or "", None)
        customer.external_id = external_id
        if external_id is not None:
            self._by_external_id[external_id] = customer.id - FIRST_ID

    def _listed(self, start: int, end: int) -> Iterator[Customer]:
        """The listed customers number `start` to `end`, counted from 0."""
        place = start
        while (shifted := start + bisect_right(self._unlisted, place)) != place:
            place = shifted
        left = end - start
        while left > 0 and place < self._count:
            after = bisect_right(self._unlisted, place)
            if after == 0 or self._unlisted[after - 1] != place:
                customer = self._get(place)
                if customer is not None:
                    yield customer
                left -= 1
            place += 1

    def _get(self, place: int) -> Customer | None:
        if not 0 <= place < self._count or place in self._deleted:
            return None
        built = self._built.get(place)
        if built is not None:
            return built
        name = customer_name(self._seed, place)
        facts = customer_facts(name=name, notification_email=f"ops@org-{place + 1}.example", now=self._began)
        return self._add(place, place, f"ORG-{place + 1}", facts, self._began)

    def _add(self, place: int, index: int, external_id: str | None, facts: dict[str, Any], now: str) -> Customer:
        workspace = Workspace(self._ids, owner=FIRST_ID + place, created_at=now)
        customer = Customer(id=FIRST_ID + place, index=index, external_id=external_id, facts=facts, workspace=workspace)
        self._built[place] = customer
        return customer


def customer_facts(*, name: str, notification_email: str, now: str) -> dict[str, Any]:
    """The members of a customer object that do not depend on its workspace."""
    return {
        "name": name,
        "notification_email": notification_email,
        "error_notification_emails": notification_email,
        "admin_notification_emails": notification_email,
        "whitelisted_apps": [],
        "plan_id": "oem_plan",
        "origin_url": None,
        "frame_ancestors": None,
        "trial": False,
        "in_trial": False,
        "created_at": now,
        "updated_at": now,
        "current_billing_period_start": now,
        "current_billing_period_end": None,
        "task_limit_adjustment": None,
        "task_limit": 10_000,
        "active_connection_limit": None,
    }
