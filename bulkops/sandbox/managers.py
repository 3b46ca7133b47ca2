"""Customer managers: people of the partner who may work in customers' workspaces."""

from __future__ import annotations

from typing import Any

import attrs

from bulkops.sandbox.customers import Customer
from bulkops.sandbox.members import Member


@attrs.define(kw_only=True)
class Manager:
    """`group`: the role, as replies show it; `workspaces`: by id, in the order given; none at all means all of them."""

    id: int
    member: Member
    group: dict[str, Any]
    workspaces: dict[int, Customer]

    @property
    def key(self) -> str:
        """What the ledger calls the person."""
        return self.member.email or self.member.name

    def row(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "user": {**self.member.short(), "avatar_url": ""},
            "privilege_group": self.group,
            "moderated_workspaces": [{"id": c.id, "name": c.facts["name"]} for c in self.workspaces.values()],
        }


def forget(managers: dict[int, Manager], *customers: Customer) -> None:
    """Deleted customers leave every manager's list. One left without any is removed: an empty list would mean all."""
    for manager in list(managers.values()):
        left = {id_: there for id_, there in manager.workspaces.items() if there not in customers}
        if manager.workspaces and not left:
            del managers[manager.id]
        manager.workspaces = left
