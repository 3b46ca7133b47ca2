"""Recipes, jobs and packages of the seeds through the typed resources: each call's effect."""

from __future__ import annotations

from collections import Counter

import pytest

from bulkops.client import session_of
from bulkops.errors import BadRequest, ConfigError, InputError, NotFound, RateLimited
from bulkops.models import PackageExport
from tests.fleet import PACKAGE
from tests.here import Here, finished, in_sandbox
from tests.sandbox.kit import recipe

FIRST = 4100231
MOST = 10**6
CODE = recipe("x")["code"]


@in_sandbox(customers=1)
async def test_the_partners_recipes(it: Here) -> None:
    """The seven calls of the first seed: list, search, create, update, start, stop, delete."""
    recipes = it.workato.recipes
    before = await recipes.list().collect()
    assert {each.name for each in before if not each.running} == {
        *("Nightly contact check", "New order to CRM", "Upsert CRM contact")
    }
    made = await recipes.create("Mine", code=CODE, description="what it does")
    assert it.sandbox.effects()[-1] | {"t": 0} == {
        "t": 0,
        "account": None,
        "kind": "recipe.created",
        "key": "Home/Mine",
    }
    assert (await recipes.list().collect())[0].id == made
    await recipes.update(made, name="Mine too")
    shown = await recipes.get(made)
    assert (shown.name, shown.version_no, shown.description) == ("Mine too", 2, "what it does")
    assert (await recipes.start(made)).success
    assert (await recipes.list(running=True).collect())[0].id == made
    with pytest.raises(BadRequest, match="can't modify running recipe"):
        await recipes.update(made, name="No")
    assert (await recipes.stop(made)).success
    assert not (await recipes.get(made)).running
    versions = await it.workato.recipe_versions.list(made).collect()
    assert [version.version_no for version in versions] == [2, 1]
    await recipes.delete(made)
    with pytest.raises(NotFound):
        await recipes.get(made)
    assert [e["kind"].removeprefix("recipe.") for e in it.sandbox.effects()] == [
        *("created", "updated", "started", "stopped", "deleted")
    ]
    found = await recipes.search("salesforce").collect()
    assert all("salesforce" in each.applications for each in found)
    assert len(await recipes.search("").collect()) > 20  # page after page, from 0 on


@in_sandbox(customers=1)
async def test_a_customers_recipes(it: Here) -> None:
    account = it.workato.account(FIRST)
    folder = await account.folders.create("CRM")
    connection = await account.connections.create("Shop", provider="salesforce", input={"host": "x"})
    config = [{"keyword": "application", "provider": "salesforce", "account_id": connection.id}]
    made = await account.recipes.create("Orders", code=CODE, config=config, folder_id=folder.id)
    (listed,) = await account.recipes.list(folder_id=folder.id).collect()
    assert (listed.id, listed.name, listed.config[0]["account_id"]) == (made, "Orders", connection.id)
    copied = await account.recipes.copy(made)
    assert (await account.recipes.get(copied)).folder_id == folder.id
    other = await account.connections.create("Shop 2", provider="salesforce", input={"host": "y"})
    await account.recipes.connect(copied, adapter_name="salesforce", connection_id=other.id)
    assert (await account.recipes.get(copied)).config[0]["account_id"] == other.id
    (newest, _) = await account.recipe_versions.list(copied).collect()
    said = await account.recipe_versions.update(copied, newest.id, comment="reconnected")
    assert await account.recipe_versions.get(copied, newest.id) == said
    await account.recipes.delete(copied)
    assert it.kinds() >= Counter(
        {"recipe.created": 2, "recipe.connected": 1, "recipe.commented": 1, "recipe.deleted": 1}
    )


@in_sandbox(customers=1)
async def test_jobs(it: Here) -> None:
    account = it.workato.account(FIRST)
    made = await account.recipes.create("Jobs", code=CODE)
    with pytest.raises(NotFound):
        await account.recipes.poll_now(1)
    await account.recipes.start(made)
    for _ in range(30):
        await account.recipes.poll_now(made)
    jobs = await account.jobs.list(made).collect()
    assert [job.title for job in jobs] == [f"Record {n}" for n in range(30, 0, -1)]
    assert await account.jobs.get(made, jobs[0].id) == jobs[0]
    await account.jobs.repeat(made, [job.id for job in jobs[:2]])
    again = await account.jobs.list(made, rerun_only=True).collect()
    assert {job.title for job in again} == {"Record 30", "Record 29"}
    assert (await account.jobs.counts(made)).job_count == 32
    for wrong in ([], ["j"] * 26):
        with pytest.raises(ConfigError, match="1 to 25"):
            await account.jobs.repeat(made, wrong)
    await account.recipes.reset_trigger(made)
    await account.recipes.poll_now(made)
    assert (await account.jobs.counts(made)).job_count == 32 + 31
    waiting = {**CODE, "block": [{"number": 1, "name": "wait_for_resume", "keyword": "action"}]}
    own = await it.workato.recipes.create("Waits", code=waiting)
    await it.workato.recipes.start(own)
    await it.workato.recipes.poll_now(own)
    (pending,) = await it.workato.jobs.list(own, status="pending").collect()
    await it.workato.jobs.resume(pending.id, {"approved": True})
    assert (await it.workato.jobs.get(own, pending.id)).status == "succeeded"


@in_sandbox(customers=1, time_scale=200)
async def test_a_429_of_poll_now_is_the_callers_to_see(it: Here) -> None:
    account = it.workato.account(FIRST)
    connection = await account.connections.create("C", provider="salesforce", input={"host": "x"})
    config = [{"keyword": "application", "provider": "salesforce", "account_id": connection.id}]
    made = await account.recipes.create("R", code=CODE, config=config)
    await account.recipes.start(made)
    await account.connections.disconnect(connection.id, force=True)
    await account.recipes.poll_now(made)
    with pytest.raises(RateLimited, match="backs off") as refused:
        await account.recipes.poll_now(made)
    assert refused.value.retry_after_s == 1.0
    quota = session_of(it.workato).pacer.statistics()["embedded.recipes.other"]
    assert quota.limit == 1000  # it spoke of the trigger: the quota stays as it is


@in_sandbox(customers=1)
async def test_packages(it: Here) -> None:
    """The four calls of the first seed (export, import, get, download), and the third seed's way into a customer."""
    own = it.workato
    (project, _) = await own.folders.list().collect()
    assets = await own.export_manifests.folder_assets(project.id)
    assert {asset.type for asset in assets} == {"recipe", "connection"}
    manifest = await own.export_manifests.create("All", assets=assets)
    shown = await own.export_manifests.get(manifest.id)
    assert [asset.zip_name for asset in shown.assets] == [asset.zip_name for asset in assets]
    begun = await own.packages.export(manifest.id)
    done = await finished(own.packages.get, begun)
    data = await own.packages.download(done, most_bytes=MOST)
    assert it.kinds() == {"manifest.created": 1, "package.exported": 1}
    target = await own.folders.create("Copy")
    mine = await finished(own.packages.get_import, await own.packages.import_(data, folder_id=target.id))
    assert (mine.status, len(mine.recipe_status), mine.bad_results) == ("completed", 3, [])
    assert (await own.recipes.get(mine.recipe_status[0].id)).name == "Upsert CRM contact"
    account = own.account(FIRST)
    folder = await account.folders.create("CRM")
    theirs = await finished(account.imports.get, await account.imports.create(data, folder_id=folder.id))
    assert (theirs.status, theirs.bad_results) == ("completed", [])
    assert len(await account.recipes.list().collect()) == 3
    await own.export_manifests.delete(manifest.id)
    with pytest.raises(NotFound):
        await own.packages.export(manifest.id)


@in_sandbox(customers=1)
async def test_a_customers_manifest_and_its_package(it: Here) -> None:
    account = it.workato.account(FIRST)
    folder = await account.folders.create("CRM")
    data = PACKAGE.read_bytes()
    await finished(account.imports.get, await account.imports.create(data, folder_id=folder.id))
    with pytest.raises(ConfigError, match="the export manifest is empty"):
        await account.export_manifests.create("Nothing")
    manifest = await account.export_manifests.create("CRM", folder_id=folder.id)
    renamed = await account.export_manifests.update(manifest.id, name="CRM 2", folder_id=folder.id)
    assert renamed.name == "CRM 2"
    begun = await account.exports.create(manifest.id)
    with pytest.raises(InputError, match="has no download address"):
        await account.exports.download(PackageExport(id=begun.id, status="in_progress"), most_bytes=MOST)
    done = await finished(account.exports.get, begun)
    assert (await account.exports.download(done, most_bytes=MOST))[:2] == b"PK"
    await account.export_manifests.delete(manifest.id)
    with pytest.raises(NotFound):
        await account.export_manifests.get(manifest.id)
