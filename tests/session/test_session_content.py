"""Connections, folders, projects, properties and connectors on a real socket: what is asked, and what it becomes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bulkops.client import Account, Workato
from bulkops.errors import DecodeError
from bulkops.models import PickListValue
from tests.session.kit import answering, asked

LISTED = """
{
 "result": [
   {
     "id": 36,
     "name": "ACME Production Salesforce connection",
     "provider": "salesforce",
     "authorized_at": "2015-05-26T22:53:52.528Z",
     "authorization_status": "success",
     "authorization_error": null,
     "created_at": "2015-05-26T22:53:52.532Z",
     "updated_at": "2015-05-26T22:53:52.532Z"
   },
   {
       "id": 37,
       "name": "ACME google sheet account",
       "provider": "google_sheets",
       "authorized_at": "2015-05-26T22:53:52.528Z",
       "authorization_status": "success",
       "authorization_error": null,
       "created_at": "2015-05-26T22:53:52.532Z",
       "updated_at": "2015-05-26T22:53:52.532Z"
   }
 ]
}
"""
CREATED = """
{
 "id": 36,
 "name": "jira_connection",
 "provider": "jira",
 "authorized_at": "2015-05-26T22:53:52.528Z",
 "authorization_status": "success",
 "authorization_error": null,
 "created_at": "2015-05-26T22:53:52.532Z",
 "updated_at": "2015-05-26T22:53:52.532Z"
}
"""
"""As the vendor's page of 2019 prints them."""


async def test_the_page_of_2019_as_it_is_printed(server: Any, account: Account) -> None:
    answering(server, LISTED)
    first, second = await account.connections.list().collect()
    when = datetime(2015, 5, 26, 22, 53, 52, 528000, tzinfo=UTC)
    assert (first.id, first.provider, first.authorized_at, first.is_authorized) == (36, "salesforce", when, True)
    assert (second.name, second.folder_id, second.external_id) == ("ACME google sheet account", None, None)
    answering(server, CREATED)
    credentials = {"host_name": "acme.atlassian.net", "api_token_auth": "true"}
    made = await account.connections.create("jira_connection", provider="jira", input=credentials)
    assert (made.id, made.is_authorized, made.is_shell) == (36, True, False)
    # its sample says GET .../connection, its own line of the call POST .../connections
    assert asked(server) == (
        "POST",
        "/api/managed_users/EA%2F1/connections",
        {"name": "jira_connection", "provider": "jira", "input": credentials},
    )


@pytest.mark.parametrize("said", [{"success": True}, {"Success": True}, {"result": {"success": True}}, {}, ""])
async def test_what_is_done_is_done_however_it_is_said(server: Any, account: Account, said: Any) -> None:
    answering(server, said)
    home = "/api/managed_users/EA%2F1"
    await account.connections.disconnect(8, force=True)
    assert asked(server) == ("POST", f"{home}/connections/8/disconnect?force=true", None)
    await account.folders.delete(3, force=True)
    assert asked(server) == ("DELETE", f"{home}/folders/3?force=true", None)


@pytest.mark.parametrize(
    "rows",
    [
        {"result": [["Record ID", "Id"], ["Count", 5]]},
        {"data": [["Record ID", "Id", None, False], ["Count", 5, None, True]]},
        [["Record ID", "Id"], ["Count", 5]],
    ],
)
async def test_pick_lists(server: Any, workato: Workato, account: Account, rows: Any) -> None:
    answering(server, rows)
    wanted = [PickListValue(label="Record ID", value="Id"), PickListValue(label="Count", value=5)]
    assert await account.connections.pick_list(8, "fields", object="Order") == wanted
    body = {"pick_list_name": "fields", "pick_list_params": {"object": "Order"}}
    assert asked(server) == ("POST", "/api/managed_users/EA%2F1/connections/8/pick_list", body)
    assert await workato.connections.pick_list(8, "fields") == wanted
    assert asked(server) == ("POST", "/api/connections/8/pick_list", {"pick_list_name": "fields"})


@pytest.mark.parametrize("rows", [[["only"]], [[]], ["ab"], [{"label": "x"}], [[None, "x"]], [[1, 2]], {"result": {}}])
async def test_a_pick_list_that_is_none(server: Any, account: Account, rows: Any) -> None:
    answering(server, rows)
    with pytest.raises(DecodeError):
        await account.connections.pick_list(8, "fields")


@pytest.mark.parametrize("wrap", [lambda tree: tree, lambda tree: {"result": tree}, lambda tree: {"data": tree}])
async def test_properties_of_every_age_and_name(server: Any, account: Account, wrap: Any) -> None:
    odd = {"crm.object": "Account", "id": "12", "success": "false", "result": "x", "Success": "0", "": "", "ü": " "}
    answering(server, wrap(odd))
    assert await account.properties.get("crm.") == odd
    assert asked(server)[1] == "/api/managed_users/EA%2F1/properties?prefix=crm."
    answering(server, wrap([{"name": name, "value": value} for name, value in odd.items()]))
    assert await account.properties.get(project_id=4) == odd
    assert asked(server)[1] == "/api/managed_users/EA%2F1/properties?prefix=&project_id=4"
    answering(server, wrap({}))
    assert await account.properties.get() == {}


@pytest.mark.parametrize(
    "said", ["", "[", '"x"', "3", '{"a": 1}', '{"a": {}}', '[{"value": "x"}]', "[[]]", '{"success": false}']
)
async def test_what_are_no_properties(server: Any, account: Account, said: str) -> None:
    answering(server, said)
    with pytest.raises(DecodeError):
        await account.properties.get()


async def test_connectors(server: Any, workato: Workato) -> None:
    old = {"name": "harbour", "title": "Harbour", "image_url": "https://i.example/h.png", "requires_connection": True}
    answering(server, [old | {"mobile_image_url": "https://i.example/m.png", "mobile_search": False}])
    (connector,) = await workato.connectors.list(["harbour", "none"]).collect()
    assert (connector.id, connector.requires_connection, connector.triggers) == ("harbour", True, [])
    assert asked(server)[1] == "/api/integrations?applications=harbour%2Cnone"
    trigger = {"name": "new_ship", "title": "New ship", "deprecated": False, "bulk": False, "batch": True}
    row = {"name": "harbour", "categories": ["ERP"], "oauth": False, "triggers": [trigger], "actions": None}
    answering(server, {"items": [row], "count": 1, "page": 1, "per_page": 100})
    (connector,) = await workato.connectors.all().collect()
    assert (connector.triggers[0].batch, connector.actions, connector.categories) == (True, [], ["ERP"])
    assert asked(server)[1] == "/api/integrations/all?page=1&per_page=100"
    version = {"version": 3, "version_note": None, "created_at": "2025-06-02T08:00:00Z", "released_at": None}
    answering(server, {"result": [{"id": "5", "name": "own_1", "released_versions": [version]}]})
    (own,) = await workato.custom_connectors.list().collect()
    assert (own.id, own.released_versions[0].version, own.static_webhook_url) == (5, 3, None)
    answering(server, {"data": {"code": "{ title: 'Own' }"}})
    assert await workato.custom_connectors.code(5) == "{ title: 'Own' }"


async def test_connectors_over_several_pages(server: Any, workato: Workato) -> None:
    async def handler(seen: Any, out: Any) -> None:
        page = int(seen.target.partition("page=")[2].partition("&")[0])
        rows = [{"name": f"app_{number}"} for number in range(230)][(page - 1) * 100 : page * 100]
        await out.json(200, {"items": rows, "count": 230, "page": page, "per_page": 100})

    server.handler = handler
    names = [connector.name async for connector in workato.connectors.all()]
    assert (len(names), len(set(names)), len(server.seen)) == (230, 230, 3)
