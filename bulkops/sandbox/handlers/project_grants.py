"""Project roles, and who has which role in which project. The bodies of these calls are assumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from bulkops.sandbox.body import id_in, text_in
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Crud, Row, Rows
from bulkops.sandbox.handlers._nouns import serve_as, serve_noun
from bulkops.sandbox.handlers.collaborator_groups import GROUPS, member_ids
from bulkops.sandbox.members import ENVIRONMENTS
from bulkops.sandbox.request import ApiRequest, invalid
from bulkops.sandbox.workspace import Folder

SYSTEM: Final = tuple(
    {"id": id_, "name": name, "type": "system", "privileges": {}}
    for id_, name in ((31, "Project admin"), (32, "Project editor"), (33, "Project operator"))
)
_SHELF: Final = "project_grant"


def _role_shown(request: ApiRequest, row: Row) -> Row:
    grants = request.workspace.shelf(_SHELF).values()
    return {**row, "members_count": sum(grant["role_id"] == row["id"] for grant in grants)}


ROLES: Final = serve_noun(
    "project_roles",
    "ProjectRole",
    noun="project_role",
    first=SYSTEM,
    fixed="A role of the system cannot be changed",
    unique=("name", 400),
    usual={"privileges": {}},
    facts={"type": "custom"},
    shown=_role_shown,
)


@answers("[managed_users.]projects.project_grants.list", row="Grant")
def list_of_project(request: ApiRequest) -> Rows:
    project_id = _project(request).project_id
    return _grants(request, lambda grant: grant["project_id"] == project_id)


@answers("[managed_users.]user_groups.project_grants.list", row="Grant")
def list_of_group(request: ApiRequest) -> Rows:
    wanted = ("user_group", GROUPS.row_of(request)["id"])
    return _grants(request, lambda grant: _grantee_key(grant) == wanted)


@answers("members.project_grants", row="Grant")
def list_of_member(request: ApiRequest) -> Rows:
    """A member's own, and those of the groups that the member is in."""
    member = request.found(request.workspace.members, "member_id")
    groups = [row for row in GROUPS.rows(request.workspace).values() if member.id in member_ids(request, row)]
    wanted = {("user", member.id), *(("user_group", row["id"]) for row in groups)}
    return _grants(request, lambda grant: _grantee_key(grant) in wanted)


@answers("[managed_users.]projects.project_grants.upsert", row="Grant")
def upsert_grants(request: ApiRequest) -> Rows:
    """One grant for each grantee and environment of the body, all or none; others stay. The answer has those that it
    names."""
    project = _project(request)
    wanted = [(_key(request, project, item), _role(request, item)) for item in request.given["project_grants"]]
    shelf, made = request.workspace.shelf(_SHELF), []
    for key, role in wanted:
        found = next((grant for grant in shelf.values() if _keys(grant) == key), None)
        if found is None:
            found = GRANTS.add(request, {**dict(zip(_KEY, key, strict=True)), "role_id": role["id"]})
        else:
            GRANTS.change(request, found, {"role_id": role["id"]})
        made.append(_shown(request, found))
    return made


_KEY: Final = ("project_id", "environment_type", "grantee_type", "grantee_id")


def _keys(grant: Row) -> tuple[Any, ...]:
    return tuple(grant[name] for name in _KEY)


def _key(request: ApiRequest, project: Folder, item: Mapping[str, Any]) -> tuple[Any, ...]:
    """Raises: RefusedError 400 for a grantee or environment that is not there."""
    grantee = item.get("grantee") if isinstance(item.get("grantee"), dict) else None
    type_ = text_in(grantee or item, "type" if grantee else "grantee_type", required=True)
    id_name = "id" if grantee else "grantee_id"
    environment = text_in(item, "environment_type") or "dev"
    if environment not in ENVIRONMENTS:
        raise invalid("project_grants", f"names an environment that is not there: {environment}")
    if type_ == "user_group":
        group = GROUPS.rows(request.workspace).get(str((grantee or item).get(id_name)))
        id_: Any = group and group["id"]
    else:
        id_ = id_in(grantee or item, id_name)
        id_ = id_ if type_ == "user" and id_ in request.workspace.members else None
    if id_ is None:
        raise invalid("project_grants", "names a grantee that is not there")
    return project.project_id, environment, type_, id_


def _role(request: ApiRequest, said: Mapping[str, Any]) -> Row:
    """Raises: RefusedError 400."""
    found = ROLES.rows(request.workspace).get(str(id_in(said, "project_role_id")))
    if found is None:
        raise invalid("project_role_id", "is not a project role")
    return found


def _project(request: ApiRequest) -> Folder:
    return request.found(request.workspace.projects(), "project_id")


def _grants(request: ApiRequest, fits: Callable[[Row], bool]) -> Rows:
    return [_shown(request, grant) for grant in request.workspace.shelf(_SHELF).values() if fits(grant)]


def _grantee_key(grant: Mapping[str, Any]) -> tuple[str, Any]:
    return grant["grantee_type"], grant["grantee_id"]


def _grantee_name(request: ApiRequest, grant: Mapping[str, Any]) -> str:
    type_, id_ = _grantee_key(grant)
    if type_ == "user":
        member = request.workspace.members.get(id_)
        return member.name if member is not None else str(id_)
    return str(GROUPS.rows(request.workspace).get(id_, {"name": id_})["name"])


def _shown(request: ApiRequest, grant: Row) -> Row:
    type_, id_ = _grantee_key(grant)
    role = ROLES.rows(request.workspace).get(str(grant["role_id"]), {"id": grant["role_id"], "name": ""})
    return {
        "id": grant["id"],
        "project_id": grant["project_id"],
        "environment_type": grant["environment_type"],
        "role": {"id": role["id"], "name": role["name"]},
        "grantee": {"type": type_, "id": id_, "name": _grantee_name(request, grant)},
    }


@attrs.frozen(kw_only=True)
class _Grants(Crud):
    def note(self, request: ApiRequest, row: Mapping[str, Any], what: str) -> None:
        folder = request.workspace.projects().get(row["project_id"])
        where = folder.name if folder is not None else row["project_id"]
        request.note(f"{self.noun}.{what}", f"{where}/{row['environment_type']}/{_grantee_name(request, row)}")


GRANTS: Final = serve_as(
    _Grants,
    "project_grants",
    "Grant",
    noun=_SHELF,
    prefix="pg",
    shape=lambda request, given, _: {"role_id": _role(request, given)["id"]},
    shown=_shown,
)
