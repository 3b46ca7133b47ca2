"""Roles: legacy ones of a customer and of the partner, and environment roles of a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bulkops.models import CopiedRole, EnvironmentRole, Role
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource, given


class Roles(Resource):
    """Legacy custom roles: those of a workspace itself, not what it inherits from the partner."""

    def list(self) -> Pages[Role]:
        """One request a hundred."""
        return self._pages(self._id("roles.list"), Role, {})

    async def copy(self, id: int, *, name: str, folder_ids: Sequence[int] | None = None) -> Role:  # noqa: A002
        """A new role like `id`, which may be one that the workspace inherits; `folder_ids`: where it counts.

        Raises: NotFound; OutcomeUnknown when the reply is lost: `list` before copying again.
        """
        body = given(name=name, folder_ids=None if folder_ids is None else list(folder_ids))
        made = await self._object(self._id("roles.copy"), CopiedRole, path={"role_id": id}, json=body)
        return Role(
            id=made.id,
            name=name if made.name is None else made.name,
            folder_ids=made.folder_ids or list(folder_ids or ()),
            privileges=made.privileges,
        )


class PartnerRoles(Roles):
    """Those of the partner's own workspace, which are what customer managers may be."""

    async def update(
        self,
        id: int,  # noqa: A002 - the API's own word
        *,
        all_folders: bool,
        folder_ids: Sequence[int] = (),
    ) -> None:
        """Say where a role counts. Raises: NotFound."""
        body = {"all_folders": "true" if all_folders else "false", "folder_ids": list(folder_ids)}
        await self._done("roles.update", path={"role_id": id}, json=body)


class EnvironmentRoles(Resource):
    """Roles of the newer kind, the system's own among them."""

    def list(self, *, name: str | None = None) -> Pages[EnvironmentRole]:
        """All, or the one of that name. One request a hundred."""
        return self._pages("managed_users.environment_roles.list", EnvironmentRole, {"name": name})

    async def get(self, id: int) -> EnvironmentRole:  # noqa: A002
        """Raises: NotFound."""
        return await self._object("managed_users.environment_roles.get", EnvironmentRole, path={"role_id": id})

    async def create(self, name: str, *, privileges: Mapping[str, Sequence[str]] | None = None) -> EnvironmentRole:
        """Make a role. `privileges`: actions by area, `{"Recipes": ["read", "run"]}`.

        Raises: OutcomeUnknown when the reply is lost: `list(name=...)` before making it again.
        """
        body = _body(name, privileges)
        return await self._object("managed_users.environment_roles.create", EnvironmentRole, json=body)

    async def update(
        self,
        id: int,  # noqa: A002
        *,
        name: str | None = None,
        privileges: Mapping[str, Sequence[str]] | None = None,
    ) -> EnvironmentRole:
        """Change what is given. Raises: NotFound."""
        body = _body(name, privileges)
        return await self._object(
            "managed_users.environment_roles.update", EnvironmentRole, path={"role_id": id}, json=body
        )

    async def delete(self, id: int) -> None:  # noqa: A002
        """Raises: NotFound if it does not exist."""
        await self._done("managed_users.environment_roles.delete", path={"role_id": id})


def _body(name: str | None, privileges: Mapping[str, Sequence[str]] | None) -> dict[str, Any]:
    areas = None if privileges is None else {area: list(actions) for area, actions in privileges.items()}
    return given(name=name, privileges=areas)
