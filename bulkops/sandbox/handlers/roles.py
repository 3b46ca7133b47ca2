"""Legacy roles, which are copied, and environment roles, which are made: of a customer, and of the partner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.exchange import NOT_FOUND, Asked, Counted, RefusedError, flag_member, ids_member, invalid
from bulkops.sandbox.handlers._base import Handler
from bulkops.sandbox.handlers._kept import Kept, Row
from bulkops.sandbox.roles import CUSTOM, ENVIRONMENT, SYSTEM, inheritable


def _checked(asked: Asked, given: Row, _: Row | None) -> Row:
    """A name that is free, folders that are there, privileges that read as such. Raises: RefusedError 400."""
    name = given.get("name")
    if name is not None and not isinstance(name, str):
        raise invalid("name", "is not text")
    if not isinstance(given.get("privileges", {}), dict):
        raise invalid("privileges", "is not an object")
    if "folder_ids" in given:
        given = {**given, "folder_ids": folder_ids(asked, given)}
    return given


_LEGACY: Final = Kept(
    noun=CUSTOM,
    id_name="role_id",
    members={"name": None, "folder_ids": []},
    facts={"inheritable": False},
    shape=_checked,
)
_ENVIRONMENT: Final = Kept(
    noun=ENVIRONMENT,
    id_name="role_id",
    members={"name": None, "privileges": {}},
    facts={"type": "custom"},
    shape=_checked,
    paging=("page[number]", "page[size]"),
)


def folder_ids(asked: Asked, given: Mapping[str, Any]) -> list[int]:
    """The folders that the body names, all of which must be there. Raises: RefusedError 400."""
    ids = ids_member(given, "folder_ids")
    for each in ids:
        if each not in asked.workspace.folders:
            raise invalid("folder_ids", f"{each} is not there")
    return ids


def copy_role(asked: Asked) -> Row:
    """Of the workspace itself, or one that it inherits from the partner; the copy is its own and is not inherited."""
    own = _LEGACY.rows(asked.workspace)
    inherited = {str(role["id"]): role for role in inheritable(asked.world.partner.workspace)}
    source = (inherited | own).get(asked.names["role_id"])
    if source is None:
        raise RefusedError(404, NOT_FOUND)
    _refuse_taken(asked, own)
    made = _LEGACY.create(asked)
    made["privileges"] = source["privileges"]
    if "folder_ids" not in asked.members() and asked.customer is None:
        made["folder_ids"] = source["folder_ids"]
    return made


def copy_partners_role(asked: Asked) -> Row:
    return {"success": True, "id": copy_role(asked)["id"]}


def update_partners_role(asked: Asked) -> Row:
    """`all_folders` is a text, "true" or "false", in the vendor's own words."""
    role, members = _LEGACY.get(asked), asked.members()
    if "all_folders" not in members:
        raise invalid("all_folders", "can't be blank")
    given = {"all_folders": flag_member(members, "all_folders"), "folder_ids": folder_ids(asked, members)}
    if any(role.get(name) != value for name, value in given.items()):
        role |= given | {"updated_at": asked.world.clock.stamp()}
        asked.note("role.updated", role["name"])
    return {"success": True}


def list_environment_roles(asked: Asked) -> Counted:
    """Those of the system first; `name` picks one."""
    rows = [*_of_the_system(), *_ENVIRONMENT.rows(asked.workspace).values()]
    wanted = asked.query.get("name")
    found = [_shown(asked, row) for row in rows if wanted in {None, "", row["name"]}]
    return _ENVIRONMENT.page_of(asked, found)


def get_environment_role(asked: Asked) -> Row:
    system = next((row for row in _of_the_system() if str(row["id"]) == asked.names["role_id"]), None)
    return _shown(asked, system or _ENVIRONMENT.get(asked))


def create_environment_role(asked: Asked) -> Row:
    _refuse_taken(asked, _ENVIRONMENT.rows(asked.workspace))
    return _shown(asked, _ENVIRONMENT.create(asked))


def update_environment_role(asked: Asked) -> Row:
    """A role keeps its members, whatever it is called."""
    role = _own(asked)
    others = {id_: row for id_, row in _ENVIRONMENT.rows(asked.workspace).items() if row is not role}
    _refuse_taken(asked, others)
    before = role["name"]
    changed = _ENVIRONMENT.update(asked)
    for member in asked.workspace.members.values():
        member.roles = {where: role["name"] if name == before else name for where, name in member.roles.items()}
    return _shown(asked, changed)


def delete_environment_role(asked: Asked) -> Row:
    """One that somebody has is refused: nobody may be left with a role that is not there."""
    role = _own(asked)
    if _count_members(asked, role["name"]):
        raise RefusedError(400, f"The role {role['name']} has members")
    return _ENVIRONMENT.delete(asked)


def _own(asked: Asked) -> Row:
    if any(str(row["id"]) == asked.names["role_id"] for row in _of_the_system()):
        raise RefusedError(403, "A role of the system cannot be changed")
    return _ENVIRONMENT.get(asked)


def _of_the_system() -> list[Row]:
    return [
        {"id": id_, "name": name, "privileges": privileges, "type": "system"}
        for name, (id_, privileges) in SYSTEM.items()
    ]


def _shown(asked: Asked, row: Row) -> Row:
    """A role of the system is as old as the workspace."""
    born = asked.workspace.home.created_at
    return {"created_at": born, "updated_at": born} | row | {"members_count": _count_members(asked, row["name"])}


def _count_members(asked: Asked, name: str) -> int:
    return sum(name in member.roles.values() for member in asked.workspace.members.values())


def _refuse_taken(asked: Asked, others: Mapping[str, Row]) -> None:
    name = asked.members().get("name")
    if isinstance(name, str) and (name in SYSTEM or any(row["name"] == name for row in others.values())):
        raise invalid("name", "has already been taken")


HANDLERS: Final[Mapping[str, Handler]] = {
    "managed_users.roles.list": _LEGACY.list,
    "managed_users.roles.copy": copy_role,
    "managed_users.environment_roles.list": list_environment_roles,
    "managed_users.environment_roles.get": get_environment_role,
    "managed_users.environment_roles.create": create_environment_role,
    "managed_users.environment_roles.update": update_environment_role,
    "managed_users.environment_roles.delete": delete_environment_role,
    "roles.list": _LEGACY.list,
    "roles.update": update_partners_role,
    "roles.copy": copy_partners_role,
}
