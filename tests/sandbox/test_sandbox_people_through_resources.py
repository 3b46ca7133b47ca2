"""Customers, members and managers through the typed resources: each call's effect, in the ledger or a later read."""

from __future__ import annotations

import asyncio

import pytest

from bulkops.errors import BadRequest, NotFound
from tests.here import Here, in_sandbox

FIRST = 4100231


@in_sandbox(customers=1)
async def test_a_customer_from_beginning_to_end(it: Here) -> None:
    customers = it.workato.customers
    made = await customers.create(name="Fjord", notification_email="o@x.example", external_id="K/1", plan_id="free")
    assert await customers.get("EK/1") == made
    assert await customers.find("K/1") == made
    assert made.environment_ids() == {}
    upgraded = await customers.upgrade("EK/1", plan_id="big")
    assert (upgraded.plan_id, (await customers.get(made.id)).plan_id) == ("big", "big")
    await customers.downgrade(made.id)
    assert (await customers.get(made.id)).plan_id == "free"
    await customers.update(made.id, name="Fjord AS", whitelisted_apps=["jira"])
    assert [(row.name, row.whitelisted_apps) async for row in customers.list() if row.id == made.id] == [
        ("Fjord AS", ["jira"])
    ]
    with_three = await customers.provision_environments("EK/1", environments={"test": {"external_id": "K/1/T"}})
    where = with_three.environment_ids()
    assert (await customers.get("EK/1/T")).id == where["test"]
    assert (await customers.get(made.id)).environment_ids() == where
    with pytest.raises(BadRequest, match="already"):
        await customers.provision_environments("EK/1")
    usage = [row async for row in customers.usage()]
    assert [row.id for row in usage] == [FIRST, made.id]
    assert [row.managed_user_id for row in await customers.metrics([made.id])] == [made.id]
    await it.workato.account("EK/1").customer.delete()
    for gone in (made.id, where["test"], where["prod"]):
        with pytest.raises(NotFound):
            await customers.get(gone)
    kinds = [effect["kind"] for effect in it.sandbox.effects()]
    assert kinds == [
        "customer.created",
        "plan.changed",
        "plan.changed",
        "customer.updated",
        "environments.provisioned",
        "customer.deleted",
    ]


@in_sandbox(customers=1)
async def test_members_by_both_routes(it: Here) -> None:
    account = it.workato.account(FIRST)
    said = await account.members.add_by_old_route(name="Ana", oauth_id="o-1", role_name="Admin")
    assert said.id == FIRST
    (ana,) = await account.members.list().collect()
    changed = await account.members.update(ana.id, env_roles={"prod": "Operator"})
    assert (changed.role_name, changed.env_roles()) == (None, {"prod": "Operator"})
    assert await account.members.get(ana.id) == changed
    (granted,) = await account.members.privileges(ana.id)
    assert (granted.environment_type, granted.name) == ("prod", "Operator")
    assert "delete" not in granted.privileges["Recipes"]
    crm = await account.folders.create("CRM")
    assert (await account.members.project_grants(ana.id), await account.members.project_privileges(ana.id)) == ([], [])
    await account.members.update(ana.id, role_name="Admin")
    (grant,) = await account.members.project_grants(ana.id)
    assert (grant.project_id, grant.role_name) == (crm.project_id, "Project admin")
    (allowed,) = await account.members.project_privileges(ana.id)
    assert "delete" in allowed.privileges["Recipes"]
    await account.members.remove_by_old_route(ana.id)
    with pytest.raises(NotFound):
        await account.members.privileges(ana.id)
    assert await account.members.list().collect() == []
    assert it.keys("member.added") == it.keys("member.removed") == ["Ana"]
    assert it.keys("member.updated") == ["Ana", "Ana"]


@in_sandbox(customers=1)
async def test_roles_that_are_made_are_roles_of_members(it: Here) -> None:
    account = it.workato.account(FIRST)
    builder = await account.environment_roles.create("Builder", privileges={"Recipes": ["read", "run"]})
    assert await account.environment_roles.list(name="Builder").collect() == [builder]
    (shared,) = [role async for role in it.workato.roles.list() if role.inheritable]
    copied = await account.roles.copy(shared.id, name="Mine")
    assert [role.id async for role in account.roles.list()] == [copied.id]
    for role in ("Builder", "Mine", shared.name):
        made = await account.members.add(name=role, role_name=role)
        (granted,) = await account.members.privileges(made.id)
        assert granted.name == role
        if role == "Builder":
            assert granted.privileges == {"Recipes": ["read", "run"]}
    assert (await account.environment_roles.get(builder.id)).members_count == 1
    await account.environment_roles.update(builder.id, name="Maker")
    assert [member.role_name async for member in account.members.list()] == ["Maker", "Mine", shared.name]
    with pytest.raises(BadRequest, match="has members"):
        await account.environment_roles.delete(builder.id)
    await account.members.remove((await account.members.list().collect())[0].id)
    await account.environment_roles.delete(builder.id)
    with pytest.raises(NotFound):
        await account.environment_roles.get(builder.id)
    with pytest.raises(BadRequest, match="Role not found: Maker"):
        await account.members.add(name="Ana", role_name="Maker")
    assert [kind for kind in it.kinds() if kind.startswith("environment_role")] == [
        f"environment_role.{what}" for what in ("created", "updated", "deleted")
    ]
    with pytest.raises(BadRequest, match="Role not found: Boss"):
        await account.members.add(name="Bob", role_name="Boss")
    support = await it.workato.roles.copy(247, name="Support")
    await it.workato.roles.update(support.id, all_folders=False)
    assert "Support" in [role.name async for role in it.workato.roles.list()]


@in_sandbox(customers=2, time_scale=2000)
async def test_two_addresses_are_invited_to_one_workspace_at_once_and_one_address_waits(it: Here) -> None:
    members = it.workato.account(FIRST).members
    clock = asyncio.get_running_loop().time
    began = clock()
    await members.invite(name="Ana", email="ana@x.example", role_name="Admin")
    await members.invite(name="Bob", email="bob@x.example", role_name="Admin")
    await it.workato.account(FIRST + 1).members.invite(name="Ana", email="ana@x.example", role_name="Admin")
    assert clock() - began < 0.3
    with pytest.raises(BadRequest, match="already"):
        await members.invite(name="Ana", email="ANA@x.example", role_name="Admin")
    assert clock() - began >= 0.6  # 20 minutes of the vendor
    assert [member.email async for member in members.list()] == ["ana@x.example", "bob@x.example"]
    assert it.sandbox.requests()["quotas"]["embedded.collaborators.invite"]["refused"] == 0
