"""The life of an import, and what it leaves."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from pathlib import Path

import anyio
import pytest

from bulkops.sandbox import Faults
from bulkops.sandbox.imports import import_time_s
from bulkops.sandbox.seeded_random import draws
from tests.sandbox.kit import FIRST, Vendor, package, recipe, shop_package, vendor

HOME = f"/api/managed_users/{FIRST}"
REAL = sorted((Path(__file__).parents[3] / "shared" / "data" / "packages").glob("*.zip"))


async def test_import_times_are_mostly_short_with_a_long_tail() -> None:
    times = [import_time_s(draws(7, "import", FIRST + n, 0)) for n in range(2000)]
    assert 2 <= min(times) < 3
    assert 40 < max(times) <= 60
    assert 0.9 < sum(t <= 20 for t in times) / 2000 < 0.98
    assert times[0] != import_time_s(draws(7, "import", FIRST, 1))


async def test_an_import_takes_its_time_and_acts_though_nobody_polls() -> None:
    async with vendor(time_scale=100) as client:
        folder = await client.folder()
        sent = await client.send_package(shop_package(), folder)
        assert sent.data == {"id": sent.data["id"], "operation_type": "import", "status": "in_progress"}
        assert await client.recipes() == []
        await client.settled("import.completed", 1)
        sha = hashlib.sha256(shop_package()).hexdigest()
        assert client.keys("import.completed") == [f"CRM:{sha}"]
        before, after = (effect["t"] for effect in client.sandbox.effects())
        assert after - before >= 2 / 100
        (row,) = await client.recipes()
        done = await client.finished(sent.data["id"])
        assert done["recipe_status"] == [{"id": row["id"], "import_result": "no_update_or_updated_without_restart"}]
        assert (await client.get(f"/api/managed_users/{FIRST + 1}/imports/{sent.data['id']}")).status == 404


async def test_imports_of_one_workspace_run_one_after_the_other(it: Vendor) -> None:
    folder, elsewhere = await it.folder(), await it.folder(account=FIRST + 1)
    sent = await asyncio.gather(*(it.send_package(shop_package(str(n)), folder) for n in range(4)))
    await it.send_package(shop_package(), elsewhere, account=FIRST + 1)
    for reply in sent:
        await it.finished(reply.data["id"])
    ended = [effect["t"] for effect in it.sandbox.effects() if effect["account"] == FIRST][1:]
    least = [import_time_s(draws(7, "import", FIRST, n)) / 1000 for n in range(4)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(ended)]
    assert all(gap >= need - 0.001 for gap, need in zip(gaps, least[1:], strict=True))
    (row,) = await it.recipes()
    assert row["version_no"] == 4
    assert row["description"] == "3"


async def test_every_import_moves_the_version_and_keeps_the_authorization(it: Vendor) -> None:
    folder = await it.folder()
    await it.imported(shop_package(), folder)
    (connection,) = await it.connections()
    await it.put(f"{HOME}/connections/{connection['id']}", json={"input": {}})
    (before,) = await it.recipes()
    await it.imported(shop_package(), folder)
    (after,) = await it.recipes()
    assert after["id"] == before["id"]
    assert after["version_no"] == before["version_no"] + 1
    assert after["updated_at"] > before["updated_at"]
    assert [row["authorization_status"] for row in await it.connections()] == ["success"]
    assert it.keys("folder.created") == ["CRM"]


async def test_running_recipes_are_not_touched_without_restart_recipes(it: Vendor) -> None:
    folder = await it.folder()
    await it.imported(package({"a.recipe.json": recipe("A", connection=None)}), folder)
    (row,) = await it.recipes()
    await it.put(f"{HOME}/recipes/{row['id']}/start")
    files = {
        "a.recipe.json": recipe("A", connection=None, text="new"),
        "b.recipe.json": recipe("B", connection=None),
    }
    failed = await it.imported(package(files), folder)
    assert failed["status"] == "failed"
    assert "A" in failed["error"]
    assert [r["version_no"] for r in await it.recipes()] == [1]
    assert len(it.keys("import.failed")) == 1

    done = await it.imported(package(files), folder, query="&restart_recipes=True")
    results = {row["id"]: row["import_result"] for row in done["recipe_status"]}
    assert results.pop(row["id"]) == "restarted"
    assert list(results.values()) == ["no_update_or_updated_without_restart"]
    running = {r["name"]: (r["running"], r["version_no"]) for r in await it.recipes()}
    assert running == {"A": (True, 2), "B": (False, 1)}


async def test_a_restarted_recipe_whose_new_connection_is_a_shell_is_left_stopped(it: Vendor) -> None:
    folder = await it.folder()
    await it.imported(package({"orders.recipe.json": recipe("Orders", connection=None)}), folder)
    (row,) = await it.recipes()
    await it.put(f"{HOME}/recipes/{row['id']}/start")
    done = await it.imported(shop_package(), folder, query="&restart_recipes=1")
    assert done["recipe_status"] == [{"id": row["id"], "import_result": "stopped"}]
    assert (await it.recipes())[0]["running"] is False
    assert it.keys("recipe.stopped") == ["CRM/Orders"]


async def test_sub_folders_and_home_assets_find_their_place(it: Vendor) -> None:
    files = {
        "Deep/er/": b"",
        "Deep/a.recipe.json": recipe("A", connection="Conns/c.connection.json"),
        "b.recipe.json": recipe("B", connection="r.connection.json", said="Root"),
        "Conns/c.connection.json": {"name": "Shop", "provider": "salesforce", "root_folder": False},
        "r.connection.json": {"name": "Root", "provider": "salesforce", "root_folder": True},
        "package.manifest": b"not JSON, not looked at",
    }
    folder, home_assets = await it.folder(), await it.folder("Assets")
    await it.imported(package(files), folder, query=f"&folder_id_for_home_assets={home_assets}")
    assert sorted(it.keys("folder.created")) == ["Assets", "CRM", "CRM/Conns", "CRM/Deep", "CRM/Deep/er"]
    places = {row["name"]: row["folder_id"] for row in await it.connections()}
    assert places["Root"] == home_assets
    inside = {row["name"]: row["id"] for row in (await it.get(f"{HOME}/folders?parent_id={folder}")).result}
    assert set(inside) == {"Deep", "Conns"}
    assert places["Shop"] == inside["Conns"]
    (deep,) = await it.recipes(f"?folder_id={inside['Deep']}")
    ids = {row["name"]: row["id"] for row in await it.connections()}
    assert [entry["account_id"] for entry in deep["config"]] == [None, ids["Shop"]]
    top = (await it.get(f"{HOME}/folders")).result[0]["parent_id"]
    for query, status in (
        (f"&folder_id_for_home_assets={top}", 422),
        ("&folder_id_for_home_assets=1", 404),
        ("&restart_recipes=maybe", 400),
    ):
        assert (await it.send_package(b"", folder, query=query)).status == status


async def test_without_a_place_for_home_assets_they_go_home(it: Vendor) -> None:
    folder = await it.folder()
    root = {"name": "Root", "provider": "salesforce", "root_folder": True}
    await it.imported(package({"r.connection.json": root}), folder)
    home = (await it.get(f"{HOME}/folders")).result[0]["parent_id"]
    assert [row["folder_id"] for row in await it.connections()] == [home]


async def test_a_reference_out_of_the_package_binds_by_name_or_stays_empty(it: Vendor) -> None:
    loose = package({"l.recipe.json": recipe("Loose", connection="not/here.connection.json")})
    folder = await it.folder()
    await it.imported(loose, folder)
    (row,) = await it.recipes()
    assert row["config"][1]["account_id"] is None
    refused = (await it.put(f"{HOME}/recipes/{row['id']}/start")).data
    assert refused["config_errors"] == [[1, [["salesforce", None, "connection 'Shop' is missing"]]]]
    await it.imported(shop_package(), folder)
    await it.imported(loose, folder)
    (connection,) = await it.connections()
    bound = next(r for r in await it.recipes() if r["name"] == "Loose")
    assert bound["config"][1]["account_id"] == connection["id"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a zip",
        shop_package()[:-30],
        shop_package()[: len(shop_package()) // 2],
        package({"a.recipe.json": b"{"}),
        package({"a.recipe.json": b"[]"}),
        package({"a.recipe.json": b'{"name": 3}'}),
        package({"a.recipe.json": b"\xff"}),
        package({"a.recipe.json": b"[" * 100_000}),
        package({"../a.recipe.json": recipe("A")}),
        package({"/etc/a.recipe.json": recipe("A")}),
        package({"c.connection.json": {"provider": "x"}}),
    ],
)
async def test_a_bad_package_is_accepted_and_fails_later(it: Vendor, data: bytes) -> None:
    folder = await it.folder()
    sent = await it.send_package(data, folder)
    assert sent.data["status"] == "in_progress"
    done = await it.finished(sent.data["id"])
    assert done["status"] == "failed"
    assert done["error"]
    assert it.keys("import.failed") == [f"CRM:{hashlib.sha256(data).hexdigest()}"]
    assert it.keys("import.completed") == []


async def test_strange_but_readable_packages(it: Vendor) -> None:
    strange = {
        "a.recipe.json": {"name": "A", "code": None, "config": "x"},
        "b.recipe.json": {"name": "B", "code": {"block": [3, {"block": {}}]}, "config": [3, {"account_id": 5}]},
        "c.connection.json": {"name": "C"},
    }
    done = await it.imported(package(strange), await it.folder())
    assert done["status"] == "completed"
    assert len(await it.recipes()) == 2


async def test_an_import_needs_a_folder_that_exists(it: Vendor) -> None:
    post = f"{HOME}/imports"
    assert (await it.post(post, data=shop_package())).status == 400
    assert (await it.post(f"{post}?folder_id=x", data=shop_package())).status == 400
    assert (await it.post(f"{post}?folder_id=1", data=shop_package())).status == 404
    assert it.sandbox.effects() == []


async def test_a_request_once_read_takes_effect_though_its_sender_is_gone() -> None:
    gone_before = []
    async with vendor(faults=Faults(slow=1.0)) as client:  # 0.15 s and more for each
        for n in range(5):
            body = {"name": "Later"}
            gone = asyncio.create_task(client.post(f"/api/managed_users/{FIRST + n}/folders", json=body))
            while client.sandbox.requests()["total"] <= n:  # noqa: ASYNC110 - the sandbox tells nobody
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.02)
            gone.cancel()
            gone_before.append(all(effect["account"] != FIRST + n for effect in client.sandbox.effects()))
            with pytest.raises(asyncio.CancelledError):
                await gone
        assert any(gone_before)
        await client.settled("folder.created", 4)  # by seed one of the five is given up without effect


@pytest.mark.skipif(not REAL, reason="the real packages are not on this machine")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
async def test_real_packages_arrive_whole(it: Vendor, path: Path) -> None:
    data = await anyio.Path(path).read_bytes()
    folder = await it.folder()
    done = await it.imported(data, folder)
    assert done["status"] == "completed"
    rows = await it.recipes(f"?folder_id={folder}&exclude_code=true")
    assert len(rows) == len(done["recipe_status"]) > 0
    assert all(row["trigger_application"] and row["version_no"] == 1 for row in rows)
    connections = await it.connections()
    for row in connections:
        await it.put(f"{HOME}/connections/{row['id']}", json={"input": {}})
    starts = [(await it.put(f"{HOME}/recipes/{row['id']}/start")).data["success"] for row in rows]
    assert starts == [bool(connections)] * len(rows)
