"""Members: list, get, create, update, delete, invite, the older pair on `/member`; and the partner's own people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.exchange import NOT_FOUND, Asked, RefusedError, id_member, invalid, taken, text_member
from bulkops.sandbox.handlers._base import Handler
from bulkops.sandbox.members import ENVIRONMENTS, MAX_MEMBERS, TIME_ZONE, Member
from bulkops.sandbox.roles import role_named


def list_members(asked: Asked) -> list[dict[str, Any]]:
    return [member.row() for member in asked.workspace.members.values()]


def get_member(asked: Asked) -> dict[str, Any]:
    return member_named(asked).row()


def create_member(asked: Asked) -> dict[str, Any]:
    """A new user needs a name and a role; an existing one is named by oauth_id alone, and brings both along."""
    members = asked.members()
    oauth_id = text_member(members, "oauth_id")
    if oauth_id is not None and not {"name", "role_name", "env_roles", "external_id"} & set(members):
        return _add(asked, members, name=f"User {oauth_id}", roles={"dev": "Operator"}).row()
    name = text_member(members, "name", required=True)
    return _add(asked, members, name=str(name), roles=_roles(asked, members, required=True)).row()


def create_member_by_old_route(asked: Asked) -> dict[str, Any]:
    """Answers with the customer, not the member (vendor facts, section 14). Without a role: Operator, by assumption."""
    members = asked.members()
    text_member(members, "oauth_id", required=True)
    name = text_member(members, "name", required=True)
    _add(asked, members, name=str(name), roles=_roles(asked, members) or {"dev": "Operator"})
    facts = asked.account.facts
    return {"id": asked.account.id, "plan_id": facts["plan_id"], "trial": facts["trial"]}


def update_member(asked: Asked) -> dict[str, Any]:
    member, members = member_named(asked), asked.members()
    roles = _roles(asked, members)
    external_id = text_member(members, "external_id")
    if external_id is not None and external_id != member.external_id:
        _refuse_taken(asked, external_id)
    before = member.row()
    member.roles = roles or member.roles
    member.external_id = external_id or member.external_id
    member.name = text_member(members, "name") or member.name
    member.time_zone = text_member(members, "time_zone") or member.time_zone
    if member.row() != before:
        asked.note("member.updated", member.key)
    return member.row()


def delete_member(asked: Asked) -> dict[str, Any]:
    return _remove(asked, member_named(asked))


def delete_member_by_old_route(asked: Asked) -> dict[str, Any]:
    """The id is in the body of the DELETE."""
    member_id = id_member(asked.members(), "member_id")
    if member_id is None:
        raise invalid("member_id", "can't be blank")
    member = asked.workspace.members.get(member_id)
    if member is None:
        raise RefusedError(404, NOT_FOUND)
    return _remove(asked, member)


def invite(asked: Asked) -> dict[str, Any]:
    """By assumption whoever is invited accepts at once, and is a member with that e-mail from then on."""
    members = asked.members()
    name, email = text_member(members, "name", required=True), text_member(members, "email", required=True)
    if "@" not in str(email):
        raise invalid("email", "is not an e-mail address")
    roles = _roles(asked, members, required=True)
    if any((there.email or "").lower() == str(email).lower() for there in asked.workspace.members.values()):
        raise invalid("email", "is a collaborator already")
    given = {"email": email, "time_zone": None}
    _add(asked, given, name=str(name), roles=roles)
    asked.note("member.invited", str(email))
    return {"success": True}


def update_partners_member(asked: Asked) -> dict[str, Any]:
    """Here only the roles can be changed, and the answer says nothing of the member."""
    if "env_roles" not in asked.members():
        raise invalid("env_roles", "can't be blank")
    update_member(asked)
    return {"success": True}


def _add(asked: Asked, members: Mapping[str, Any], *, name: str, roles: dict[str, str]) -> Member:
    """Equal names are allowed; a used external id is refused, as it is for customers (vendor facts, section 17.5)."""
    workspace = asked.workspace
    external_id = text_member(members, "external_id")
    if external_id is not None:
        _refuse_taken(asked, external_id)
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
        created_at=asked.world.clock.stamp(),
    )
    workspace.members[member.id] = member
    asked.note("member.added", member.key)
    return member


def _remove(asked: Asked, member: Member) -> dict[str, Any]:
    del asked.workspace.members[member.id]
    asked.note("member.removed", member.key)
    return {"id": member.id}


def member_named(asked: Asked) -> Member:
    """The member in the path. Raises: RefusedError 404."""
    return asked.found(asked.workspace.members, "member_id")


def _refuse_taken(asked: Asked, external_id: str) -> None:
    if any(member.external_id == external_id for member in asked.workspace.members.values()):
        raise taken(asked, "external_id")


def _roles(asked: Asked, members: Mapping[str, Any], *, required: bool = False) -> dict[str, str]:
    """`env_roles` wins over `role_name`; an unknown role or environment is named in the 400 (vendor facts, section 5).

    Raises: RefusedError 400.
    """
    given = members.get("env_roles")
    if given is None:
        role = text_member(members, "role_name")
        if role is None and required:
            raise invalid("role_name", "or env_roles must be given")
        return {} if role is None else {"dev": _known_role(asked, role)}
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise invalid("env_roles", "is not a list of objects")
    if not given:
        raise invalid("env_roles", "can't be blank")
    roles = {}
    for entry in given:
        environment = text_member(entry, "environment_type", required=True)
        if environment not in ENVIRONMENTS:
            raise RefusedError(400, f"Environment not found: {environment}")
        roles[str(environment)] = _known_role(asked, str(text_member(entry, "name", required=True)))
    return roles


def _known_role(asked: Asked, role: str) -> str:
    if role_named(role, asked.workspace, asked.world.partner.workspace) is None:
        raise RefusedError(400, f"Role not found: {role}")
    return role


HANDLERS: Final[Mapping[str, Handler]] = {
    "managed_users.members.list": list_members,
    "managed_users.members.get": get_member,
    "managed_users.members.create": create_member,
    "managed_users.members.update": update_member,
    "managed_users.members.delete": delete_member,
    "managed_users.member_invitations.create": invite,
    "members.list": list_members,
    "members.get": get_member,
    "members.update": update_partners_member,
    "member_invitations.create": invite,
    "managed_users.member.create": create_member_by_old_route,
    "managed_users.member.delete": delete_member_by_old_route,
}
