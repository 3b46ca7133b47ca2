"""Connections, connectors, folders, projects, properties, tables and tags: every call of theirs, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from bulkops.catalogue import CALLS
from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.faults import Faults
from tests.sandbox.kit import FIRST, Reply, Vendor, shop_package, vendor

GROUPS = {"connections", "connectors", "folders", "properties", "lookup_tables", "data_tables"}
ELSEWHERE = ("custom_connectors.", "sdk.", "connections.runtime_user_connections.", "managed_users.recipes.share")
"""In test_sandbox_newer_nouns, with the calls for data tables that came later."""

MINE = {
    call.id
    for call in CALLS.values()
    if (call.group in GROUPS and not call.id.startswith(ELSEWHERE) and "data_tables." not in call.id)
    or "tags" in call.id
    or call.id.startswith("secrets_management.")
} | {"custom_connectors.list", "custom_connectors.code", "data_tables.list", "data_tables.create"}

CONNECTION = {
    *("id", "name", "provider", "authorized_at", "authorization_status", "authorization_error"),
    *("created_at", "updated_at", "external_id", "folder_id", "parent_id"),
}
OWN_CONNECTION = CONNECTION | {"application", "description", "connection_lost_at", "connection_lost_reason"}
FOLDER = {"id", "name", "parent_id", "is_project", "project_id", "created_at", "updated_at"}
PROJECT = {"id", "folder_id", "name", "description"}
TABLE = {"id", "name", "schema", "project_id", "created_at", "updated_at"}
TABLE_ROW = {"id", "lookup_table_id", "data", "created_at", "updated_at"}
TAG = {"title", "handle", "description", "color"}
DATA_TABLE = {"id", "name", "schema", "folder_id", "created_at", "updated_at"}
METADATA = {"name", "title", "image_url", "mobile_image_url", "requires_connection", "mobile_search"}
CONNECTOR = {"name", "title", "categories", "oauth", "deprecated", "secondary", "triggers", "actions"}
CUSTOM = {
    *("id", "name", "title", "latest_released_version", "latest_released_version_note"),
    *("released_versions", "static_webhook_url"),
}


@attrs.define
class Walker:
    """Sends calls by id, and keeps which; `prefix` "managed_users." for the customer's twins, "" for the partner's.

    `there`: ids of what a workspace was built with; lists are shown without it.
    """

    client: Vendor
    prefix: str
    request: set[str] = attrs.field(factory=set)
    there: set[int] = attrs.field(factory=set)

    async def look_around(self) -> None:
        for name in ("connections.list", "folders.list", "projects.list"):
            self.there |= {row["id"] for row in await self(name)}

    async def __call__(self, name: str, body: object = None, status: int = 200, **names: Any) -> Any:
        """The payload, without its envelope."""
        call = CALLS[self.prefix + name]
        self.request.add(call.id)
        query = names.pop("query", {})
        path = call.path.format_map({"managed_user_id": FIRST, **names})
        reply: Reply = await self.client(call.method, path, json=body, params=query)
        assert reply.status == status, (call.id, reply.text)
        if status != 200:
            return reply.data
        found = _payload(call.envelope, reply.data)
        if name.endswith(".list") and isinstance(found, list):
            return [row for row in found if row.get("id") not in self.there]
        return found


def _payload(envelope: str, data: Any) -> Any:
    match envelope:
        case "list" | "result":
            assert data.keys() == {"result"}
            return data["result"]
        case "data" | "data_list":
            return data["data"]
        case "items":
            return data["items"]
        case "tags":
            return data["data"]["tags"]
    return data


def shows(row: Mapping[str, object], members: set[str]) -> bool:
    return members <= row.keys()


async def _new(walk: Walker, noun: str, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that were not there `before`: the partner's workspace holds a project from the start."""
    ids = [row["id"] for row in before]
    return [row for row in await walk(f"{noun}.list") if row["id"] not in ids]


async def _connections(walk: Walker, members: set[str]) -> None:
    before = await walk("connections.list")
    shell = await walk("connections.create", {"name": "jira_connection", "provider": "jira"})
    assert shows(shell, members)
    assert (shell["authorized_at"], shell["authorization_status"]) == (None, None)
    of = {"connection_id": shell["id"]}
    await walk("connections.pick_list", {"pick_list_name": "projects"}, 400, **of)
    made = await walk("connections.update", {"input": {"host_name": "x.example"}, "name": "Jira"}, **of)
    assert (made["name"], made["authorization_status"]) == ("Jira", "success")
    assert [len(value) for value in await walk("connections.pick_list", {"pick_list_name": "projects"}, **of)] == (
        [2, 2, 2] if walk.prefix else [4, 4, 4]
    )
    await walk("connections.delete", None, 400, **of)
    assert await walk("connections.disconnect", **of) == {"success": True}
    (listed,) = await _new(walk, "connections", before)
    assert shows(listed, members)
    assert (listed["authorization_status"], listed["authorized_at"]) == (None, None)
    assert await walk("connections.disconnect", **of) == {"success": True}
    assert await walk("connections.delete", **of) == {"success": True}
    await walk("connections.delete", None, 404, **of)
    assert await walk("connections.list") == before
    assert walk.client.keys("connection.disconnected") == ["Home/Jira"]


async def _folders(walk: Walker) -> None:
    before, projects_before = await walk("folders.list"), await walk("projects.list")
    crm = await walk("folders.create", {"name": "CRM"})
    sub = await walk("folders.create", {"name": "Sub", "parent_id": crm["id"]})
    assert shows(crm, FOLDER)
    assert (crm["is_project"], sub["is_project"], sub["project_id"]) == (True, False, crm["project_id"])
    assert [row["id"] for row in await _new(walk, "folders", before)] == [crm["id"]]
    moved = await walk("folders.update", {"name": "Top", "parent_id": crm["parent_id"]}, folder_id=sub["id"])
    assert (moved["name"], moved["is_project"], moved["parent_id"]) == ("Top", True, crm["parent_id"])
    assert moved["project_id"] != crm["project_id"]
    projects = await _new(walk, "projects", projects_before)
    assert [row["name"] for row in projects] == ["CRM", "Top"]
    assert shows(projects[0], PROJECT)
    changed = await walk("projects.update", {"name": "Tip", "description": "new"}, project_id=moved["project_id"])
    assert changed == {**projects[1], "name": "Tip", "description": "new"}
    home = {"folder_id": crm["parent_id"]}
    assert (await walk("folders.delete", None, 403, **home)) == {"message": "Cannot destroy folder"}
    assert await walk("folders.delete", folder_id=crm["id"]) == {"success": True}
    assert await walk("projects.delete", project_id=moved["project_id"]) == {"success": True}
    assert await walk("folders.list") == before
    await walk("folders.delete", None, 404, folder_id=crm["id"])


async def _properties(walk: Walker) -> None:
    assert await walk("properties.upsert", {"properties": {"crm.key": "Id", "crm.object": "Account", "x": 1}}) == {
        "success": True
    }
    assert await walk("properties.list", query={"prefix": "crm."}) == {"crm.key": "Id", "crm.object": "Account"}
    assert await walk("properties.list", query={"param": "x"}) == [{"name": "x", "value": "1"}]
    project = (await walk("folders.create", {"name": "P"}))["project_id"]
    await walk("properties.upsert", {"properties": {"crm.key": "Own"}}, query={"project_id": project})
    assert await walk("properties.list", query={"prefix": "", "project_id": project}) == {"crm.key": "Own"}
    await walk("properties.list", None, 404, query={"prefix": "", "project_id": 1})
    await walk("properties.list", None, 400)


async def _lookup_tables(walk: Walker) -> None:
    schema = [{"label": "code"}, {"label": "country"}]
    table = await walk("lookup_tables.create", {"lookup_table": {"name": "Codes", "schema": schema, "project_id": 5}})
    assert shows(table, TABLE)
    assert table["schema"].startswith('[{"name":"col1","label":"code"')
    assert table["project_id"] == "5"
    assert await walk("lookup_tables.list") == [table]
    of = {"lookup_table_id": table["id"]}
    row = await walk("lookup_tables.rows.create", {"data": {"code": "DE", "col2": "Germany"}}, **of)
    assert shows(row, TABLE_ROW)
    assert (row["lookup_table_id"], row["data"]) == (table["id"], {"col1": "DE", "col2": "Germany"})
    await walk("lookup_tables.rows.create", {"data": {"code": "AT"}}, **of)
    await walk("lookup_tables.rows.create", {"data": {"color": "red"}}, 400, **of)
    assert await walk("lookup_tables.rows.get", row_id=row["id"], **of) == row
    changed = await walk("lookup_tables.rows.update", {"data": {"country": "BRD"}}, row_id=row["id"], **of)
    assert changed["data"] == {"col1": "DE", "col2": "BRD"}
    assert (await walk("lookup_tables.lookup", query={"by[code]": "DE"}, **of))["id"] == row["id"]
    await walk("lookup_tables.lookup", None, 404, query={"by[code]": "FR"}, **of)
    assert len(await walk("lookup_tables.rows.list", **of)) == 2
    assert len(await walk("lookup_tables.rows.list", query={"by[code]": "AT", "per_page": 1000}, **of)) == 1
    await walk("lookup_tables.rows.delete", row_id=row["id"], **of)
    await walk("lookup_tables.rows.get", None, 404, row_id=row["id"], **of)
    assert await walk("lookup_tables.batch_delete", {"ids": [table["id"], 1]}) == {"success": True}
    assert await walk("lookup_tables.list") == []
    await walk("lookup_tables.rows.list", None, 404, **of)


async def _tags(walk: Walker) -> None:
    tag = await walk("tags.create", {"title": "Finance"})
    assert shows(tag, TAG)
    assert await walk("tags.list") == [tag]
    changed = await walk("tags.update", {"color": "red"}, handle=tag["handle"])
    assert (changed["title"], changed["color"]) == ("Finance", "red")
    made = await walk("connections.create", {"name": "C", "provider": "rest"})
    assign = {"add_tags": [tag["handle"]], "connection_ids": [made["id"]]}
    assert await walk("tags_assignments.update", assign) == {"success": True}
    assert await walk("tags_assignments.update", assign) == {"success": True}
    assert walk.client.keys("tags.assigned") == [f"connection {made['id']}"]
    (listed,) = await walk("connections.list", query={"includes[]": "tags"})
    assert listed["tags"] == [tag["handle"]]
    await walk("tags_assignments.update", {"remove_tags": [tag["handle"]], "connection_ids": [made["id"]]})
    (listed,) = await walk("connections.list", query={"includes[]": "tags"})
    assert listed["tags"] == []
    await walk("tags_assignments.update", {"add_tags": ["tag-x"], "connection_ids": [made["id"]]}, 404)
    await walk("tags_assignments.update", {"add_tags": [tag["handle"]]}, 400)
    assert await walk("tags.delete", handle=tag["handle"]) == {"success": True}
    assert await walk("tags.list") == []


async def _partners_own(walk: Walker) -> None:
    names = {"applications": "salesforce, nothing,example_connector_1"}
    forms: list[dict[str, Any]] = [{"query": names}, {"body": names}]
    for said in forms:  # the vendor's page has it in the body of a GET
        rows = await walk("integrations.list", **said)
        assert [row["name"] for row in rows] == ["salesforce", "example_connector_1"]
        assert shows(rows[0], METADATA)
    assert await walk("integrations.list", query={"applications": "nothing"}) == []
    await walk("integrations.list", None, 400)
    assert len(await walk("integrations.all")) == 1  # unasked (vendor facts, section 7)
    everything = await walk("integrations.all", query={"per_page": 500})
    assert len(everything) > 5
    assert all(shows(row, CONNECTOR) for row in everything)
    (custom,) = await walk("custom_connectors.list")
    assert shows(custom, CUSTOM)
    assert custom["title"] in (await walk("custom_connectors.code", connector_id=custom["id"]))["code"]
    await walk("custom_connectors.code", None, 404, connector_id=1)
    folder = await walk("folders.create", {"name": "Data"})
    body = {"name": "Leads", "folder_id": folder["id"], "schema": [{"name": "email", "type": "string"}]}
    table = await walk("data_tables.create", body)
    assert shows(table, DATA_TABLE)
    assert shows(table["schema"][0], {"field_id", "hint", "default_value", "metadata", "multivalue", "relation"})
    assert await walk("data_tables.list") == [table]
    await walk("data_tables.create", body | {"folder_id": 1}, 404)
    assert await walk("secrets_management.clear_cache") == {"success": True}
    assert walk.client.keys("secrets_cache.cleared") == ["all"]


async def test_every_call_answers_and_has_its_effect() -> None:
    request: set[str] = set()
    for prefix, members in (("managed_users.", CONNECTION), ("", OWN_CONNECTION)):
        async with vendor() as client:
            walk = Walker(client, prefix)
            await walk.look_around()
            await _connections(walk, members)
            await _folders(walk)
            await _properties(walk)
            await _lookup_tables(walk)
            await _tags(walk)
            if prefix:
                schema = await walk("connections.input_schema", adapter_name="jira")
                assert shows(schema[0], {"name", "type", "optional"})
                await walk("connections.input_schema", None, 404, adapter_name="nothing")
            else:
                await _partners_own(walk)
            accounts = {effect["account"] for effect in client.sandbox.effects()}
            assert accounts == ({FIRST} if prefix else {None})
            request |= walk.request
    assert request == MINE


async def test_a_connection_in_use_stays() -> None:
    async with vendor(assumptions=Assumptions(connection_in_use=409)) as client:
        folder = await client.folder("Shop")
        await client.imported(shop_package(), folder)
        (recipe,) = await client.recipes()
        (made,) = await client.connections()
        walk = Walker(client, "managed_users.")
        of = {"connection_id": made["id"]}
        await walk("connections.update", {"input": {"host": "x"}}, **of)
        await client.put(f"/api/managed_users/{FIRST}/recipes/{recipe['id']}/start")
        assert "Orders" in (await walk("connections.disconnect", None, 409, **of))["message"]
        assert await walk("folders.delete", None, 403, folder_id=folder) == {"message": "Cannot destroy folder"}
        await walk("folders.delete", None, 403, folder_id=folder, query={"force": "true"})  # a recipe runs in it
        await walk("connections.disconnect", query={"force": "true"}, **of)
        assert "Orders" in (await walk("connections.delete", None, 409, **of))["message"]
        await client.put(f"/api/managed_users/{FIRST}/recipes/{recipe['id']}/stop")
        await walk("folders.delete", query={"force": "True"}, folder_id=folder)
        assert (await client.recipes(), await client.connections()) == ([], [])
        assert client.keys("folder.deleted") == ["Shop"]


async def test_an_import_into_a_folder_that_is_gone_fails() -> None:
    async with vendor(time_scale=100.0) as client:
        folder = await client.folder("Shop")
        sent = await client.send_package(shop_package(), folder)
        await Walker(client, "managed_users.")("folders.delete", folder_id=folder)
        ended = await client.finished(sent.data["id"])
        assert (ended["status"], "deleted" in ended["error"]) == ("failed", True)


async def test_bad_credentials_are_an_answer_or_an_error() -> None:
    body = {"name": "C", "provider": "salesforce", "input": {"host": "x", "api_key": "k"}}
    async with vendor(faults=Faults(unauthorizable=1.0), assumptions=Assumptions(bad_credentials="answer")) as client:
        made = await Walker(client, "managed_users.")("connections.create", body)
        assert (made["authorization_status"], made["authorized_at"]) == ("failed", None)
        assert "refused" in made["authorization_error"]
        kept = await Walker(client, "managed_users.")("connections.create", body | {"shell_connection": True})
        assert kept["authorization_status"] is None
    async with vendor(faults=Faults(unauthorizable=1.0), assumptions=Assumptions(bad_credentials="refused")) as client:
        refused = await Walker(client, "managed_users.")("connections.create", body, 400)
        assert "refused" in refused["message"]
        assert await client.connections() == []


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("connections.create", {}),
        ("connections.create", {"provider": " "}),
        ("connections.create", {"provider": "x", "input": "text"}),
        ("folders.create", {"name": ""}),
        ("properties.upsert", {}),
        ("properties.upsert", {"properties": {"n" * 101: "v"}}),
        ("properties.upsert", {"properties": {"n": "v" * 1025}}),
        ("properties.upsert", {"properties": {"good": "v", "n": None}}),
        ("properties.upsert", {"properties": {f"n{number}": "v" for number in range(1001)}}),
        ("lookup_tables.create", {"lookup_table": {"name": "x", "schema": [{"label": "c"}] * 11}}),
        ("lookup_tables.create", {"lookup_table": {"name": "x", "schema": {"label": "c"}}}),
        ("lookup_tables.batch_delete", {"ids": 3}),
        ("tags.create", {"color": "red"}),
    ],
)
async def test_what_cannot_be_is_refused_whole(it: Vendor, call: str, body: object) -> None:
    said = await Walker(it, "managed_users.")(call, body, 400)
    assert said["message"]
    assert it.sandbox.effects() == []


async def test_the_mistake_of_the_page_of_2019_is_no_call(it: Vendor) -> None:
    """Its sample says GET .../connection with a body; the call is POST .../connections."""
    reply = await it.get(f"/api/managed_users/{FIRST}/connection", json={"name": "j", "provider": "jira"})
    assert (reply.status, reply.data) == (404, {"message": "Not found"})
    listed = await it.get(f"/api/managed_users/{FIRST}/connections", json={"name": "j", "provider": "jira"})
    assert (listed.result, it.sandbox.effects()) == ([], [])


async def test_filters_of_connections_are_read_from_query_and_body(it: Vendor) -> None:
    walk = Walker(it, "managed_users.")
    folder = await it.folder("CRM")
    first = await walk("connections.create", {"name": "A", "provider": "jira", "folder_id": str(folder)})
    await walk("connections.create", {"name": "B", "provider": "jira", "external_id": "x/1"})
    child = {"name": "C", "provider": "jira", "parent_id": first["id"]}
    await walk("connections.create", child)
    await walk("connections.create", child | {"provider": "slack"}, 400)
    wanted = [
        ({"folder_id": folder}, ["A"]),
        ({"external_id": "x/1"}, ["B"]),
        ({"parent_id": first["id"]}, ["C"]),
        ({"provider": "slack"}, []),
        ({"provider": "jira"}, ["A", "B", "C"]),
    ]
    for filters, names in wanted:
        forms: list[dict[str, Any]] = [{"query": filters}, {"body": filters}]
        for said in forms:
            assert [row["name"] for row in await walk("connections.list", **said)] == names


async def test_an_external_id_in_use_is_refused() -> None:
    async with vendor(assumptions=Assumptions(duplicate_external_id=409)) as client:
        walk = Walker(client, "managed_users.")
        first = await walk("connections.create", {"provider": "jira", "external_id": "x/1"})
        second = await walk("connections.create", {"provider": "jira"})
        assert (await walk("connections.create", {"provider": "jira", "external_id": "x/1"}, 409))["errors"]
        await walk("connections.update", {"external_id": "x/1"}, 409, connection_id=second["id"])
        await walk("connections.update", {"external_id": "x/1", "name": "N"}, connection_id=first["id"])
        assert [row["name"] for row in await client.connections()] == ["N", "My jira account"]


async def test_properties_in_the_forms_of_2020() -> None:
    async with vendor(assumptions=Assumptions(properties_upsert="saved_property_count")) as client:
        walk = Walker(client, "managed_users.")
        assert await walk("properties.upsert", {"properties": {"a": "1", "b": "2"}}) == {"saved_property_count": 2}
    async with vendor(assumptions=Assumptions(properties_list="pairs")) as client:
        walk = Walker(client, "managed_users.")
        await walk("properties.upsert", {"properties": {"a": "1"}})
        for said in ("prefix", "param"):
            assert await walk("properties.list", query={said: "a"}) == [{"name": "a", "value": "1"}]


async def test_nothing_of_home_moves_and_no_folder_goes_into_itself(it: Vendor) -> None:
    walk = Walker(it, "managed_users.")
    crm = await walk("folders.create", {"name": "CRM"})
    sub = await walk("folders.create", {"name": "Sub", "parent_id": crm["id"]})
    await walk("folders.update", {"name": "H"}, 403, folder_id=crm["parent_id"])
    await walk("folders.update", {"parent_id": sub["id"]}, 400, folder_id=crm["id"])
    await walk("folders.update", {"parent_id": 1}, 404, folder_id=crm["id"])
    await walk("folders.update", {"name": "CRM"}, folder_id=crm["id"])  # as it is: no effect
    assert it.keys("folder.updated") == []
    await walk("folders.delete", None, 403, folder_id=crm["id"])
    await walk("folders.delete", query={"force": "1"}, folder_id=crm["id"])
    await walk("folders.list", None, 404, query={"parent_id": sub["id"]})
