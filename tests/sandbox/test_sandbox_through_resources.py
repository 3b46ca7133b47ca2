"""Calls of the seeds through the typed resources: each one's effect, in the ledger or in a later read."""

from __future__ import annotations

import pytest

from bulkops.errors import BadRequest, Forbidden, NotFound
from tests.here import Here, in_sandbox

FIRST = 4100231


@in_sandbox(customers=1)
async def test_connections(it: Here) -> None:
    account = it.workato.account(FIRST)
    shell = await account.connections.create("jira_connection", provider="jira")
    assert shell.is_shell
    ready = await account.connections.create(
        "Shop", provider="shopify", input={"shop": "s", "api_key": "k"}, external_id="x/1"
    )
    assert ready.is_authorized
    assert await account.connections.update(ready.id, name="Shop") == ready  # no effect, and no later time
    assert it.kinds() == {"connection.created": 2, "connection.authorized": 1}
    assert await account.connections.list().collect() == [shell, ready]
    assert await account.connections.list(external_id="x/1").collect() == [ready]
    assert await account.connections.list(provider="jira").collect() == [shell]
    values = await account.connections.pick_list(ready.id, "fields")
    assert (values[0].label, values[0].value) == ("Record ID", "Id")
    assert [field.name for field in await account.connections.input_schema("shopify")] == ["shop", "api_key"]
    with pytest.raises(BadRequest, match="disconnect it first"):
        await account.connections.delete(ready.id)
    for _ in range(2):  # once more changes nothing
        await account.connections.disconnect(ready.id)
    assert [row.authorized_at for row in await account.connections.list().collect()] == [None, None]
    await account.connections.delete(ready.id)
    assert await account.connections.list().collect() == [shell]
    assert it.keys("connection.disconnected") == ["Home/Shop"]
    own = await it.workato.connections.create("Own", provider="slack", input={"auth_type": "x"})
    assert own in await it.workato.connections.list().collect()
    assert [effect["account"] for effect in it.sandbox.effects()][-2:] == [None, None]


@in_sandbox(customers=1)
async def test_folders_and_projects(it: Here) -> None:
    account = it.workato.account("EORG-1")
    crm = await account.folders.create("CRM")
    sub = await account.folders.create("Sub", parent_id=crm.id)
    assert [effect["key"] for effect in it.sandbox.effects()] == ["CRM", "CRM/Sub"]
    assert (crm.is_project, sub.is_project, sub.project_id) == (True, False, crm.project_id)
    assert await account.folders.list().collect() == [crm]
    assert await account.folders.list(parent_id=crm.id).collect() == [sub]
    (project,) = await account.projects.list().collect()
    assert (project.id, project.folder_id) == (crm.project_id, crm.id)
    changed = await account.projects.update(project.id, description="all of it")
    assert (changed.name, changed.description) == ("CRM", "all of it")
    with pytest.raises(Forbidden, match="Cannot destroy folder"):
        await account.folders.delete(crm.id)
    moved = await account.folders.update(sub.id, name="Top", parent_id=crm.parent_id)
    assert (moved.name, moved.is_project, moved.parent_id) == ("Top", True, crm.parent_id)
    assert moved.project_id != crm.project_id
    projects = {project.id: project.name async for project in account.projects.list()}
    assert projects == {crm.project_id: "CRM", moved.project_id: "Top"}
    with pytest.raises(Forbidden, match="Cannot destroy folder"):  # Home
        await account.folders.delete(crm.parent_id or 0)
    await account.folders.delete(crm.id)
    await account.projects.delete(moved.project_id or 0)
    assert await account.folders.list().collect() == []
    with pytest.raises(NotFound):
        await account.folders.delete(crm.id)
    own = await it.workato.folders.create("Built here")
    assert own in await it.workato.folders.list().collect()
    assert (await it.workato.folders.update(own.id, name="Renamed")).name == "Renamed"
    assert own.project_id in [project.id async for project in it.workato.projects.list()]
    before = await it.workato.api_collections.list().collect()
    await it.workato.folders.update(own.id, parent_id=(await it.workato.folders.create("Above")).id)
    assert await it.workato.api_collections.list().collect() == before  # of another project


@in_sandbox(customers=1)
async def test_properties(it: Here) -> None:
    account = it.workato.account(FIRST)
    await account.properties.upsert({"crm.key": "Id", "crm.object": "Order", "other": "x"})
    assert await account.properties.get("crm.") == {"crm.key": "Id", "crm.object": "Order"}
    project = (await account.folders.create("P")).project_id
    await account.properties.upsert({"crm.key": "Own"}, project_id=project)
    assert await account.properties.get(project_id=project) == {"crm.key": "Own"}
    with pytest.raises(BadRequest, match="too long"):
        await account.properties.upsert({"n" * 101: "v"})
    await it.workato.properties.upsert({"mine": "1"})
    assert await it.workato.properties.get() == {"mine": "1"}
    assert it.kinds()["property.set"] == 5
