"""Customer managers: list, create, update, delete."""

from __future__ import annotations

from typing import Any

from bulkops.sandbox.customers import Customer
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.managers import Manager
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid
from bulkops.sandbox.roles import group_by_id


@answers("customer_managers.list", row="Manager")
def list_managers(request: ApiRequest) -> list[dict[str, Any]]:
    """All in one reply (vendor facts, section 7)."""
    return [manager.row() for manager in request.state.managers.values()]


@answers("customer_managers.create", row="Manager")
def create_manager(request: ApiRequest) -> dict[str, Any]:
    """One person of the partner, once."""
    person_id = request.given["team_collaborator_id"]
    member = request.state.partner.workspace.members.get(person_id)
    if member is None:
        raise RefusedError(400, f"Collaborator not found: {person_id}")
    if any(manager.member is member for manager in request.state.managers.values()):
        raise invalid("team_collaborator_id", "is a customer manager already")
    group, workspaces = _group(request), _workspaces(request)
    id_ = request.workspace.new_id("customer_manager")
    made = Manager(id=id_, member=member, group=group, workspaces={})
    request.state.managers[id_] = made
    request.note("customer_manager.created", made.key)
    _permit(request, made, workspaces, was_all=False)
    return made.row()


@answers("customer_managers.update", row="Manager")
def update_manager(request: ApiRequest) -> dict[str, Any]:
    """Replaces the role and the whole list: a list left out is an empty one, and that grants every workspace."""
    manager = _manager(request)
    group, workspaces = _group(request), _workspaces(request)
    if manager.group != group:
        manager.group = group
        request.note("customer_manager.updated", f"{manager.key}: {group['name']}")
    if set(manager.workspaces) != set(workspaces):
        _permit(request, manager, workspaces, was_all=not manager.workspaces)
    return manager.row()


@answers("customer_managers.delete", row="str")
def delete_manager(request: ApiRequest) -> str:
    manager = _manager(request)
    del request.state.managers[manager.id]
    for customer in manager.workspaces.values():
        _note(request, customer, "revoked", manager)
    request.note("customer_manager.deleted", manager.key)
    return "ok"


def _permit(request: ApiRequest, manager: Manager, workspaces: dict[int, Customer], *, was_all: bool) -> None:
    """Set the list. The ledger says for each workspace what it gained or lost, and of all of them once."""
    before, manager.workspaces = manager.workspaces, workspaces
    for id_, customer in (before | workspaces).items():
        if (id_ in before) != (id_ in workspaces):
            _note(request, customer, "granted" if id_ in workspaces else "revoked", manager)
    if was_all != (not workspaces):
        request.note("all_workspaces.revoked" if was_all else "all_workspaces.granted", manager.key)


def _note(request: ApiRequest, customer: Customer, what: str, manager: Manager) -> None:
    request.state.ledger.note(customer.id, f"manager.{what}", manager.key)


def _manager(request: ApiRequest) -> Manager:
    return request.found(request.state.managers, "customer_manager_id")


def _group(request: ApiRequest) -> dict[str, Any]:
    role_id = request.given["role_id"]
    group = group_by_id(role_id, request.state.partner.workspace)
    if group is None:
        raise RefusedError(400, f"Role not found: {role_id}")
    return group


def _workspaces(request: ApiRequest) -> dict[int, Customer]:
    """The customers that the body names. Raises: RefusedError 400 for one that is not there."""
    found = {}
    for id_ in request.given.get("permitted_workspace_ids", ()):
        customer = request.state.customers.find(str(id_))
        if customer is None:
            raise RefusedError(400, f"Workspace not found: {id_}")
        found[customer.id] = customer
    return found
