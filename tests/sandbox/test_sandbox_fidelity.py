"""The facts of the vendor's API, point by point, as far as no other test of the sandbox has them.

Where the rest is shown: authentication in test_sandbox_auth; ids, slashes, filters in test_sandbox_state; error bodies
in test_sandbox_hostile, _faults and _foreign_clients; limits in test_sandbox_windows; envelopes, required members and
the form of times in test_sandbox_every_call; packages in test_sandbox_imports and _exports; starting in
test_sandbox_recipes; plans, members, managers in test_sandbox_people, _roles and _managers; the API platform in
test_sandbox_api_platform; sizes in test_sandbox_content; open questions in test_sandbox_assumptions. What the sandbox
does not do is listed in docs/how-to/sandbox.md.
"""

from __future__ import annotations

from typing import Any

import pytest

from bulkops.catalogue import CALLS
from bulkops.sandbox.routing import addresses
from tests.sandbox.kit import FIRST, Vendor, package, recipe, shop_package
from tests.sandbox.walking import Walker

HOME = f"/api/managed_users/{FIRST}"


async def test_calls_that_moved_are_served_at_both_addresses(it: Vendor) -> None:
    moved = {call.id for call in CALLS.values() if len({path for _, path in addresses(call)}) == 2}
    assert len(moved) == 13
    assert addresses(CALLS["managed_users.recipes.versions.update"])[0][0] == "PATCH"
    walker = Walker(it)
    await walker.furnish()
    for prefix in ("/api", "/api/v2"):
        home = f"{prefix}/managed_users/{FIRST}"
        made = (await it.post(f"{home}/environment_roles", json={"name": f"Role of {prefix}"})).data["data"]
        assert (await it.get(f"{home}/environment_roles/{made['id']}")).data["data"]["id"] == made["id"]
        assert (await it.delete(f"{home}/environment_roles/{made['id']}")).data == {"success": True}
        recipe_id = (await walker.first("managed_users.recipes.list"))["id"]
        versions = f"{home}/recipes/{recipe_id}/versions"
        (version,) = (await it.get(versions)).data["data"]
        for method in ("PATCH", "PUT"):
            changed = await it(method, f"{versions}/{version['id']}", json={"comment": method})
            assert changed.data["data"]["comment"] == method
        assert (await it.post(f"{home}/tags_assignments", json={"recipe_ids": [recipe_id]})).status == 200


@pytest.mark.parametrize(
    ("path", "usual", "most"),
    [
        (f"{HOME}/recipes", 100, 100),
        ("/api/recipes", 100, 100),
        ("/api/folders", 100, 100),
        ("/api/integrations/all", 1, 100),
        ("/api/recipes/search?applications=salesforce", 20, 20),
    ],
)
async def test_pages_have_their_documented_sizes(it: Vendor, path: str, usual: int, most: int) -> None:
    if "managed_users" in path:
        many = {f"r{n}.recipe.json": recipe(f"R{n}", connection=None) for n in range(105)}
        await it.imported(package(many), await it.folder())
    if path.endswith("folders"):
        for n in range(105):
            await it.post("/api/folders", json={"name": f"F{n}"})
    join = "&" if "?" in path else "?"
    everything = [len(_rows(await it.get(f"{path}{join}per_page={size}"))) for size in ("", 0, 1, 3, 5000)]
    there = everything[4]
    assert everything == [min(usual, there), min(usual, there), min(1, there), min(3, there), min(most, there)]


def _rows(reply: Any) -> list[Any]:
    data = reply.data
    return list(data if isinstance(data, list) else data.get("items", data.get("result")))


async def test_slips_of_the_vendors_pages_are_no_calls(it: Vendor) -> None:
    for method, path in (
        ("GET", f"{HOME}/connection"),
        ("POST", f"{HOME}/connection"),
        ("GET", "/api/managed_users/members"),
        ("PUT", "/api/managed_users"),
        ("PUT", "/api/api_access_profiles"),
    ):
        reply = await it(method, path)
        assert (reply.status, bool(reply.data["message"])) == (404, True), path


async def test_unknown_members_are_ignored_and_bodies_may_be_empty(it: Vendor) -> None:
    body = {"name": "N", "notification_email": "n@x.example", "provision_environments": True, "color": "red"}
    assert (await it.post("/api/managed_users", json=body)).status == 200
    made = await it.post(f"{HOME}/environments")
    assert set(made.data["environments"]) >= {"test", "prod"}


async def test_the_older_words_for_the_same_filter(it: Vendor) -> None:
    await it.imported(shop_package(), await it.folder())
    (row,) = await it.recipes("?running=false")
    assert await it.recipes("?active=true") == await it.recipes("?running=true") == []
    assert [each["id"] for each in await it.recipes("?active=False")] == [row["id"]]
    assert row["updated_at"][-6:] in ("-07:00", "-08:00")
