"""Roles, what they allow, and invitations into them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.kit import FIRST, Vendor, vendor

HERE = f"/api/managed_users/{FIRST}"
ROLES = f"{HERE}/environment_roles"


async def test_environment_roles_are_listed_by_page_and_by_name(it: Vendor) -> None:
    for n in range(3):
        await it.post(ROLES, json={"name": f"R{n}"})
    names = [row["name"] for row in (await it.get(ROLES)).data["data"]]
    assert names == ["Admin", "Analyst", "Operator", "R0", "R1", "R2"]
    second = (await it.get(f"{ROLES}?page[number]=2&page[size]=4")).data
    assert [row["name"] for row in second["data"]] == ["R1", "R2"]
    assert [row["type"] for row in (await it.get(f"{ROLES}?name=Admin")).data["data"]] == ["system"]
    assert (await it.put(f"{ROLES}/2", json={"name": "Boss"})).status == 403
    assert (await it.get(f"/api/managed_users/{FIRST + 1}/environment_roles?name=R1")).data["data"] == []


@pytest.mark.parametrize(
    "body", [{}, {"name": 7}, {"name": "Admin"}, {"name": "R"}, {"name": "S", "privileges": "all"}]
)
async def test_what_makes_no_role_is_400(it: Vendor, body: dict[str, Any]) -> None:
    await it.post(ROLES, json={"name": "R"})
    assert (await it.post(ROLES, json=body)).status == 400
    assert len((await it.get(ROLES)).data["data"]) == 4


async def test_a_legacy_role_is_copied_from_the_partner_and_used(it: Vendor) -> None:
    partners = (await it.get("/api/roles")).data
    (shared,) = [role for role in partners if role["inheritable"]]
    assert (await it.get(f"{HERE}/roles")).result == []
    folder = await it.folder()
    copy = {"name": "Mine", "folder_ids": [folder]}
    made = (await it.post(f"{HERE}/roles/{shared['id']}/copy", json=copy)).result
    assert (await it.get(f"{HERE}/roles")).result == [made]
    assert (made["folder_ids"], made["privileges"]) == ([folder], shared["privileges"])
    for role in ("Mine", shared["name"]):
        assert (await it.post(f"{HERE}/members", json={"name": role, "role_name": role})).status == 200
    again = await it.post(f"{HERE}/roles/{made['id']}/copy", json={"name": "Mine"})
    assert (again.status, "taken" in again.text) == (400, True)
    assert (await it.post(f"{HERE}/roles/99/copy", json={"name": "x"})).status == 404
    assert (await it.post(f"{HERE}/roles/{made['id']}/copy", json={"name": "x", "folder_ids": [1]})).status == 400
    (other,) = [role for role in partners if not role["inheritable"]]
    assert (await it.post(f"{HERE}/roles/{other['id']}/copy", json={"name": "x"})).status == 404


async def test_the_partners_own_roles_and_people(it: Vendor) -> None:
    made = (await it.post("/api/roles/247/copy", json={"name": "Support"})).data
    assert made["success"] is True
    assert (await it.put(f"/api/roles/{made['id']}", json={"all_folders": "false"})).data == {"success": True}
    assert (await it.put(f"/api/roles/{made['id']}", json={})).status == 400
    row = next(role for role in (await it.get("/api/roles")).data if role["id"] == made["id"])
    assert (row["name"], row["all_folders"]) == ("Support", False)
    lee = (await it.get("/api/members")).data["data"][0]
    roles = [{"environment_type": "prod", "name": "Support"}]
    assert (await it.put(f"/api/members/{lee['id']}", json={"env_roles": roles})).data == {"success": True}
    assert (await it.put(f"/api/members/{lee['id']}", json={})).status == 400
    now = (await it.get(f"/api/members/{lee['id']}")).data["data"]
    assert now["roles"] == [{"environment_type": "prod", "role_name": "Support"}]
    (granted,) = (await it.get(f"/api/members/{lee['id']}/privileges")).data["data"]
    assert granted["name"] == "Support"
    invited = {"name": "New", "email": "new@partner.example", "role_name": "Support"}
    assert (await it.post("/api/member_invitations", json=invited)).data == {"success": True}
    assert (await it.get("/api/members")).data["data"][-1]["email"] == "new@partner.example"


async def test_an_invitation_makes_a_member_with_an_address(it: Vendor) -> None:
    body = {"name": "Ana", "email": "ana@x.example", "env_roles": [{"environment_type": "dev", "name": "Admin"}]}
    assert (await it.post(f"{HERE}/member_invitations", json=body)).result == {"success": True}
    (ana,) = (await it.get(f"{HERE}/members")).data["data"]
    assert (ana["email"], ana["role_name"]) == ("ana@x.example", "Admin")
    assert it.keys("member.invited") == ["ana@x.example"]
    for wrong, said in (
        (body, "already"),
        (body | {"email": "ana"}, "not an e-mail"),
        (body | {"email": None}, "email"),
        ({"name": "Bob", "email": "b@x.example"}, "role_name"),
        ({"name": "Bob", "email": "b@x.example", "role_name": "Boss"}, "Role not found: Boss"),
    ):
        refused = await it.post(f"{HERE}/member_invitations", json=wrong)
        assert (refused.status, said in refused.text) == (400, True), refused.text


async def test_invitations_are_counted_for_each_address_and_workspace() -> None:
    async with vendor(quotas="documented", time_scale=60.0) as it:

        async def invite(email: str, account: int = FIRST) -> int:
            body = {"name": "Ana", "email": email, "role_name": "Admin"}
            return (await it.post(f"/api/managed_users/{account}/member_invitations", json=body)).status

        assert await invite("ana@x.example") == 200
        assert await invite("bob@x.example") == 200
        assert await invite("Ana@X.example") == 429
        assert await invite("ana@x.example", FIRST + 1) == 200
        limits = it.sandbox.requests()["quotas"]["embedded.collaborators.invite"]["limits"]
        assert limits[1] == {"limit": 1, "window_s": 20.0, "key": "email + workspace id", "max_in_window": 2}
