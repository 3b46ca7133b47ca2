"""The API platform through typed resources: what each call does shows in the ledger, or when one looks again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bulkops.client import Account
from bulkops.errors import BadRequest, InputError, NotFound, PlanError
from bulkops.models import Recipe
from tests.here import Here, beside

MANIFEST = 13


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Here]:
    async with beside(tmp_path, customers=1, time_scale=2000, quotas="off") as it:
        yield it


async def _finished(account: Account, import_id: int) -> None:
    while not (await account.imports.get(import_id)).is_finished:
        pass


async def _enabled(world: Here) -> tuple[Account, list[Recipe]]:
    """The guide's steps 2, 3 and the first half of 5, in a customer of its own."""
    workato = world.workato
    made = await workato.customers.create(name="Acme", external_id="A/1", notification_email="ops@acme.example")
    account = workato.account(made.id)
    folder = await account.folders.create("API")
    package = await workato.packages.export(MANIFEST)
    while not package.is_finished:
        package = await workato.packages.get(package.id)
    data = await workato.packages.download(package, most_bytes=2**20)
    await _finished(account, (await account.imports.create(data, folder_id=folder.id)).id)
    async for connection in account.connections.list():
        await account.connections.update(connection.id, input={"api_key": "k"})
    recipes = [recipe async for recipe in account.recipes.list()]
    for recipe in recipes:
        assert (await account.recipes.start(recipe.id)).success
    return account, recipes


async def _call(url: str | None, secret: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(str(url), headers={"API-TOKEN": secret}) as reply:
        return reply.status


async def test_the_guides_steps_by_the_first_version(world: Here) -> None:
    account, recipes = await _enabled(world)
    assert world.keys("customer.created") == ["A/1"]
    assert world.keys("folder.created")[0] == "API"
    assert world.keys("package.exported") == [str(MANIFEST)]
    assert len(world.keys("import.completed")) == 1
    assert len(world.keys("recipe.started")) == len(recipes) == 4
    (collection,) = await account.api_collections.list().collect()
    endpoints = await account.api_endpoints.list(api_collection_id=collection.id).collect()
    assert {endpoint.flow_id for endpoint in endpoints} < {recipe.id for recipe in recipes}
    client = await account.api_clients_v1.create("Acme")
    assert [row.id async for row in account.api_clients_v1.list()] == [client.id]
    profile = await account.api_access_profiles.create(
        client.id, "Default", api_collection_ids=[collection.id], nested=True
    )
    secret = profile.shown()["secret"].reveal()
    find = next(row for row in endpoints if row.path == "contacts")
    assert await _call(find.url, secret) == 404
    for endpoint in endpoints:
        await account.api_endpoints.enable(endpoint.id)
    assert world.keys("endpoint.enabled") == [f"API/CRM API/{endpoint.name}" for endpoint in endpoints]
    assert await _call(find.url, secret) == 200
    await account.api_endpoints.disable(find.id)
    assert world.keys("endpoint.disabled") == ["API/CRM API/Find contact"]
    assert await _call(find.url, secret) == 404
    # "when you add more collections in the future": the guide prints no id
    more = await account.api_collections.create("More", project_id=collection.project_id)
    both = [collection.id, more.id]
    with pytest.raises(InputError, match=r"the access profile .* has no id.* without an id"):
        await account.api_access_profiles.update(None, name="Default", api_collection_ids=both)
    changed = await account.api_access_profiles.update(profile.id, name="Default", api_collection_ids=both)
    assert changed.api_collection_ids == both
    (shown,) = await account.api_access_profiles.list(api_client_id=client.id).collect()
    assert (shown.api_collection_ids, shown.shown()) == (both, {})
    await account.api_access_profiles.disable(profile.id)
    await account.api_access_profiles.enable(profile.id)
    newest = (await account.api_access_profiles.refresh_secret(profile.id)).shown()["secret"]
    await account.api_endpoints.enable(find.id)
    assert [await _call(find.url, text) for text in (secret, newest.reveal())] == [401, 200]
    for what in ("created", "updated", "disabled", "enabled", "refreshed"):
        assert world.keys(f"access_profile.{what}") == ["Acme/Default"]
    flat = await account.api_access_profiles.create(client.id, "Flat", api_collection_ids=[more.id])
    assert (flat.api_client_id, world.keys("collection.created")) == (client.id, ["API/CRM API", "API/More"])
    with pytest.raises(BadRequest, match="must name at least one API collection"):
        await account.api_access_profiles.create(client.id, "None", api_collection_ids=[])


async def test_clients_and_keys_of_the_second_version(world: Here) -> None:
    account, _ = await _enabled(world)
    (collection,) = await account.api_collections.list().collect()
    client = await account.api_clients.create("Acme", api_collection_ids=[collection.id], description="d")
    assert [(row.id, row.name) for row in client.api_collections] == [(collection.id, "CRM API")]
    key = await account.api_keys.create(client.id, "router")
    secret = key.shown()["auth_token"].reveal()
    (find,) = [row async for row in account.api_endpoints.list() if row.path == "contacts"]
    await account.api_endpoints.enable(find.id)
    assert await _call(find.url, secret) == 200
    (listed,) = await account.api_keys.list(client.id).collect()
    assert (listed.id, listed.shown()) == (key.id, {})
    newest = (await account.api_keys.refresh_secret(client.id, key.id)).shown()["auth_token"].reveal()
    assert [await _call(find.url, text) for text in (secret, newest)] == [401, 200]
    await account.api_keys.disable(client.id, key.id)
    assert await _call(find.url, newest) == 401
    await account.api_keys.enable(client.id, key.id)
    assert (await account.api_keys.update(client.id, key.id, name="Router")).name == "Router"
    other = await account.api_collections.create("Other")
    updated = await account.api_clients.update(client.id, api_collection_ids=[other.id])
    assert [row.id for row in updated.api_collections] == [other.id]
    assert await _call(find.url, newest) == 403
    assert (await account.api_clients.get(client.id)).total_api_keys_count == 1
    await account.api_clients_v1.create("Old")
    assert {row.name: row.is_legacy async for row in account.api_clients.list()} == {"Acme": False, "Old": True}
    await account.api_keys.delete(client.id, key.id)
    with pytest.raises(NotFound):
        await account.api_keys.delete(client.id, key.id)
    await account.api_clients.delete(client.id)
    with pytest.raises(NotFound):
        await account.api_clients.get(client.id)
    assert world.keys("api_client.deleted") == ["Acme"]
    for what, name in {"created": "router", "refreshed": "router", "updated": "Router", "deleted": "Router"}.items():
        assert world.keys(f"api_key.{what}") == [f"Acme/{name}"]
    assert [row.name async for row in account.api_portals.list()] == ["Partner portal"]


async def test_the_partners_own_workspace(world: Here) -> None:
    workato = world.workato
    (collection,) = await workato.api_collections.list().collect()
    endpoint = (await workato.api_endpoints.list().collect())[0]
    assert endpoint.active
    await workato.api_endpoints.disable(endpoint.id)
    await workato.api_endpoints.enable(endpoint.id)
    client = await workato.api_clients.create("Own", api_collection_ids=[collection.id])
    key = await workato.api_keys.create(client.id, "k")
    assert await _call(endpoint.url, key.shown()["auth_token"].reveal()) == (200 if endpoint.method == "GET" else 404)
    old = await workato.api_clients_v1.create("Old")
    assert [row.id async for row in workato.api_clients_v1.list()] == [old.id]
    profile = await workato.api_access_profiles.create(old.id, "P", api_collection_ids=[collection.id])
    assert [row.id async for row in workato.api_access_profiles.list()] == [profile.id]
    with pytest.raises(InputError, match="nested=True is for customers only"):
        await workato.api_access_profiles.create(old.id, "P", api_collection_ids=[collection.id], nested=True)
    with pytest.raises(NotFound):  # as the guide prints it
        await workato.call(
            "api_access_profiles.update_without_id", name="P", api_collection_ids=[1], active=True, auth_type="token"
        )
    more = await workato.api_collections.create("More", project_id=collection.project_id)
    assert more.project_id == collection.project_id
    with pytest.raises(PlanError):
        await workato.with_options(read_only=True).api_clients.delete(client.id)
    assert {effect["account"] for effect in world.sandbox.effects()} == {None}
