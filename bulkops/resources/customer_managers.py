"""Customer managers of the partner."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bulkops.errors import InputError
from bulkops.models import CustomerManager
from bulkops.resources._pages import Pages
from bulkops.resources._resource import Resource

_CHOICE = "give workspaces=[id, ...], or all_workspaces=True"


class CustomerManagers(Resource):
    """To the vendor an empty or absent list of workspaces means all of them. So this method requires either
    `workspaces`, never empty, or `all_workspaces=True`.
    """

    def list(self) -> Pages[CustomerManager]:
        """All of them, in one request."""
        return self._pages("customer_managers.list", CustomerManager, {})

    async def create(
        self,
        *,
        team_collaborator_id: int | str,
        role_id: int | str,
        workspaces: Iterable[int] | None = None,
        all_workspaces: bool = False,
    ) -> CustomerManager:
        """Make one of `workato.members` a manager. `workspaces`: ids of customers, as numbers.

        Raises: InputError when it is not said which workspaces; BadRequest; OutcomeUnknown when the reply is lost:
            `list` before making it again.
        """
        body = {"team_collaborator_id": team_collaborator_id, **_body(role_id, workspaces, all_workspaces)}
        return await self._object("customer_managers.create", CustomerManager, json=body)

    async def update(
        self,
        id: int | str,  # noqa: A002 - the API's own word
        *,
        role_id: int | str,
        workspaces: Iterable[int] | None = None,
        all_workspaces: bool = False,
    ) -> CustomerManager:
        """Replace role and workspaces: the list is the whole list, not what is added to it.

        Raises: InputError when it is not said which workspaces; NotFound; BadRequest.
        """
        body = _body(role_id, workspaces, all_workspaces)
        path = {"customer_manager_id": id}
        return await self._object("customer_managers.update", CustomerManager, path=path, json=body)

    async def delete(self, id: int | str) -> None:  # noqa: A002
        """Raises: NotFound if it does not exist."""
        await self._done("customer_managers.delete", path={"customer_manager_id": id})


def _body(role_id: int | str, workspaces: Iterable[int] | None, all_workspaces: bool) -> dict[str, Any]:
    ids = None if workspaces is None else list(workspaces)
    if all_workspaces and ids is not None:
        raise InputError("some workspaces and all workspaces are both given", remedy=_CHOICE)
    if not all_workspaces and not ids:
        what = "an empty list of workspaces means all of them" if ids == [] else "it is not said which workspaces"
        raise InputError(what, remedy=_CHOICE)
    if any(type(each) is not int for each in ids or ()):
        raise InputError(f"workspaces must be numeric ids, not {ids!r}", remedy=_CHOICE)
    return {"role_id": role_id, "permitted_workspace_ids": ids or []}
