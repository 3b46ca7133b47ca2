"""Recipes, jobs, manifests and packages, as the vendor's pages show them."""

from __future__ import annotations

from typing import Any

import pytest

from bulkops.errors import StatusError
from bulkops.models import (
    Asset,
    ExportManifest,
    ImportStatus,
    Job,
    JobCounts,
    MadeRecipe,
    PackageExport,
    PublicRecipe,
    Recipe,
    RecipeVersion,
    StartResult,
    StopResult,
)
from bulkops.session import decode_list, decode_object
from tests.replies import reply

AT = "2024-03-11T09:15:00.000-07:00"

RECIPE: dict[str, Any] = {
    "id": 612001,
    "user_id": 4100231,
    "name": "Sync accounts",
    "created_at": AT,
    "updated_at": AT,
    "copy_count": 1,
    "trigger_application": "salesforce",
    "action_applications": ["netsuite"],
    "applications": ["salesforce", "netsuite"],
    "description": "Copies new accounts",
    "parameters_schema": [],
    "parameters": {},
    "webhook_url": None,
    "folder_id": 7001,
    "running": False,
    "job_succeeded_count": 16,
    "job_failed_count": 2,
    "lifetime_task_count": 40,
    "last_run_at": AT,
    "stopped_at": None,
    "version_no": 3,
    "stop_cause": None,
    "config": [{"keyword": "application", "name": "salesforce", "provider": "salesforce", "account_id": 9001}],
    "code": '{"number":0}',
    "author_name": "Ana Ruiz",
}
JOB: dict[str, Any] = {
    "id": "j-AAAA-bbbb",
    "handle": "j-AAAA-bbbb",
    "recipe_id": 612001,
    "started_at": AT,
    "completed_at": AT,
    "title": "Account 17",
    "status": "failed",
    "is_error": True,
    "is_poll_error": False,
    "error": "Bad request: missing field",
    "error_parts": {"error_type": "Bad request", "message": "missing field", "error_id": "0f0e", "input": "{}"},
    "lines": [],
}
COUNTS = {"job_succeeded_count": 16, "job_failed_count": 2, "job_count": 18}
ASSET: dict[str, Any] = {
    "id": 612001,
    "name": "Sync accounts",
    "type": "recipe",
    "version": 3,
    "folder": "",
    "absolute_path": "All projects/Northwind sync",
    "root_folder": False,
    "unreachable": False,
    "zip_name": "sync_accounts.recipe.json",
    "checked": True,
    "status": "added",
}
MANIFEST: dict[str, Any] = {
    "id": 12,
    "name": "Accounts bundle",
    "last_exported_at": None,
    "created_at": AT,
    "updated_at": AT,
    "deleted_at": None,
    "project_path": "Northwind sync",
    "status": "working",
}
VERSION: dict[str, Any] = {
    "id": 71,
    "version_no": 3,
    "comment": "Initial",
    "author_name": "Ana Ruiz",
    "author_email": "ana@northwind.example",
    "created_at": AT,
    "updated_at": AT,
}
EXPORT: dict[str, Any] = {
    "id": 251,
    "operation_type": "export",
    "status": "completed",
    "export_manifest_id": 12,
    "download_url": "https://files.example/packages/251.zip",
}
SEARCHED = ("id", "user_id", "name", "created_at", "applications", "description", "parameters_schema", "copy_count")


def decoded(body: object, type_: type[Any], call: str) -> Any:
    return decode_object(reply(body, call), type_)


def rows(body: object, type_: type[Any], call: str) -> list[Any]:
    return decode_list(reply(body, call), type_)


def test_what_the_catalogue_shows_of_recipes() -> None:
    (recipe,) = rows({"result": [RECIPE]}, Recipe, "managed_users.recipes.list")
    assert (recipe.id, recipe.version_no, recipe.folder_id, recipe.code) == (612001, 3, 7001, '{"number":0}')
    assert rows({"items": [RECIPE]}, Recipe, "recipes.list") == [recipe]
    assert decoded({"result": RECIPE}, Recipe, "managed_users.recipes.get") == recipe
    searched = {name: RECIPE[name] for name in SEARCHED}
    (public,) = rows({"items": [searched]}, PublicRecipe, "recipes.search")
    assert (public.name, public.applications) == ("Sync accounts", ["salesforce", "netsuite"])
    (version,) = rows({"data": [VERSION], "total": 1}, RecipeVersion, "recipes.versions.list")
    assert (version.version_no, version.comment) == (3, "Initial")
    assert decoded({"data": VERSION}, RecipeVersion, "managed_users.recipes.versions.get") == version
    for body in ({"result": {"success": True, "id": 612001}}, {"success": True, "id": 612001}):
        assert decoded(body, MadeRecipe, "recipes.create").id == 612001
    assert decoded({"success": True, "new_flow_id": 612002}, MadeRecipe, "recipes.copy").new_flow_id == 612002


def test_what_the_catalogue_shows_of_jobs() -> None:
    for body in ({"result": {**COUNTS, "items": [JOB]}}, {**COUNTS, "items": [JOB]}):
        (job,) = rows(body, Job, "managed_users.jobs.list")
        assert (job.id, job.status, job.error) == ("j-AAAA-bbbb", "failed", "Bad request: missing field")
        assert "missing field" not in repr(job)
        assert decoded(body, JobCounts, "recipes.jobs.list") == JobCounts(**COUNTS)
    assert decoded({"result": JOB}, Job, "managed_users.jobs.get") == decoded(JOB, Job, "recipes.jobs.get") == job


def test_what_the_catalogue_shows_of_manifests_and_packages() -> None:
    (asset,) = rows({"result": {"assets": [ASSET]}}, Asset, "export_manifests.folder_assets")
    assert (asset.type, asset.zip_name, asset.version) == ("recipe", "sync_accounts.recipe.json", 3)
    manifest = decoded({"result": MANIFEST}, ExportManifest, "export_manifests.create")
    assert (manifest.id, manifest.status, manifest.assets) == (12, "working", [])
    shown = decoded({"result": MANIFEST | {"assets": [ASSET]}}, ExportManifest, "export_manifests.get")
    assert shown.assets == [asset]
    for body in (EXPORT, {"result": EXPORT}):
        export = decoded(body, PackageExport, "managed_users.exports.get")
        assert (export.is_finished, export.file_url) == (True, "https://files.example/packages/251.zip")
    failed = EXPORT | {"status": "failed", "download_url": "null", "error": "no"}
    assert decoded(failed, PackageExport, "packages.get").file_url is None
    imported = {"id": 251, "operation_type": "import", "status": "completed", "download_url": None}
    imported |= {"recipe_status": [{"id": 612001, "import_result": "restarted"}]}
    assert decoded(imported, ImportStatus, "packages.get").bad_results == []


def test_the_bare_verdict_as_the_first_seed_prints_it() -> None:
    assert decoded({"Success": True}, StopResult, "recipes.stop").success
    assert decoded({"Success": True}, StartResult, "recipes.start").success
    with pytest.raises(StatusError):
        decoded({"Success": False}, Recipe, "recipes.get")
