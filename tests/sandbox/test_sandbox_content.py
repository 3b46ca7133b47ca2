"""Connections, connectors, folders, properties, tables and tags: what follows from a call, and what is refused.

What is alike for every noun is in test_sandbox_lifecycles; members of answers are checked in test_sandbox_every_call;
connections, folders and properties from beginning to end in test_sandbox_through_resources.
"""

from __future__ import annotations

from typing import Any

import pytest

from bulkops.sandbox.assumptions import Assumptions
from bulkops.sandbox.faults import Faults
from tests.sandbox.kit import FIRST, Calls, Vendor, shop_package, vendor


@pytest.mark.parametrize(("prefix", "members"), [("managed_users.", 2), ("", 4)])
async def test_values_of_a_pick_list_are_shown_once_it_is_connected(it: Vendor, prefix: str, members: int) -> None:
    call = Calls(it, prefix)
    of = {"connection_id": (await call("connections.create", {"name": "C", "provider": "jira"}))["id"]}
    await call("connections.pick_list", {"pick_list_name": "projects"}, 400, **of)
    await call("connections.update", {"input": {"host_name": "x.example"}}, **of)
    values = await call("connections.pick_list", {"pick_list_name": "projects"}, **of)
    assert [len(value) for value in values] == [members] * 3


async def test_columns_of_a_lookup_table_have_their_own_names(it: Vendor) -> None:
    call = Calls(it)
    schema = [{"label": "code"}, {"label": "country"}]
    table = await call("lookup_tables.create", {"lookup_table": {"name": "Codes", "schema": schema, "project_id": 5}})
    assert table["schema"].startswith('[{"name":"col1","label":"code"')
    assert table["project_id"] == "5"
    of = {"lookup_table_id": table["id"]}
    row = await call("lookup_tables.rows.create", {"data": {"code": "DE", "col2": "Germany"}}, **of)
    assert (row["lookup_table_id"], row["data"]) == (table["id"], {"col1": "DE", "col2": "Germany"})
    await call("lookup_tables.rows.create", {"data": {"code": "AT"}}, **of)
    await call("lookup_tables.rows.create", {"data": {"color": "red"}}, 400, **of)
    changed = await call("lookup_tables.rows.update", {"data": {"country": "BRD"}}, row_id=row["id"], **of)
    assert changed["data"] == {"col1": "DE", "col2": "BRD"}
    assert (await call("lookup_tables.lookup", query={"by[code]": "DE"}, **of))["id"] == row["id"]
    await call("lookup_tables.lookup", None, 404, query={"by[code]": "FR"}, **of)
    assert len(await call("lookup_tables.rows.list", query={"by[code]": "AT", "per_page": 1000}, **of)) == 1
    assert await call("lookup_tables.batch_delete", {"ids": [table["id"], 1]}) == {"success": True}
    await call("lookup_tables.rows.list", None, 404, **of)


async def test_tags_are_assigned_and_taken_away(it: Vendor) -> None:
    call = Calls(it)
    tag = await call("tags.create", {"title": "Finance"})
    changed = await call("tags.update", {"color": "red"}, handle=tag["handle"])
    assert (tag["color"], changed["title"], changed["color"]) == ("blue", "Finance", "red")
    made = await call("connections.create", {"name": "C", "provider": "rest"})
    for _ in range(2):  # once more changes nothing
        await call("tags_assignments.update", {"add_tags": [tag["handle"]], "connection_ids": [made["id"]]})
    assert it.keys("tags.assigned") == [f"connection {made['id']}"]
    (listed,) = await call("connections.list", query={"includes[]": "tags"})
    assert listed["tags"] == [tag["handle"]]
    await call("tags_assignments.update", {"remove_tags": [tag["handle"]], "connection_ids": [made["id"]]})
    (listed,) = await call("connections.list", query={"includes[]": "tags"})
    assert listed["tags"] == []
    await call("tags_assignments.update", {"add_tags": ["tag-x"], "connection_ids": [made["id"]]}, 404)
    await call("tags_assignments.update", {"add_tags": [tag["handle"]]}, 400)


async def test_connectors_are_asked_for_by_name_in_query_or_body(it: Vendor) -> None:
    call = Calls(it, "")
    names = {"applications": "salesforce, nothing,example_connector_1"}
    forms: list[dict[str, Any]] = [{"query": names}, {"body": names}]
    for said in forms:  # the vendor's page has it in the body of a GET
        rows = await call("integrations.list", **said)
        assert [row["name"] for row in rows] == ["salesforce", "example_connector_1"]
    assert await call("integrations.list", query={"applications": "nothing"}) == []
    await call("integrations.list", None, 400)
    assert len(await call("integrations.all", query={"per_page": 500})) > 5
    (custom,) = await call("custom_connectors.list")
    assert custom["title"] in (await call("custom_connectors.code", connector_id=custom["id"]))["code"]
    await call("custom_connectors.code", None, 404, connector_id=1)
    await Calls(it)("connections.input_schema", None, 404, adapter_name="nothing")


async def test_a_data_table_is_in_a_folder_and_says_all_of_its_columns(it: Vendor) -> None:
    call = Calls(it, "")
    folder = await call("folders.create", {"name": "Data"})
    body = {"name": "Leads", "folder_id": folder["id"], "schema": [{"name": "email", "type": "string"}]}
    (column,) = (await call("data_tables.create", body))["schema"]
    assert column["field_id"]
    assert (column["name"], column["optional"], column["multivalue"]) == ("email", False, False)
    await call("data_tables.create", body | {"folder_id": 1}, 404)
    assert await call("secrets_management.clear_cache") == {"success": True}
    assert it.keys("secrets_cache.cleared") == ["all"]


async def test_a_connection_in_use_stays() -> None:
    async with vendor(assumptions=Assumptions(connection_in_use=409)) as client:
        folder = await client.folder("Shop")
        await client.imported(shop_package(), folder)
        (recipe,) = await client.recipes()
        (made,) = await client.connections()
        call = Calls(client)
        of = {"connection_id": made["id"]}
        await call("connections.update", {"input": {"host": "x"}}, **of)
        await client.put(f"/api/managed_users/{FIRST}/recipes/{recipe['id']}/start")
        assert "Orders" in (await call("connections.disconnect", None, 409, **of))["message"]
        assert await call("folders.delete", None, 403, folder_id=folder) == {"message": "Cannot destroy folder"}
        await call("folders.delete", None, 403, folder_id=folder, query={"force": "true"})  # a recipe runs in it
        await call("connections.disconnect", query={"force": "true"}, **of)
        assert "Orders" in (await call("connections.delete", None, 409, **of))["message"]
        await client.put(f"/api/managed_users/{FIRST}/recipes/{recipe['id']}/stop")
        await call("folders.delete", query={"force": "True"}, folder_id=folder)
        assert (await client.recipes(), await client.connections()) == ([], [])
        assert client.keys("folder.deleted") == ["Shop"]


async def test_an_import_into_a_folder_that_is_gone_fails() -> None:
    async with vendor(time_scale=100.0) as client:
        folder = await client.folder("Shop")
        sent = await client.send_package(shop_package(), folder)
        await Calls(client)("folders.delete", folder_id=folder)
        ended = await client.finished(sent.data["id"])
        assert (ended["status"], "deleted" in ended["error"]) == ("failed", True)


async def test_bad_credentials_are_an_answer_or_an_error() -> None:
    body = {"name": "C", "provider": "salesforce", "input": {"host": "x", "api_key": "k"}}
    async with vendor(faults=Faults(unauthorizable=1.0), assumptions=Assumptions(bad_credentials="answer")) as client:
        made = await Calls(client)("connections.create", body)
        assert (made["authorization_status"], made["authorized_at"]) == ("failed", None)
        assert "refused" in made["authorization_error"]
        kept = await Calls(client)("connections.create", body | {"shell_connection": True})
        assert kept["authorization_status"] is None
    async with vendor(faults=Faults(unauthorizable=1.0), assumptions=Assumptions(bad_credentials="refused")) as client:
        refused = await Calls(client)("connections.create", body, 400)
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
        ("lookup_tables.create", {"lookup_table": {"name": "x", "schema": [{"label": {"x": 1}}]}}),
        ("lookup_tables.create", {"lookup_table": {"name": "x", "schema": [{}], "project_id": {"a": 1}}}),
        ("lookup_tables.batch_delete", {"ids": 3}),
        ("tags.create", {"color": "red"}),
        ("members.create", {"name": "A", "env_roles": []}),
        ("api_access_profiles.create", {"name": "P", "auth_type": "token", "api_collection_ids": [1]}),
        ("export_manifests.create", {}),
        ("export_manifests.create", {"export_manifest": {}}),
        ("export_manifests.create", {"export_manifest": {"name": "x"}}),
        ("export_manifests.create", {"export_manifest": {"name": "x", "assets": []}}),
        ("export_manifests.create", {"export_manifest": {"name": "x", "assets": [7]}}),
        ("export_manifests.create", {"export_manifest": {"name": "x", "assets": [{"id": 1}]}}),
        ("export_manifests.create", {"export_manifest": {"assets": [{"id": 612901}]}}),
    ],
)
async def test_what_cannot_be_is_refused_whole(it: Vendor, call: str, body: object) -> None:
    said = await Calls(it)(call, body, 400)
    assert said["message"]
    assert it.sandbox.effects() == []


async def test_filters_of_connections_are_read_from_query_and_body(it: Vendor) -> None:
    call = Calls(it)
    folder = await it.folder("CRM")
    first = await call("connections.create", {"name": "A", "provider": "jira", "folder_id": str(folder)})
    await call("connections.create", {"name": "B", "provider": "jira", "external_id": "x/1"})
    child = {"name": "C", "provider": "jira", "parent_id": first["id"]}
    await call("connections.create", child)
    await call("connections.create", child | {"provider": "slack"}, 400)
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
            assert [row["name"] for row in await call("connections.list", **said)] == names


async def test_an_external_id_in_use_is_refused() -> None:
    async with vendor(assumptions=Assumptions(duplicate_external_id=409)) as client:
        call = Calls(client)
        first = await call("connections.create", {"provider": "jira", "external_id": "x/1"})
        second = await call("connections.create", {"provider": "jira"})
        assert (await call("connections.create", {"provider": "jira", "external_id": "x/1"}, 409))["errors"]
        await call("connections.update", {"external_id": "x/1"}, 409, connection_id=second["id"])
        await call("connections.update", {"external_id": "x/1", "name": "N"}, connection_id=first["id"])
        assert [row["name"] for row in await client.connections()] == ["N", "My jira account"]


async def test_properties_in_the_forms_of_2020() -> None:
    async with vendor(assumptions=Assumptions(properties_upsert="saved_property_count")) as client:
        call = Calls(client)
        assert await call("properties.upsert", {"properties": {"a": "1", "b": 2}}) == {"saved_property_count": 2}
        assert await call("properties.list", query={"param": "b"}) == [{"name": "b", "value": "2"}]
        await call("properties.list", None, 404, query={"prefix": "", "project_id": 1})
        await call("properties.list", None, 400)
    async with vendor(assumptions=Assumptions(properties_list="pairs")) as client:
        call = Calls(client)
        await call("properties.upsert", {"properties": {"a": "1"}})
        for said in ("prefix", "param"):
            assert await call("properties.list", query={said: "a"}) == [{"name": "a", "value": "1"}]


async def test_nothing_of_home_moves_and_no_folder_goes_into_itself(it: Vendor) -> None:
    call = Calls(it)
    crm = await call("folders.create", {"name": "CRM"})
    sub = await call("folders.create", {"name": "Sub", "parent_id": crm["id"]})
    await call("folders.update", {"name": "H"}, 403, folder_id=crm["parent_id"])
    await call("folders.update", {"parent_id": sub["id"]}, 400, folder_id=crm["id"])
    await call("folders.update", {"parent_id": 1}, 404, folder_id=crm["id"])
    await call("folders.update", {"name": "CRM"}, folder_id=crm["id"])  # as it is: no effect
    assert it.keys("folder.updated") == []
    await call("folders.delete", None, 403, folder_id=crm["id"])
    await call("folders.delete", query={"force": "1"}, folder_id=crm["id"])
    await call("folders.list", None, 404, query={"parent_id": sub["id"]})
