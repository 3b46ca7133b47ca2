"""Each declared noun through its typed rows: created, listed, read, changed and deleted, as later reads show."""

from __future__ import annotations

from typing import Any

import pytest

from bulkops.client import Account, Workato
from bulkops.errors import ConfigError, NotFound
from bulkops.resources import Rows
from tests.here import FIRST, Here, in_sandbox
from tests.sandbox.kit import recipe


async def _members(owner: Account | Workato) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Of each noun: members to create one, and those to change; those of what it needs are made here."""
    folder = (await owner.folders.create("Nouns")).id
    group = (await owner.on_prem_groups.create(name="Racks")).id
    return {
        "tags": ({"title": "Finance"}, {"title": "Sales"}),
        "data_tables": (
            {"name": "Leads", "folder_id": folder, "schema": [{"name": "email", "type": "string"}]},
            {"name": "Leads 2"},
        ),
        "on_prem_groups": ({"name": "Servers"}, {"name": "Servers 2"}),
        "on_prem_agents": ({"name": "a-1", "on_prem_group_id": group}, {"name": "a-2", "enabled": False}),
        "genies": ({"name": "HR", "folder_id": folder}, {"name": "HR 2"}),
        "knowledge_bases": ({"name": "Handbook", "folder_id": folder}, {"name": "Handbook 2"}),
        "project_roles": ({"name": "Reader", "privileges": {}}, {"name": "Reader 2", "privileges": {}}),
        "custom_oauth_profiles": (
            {"name": "App", "provider": "hubspot", "data": {"client_id": "c", "client_secret": "s"}},
            {"name": "App 2", "provider": "hubspot", "data": {"client_id": "c", "client_secret": "s"}},
        ),
    }


@pytest.mark.parametrize("whose", ["account", "partner"])
@in_sandbox(customers=1)
async def test_a_row_from_beginning_to_end(it: Here, whose: str) -> None:
    owner = it.workato.account(FIRST) if whose == "account" else it.workato
    for name, (new, changed) in (await _members(owner)).items():
        rows = getattr(owner, name)
        if not isinstance(rows, Rows):
            assert (whose, name) == ("account", "custom_oauth_profiles")
            continue
        made = await rows.create(**new)
        assert made.id in [row.id async for row in rows.list()], name
        if name != "tags":
            assert (await rows.get(made.id)).id == made.id, name
        after = await rows.update(made.id, **changed)
        assert after.id == made.id
        wanted = next(iter(changed.values()))
        assert wanted in {getattr(row, "name", getattr(row, "title", None)) async for row in rows.list()}, name
        await rows.delete(made.id)
        assert made.id not in [row.id async for row in rows.list()], name
        with pytest.raises(NotFound):
            await rows.update(made.id, **changed)


@in_sandbox(customers=1)
async def test_a_skill_is_made_from_a_recipe(it: Here) -> None:
    account = it.workato.account(FIRST)
    folder = await account.folders.create("Skills")
    code = recipe("Balance", connection=None)["code"]
    recipe_id = await account.recipes.create("Balance", code=code, folder_id=folder.id)
    made = await account.skills.create(recipe_id=recipe_id)
    assert (made.provider_id, await account.skills.get(made.id)) == (recipe_id, made)
    assert [row.id async for row in account.skills.list()] == [made.id]


@in_sandbox(customers=1)
async def test_members_and_calls_are_checked_before_anything_is_sent(it: Here) -> None:
    account = it.workato.account(FIRST)
    with pytest.raises(ConfigError, match="needs title"):
        await account.tags.create(color="blue")
    with pytest.raises(ConfigError, match=r"no parameter 'tittle'.*did you mean 'title'"):
        await account.tags.create(tittle="Finance")
    with pytest.raises(ConfigError, match=r"call 'managed_users\.agentic\.skills\.delete' does not exist"):
        await account.skills.delete("skl-1")
    with pytest.raises(ConfigError, match="no parameter 'color'"):
        account.tags.list(color="blue")
    assert it.sandbox.requests()["total"] == 0


@in_sandbox(customers=1)
async def test_lists_are_filtered_by_the_vendor(it: Here) -> None:
    account = it.workato.account(FIRST)
    for title in ("Finance", "Sales"):
        await account.tags.create(title=title)
    assert [tag.title async for tag in account.tags.list(q="Fin")] == ["Finance"]
