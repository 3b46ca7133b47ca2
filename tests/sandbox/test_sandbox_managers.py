"""Customer managers as the seed's page has them: above all, that an empty list is every workspace."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.kit import FIRST, Vendor

MANAGERS = "/api/customer_managers"
LEE = 4400


async def test_a_manager_is_made_changed_and_removed(it: Vendor) -> None:
    body = {"team_collaborator_id": LEE, "role_id": 2, "permitted_workspace_ids": [FIRST]}
    made = (await it.post(MANAGERS, json=body)).result
    name = (await it.get(f"/api/managed_users/{FIRST}")).data["name"]
    assert made["user"] == {"id": LEE, "name": "Lee Park", "email": "lee@partner.example", "avatar_url": ""}
    assert made["privilege_group"] == {"id": 2, "name": "Admin", "system": True}
    assert made["moderated_workspaces"] == [{"id": FIRST, "name": name}]
    assert (await it.get(MANAGERS)).data == {"result": {"items": [made]}}
    wider = {"role_id": "247", "permitted_workspace_ids": [FIRST + 1, str(FIRST)]}
    changed = (await it.put(f"{MANAGERS}/{made['id']}", json=wider)).result
    assert [there["id"] for there in changed["moderated_workspaces"]] == [FIRST + 1, FIRST]
    assert changed["privilege_group"] == {"id": 247, "name": "Customer Admin", "system": False}
    assert (await it("DELETE", f"{MANAGERS}/{made['id']}")).data == {"result": "ok"}
    assert (await it("DELETE", f"{MANAGERS}/{made['id']}")).status == 404
    assert (await it.get(MANAGERS)).result["items"] == []
    told = [(effect["kind"], effect["account"]) for effect in it.sandbox.effects()]
    assert told == [
        ("customer_manager.created", None),
        ("manager.granted", FIRST),
        ("customer_manager.updated", None),
        ("manager.granted", FIRST + 1),
        ("manager.revoked", FIRST + 1),
        ("manager.revoked", FIRST),
        ("customer_manager.deleted", None),
    ]


@pytest.mark.parametrize("more", [{}, {"permitted_workspace_ids": []}, {"permitted_workspace_ids": None}])
async def test_leaving_the_list_out_grants_every_workspace(it: Vendor, more: dict[str, Any]) -> None:
    made = (await it.post(MANAGERS, json={"team_collaborator_id": str(LEE), "role_id": 2} | more)).result
    assert made["moderated_workspaces"] == []
    path = f"{MANAGERS}/{made['id']}"
    await it.put(path, json={"role_id": 2, "permitted_workspace_ids": [FIRST]})
    await it.put(path, json={"role_id": 2} | more)
    assert it.keys("all_workspaces.granted") == ["lee@partner.example"] * 2
    assert it.keys("all_workspaces.revoked") == ["lee@partner.example"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "team_collaborator_id"),
        ({"team_collaborator_id": LEE}, "role_id"),
        ({"team_collaborator_id": 1, "role_id": 2}, "Collaborator not found: 1"),
        ({"team_collaborator_id": LEE, "role_id": 99}, "Role not found: 99"),
        ({"team_collaborator_id": LEE, "role_id": "x"}, "role_id"),
        ({"team_collaborator_id": LEE, "role_id": 2, "permitted_workspace_ids": [7]}, "Workspace not found: 7"),
        ({"team_collaborator_id": LEE, "role_id": 2, "permitted_workspace_ids": "all"}, "permitted_workspace_ids"),
        ({"team_collaborator_id": LEE + 1, "role_id": 2}, "already"),
    ],
)
async def test_what_makes_no_manager_is_400_in_words(it: Vendor, body: dict[str, Any], said: str) -> None:
    await it.post(MANAGERS, json={"team_collaborator_id": LEE + 1, "role_id": 2})
    refused = await it.post(MANAGERS, json=body)
    assert (refused.status, said in refused.text) == (400, True), refused.text
    assert len((await it.get(MANAGERS)).result["items"]) == 1


async def test_a_deleted_customer_never_turns_a_list_into_every_workspace(it: Vendor) -> None:
    body = {"team_collaborator_id": LEE, "role_id": 2, "permitted_workspace_ids": [FIRST, FIRST + 1]}
    await it.post(MANAGERS, json=body)
    await it("DELETE", f"/api/managed_users/{FIRST}")
    (left,) = (await it.get(MANAGERS)).result["items"]
    assert [there["id"] for there in left["moderated_workspaces"]] == [FIRST + 1]
    await it("DELETE", f"/api/managed_users/{FIRST + 1}")
    assert (await it.get(MANAGERS)).result["items"] == []
