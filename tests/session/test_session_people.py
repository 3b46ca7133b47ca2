"""Managers, roles, customers and people on a real socket: the samples of the vendor's page, and what is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bulkops.catalogue import CALLS
from bulkops.client import Workato, session_of
from bulkops.errors import DecodeError, InputError, NotFound, OutcomeUnknown, StatusError
from bulkops.models import CustomerManager, ManagingUser, ModeratedWorkspace, PrivilegeGroup
from bulkops.rate_limit import Limit
from bulkops.session import RequestContext
from tests.session.kit import answering, asked

LISTED = """
{"result": {"items": [
  {"id": 1234,
   "user": {"id": 4321, "name": "ACME-HR", "email": "alex@example.com.com", "avatar_url": "https://example.com"},
   "privilege_group": {"id": 247, "name": "Customer Admin", "system": false},
   "moderated_workspaces": [{"id": 27123, "name": "Nutech"}, {"id": 29456, "name": "ACME USA"}]},
  {"id": 5678,
   "user": {"id": 8765, "name": "ACME Corp.", "email": "ariel@example.com", "avatar_url": "https://example.com"},
   "privilege_group": {"id": 2, "name": "Admin", "system": true},
   "moderated_workspaces": []}
]}}
"""
UPDATED = """
{"result": {"id": 1234,
 "user": {"id": 4321, "name": "Alex", "email": "alex@example.com", "avatar_url": ""},
 "privilege_group": {"id": 2, "name": "Admin", "system": true},
 "moderated_workspaces": [{"id": 29456, "name": "ACME USA"}, {"id": 27123, "name": "Nutech"}]}}
"""
CREATED = """
{"result": {"id": 1234,
 "user": {"id": 4321, "name": "Alex", "email": "alex@example.com", "avatar_url": ""},
 "privilege_group": {"id": 2, "name": "Admin", "system": true},
 "moderated_workspaces": [{"id": 29456, "name": "ACME USA"}]}}
"""


async def test_the_sample_of_the_list(server: Any, workato: Workato) -> None:
    answering(server, LISTED)
    some, everywhere = await workato.customer_managers.list().collect()
    assert some == CustomerManager(
        id=1234,
        user=ManagingUser(id=4321, name="ACME-HR", email="alex@example.com.com", avatar_url="https://example.com"),
        privilege_group=PrivilegeGroup(id=247, name="Customer Admin", system=False),
        moderated_workspaces=[
            ModeratedWorkspace(id=27123, name="Nutech"),
            ModeratedWorkspace(id=29456, name="ACME USA"),
        ],
    )
    assert (some.workspace_ids, some.has_all_workspaces) == ([27123, 29456], False)
    assert (everywhere.workspace_ids, everywhere.has_all_workspaces) == ([], True)
    assert asked(server) == ("GET", "/api/customer_managers", None)


async def test_the_sample_of_an_update_and_of_a_creation(server: Any, workato: Workato) -> None:
    answering(server, UPDATED)
    updated = await workato.customer_managers.update("1234", role_id="2", workspaces=[29456, 27123])
    assert (updated.user.name, updated.workspace_ids) == ("Alex", [29456, 27123])
    body: dict[str, Any] = {"role_id": "2", "permitted_workspace_ids": [29456, 27123]}
    assert asked(server) == ("PUT", "/api/customer_managers/1234", body)
    answering(server, CREATED)
    created = await workato.customer_managers.create(team_collaborator_id=4321, role_id=2, workspaces=(29456,))
    assert (created.id, created.workspace_ids) == (1234, [29456])
    body = {"team_collaborator_id": 4321, "role_id": 2, "permitted_workspace_ids": [29456]}
    assert asked(server) == ("POST", "/api/customer_managers", body)


async def test_the_sample_of_a_deletion(server: Any, workato: Workato) -> None:
    answering(server, '{"result": "ok"}')
    await workato.customer_managers.delete(1236)
    assert asked(server) == ("DELETE", "/api/customer_managers/1236", None)
    answering(server, {"success": False, "message": "no"})
    with pytest.raises(StatusError, match="no"):
        await workato.customer_managers.delete(1236)


async def test_every_workspace_is_only_granted_when_it_is_said(server: Any, workato: Workato) -> None:
    answering(server, CREATED)
    managers = workato.customer_managers
    for given, words in (
        ({}, "not said which workspaces"),
        ({"workspaces": []}, "an empty list of workspaces means all of them"),
        ({"workspaces": None, "all_workspaces": False}, "not said which workspaces"),
        ({"workspaces": [1], "all_workspaces": True}, "some workspaces and all workspaces"),
        ({"workspaces": [], "all_workspaces": True}, "some workspaces and all workspaces"),
        ({"workspaces": ["EORG-1"]}, "must be numeric ids"),
        ({"workspaces": [True]}, "must be numeric ids"),
    ):
        with pytest.raises(InputError, match=words):
            await managers.update(1, role_id=2, **given)  # type: ignore[arg-type]  # what must not be given
        with pytest.raises(InputError, match=words):
            await managers.create(team_collaborator_id=1, role_id=2, **given)  # type: ignore[arg-type]
    assert server.seen == []
    await managers.update(1, role_id=2, all_workspaces=True)
    assert asked(server)[2] == {"role_id": 2, "permitted_workspace_ids": []}


async def test_a_lost_creation_is_not_repeated_and_a_lost_update_is(server: Any, workato: Workato) -> None:
    async def handler(seen: Any, out: Any) -> None:
        if seen.method == "POST" or len(server.seen) == 2:
            out.reset()
        else:
            await out.body(200, UPDATED.encode(), Content_Type="application/json")

    server.handler = handler
    with pytest.raises(OutcomeUnknown):
        await workato.customer_managers.create(team_collaborator_id=1, role_id=2, workspaces=[3])
    assert len(server.seen) == 1
    assert (await workato.customer_managers.update(1, role_id=2, workspaces=[3])).id == 1234
    assert len(server.seen) == 3


async def test_roles_of_a_customer_and_of_the_partner(server: Any, workato: Workato) -> None:
    account = workato.account("EA/1")
    answering(server, {"result": {"id": 311, "name": "Copy", "folder_ids": [3]}})
    copied = await account.roles.copy(310, name="Copy", folder_ids=[3])
    assert (copied.id, copied.folder_ids) == (311, [3])
    body = {"name": "Copy", "folder_ids": [3]}
    assert asked(server) == ("POST", "/api/managed_users/EA%2F1/roles/310/copy", body)
    answering(server, {"success": True, "id": 312})
    assert (await workato.roles.copy(310, name="Mine")).name == "Mine"
    assert asked(server) == ("POST", "/api/roles/310/copy", {"name": "Mine"})
    answering(server, {"success": True})
    await workato.roles.update(312, all_folders=False, folder_ids=[3])
    assert asked(server) == ("PUT", "/api/roles/312", {"all_folders": "false", "folder_ids": [3]})


async def test_environment_roles_are_paged_in_brackets(server: Any, workato: Workato) -> None:
    roles = workato.account(7).environment_roles

    async def handler(seen: Any, out: Any) -> None:
        many = 100 if "page%5Bnumber%5D=1" in seen.target else 3
        first = 0 if many == 100 else 100
        await out.json(200, {"data": [{"id": n, "name": f"R{n}"} for n in range(first, first + many)]})

    server.handler = handler
    assert len(await roles.list(name="R").collect()) == 103
    assert [seen.target for seen in server.seen] == [
        f"/api/managed_users/7/environment_roles?name=R&page%5Bnumber%5D={n}&page%5Bsize%5D=100" for n in (1, 2)
    ]
    answering(server, {"data": {"id": 1, "name": "R"}})
    await roles.create("R", privileges={"Recipes": ["read"]})
    body = {"name": "R", "privileges": {"Recipes": ["read"]}}
    assert asked(server) == ("POST", "/api/managed_users/7/environment_roles", body)
    await roles.update(1, name="S")
    assert asked(server) == ("PUT", "/api/managed_users/7/environment_roles/1", {"name": "S"})
    assert (await roles.get(1)).name == "R"
    answering(server, {"success": True})
    await roles.delete(1)
    assert asked(server)[:2] == ("DELETE", "/api/managed_users/7/environment_roles/1")


async def test_people_are_changed_and_invited(server: Any, workato: Workato) -> None:
    members = workato.account(7).members
    answering(server, {"id": 1, "name": "Ana"})
    await members.update(1, env_roles={"prod": "Admin"}, time_zone="UTC", name=None)
    body = {"time_zone": "UTC", "env_roles": [{"environment_type": "prod", "name": "Admin"}]}
    assert asked(server) == ("PUT", "/api/managed_users/7/members/1", body)
    for answer in ({"result": {"success": True}}, {"Success": True}):
        answering(server, answer)
        await members.invite(name="Ana", email="a@x.example", role_name="Admin")
    body = {"name": "Ana", "email": "a@x.example", "role_name": "Admin"}
    assert asked(server) == ("POST", "/api/managed_users/7/member_invitations", body)
    await workato.members.invite(name="Ana", email="a@x.example", env_roles={"dev": "Admin"})
    assert asked(server)[1] == "/api/member_invitations"
    await workato.members.update(1, env_roles={"dev": "Admin"})
    body = {"env_roles": [{"environment_type": "dev", "name": "Admin"}]}
    assert asked(server) == ("PUT", "/api/members/1", body)
    answering(server, {"data": {"id": 1, "name": "Lee"}})
    assert (await workato.members.get(1)).name == "Lee"


async def test_usage_is_asked_for_by_page_until_one_brings_nothing_new(server: Any, workato: Workato) -> None:
    async def rows_of(*pages: list[int]) -> tuple[int, int]:
        server.seen.clear()

        async def handler(_: Any, out: Any) -> None:
            ids = pages[min(len(server.seen), len(pages)) - 1]
            await out.json(200, {"result": [{"id": n, "usage": []} for n in ids]})

        server.handler = handler
        return len([row async for row in workato.customers.usage()]), len(server.seen)

    full = list(range(100))
    assert await rows_of(full, [100, 101]) == (102, 2)
    assert await rows_of(full, []) == (100, 2)
    assert await rows_of(list(range(437))) == (437, 1)  # a server that knows no pages
    assert await rows_of(full, full) == (100, 2)
    assert await rows_of([]) == (0, 1)
    assert server.seen[0].target == "/api/managed_users/usage?page=1&per_page=100"


async def test_metrics_and_environments(server: Any, workato: Workato) -> None:
    answering(server, {"result": {"items": [{"managed_user_id": "7", "task_count": 1}]}})
    since = datetime(2026, 1, 2, tzinfo=UTC)
    (row,) = await workato.customers.metrics([7], since=since, of_connections=True)
    assert (row.managed_user_id, row.task_count) == (7, 1)
    body = {"managed_user_ids": [7], "from": "2026-01-02T00:00:00+00:00"}
    assert asked(server) == ("POST", "/api/v2/managed_users/statistics/connection_usage", body)
    await workato.customers.metrics()
    assert asked(server) == ("POST", "/api/v2/managed_users/statistics/usage", {})
    answering(server, {"id": 7, "environments": {"test": {"id": 8}, "prod": {"id": 9}}})
    made = await workato.account(7).customer.provision_environments(environments={"test": {"external_id": "T"}})
    assert made.environment_ids() == {"test": 8, "prod": 9}
    assert asked(server)[2] == {"environments": {"test": {"external_id": "T"}}}


async def test_a_deletion_is_done_when_the_answer_does_not_say_otherwise(server: Any, workato: Workato) -> None:
    for answer in ("", '{"success": true}', '{"Success": true}', '{"id": 7}'):
        answering(server, answer)
        await workato.customers.delete("EA/1")
    assert asked(server) == ("DELETE", "/api/managed_users/EA%2F1", None)
    answering(server, '{"success": false}')
    with pytest.raises(StatusError):
        await workato.customers.delete(7)
    answering(server, "<html>")
    with pytest.raises(DecodeError):
        await workato.customers.delete(7)
    answering(server, '{"message": "Not found"}', 404)
    with pytest.raises(NotFound):
        await workato.account("EA").customer.delete(id=7)
    assert asked(server)[1] == "/api/managed_users/7"


async def test_a_workspace_has_one_window_whatever_name_it_is_called_by(server: Any, settings_for: Any) -> None:
    """Two invitations of one person within twenty minutes: by E-id, then by number."""
    quota = CALLS["managed_users.members.create"].quota
    limit = {quota: (Limit(1, 0.5, "workspace"),)}
    answering(server, {"id": 7, "external_id": "ORG-7", "name": "x"})
    async with Workato.from_settings(settings_for(server.url, unlimited=False, quotas=limit)) as workato:
        await workato.customers.get("EORG-7")
        call = CALLS["managed_users.members.create"]
        for account in ("EORG-7", "7"):
            scope = RequestContext(account=account)
            await session_of(workato).send(call, scope=scope, path={"managed_user_id": account}, json={})
        first, second = server.seen[-2:]
    assert second.at - first.at >= 0.5
