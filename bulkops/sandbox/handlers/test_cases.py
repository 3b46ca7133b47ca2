"""Test automation: each recipe has one test case, which passes when the recipe could start."""

from __future__ import annotations

import uuid
from typing import Any, Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers.recipes import recipe_of
from bulkops.sandbox.recipes import Recipe
from bulkops.sandbox.request import ApiRequest, RefusedError, there

_RUN_S: Final = 2.0
_SHELF: Final = "test run"
_CHOICES: Final = ("recipe_id", "folder_id", "project_id", "manifest_id", "test_case_ids")


@answers("managed_users.test_cases.list", row="TestCase")
@answers("test_cases.list", row="OwnTestCase")
def list_cases(request: ApiRequest) -> list[dict[str, Any]]:
    recipe = recipe_of(request)
    return [{"id": _case_id(recipe), "name": "Happy path", "recipe_id": recipe.id}]


@answers("[managed_users.]test_cases.run", row="TestRun")
def run_cases(request: ApiRequest) -> dict[str, Any]:
    """Of whatever the body names; the results are there a few vendor seconds later."""
    recipes, now = _chosen(request), request.state.clock.now()
    connections = request.workspace.connections
    results = [
        {
            "test_case_id": _case_id(recipe),
            "recipe_id": recipe.id,
            "status": "failed" if recipe.problems(connections) else "succeeded",
        }
        for recipe in recipes
    ]
    id_ = f"run-{request.workspace.new_id(_SHELF)}"
    request.workspace.shelf(_SHELF)[id_] = {"results": results, "ready_at": now + request.state.clock.scaled(_RUN_S)}
    request.note("test.run", ",".join(str(recipe.id) for recipe in recipes))
    return {"id": id_, "status": "in_progress"}


@answers("test_cases.run_status", row="TestRunStatus")
def get_run(request: ApiRequest) -> dict[str, Any]:
    id_ = request.names["run_request_id"]
    run = there(request.workspace.shelf(_SHELF).get(id_))
    ready = request.state.clock.now() >= run["ready_at"]
    return {
        "id": id_,
        "status": "completed" if ready else "in_progress",
        "results": run["results"] if ready else [],
    }


def _chosen(request: ApiRequest) -> list[Recipe]:
    workspace, given = request.workspace, request.given
    if not any(given.get(name) for name in _CHOICES):
        raise RefusedError(400, f"Nothing to run: give one of {', '.join(_CHOICES)}")
    manifest = request.named(workspace.manifests, "manifest_id")
    request.named(workspace.recipes, "recipe_id")
    in_manifest = {asset.id for asset in manifest.files.values() if asset.type == "recipe"} if manifest else set()
    return [
        recipe
        for recipe in workspace.recipes.values()
        if recipe.id == given.get("recipe_id")
        or recipe.folder_id == given.get("folder_id")
        or workspace.folders[recipe.folder_id].project_id == given.get("project_id")
        or recipe.id in in_manifest
        or _case_id(recipe) in (given.get("test_case_ids") or ())
    ]


def _case_id(recipe: Recipe) -> str:
    """The same for the same recipe."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"test case of recipe {recipe.id}"))
