"""What a member may do: by environment, and by project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers.members import member_named
from bulkops.sandbox.members import Member
from bulkops.sandbox.request import ApiRequest
from bulkops.sandbox.roles import role_named

_PROJECT_ROLES: Final = {"Admin": "Project admin", "Operator": "Project operator"}


@answers("[managed_users.]members.privileges", row="MemberPrivileges")
def privileges(request: ApiRequest) -> list[dict[str, Any]]:
    """One row for each environment that the member may enter."""
    return [
        {
            "environment_type": where,
            "name": role["name"],
            "privileges": role["privileges"],
            "folder_ids": _folders(role),
        }
        for where, role in _roles(request, member_named(request))
    ]


@answers("managed_users.members.project_grants", row="ProjectGrant")
def project_grants(request: ApiRequest) -> list[dict[str, Any]]:
    """A role in each project that the member's role in DEV reaches, by assumption."""
    return [
        {"project_id": id_, "role_name": _PROJECT_ROLES.get(role["name"], "Project editor")}
        for id_, role in _projects(request)
    ]


@answers("[managed_users.]members.projects_privileges", row="ProjectPrivileges")
def project_privileges(request: ApiRequest) -> list[dict[str, Any]]:
    return [{"project_id": id_, "privileges": role["privileges"]} for id_, role in _projects(request)]


def _roles(request: ApiRequest, member: Member) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for where, name in member.roles.items():
        role = role_named(name, request.workspace, request.state.partner.workspace)
        if role is not None:
            yield where, role


def _folders(role: Mapping[str, Any]) -> list[int]:
    """Empty: all of them."""
    return list(role.get("folder_ids", ()))


def _projects(request: ApiRequest) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Ids of the projects that the member's role in DEV reaches, each with that role."""
    role = dict(_roles(request, member_named(request))).get("dev")
    if role is not None:
        among = _folders(role)
        for id_, folder in request.workspace.projects().items():
            if not among or folder.id in among:
                yield id_, role
