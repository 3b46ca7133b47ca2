"""Members: list, get, create, update, delete, invite, the older pair on `/member`; and the partner's own people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.members import ENVIRONMENTS, MAX_MEMBERS, TIME_ZONE, Member
from bulkops.sandbox.request import NOT_FOUND, ApiRequest, RefusedError, id_member, invalid, taken, text_member
from bulkops.sandbox.roles import role_named


@answers("[managed_users.]members.list", row="Member")
def list_members(request: ApiRequest) -> list[dict[str, Any]]:
    return [member.row() for member in request.workspace.members.values()]


@answers("[managed_users.]members.get", row="Member")
def get_member(request: ApiRequest) -> dict[str, Any]:
    return member_named(request).row()


@answers("managed_users.members.create", row="NewMember")
def create_member(request: ApiRequest) -> dict[str, Any]:
    """A new user needs a name and a role; an existing one is named by oauth_id alone, and brings both along."""
    members = request.members()
    oauth_id = text_member(members, "oauth_id")
    if oauth_id is not None and not {"name", "role_name", "env_roles", "external_id"} & set(members):
        return _add(request, members, name=f"User {oauth_id}", roles={"dev": "Operator"}).row()
    name = text_member(members, "name", required=True)
    return _add(request, members, name=str(name), roles=_roles(request, members, required=True)).row()


@answers("managed_users.member.create", row="Plan")
def create_member_by_old_route(request: ApiRequest) -> dict[str, Any]:
    """Answers with the customer, not the member (vendor facts, section 14). Without a role: Operator, by assumption."""
    members = request.members()
    text_member(members, "oauth_id", required=True)
    name = text_member(members, "name", required=True)
    _add(request, members, name=str(name), roles=_roles(request, members) or {"dev": "Operator"})
    facts = request.account.facts
    return {"id": request.account.id, "plan_id": facts["plan_id"], "trial": facts["trial"]}


@answers("managed_users.members.update", row="Member")
def update_member(request: ApiRequest) -> dict[str, Any]:
    member, members = member_named(request), request.members()
    roles = _roles(request, members)
    external_id = text_member(members, "external_id")
    if external_id is not None and external_id != member.external_id:
        _refuse_taken(request, external_id)
    before = member.row()
    member.roles = roles or member.roles
    member.external_id = external_id or member.external_id
    member.name = text_member(members, "name") or member.name
    member.time_zone = text_member(members, "time_zone") or member.time_zone
    if member.row() != before:
        request.note("member.updated", member.key)
    return member.row()


@answers("managed_users.members.delete", row="MemberId")
def delete_member(request: ApiRequest) -> dict[str, Any]:
    return _remove(request, member_named(request))


@answers("managed_users.member.delete", row="MemberId")
def delete_member_by_old_route(request: ApiRequest) -> dict[str, Any]:
    """The id is in the body of the DELETE."""
    member_id = id_member(request.members(), "member_id")
    if member_id is None:
        raise invalid("member_id", "can't be blank")
    member = request.workspace.members.get(member_id)
    if member is None:
        raise RefusedError(404, NOT_FOUND)
    return _remove(request, member)


@answers("[managed_users.]member_invitations.create")
def invite(request: ApiRequest) -> dict[str, Any]:
    """By assumption whoever is invited accepts at once, and is a member with that e-mail from then on."""
    members = request.members()
    name, email = text_member(members, "name", required=True), text_member(members, "email", required=True)
    if "@" not in str(email):
        raise invalid("email", "is not an e-mail address")
    roles = _roles(request, members, required=True)
    if any((there.email or "").lower() == str(email).lower() for there in request.workspace.members.values()):
        raise invalid("email", "is a collaborator already")
    given = {"email": email, "time_zone": None}
    _add(request, given, name=str(name), roles=roles)
    request.note("member.invited", str(email))
    return {"success": True}


@answers("members.update")
def update_partners_member(request: ApiRequest) -> dict[str, Any]:
    """Here only the roles can be changed, and the answer says nothing of the member."""
    if "env_roles" not in request.members():
        raise invalid("env_roles", "can't be blank")
    update_member(request)
    return {"success": True}


def _add(request: ApiRequest, members: Mapping[str, Any], *, name: str, roles: dict[str, str]) -> Member:
    """Equal names are allowed; a used external id is refused, as it is for customers (vendor facts, section 17.5)."""
    workspace = request.workspace
    external_id = text_member(members, "external_id")
    if external_id is not None:
        _refuse_taken(request, external_id)
    if len(workspace.members) >= MAX_MEMBERS:
        raise RefusedError(400, f"A workspace has at most {MAX_MEMBERS} collaborators")
    member = Member(
        id=workspace.new_id("member"),
        name=name,
        email=text_member(members, "email"),
        external_id=external_id,
        oauth_id=text_member(members, "oauth_id"),
        roles=roles,
        time_zone=text_member(members, "time_zone") or TIME_ZONE,
        created_at=request.state.clock.stamp(),
    )
    workspace.members[member.id] = member
    request.note("member.added", member.key)
    return member


def _remove(request: ApiRequest, member: Member) -> dict[str, Any]:
    del request.workspace.members[member.id]
    request.note("member.removed", member.key)
    return {"id": member.id}


def member_named(request: ApiRequest) -> Member:
    """The member in the path. Raises: RefusedError 404."""
    return request.found(request.workspace.members, "member_id")


def _refuse_taken(request: ApiRequest, external_id: str) -> None:
    if any(member.external_id == external_id for member in request.workspace.members.values()):
        raise taken(request, "external_id")


def _roles(request: ApiRequest, members: Mapping[str, Any], *, required: bool = False) -> dict[str, str]:
    """`env_roles` wins over `role_name`; an unknown role or environment is named in the 400 (vendor facts, section 5).

    Raises: RefusedError 400.
    """
    given = members.get("env_roles")
    if given is None:
        role = text_member(members, "role_name")
        if role is None and required:
            raise invalid("role_name", "or env_roles must be given")
        return {} if role is None else {"dev": _known_role(request, role)}
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise invalid("env_roles", "is not a list of objects")
    if not given:
        raise invalid("env_roles", "can't be blank")
    roles = {}
    for entry in given:
        environment = text_member(entry, "environment_type", required=True)
        if environment not in ENVIRONMENTS:
            raise RefusedError(400, f"Environment not found: {environment}")
        roles[str(environment)] = _known_role(request, str(text_member(entry, "name", required=True)))
    return roles


def _known_role(request: ApiRequest, role: str) -> str:
    if role_named(role, request.workspace, request.state.partner.workspace) is None:
        raise RefusedError(400, f"Role not found: {role}")
    return role
