"""API collections and endpoints: list, create; enable and disable."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from bulkops.sandbox.api_platform import Collection, Endpoint
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers.recipes_write import add_recipe
from bulkops.sandbox.installing import handle_of
from bulkops.sandbox.package_zip import packed_recipe
from bulkops.sandbox.recipes import Recipe
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, there
from bulkops.sandbox.workspace import Folder

_TRIGGER: Final = {"provider": "workato_api_platform", "name": "receive_request"}
_METHODS: Final = ("get", "put", "post", "patch", "delete")


@answers("[managed_users.]api_collections.list", row="Collection")
def list_collections(request: ApiRequest) -> list[dict[str, Any]]:
    return [row.row(request.origin) for row in request.workspace.api.collections.values()]


@answers("[managed_users.]api_collections.create", row="NewCollection")
def create_collection(request: ApiRequest) -> dict[str, Any]:
    """Empty, or with an endpoint for each operation of an OpenAPI document, and a recipe behind each, which stands
    still.

    Equal names are not documented as refused, so a doubled request makes a second collection.
    """
    given, workspace = request.given, request.workspace
    name, project_id = given["name"], given.get("project_id") or request.number("project_id")
    operations = _operations(given.get("openapi_spec"))
    folder = workspace.home if project_id is None else there(workspace.projects().get(project_id))
    now = request.state.clock.stamp()
    made = workspace.add(
        workspace.api.collections,
        "api_collection",
        Collection,
        now=now,
        name=name,
        folder_id=folder.id,
        project_id=folder.project_id,
        handle=handle_of(workspace.slug, None, name, {each.handle for each in workspace.api.collections.values()}),
        version="1.0",
    )
    for path, method, endpoint_name in operations:
        workspace.add(
            workspace.api.endpoints,
            "api_endpoint",
            Endpoint,
            now=now,
            collection_id=made.id,
            recipe_id=_recipe_for(request, endpoint_name, folder).id,
            name=endpoint_name,
            method=method.upper(),
            path=path.strip("/"),
            legacy=False,
        )
    request.note("collection.created", f"{workspace.path(folder.id)}/{name}")
    results = {"success": True, "total_endpoints": len(operations), "failed_endpoints": 0, "failed_actions": []}
    return made.row(request.origin) | {"message": "Import completed successfully", "import_results": results}


@answers("api_collections.delete")
def delete_collection(request: ApiRequest) -> None:
    """With its endpoints; the recipes behind them stay."""
    workspace = request.workspace
    collection = request.found(workspace.api.collections, "api_collection_id")
    request.note("collection.deleted", f"{workspace.path(collection.folder_id)}/{collection.name}")
    workspace.api.forget({collection.id})


def _recipe_for(request: ApiRequest, name: str, folder: Folder) -> Recipe:
    asset = {"name": name[:255], "code": {"number": 0, "keyword": "trigger"} | _TRIGGER, "config": []}
    return add_recipe(request, packed_recipe(asset, "", ""), (), folder_id=folder.id)


@answers("[managed_users.]api_endpoints.list", row="Endpoint")
def list_endpoints(request: ApiRequest) -> list[dict[str, Any]]:
    wanted, api = request.number("api_collection_id"), request.workspace.api
    rows = [row for row in api.endpoints.values() if wanted in {None, row.collection_id}]
    return [row.row(api.collections[row.collection_id], request.origin) for row in rows]


@answers("[managed_users.]api_endpoints.enable")
def enable_endpoint(request: ApiRequest) -> None:
    """Refused unless the recipe behind it runs (vendor facts, section 17.10)."""
    endpoint = _endpoint(request)
    recipe = request.workspace.recipes.get(endpoint.recipe_id or 0)
    if recipe is None or not recipe.running:
        name = f" {recipe.name!r}" if recipe is not None else ""
        raise RefusedError(
            request.assumptions.enable_stopped, f"The recipe{name} behind endpoint {endpoint.name!r} must be running"
        )
    _switch(request, endpoint, active=True)


answers("[managed_users.]api_endpoints.disable")(lambda request: _switch(request, _endpoint(request), active=False))


def _switch(request: ApiRequest, endpoint: Endpoint, *, active: bool) -> None:
    """A value that is set already has no effect."""
    if request.change(endpoint, {"active": active}):
        collection = request.workspace.api.collections[endpoint.collection_id]
        path = request.workspace.path(collection.folder_id)
        request.note(f"endpoint.{'enabled' if active else 'disabled'}", f"{path}/{collection.name}/{endpoint.name}")


def _endpoint(request: ApiRequest) -> Endpoint:
    return request.found(request.workspace.api.endpoints, "api_endpoint_id")


def _operations(spec: dict[str, Any] | None) -> list[tuple[str, str, str]]:
    """(path, method, name) of each operation. Raises: RefusedError 400 for a document that cannot be read."""
    if spec is None:
        return []
    content = spec.get("content")
    if not isinstance(content, str):
        raise invalid("openapi_spec", "has no content")
    if spec.get("format", "json") != "json":
        return []  # the sandbox reads no YAML: such a collection begins empty
    try:
        paths = msgspec.json.decode(content.encode())["paths"]
        return [
            (str(path), method, str(operations[method].get("summary") or f"{method} {path}"))
            for path, operations in paths.items()
            for method in _METHODS
            if method in operations
        ]
    except (msgspec.DecodeError, UnicodeError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise invalid("openapi_spec", "is not a valid OpenAPI document") from error
