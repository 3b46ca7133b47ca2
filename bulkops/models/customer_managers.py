"""Customer managers: people of the partner with a role in customers' workspaces."""

from __future__ import annotations

from bulkops.models.members import Id
from bulkops.models.model import Model


class ManagingUser(Model, frozen=True, kw_only=True):
    """`id`: what `team_collaborator_id` means, not the manager's own."""

    id: Id
    name: str | None = None
    email: str | None = None
    avatar_url: str | None = None


class PrivilegeGroup(Model, frozen=True, kw_only=True):
    """The role, `role_id` by its number. `system`: whether every workspace has it."""

    id: Id
    name: str | None = None
    system: bool | None = None


class ModeratedWorkspace(Model, frozen=True, kw_only=True):
    id: Id
    name: str | None = None


class CustomerManager(Model, frozen=True, kw_only=True):
    """One row for each person, whatever the number of workspaces; the role is the same in all of them.

    `moderated_workspaces`: EMPTY MEANS ALL of the partner's workspaces: ask `has_all_workspaces`. A reply without the
    member says nothing, and is refused.
    """

    id: Id
    user: ManagingUser
    privilege_group: PrivilegeGroup
    moderated_workspaces: list[ModeratedWorkspace]

    @property
    def has_all_workspaces(self) -> bool:
        return not self.moderated_workspaces

    @property
    def workspace_ids(self) -> list[int]:
        """In the order of the reply; empty when it is all of them."""
        return [workspace.id for workspace in self.moderated_workspaces]
