"""Legacy roles, which are copied, and environment roles, which are made: of a customer, and of the partner."""

from __future__ import annotations

from typing import Final

from bulkops.sandbox.body import flag_in
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Crud, Row
from bulkops.sandbox.handlers._nouns import serve_noun
from bulkops.sandbox.request import ApiRequest, invalid, there
from bulkops.sandbox.roles import CUSTOM, ENVIRONMENT, SYSTEM, inheritable

_TAKEN: Final = 400


def _checked(request: ApiRequest, given: Row, _: Row | None) -> Row:
    """Folders that are there, and no name of the system's roles. Raises: RefusedError 400."""
    folder_ids(request)
    if any(role["name"] == given.get("name") for role in SYSTEM):
        raise invalid("name", "has already been taken")
    return given


_LEGACY: Final = Crud(
    noun=CUSTOM,
    id_name="role_id",
    members={"name": None, "folder_ids": []},
    unique=("name", _TAKEN),
    facts={"inheritable": False},
    shape=_checked,
)


def _update(request: ApiRequest) -> Row:
    """A role keeps its members, whatever it is called."""
    before = _ENVIRONMENT.row_of(request)["name"]
    changed = _ENVIRONMENT.update(request)
    for member in request.workspace.members.values():
        member.roles = {where: changed["name"] if name == before else name for where, name in member.roles.items()}
    return _ENVIRONMENT.get(request)


def _count_members(request: ApiRequest, role: Row) -> int:
    return sum(role["name"] in member.roles.values() for member in request.workspace.members.values())


def _kept(request: ApiRequest, role: Row) -> str | None:
    """Every collaborator must have a role that exists."""
    return f"The role {role['name']} has members" if _count_members(request, role) else None


_ENVIRONMENT: Final = serve_noun(
    "environment_roles",
    "EnvironmentRole",
    noun=ENVIRONMENT,
    first=SYSTEM,
    fixed="A role of the system cannot be changed",
    unique=("name", _TAKEN),
    kept=_kept,
    usual={"privileges": {}},
    facts={"type": "custom"},
    shown=lambda request, row: {**row, "members_count": _count_members(request, row)},
    other={"update": _update},
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
    made = _LEGACY.create(request)
    made["privileges"] = source["privileges"]
    if "folder_ids" not in request.given and request.customer is None:
        made["folder_ids"] = source["folder_ids"]
    return made


answers("roles.copy", row="Created")(lambda request: {"success": True, "id": copy_role(request)["id"]})


@answers("roles.update")
def update_partners_role(request: ApiRequest) -> None:
    """`all_folders` is a text, "true" or "false", in the vendor's own words."""
    role = _LEGACY.get(request)
    given = {"all_folders": flag_in(request.given, "all_folders"), "folder_ids": folder_ids(request)}
    _LEGACY.change(request, role, given)


@answers("roles_migration.system_roles", "roles_migration.custom_role")
def migrate_roles(request: ApiRequest) -> None:
    """Only the effect is recorded: no page shows the result."""
    request.note("roles.migrated", "all")


_LEGACY.serve("managed_users.roles", "list", row="Role")
_LEGACY.serve("roles", "list", row="OwnRole")
