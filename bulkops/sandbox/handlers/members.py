"""Members: list, get, create, update, delete, invite, the older pair on `/member`; and the partner's own people."""

from __future__ import annotations

from typing import Any

from bulkops.sandbox.body import text_in
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.members import ENVIRONMENTS, MAX_MEMBERS, TIME_ZONE, Member
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, refuse_blank, taken, there
from bulkops.sandbox.roles import role_named


@answers("[managed_users.]members.list", row="Member")
def list_members(request: ApiRequest) -> list[dict[str, Any]]:
    return [member.row() for member in request.workspace.members.values()]


answers("[managed_users.]members.get", row="Member")(lambda request: member_named(request).row())


@answers("managed_users.members.create", row="NewMember")
def create_member(request: ApiRequest) -> dict[str, Any]:
    """A new user needs a name and a role; an existing one is named by oauth_id alone, and brings both along."""
    given = request.given
    oauth_id = given.get("oauth_id")
    if oauth_id is not None and not {"name", "role_name", "env_roles", "external_id"} & set(given):
        return _add(request, name=f"User {oauth_id}", roles={"dev": "Operator"}).row()
    refuse_blank(given, "name")
    return _add(request, name=given["name"], roles=_roles(request, required=True)).row()


@answers("managed_users.member.create", row="Plan")
def create_member_by_old_route(request: ApiRequest) -> dict[str, Any]:
    """Answers with the customer, not the member (vendor facts, section 14). Without a role: Operator, by assumption."""
    _add(request, name=request.given["name"], roles=_roles(request) or {"dev": "Operator"})
    facts = request.account.facts
    return {"id": request.account.id, "plan_id": facts["plan_id"], "trial": facts["trial"]}


@answers("managed_users.members.update", row="Member")
def update_member(request: ApiRequest) -> dict[str, Any]:
    member, given = member_named(request), request.given
    roles, external_id = _roles(request), given.get("external_id")
    if external_id is not None and external_id != member.external_id:
        _refuse_taken(request, external_id)
    before = member.row()
    member.roles = roles or member.roles
    member.external_id = external_id or member.external_id
    member.name = given.get("name") or member.name
    member.time_zone = given.get("time_zone") or member.time_zone
    if member.row() != before:
        request.note("member.updated", member.key)
    return member.row()


@answers("members.delete")
def delete_partners_member(request: ApiRequest) -> None:
    _remove(request, member_named(request))


answers("managed_users.members.delete", row="MemberId")(lambda request: _remove(request, member_named(request)))


@answers("managed_users.member.delete", row="MemberId")
def delete_member_by_old_route(request: ApiRequest) -> dict[str, Any]:
    """The id is in the body of the DELETE."""
    return _remove(request, there(request.workspace.members.get(request.given["member_id"])))


@answers("[managed_users.]member_invitations.create")
def invite(request: ApiRequest) -> None:
    """By assumption an invited person accepts at once, and is a member with that e-mail from then on."""
    name, email = request.given["name"], request.given["email"]
    if "@" not in email:
        raise invalid("email", "is not an e-mail address")
    roles = _roles(request, required=True)
    if any((member.email or "").lower() == email.lower() for member in request.workspace.members.values()):
        raise invalid("email", "is a collaborator already")
    _add(request, name=name, roles=roles)
    request.note("member.invited", email)


@answers("members.update")
def update_partners_member(request: ApiRequest) -> None:
    """Here only the roles can be changed, and the answer says nothing of the member."""
    refuse_blank(request.given, "env_roles")
    update_member(request)


def _add(request: ApiRequest, *, name: str, roles: dict[str, str]) -> Member:
    """Equal names are allowed; a used external id is refused, as it is for customers (vendor facts, section 17.5)."""
    workspace, given = request.workspace, request.given
    external_id = given.get("external_id")
    if external_id is not None:
        _refuse_taken(request, external_id)
    if len(workspace.members) >= MAX_MEMBERS:
        raise RefusedError(400, f"A workspace has at most {MAX_MEMBERS} collaborators")
    member = Member(
        id=workspace.new_id("member"),
        name=name,
        email=text_in(request.members(), "email"),  # which no page lists for a member, and clients send
        external_id=external_id,
        oauth_id=given.get("oauth_id"),
        roles=roles,
        time_zone=given.get("time_zone") or TIME_ZONE,
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


def _roles(request: ApiRequest, *, required: bool = False) -> dict[str, str]:
    """`env_roles` wins over `role_name`; an unknown role or environment is named in the 400 (vendor facts, section 5).

    Raises: RefusedError 400.
    """
    given = request.given.get("env_roles")
    if given is None:
        role = request.given.get("role_name")
        if role is None and required:
            raise invalid("role_name", "or env_roles must be given")
        return {} if role is None else {"dev": _known_role(request, role)}
    if not given:
        raise invalid("env_roles", "can't be blank")
    roles = {}
    for entry in given:
        environment = text_in(entry, "environment_type", required=True)
        if environment not in ENVIRONMENTS:
            raise RefusedError(400, f"Environment not found: {environment}")
        roles[str(environment)] = _known_role(request, str(text_in(entry, "name", required=True)))
    return roles


def _known_role(request: ApiRequest, role: str) -> str:
    if role_named(role, request.workspace, request.state.partner.workspace) is None:
        raise RefusedError(400, f"Role not found: {role}")
    return role
