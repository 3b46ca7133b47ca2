"""The access that people have: roles of members, groups, grants of projects, and customer managers of the partner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, Literal

import attrs

from bulkops.client import Account, Workato
from bulkops.errors import StatusError
from bulkops.models import Member

PARTNER: Final = "partner"
"""Stands for the account in rows about the partner's own workspace, and in rows about every account."""

Way = Literal["member", "group", "project", "customer manager"]

PARTS: Final[Mapping[str, Way]] = {"groups": "group", "projects": "project"}
"""What a token may be unable to read in an account, by the word of `AccountAccess.unread`."""

_STAFF: Final = "federation_manager"
_GROUPS: Final = "managed_users.user_groups"
_PROJECTS: Final = "managed_users.projects"
_UNAVAILABLE: Final = frozenset({401, 403, 404})


@attrs.frozen(kw_only=True, order=True)
class Access:
    """One way in which one person has access to one account.

    `account`: as it was selected, or `PARTNER`; `workspace`: the customer's name; `person`: the e-mail, else the name,
    else the id. `through`: the name of the group or project, "" for a member. `environment`: "dev", "test", "prod" or
    "" where the API does not tell. `is_staff`: of the partner, not of the customer.
    """

    account: str
    workspace: str = ""
    person: str
    name: str = ""
    external_id: str = ""
    way: Way
    through: str = ""
    role: str = ""
    environment: str = ""
    is_staff: bool = False


@attrs.frozen(kw_only=True)
class AccountAccess:
    """What was found in one account. `unread`: what this token may not read there, in words."""

    rows: tuple[Access, ...]
    unread: tuple[str, ...] = ()


async def access_of_account(account: Account, *, workspace: str = "", members_only: bool = False) -> AccountAccess:
    """The access to one account.

    Sends one read for the members; without `members_only`, also one for the groups and two for each group, one for the
    projects and one for each project.

    Raises: the ApiError tree when the members cannot be read.
    """
    base: dict[str, Any] = {"account": str(account.id), "workspace": workspace}
    members = await account.members.list().collect()
    rows = [row for member in members for row in _of_member(member, base)]
    if members_only:
        return AccountAccess(rows=tuple(sorted(rows)))
    people = {member.id: member for member in members}
    unread: list[str] = []
    parts = (_of_groups(account, people, base), _of_projects(account, people, base))
    for what, found in zip(PARTS, parts, strict=True):
        try:
            rows += [row async for row in found]
        except StatusError as error:
            if error.status not in _UNAVAILABLE:
                raise
            unread.append(f"{what}: {error.said or error.status}")
    return AccountAccess(rows=tuple(sorted(rows)), unread=tuple(unread))


async def access_of_partner(workato: Workato) -> AccountAccess:
    """The partner's own members, and its customer managers: a row for each account that one manages, or one for every
    account. Sends two reads.
    """
    rows = [
        attrs.evolve(row, is_staff=True)
        for member in await workato.members.list().collect()
        for row in _of_member(member, {"account": PARTNER, "workspace": ""})
    ]
    async for manager in workato.customer_managers.list():
        user, role = manager.user, manager.privilege_group
        places = [(str(place.id), place.name or "") for place in manager.moderated_workspaces]
        for account, workspace in places or [(PARTNER, "every account")]:
            rows.append(
                Access(
                    account=account,
                    workspace=workspace,
                    person=user.email or user.name or str(user.id),
                    name=user.name or "",
                    way="customer manager",
                    role=role.name or str(role.id),
                    is_staff=True,
                )
            )
    return AccountAccess(rows=tuple(sorted(rows)))


def _of_member(member: Member, base: dict[str, Any]) -> list[Access]:
    """One row for each environment; one without a role for a member whose roles the API does not tell."""
    return [
        Access(
            **base,
            person=_person(member),
            name=member.name or "",
            external_id=member.external_id or "",
            way="member",
            role=role,
            environment=environment,
            is_staff=member.grant_type == _STAFF,
        )
        for environment, role in (member.env_roles() or {"": ""}).items()
    ]


async def _of_groups(account: Account, people: dict[int, Member], base: dict[str, Any]) -> AsyncIterator[Access]:
    async for group in account.rows(f"{_GROUPS}.list"):
        grants = [grant async for grant in account.rows(f"{_GROUPS}.project_grants.list", group_id=group["id"])]
        async for row in account.rows(f"{_GROUPS}.members.list", group_id=group["id"]):
            member = {**base, **_known(row, people), "way": "group"}
            yield Access(**member, through=_name(group))
            for grant in grants:
                yield Access(**member, through=f"{_name(group)}: project {grant.get('project_id')}", **_granted(grant))


async def _of_projects(account: Account, people: dict[int, Member], base: dict[str, Any]) -> AsyncIterator[Access]:
    """Grants of groups are left out: those of a group are read with it."""
    async for project in account.rows(f"{_PROJECTS}.list"):
        async for grant in account.rows(f"{_PROJECTS}.project_grants.list", project_id=project["id"]):
            grantee = grant.get("grantee") or {}
            if "group" not in str(grantee.get("type")):
                member = {**base, **_known(grantee, people), "way": "project"}
                yield Access(**member, through=_name(project), **_granted(grant))


def _known(row: dict[str, Any], people: dict[int, Member]) -> dict[str, Any]:
    """Who a row of a group or grant means, with what the list of members says."""
    member = people.get(row["id"]) if isinstance(row.get("id"), int) else None
    if member is None:
        return {"person": str(row.get("email") or row.get("name") or row.get("id")), "name": str(row.get("name") or "")}
    return {
        "person": _person(member),
        "name": member.name or "",
        "external_id": member.external_id or "",
        "is_staff": member.grant_type == _STAFF,
    }


def _granted(grant: dict[str, Any]) -> dict[str, Any]:
    role = grant.get("role")
    name = role.get("name") if isinstance(role, dict) else grant.get("role_name")
    return {"role": str(name or ""), "environment": str(grant.get("environment_type") or "")}


def _name(row: dict[str, Any]) -> str:
    return str(row.get("name") or row.get("id"))


def _person(member: Member) -> str:
    return member.email or member.name or str(member.id)
