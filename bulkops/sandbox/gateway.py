"""The APIs that collections are: what a customer's own client meets when it calls an endpoint with its secret.

No job runs: the answer says only which recipe would have been asked.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bulkops.sandbox.api_platform import Endpoint
from bulkops.sandbox.request import NOT_FOUND, RefusedError, there
from bulkops.sandbox.routing import Target
from bulkops.sandbox.state import State
from bulkops.sandbox.workspace import Workspace


def serve_endpoint(state: State, request: web.BaseRequest, target: Target) -> dict[str, Any]:
    """`/_gateway/WORKSPACE/HANDLE/PATH` with the secret in the header API-TOKEN.

    Raises: RefusedError: 404 no such endpoint, or not enabled; 401 no or an outdated secret; 403 a client that may not
    reach the collection; 503 the recipe behind it does not run.
    """
    workspace = _workspace(state, target.segments[1:2])
    found = _endpoint(workspace, request.method, target.segments[1:3], target.segments[3:])
    opened = workspace.api.collections_for(request.headers.get("API-TOKEN", ""))
    if opened is None:
        raise RefusedError(401, "Unauthorized")
    if found.collection_id not in opened:
        raise RefusedError(403, "The client has no access to this API collection")
    recipe = workspace.recipes.get(found.recipe_id or 0)
    if recipe is None or not recipe.running:
        raise RefusedError(503, "The recipe behind this endpoint does not run")
    return {"endpoint": found.name, "recipe": recipe.name}


def _workspace(state: State, segments: tuple[str, ...]) -> Workspace:
    if segments == (state.partner.workspace.slug,):
        return state.partner.workspace
    return there(state.customers.find(segments[0]) if segments else None).workspace


def _endpoint(workspace: Workspace, method: str, handle: tuple[str, ...], path: tuple[str, ...]) -> Endpoint:
    for collection in workspace.api.collections.values():
        if collection.handle != "/".join(handle):
            continue
        for endpoint in workspace.api.endpoints_of(collection.id):
            if endpoint.active and endpoint.method == method and _fits(endpoint.path, path):
                return endpoint
    raise RefusedError(404, NOT_FOUND)


def _fits(template: str, path: tuple[str, ...]) -> bool:
    parts = [part for part in template.split("/") if part]
    return len(parts) == len(path) and all(
        part == given or part.startswith("{") for part, given in zip(parts, path, strict=True)
    )
