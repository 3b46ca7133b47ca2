"""Legacy roles, which are copied, and environment roles, which are made: of a customer, and of the partner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bulkops.sandbox.body import flag_in
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Crud, Row
from bulkops.sandbox.request import ApiRequest, Counted, RefusedError, invalid, there
from bulkops.sandbox.roles import CUSTOM, ENVIRONMENT, SYSTEM, inheritable


def _checked(request: ApiRequest, given: Row, _: Row | None) -> Row:
    """Folders that are there, no privileges rather than null. Raises: RefusedError 400."""
    folder_ids(request)
    return {name: {} if name == "privileges" and value is None else value for name, value in given.items()}


_LEGACY: Final = Crud(
    noun=CUSTOM,
    id_name="role_id",
    members={"name": None, "folder_ids": []},
    facts={"inheritable": False},
    shape=_checked,
)
_ENVIRONMENT: Final = Crud(
    noun=ENVIRONMENT,
    id_name="role_id",
    members={"name": None, "privileges": {}},
    facts={"type": "custom"},
    shape=_checked,
    paging=("page[number]", "page[size]"),
)


def folder_ids(request: ApiRequest) -> list[int]:
    """The folders that the body names, all of which must be there. Raises: RefusedError 400."""
    ids: list[int] = request.given.get("folder_ids", [])
    for each in ids:
        if each not in request.workspace.folders:
            raise invalid("folder_ids", f"{each} is not there")
    return ids


@answers("managed_users.roles.copy", row="RoleCopy")
def copy_role(request: ApiRequest) -> Row:
    """Of the workspace itself, or one that it inherits from the partner; the copy is its own and is not inherited."""
    own = _LEGACY.rows(request.workspace)
    inherited = {str(role["id"]): role for role in inheritable(request.state.partner.workspace)}
    source = there((inherited | own).get(request.names["role_id"]))
    _refuse_taken(request, own)
    made = _LEGACY.create(request)
    made["privileges"] = source["privileges"]
    if "folder_ids" not in request.given and request.customer is None:
        made["folder_ids"] = source["folder_ids"]
    return made


@answers("roles.copy", row="Created")
def copy_partners_role(request: ApiRequest) -> Row:
    return {"success": True, "id": copy_role(request)["id"]}


@answers("roles.update")
def update_partners_role(request: ApiRequest) -> Row:
    """`all_folders` is a text, "true" or "false", in the vendor's own words."""
    role = _LEGACY.get(request)
    given = {"all_folders": flag_in(request.given, "all_folders"), "folder_ids": folder_ids(request)}
    if any(role.get(name) != value for name, value in given.items()):
        role |= given | {"updated_at": request.state.clock.stamp()}
        request.note("role.updated", role["name"])
    return {"success": True}


@answers("[managed_users.]environment_roles.list", row="EnvironmentRole")
def list_environment_roles(request: ApiRequest) -> Counted:
    """Those of the system first; `name` picks one."""
    rows = [*_of_the_system(), *_ENVIRONMENT.rows(request.workspace).values()]
    wanted = request.query.get("name")
    found = [_shown(request, row) for row in rows if wanted in {None, "", row["name"]}]
    return _ENVIRONMENT.page_of(request, found)


@answers("[managed_users.]environment_roles.get", row="EnvironmentRole")
def get_environment_role(request: ApiRequest) -> Row:
    system = next((row for row in _of_the_system() if str(row["id"]) == request.names["role_id"]), None)
    return _shown(request, system or _ENVIRONMENT.get(request))


@answers("[managed_users.]environment_roles.create", row="EnvironmentRole")
def create_environment_role(request: ApiRequest) -> Row:
    _refuse_taken(request, _ENVIRONMENT.rows(request.workspace))
    return _shown(request, _ENVIRONMENT.create(request))


@answers("[managed_users.]environment_roles.update", row="EnvironmentRole")
def update_environment_role(request: ApiRequest) -> Row:
    """A role keeps its members, whatever it is called."""
    role = _own(request)
    others = {id_: row for id_, row in _ENVIRONMENT.rows(request.workspace).items() if row is not role}
    _refuse_taken(request, others)
    before = role["name"]
    changed = _ENVIRONMENT.update(request)
    for member in request.workspace.members.values():
        member.roles = {where: role["name"] if name == before else name for where, name in member.roles.items()}
    return _shown(request, changed)


@answers("[managed_users.]environment_roles.delete")
def delete_environment_role(request: ApiRequest) -> Row:
    """A role that is in use is refused: every collaborator must have a role that exists."""
    role = _own(request)
    if _count_members(request, role["name"]):
        raise RefusedError(400, f"The role {role['name']} has members")
    return _ENVIRONMENT.delete(request)


def _own(request: ApiRequest) -> Row:
    if any(str(row["id"]) == request.names["role_id"] for row in _of_the_system()):
        raise RefusedError(403, "A role of the system cannot be changed")
    return _ENVIRONMENT.get(request)


def _of_the_system() -> list[Row]:
    return [
        {"id": id_, "name": name, "privileges": privileges, "type": "system"}
        for name, (id_, privileges) in SYSTEM.items()
    ]


def _shown(request: ApiRequest, row: Row) -> Row:
    """A role of the system is as old as the workspace."""
    born = request.workspace.home.created_at
    return {"created_at": born, "updated_at": born} | row | {"members_count": _count_members(request, row["name"])}


def _count_members(request: ApiRequest, name: str) -> int:
    return sum(name in member.roles.values() for member in request.workspace.members.values())


def _refuse_taken(request: ApiRequest, others: Mapping[str, Row]) -> None:
    name = request.given.get("name")
    if name is not None and (name in SYSTEM or any(row["name"] == name for row in others.values())):
        raise invalid("name", "has already been taken")


@answers("roles_migration.system_roles", "roles_migration.custom_role")
def migrate_roles(request: ApiRequest) -> Row:
    """Only the effect is recorded: no page shows the result."""
    request.note("roles.migrated", "all")
    return {"success": True}


_LEGACY.serve("managed_users.roles", "list", row="Role")
_LEGACY.serve("roles", "list", row="OwnRole")
