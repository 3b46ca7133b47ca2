"""Customers, folders, recipes and connections as a client sees them."""

from __future__ import annotations

import re

import pytest

from tests.sandbox.kit import FIRST, Vendor, package, recipe, shop_package, vendor

HOME = f"/api/managed_users/{FIRST}"


async def test_customers_are_listed_by_page() -> None:
    async with vendor(customers=230) as client:
        sizes = [len((await client.get(f"/api/managed_users?page={page}")).result) for page in (1, 2, 3, 4)]
        assert sizes == [100, 100, 30, 0]
        rows = (await client.get("/api/managed_users?page=2&per_page=7")).result
        assert [row["id"] for row in rows] == list(range(FIRST + 7, FIRST + 14))
        assert rows[0]["external_id"] == "ORG-8"
        assert rows[0]["plan_id"] == "oem_plan"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}-07:00", rows[0]["created_at"])
        for odd in ("page=0&per_page=500", "page=-1&per_page=abc", "page=&per_page="):
            assert len((await client.get(f"/api/managed_users?{odd}")).result) == 100


async def test_names_are_the_same_for_a_seed_and_some_are_odd() -> None:
    async def names(seed: int) -> list[str]:
        async with vendor(customers=300, seed=seed) as client:
            return [
                row["name"]
                for page in (1, 2, 3)
                for row in (await client.get(f"/api/managed_users?page={page}")).result
            ]

    first = await names(7)
    assert first == await names(7)
    assert first != await names(8)
    assert len(set(first)) == 300
    assert any("<b" in name for name in first)
    assert any(not name.isascii() for name in first)
    assert any(len(name) > 255 for name in first)


@pytest.mark.parametrize(
    ("segment", "status"),
    [
        (f"{FIRST}", 200),
        ("EORG-1", 200),
        ("%45ORG%2D1", 200),
        ("EORG-5", 200),
        ("EORG-6", 404),
        ("EORG-0", 404),
        ("EORG-01", 404),
        ("ORG-1", 404),
        ("E", 404),
        ("eORG-1", 404),
        (f"{FIRST + 5}", 404),
        (f"{FIRST - 1}", 404),
        ("9" * 200, 404),
        ("-1", 404),
        ("٤١٠٠٢٣١", 404),
    ],
)
async def test_customers_are_found_by_number_or_e_id(it: Vendor, segment: str, status: int) -> None:
    for path in (f"/api/managed_users/{segment}", f"/api/managed_users/{segment}/folders"):
        reply = await it.get(path)
        assert reply.status == status
        assert status == 200 or reply.data == {"message": "Not found"}


async def test_an_external_id_may_hold_slashes(it: Vendor) -> None:
    body = {"name": "A", "notification_email": "a@b.example", "external_id": "a/b 1"}
    made = await it.post("/api/managed_users", json=body)
    assert made.status == 200
    import yarl

    path = yarl.URL(f"{it.sandbox.url}/api/managed_users/Ea%2Fb%201/folders", encoded=True)
    async with it.http.get(path, headers={"Authorization": f"Bearer {it.sandbox.token}"}) as reply:
        assert reply.status == 200
    again = await it.post("/api/managed_users", json=body)
    assert again.status == 400
    assert again.data["errors"] == {"external_id": ["has already been taken"]}
    assert it.keys("customer.created") == ["a/b 1"]
    assert (await it.get(f"/api/managed_users/{made.data['id']}")).data == made.data
    assert len((await it.get("/api/managed_users")).result) == 6


@pytest.mark.parametrize("path", ["//api/managed_users//EORG-1//folders", "/api/managed_users/EORG-1/folders///"])
async def test_doubled_and_trailing_slashes_mean_nothing(it: Vendor, path: str) -> None:
    assert (await it.get(path)).result == []


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"data": b'{"name": "CRM"}', "headers": {"Content-Type": "text/plain"}}, "CRM"),
        ({"data": b'{"name": "CRM"}', "headers": {"Content-Type": "application/octet-steam"}}, "CRM"),
        ({"data": b'{"name": "CRM"}', "headers": {"Content-Type": "?;;="}}, "CRM"),
        ({"data": {"name": "C R&M"}}, "C R&M"),
        ({"params": {"folder_name": "Old"}}, "Old"),
    ],
)
async def test_folders_are_made_whatever_the_body_is_called(it: Vendor, options: dict[str, object], name: str) -> None:
    made = await it.post(f"{HOME}/folders", **options)
    assert made.status == 200, made.text
    shown = (await it.get(f"{HOME}/folders")).result
    assert [(row["id"], row["name"]) for row in shown] == [(made.data["id"], name)]
    # the form of 2020 answered with the id alone
    assert made.data == ({"id": made.data["id"]} if "params" in options else shown[0])
    assert it.keys("folder.created") == [name]


async def test_folders_nest_and_may_share_a_name(it: Vendor) -> None:
    crm = await it.folder("CRM")
    sub = await it.post(f"{HOME}/folders", json={"name": "Sub", "parent_id": str(crm)})
    assert sub.data["parent_id"] == crm
    again = await it.folder("CRM")
    assert again != crm
    assert it.keys("folder.created") == ["CRM", "CRM/Sub", "CRM"]
    assert [row["id"] for row in (await it.get(f"{HOME}/folders")).result] == [crm, again]
    assert [row["id"] for row in (await it.get(f"{HOME}/folders?parent_id={crm}")).result] == [sub.data["id"]]
    assert [row["id"] for row in (await it.get(f"{HOME}/folders?per_page=1&page=2")).result] == [again]
    assert (await it.get(f"{HOME}/folders?parent_id=1")).status == 404
    assert (await it.get(f"{HOME}/folders?parent_id=x")).status == 400
    assert (await it.post(f"{HOME}/folders", json={"name": "X", "parent_id": 1})).status == 404
    assert (await it.post(f"{HOME}/folders", json={"name": "X" * 256})).status == 400
    assert (await it.post(f"{HOME}/folders", json={"name": ""})).status == 400
    assert (await it.get(f"/api/managed_users/{FIRST + 1}/folders")).result == []


async def _rolled_out(client: Vendor) -> int:
    folder = await client.folder()
    assert (await client.imported(shop_package(), folder))["status"] == "completed"
    return folder


async def test_recipes_are_listed_newest_first_and_filtered(it: Vendor) -> None:
    folder, other = await it.folder(), await it.folder("Other")
    names = [f"R{n}" for n in range(5)]
    files = {f"{name}.recipe.json": recipe(name, connection=None) for name in names}
    await it.imported(package(files), folder)
    await it.imported(package({"x.recipe.json": recipe("X", connection=None)}), other)
    rows = await it.recipes("?per_page=100")
    assert [row["name"] for row in rows] == ["X", *reversed(names)]
    ids = [row["id"] for row in rows]
    assert ids == sorted(ids, reverse=True)
    assert [row["id"] for row in await it.recipes(f"?since_id={ids[1]}&per_page=2")] == ids[2:4]
    assert [row["id"] for row in await it.recipes("?per_page=4&page=2")] == ids[4:]
    assert len(await it.recipes(f"?folder_id={folder}")) == 5
    assert await it.recipes("?folder_id=1") == []
    assert await it.recipes("?running=true") == []
    await it.put(f"{HOME}/recipes/{ids[0]}/start")
    assert [row["id"] for row in await it.recipes("?active=1")] == [ids[0]]
    assert len(await it.recipes("?running=False")) == 6
    assert len(await it.recipes("?adapter_names_all=clock,salesforce")) == 6
    assert await it.recipes("?adapter_names_any=netsuite") == []
    assert await it.recipes("?updated_after=2999-01-01T00:00:00Z") == []
    assert (await it.recipes("?exclude_code=True"))[0]["code"] == ""  # required by the vendor's own document
    assert "code" in rows[0]
    for bad in ("running=maybe", "since_id=x", "updated_after=soon"):
        assert (await it.get(f"{HOME}/recipes?{bad}")).status == 400


async def test_a_recipe_starts_once_its_connection_is_authorized(it: Vendor) -> None:
    folder = await _rolled_out(it)
    (row,) = await it.recipes(f"?folder_id={folder}")
    assert (row["running"], row["version_no"], row["trigger_application"]) == (False, 1, "clock")
    assert row["applications"] == ["clock", "salesforce"]
    (connection,) = await it.connections()
    assert connection["authorization_status"] is None
    start, stop = (f"{HOME}/recipes/{row['id']}/{verb}" for verb in ("start", "stop"))

    refused = await it.put(start)
    message = "connection 'Shop' is not authorized"
    errors = [[1, [["salesforce", connection["id"], message]]]]
    assert (refused.status, refused.data["success"]) == (200, False)
    assert (refused.data["config_errors"], refused.data["code_errors"]) == (errors, [])

    path = f"{HOME}/connections/{connection['id']}"
    for _ in range(2):
        done = await it.put(path, json={"input": {"key": "s3cret"}})
        assert done.data["authorization_status"] == "success"
        assert "s3cret" not in done.text
    assert it.keys("connection.authorized") == ["CRM/Shop"]  # the second one changed nothing
    await it.put(path, json={"input": {"key": "other"}})
    assert it.keys("connection.authorized") == ["CRM/Shop"] * 2

    for _ in range(2):
        assert (await it.put(start)).data == {"success": True}
    assert it.keys("recipe.started") == ["CRM/Orders"]
    got = await it.get(f"{HOME}/recipes/{row['id']}")
    assert got.data["running"] is True
    assert got.data["version_no"] == 1
    for _ in range(2):
        assert (await it.put(stop)).data == {"success": True}
    assert it.keys("recipe.stopped") == ["CRM/Orders"]
    assert (await it.put(f"{HOME}/recipes/1/start")).status == 404
    assert (await it.put(f"{HOME}/recipes/x/start")).status == 404
    assert (await it.put(f"/api/managed_users/{FIRST + 1}/recipes/{row['id']}/start")).status == 404


async def test_a_connection_is_moved_renamed_and_found(it: Vendor) -> None:
    folder = await _rolled_out(it)
    other = await it.folder("Other")
    (row,) = await it.connections(f"?provider=salesforce&folder_id={folder}")
    path = f"{HOME}/connections/{row['id']}"
    moved = await it.put(path, json={"name": "Shop 2", "folder_id": str(other), "external_id": "x"})
    assert moved.data["name"] == "Shop 2"
    assert it.keys("connection.updated") == ["Other/Shop 2"]
    assert len(await it.connections("?external_id=x")) == 1
    assert await it.connections("?provider=netsuite") == []
    shell = await it.put(path, json={"shell_connection": "true", "input": {"a": 1}})
    assert shell.data["authorization_status"] is None
    assert it.keys("connection.authorized") == []
    for body in ({"input": "text"}, {"name": 3}, {"folder_id": "x"}, {"shell_connection": "perhaps"}):
        assert (await it.put(path, json=body)).status == 400
    assert (await it.put(path, json={"folder_id": 1})).status == 404
    assert (await it.put(f"{HOME}/connections/1", json={})).status == 404
