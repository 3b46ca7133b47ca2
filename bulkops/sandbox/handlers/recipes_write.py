"""Recipes: create, change, copy, delete, reconnect, and their versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from bulkops.sandbox.body import id_in
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers.recipes import note_recipe, recipe_of
from bulkops.sandbox.package_zip import PackedRecipe, Reference, first_steps, packed_recipe
from bulkops.sandbox.recipes import Recipe
from bulkops.sandbox.request import ApiRequest, RefusedError, invalid, there


@answers("[managed_users.]recipes.create", row="Created")
def create_recipe(request: ApiRequest) -> dict[str, Any]:
    """Code and config are JSON texts; the recipe arrives stopped, in Home unless a folder is named."""
    if request.given.get("code") in (None, ""):  # not a set: it may be anything
        raise invalid("code", "can't be blank")
    packed, bound = _content(request)
    made = add_recipe(request, packed, bound, folder_id=_folder_id(request, request.workspace.home.id))
    return {"success": True, "id": made.id}


def add_recipe(request: ApiRequest, packed: PackedRecipe, bound: tuple[int | None, ...], *, folder_id: int) -> Recipe:
    """A new recipe, which stands still."""
    made = request.workspace.add_recipe(packed, bound, folder_id=folder_id, now=request.state.clock.stamp())
    note_recipe(request, made, "created")
    return made


@answers("[managed_users.]recipes.update")
def update_recipe(request: ApiRequest) -> None:
    """Only while it is stopped; equal content has no effect and makes no version."""
    recipe = recipe_of(request)
    if recipe.running:
        raise RefusedError(
            request.assumptions.running_recipe_update,
            "Validation failed",
            errors={"running": ["can't modify running recipe"]},
            says_success=True,
        )
    packed, bound = _content(request, recipe)
    folder_id = _folder_id(request, recipe.folder_id)
    if (packed, bound, folder_id) != (recipe.packed, recipe.bound, recipe.folder_id):
        recipe.folder_id = folder_id
        recipe.revise(packed, bound, now=request.state.clock.stamp())
        note_recipe(request, recipe, "updated")


@answers("[managed_users.]recipes.copy", row="RecipeCopy")
def copy_recipe(request: ApiRequest) -> dict[str, Any]:
    """Into the same folder unless another is named, stopped, under a name of its own."""
    recipe = recipe_of(request)
    folder_id = _folder_id(request, recipe.folder_id)
    packed = attrs.evolve(recipe.packed, name=f"Copy of {recipe.name}"[:255])
    recipe.copies += 1
    made = add_recipe(request, packed, recipe.bound, folder_id=folder_id)
    made.callees = recipe.callees
    return {"success": True, "new_flow_id": made.id}


@answers("[managed_users.]recipes.delete")
def delete_recipe(request: ApiRequest) -> None:
    recipe = recipe_of(request)
    del request.workspace.recipes[recipe.id]
    note_recipe(request, recipe, "deleted")


@answers("[managed_users.]recipes.connect")
def connect_recipe(request: ApiRequest) -> None:
    """Points every use of one connector at another connection of it. Raises: RefusedError 400 while it runs."""
    recipe, provider = recipe_of(request), request.given["adapter_name"]
    if recipe.running:
        raise RefusedError(400, "Recipe is running: stop it before its connection is changed")
    connection = there(request.workspace.connections.get(request.given["connection_id"]))
    if connection.provider != provider:
        raise invalid("connection_id", f"is not a connection of {provider}")
    if provider not in {entry.provider for entry in recipe.packed.config}:
        raise invalid("adapter_name", "is not used by this recipe")
    pairs = [
        (attrs.evolve(entry, reference=Reference("", connection.name)), connection.id)
        if entry.provider == provider
        else (entry, bound)
        for entry, bound in zip(recipe.packed.config, recipe.bound, strict=True)
    ]
    bound = tuple(id_ for _, id_ in pairs)
    if bound != recipe.bound:
        packed = attrs.evolve(recipe.packed, config=tuple(entry for entry, _ in pairs))
        recipe.revise(packed, bound, now=request.state.clock.stamp())
        note_recipe(request, recipe, "connected")


@answers("[managed_users.]recipes.versions.list", row="RecipeVersion")
def list_versions(request: ApiRequest) -> list[dict[str, Any]]:
    """The newest first."""
    recipe = recipe_of(request)
    return [recipe.version_row(number) for number in range(recipe.version_no, 0, -1)]


@answers("[managed_users.]recipes.versions.get", row="RecipeVersion")
def get_version(request: ApiRequest) -> dict[str, Any]:
    recipe = recipe_of(request)
    return recipe.version_row(_version_no(request, recipe))


@answers("[managed_users.]recipes.versions.update", row="RecipeVersion")
def update_version(request: ApiRequest) -> dict[str, Any]:
    recipe = recipe_of(request)
    number, comment = _version_no(request, recipe), request.given["comment"]
    if recipe.comments.get(number) != comment:
        recipe.comments[number] = comment
        note_recipe(request, recipe, "commented")
    return recipe.version_row(number)


def _version_no(request: ApiRequest, recipe: Recipe) -> int:
    number = request.path_id("version_id") - recipe.version_id(0)
    return there(number if 1 <= number <= recipe.version_no else None)


def _folder_id(request: ApiRequest, usual: int) -> int:
    folder = request.named(request.workspace.folders, "folder_id")
    return usual if folder is None else folder.id


def _content(request: ApiRequest, old: Recipe | None = None) -> tuple[PackedRecipe, tuple[int | None, ...]]:
    """What the recipe is to hold, and the connection of each entry of its config; what is not named stays."""
    was, members = old.packed if old is not None else None, request.given
    description = members.get("description") or ""
    code = _json(members, "code", dict) if "code" in members else msgspec.json.decode(was.code if was else "{}")
    asset = {
        "name": members.get("name") or (was.name if was else "Untitled recipe"),
        "description": description if was is None or "description" in members else was.description,
        "code": code,
        **(was.facts if was else {"private": True, "concurrency": 1}),
    }
    if old is not None and "config" not in members:  # also when a connection in it is gone by now
        steps = first_steps(code)
        config = tuple(attrs.evolve(entry, step=steps.get(entry.provider, 0)) for entry in old.packed.config)
        packed, bound = attrs.evolve(packed_recipe(asset, "", ""), config=config), old.bound
    else:
        entries = _json(members, "config", list) if "config" in members else []
        bound = tuple(_bound(entry) for entry in entries)
        packed = packed_recipe({**asset, "config": [_pointed(request, entry) for entry in entries]}, "", "")
    if old is None:
        return packed, bound
    kept = packed.code in {old.code, old.packed.code}
    if kept and _shown(packed, bound) == _shown(old.packed, old.bound):
        return old.packed, old.bound
    return attrs.evolve(packed, code=old.packed.code if kept else packed.code), bound


def _shown(packed: PackedRecipe, bound: tuple[int | None, ...]) -> list[Any]:
    """What a client sees of a recipe's content beside its code: the names in its file do not count."""
    entries = [{**entry.members, "account_id": None} for entry in packed.config]
    return [packed.name, packed.description, entries, bound]


def _json(members: Mapping[str, Any], name: str, kind: type) -> Any:
    """A member that is a JSON text, or the same as plain JSON. Raises: RefusedError 400."""
    value = members[name]
    try:
        value = msgspec.json.decode(value) if isinstance(value, str) else value
        msgspec.json.encode(value)  # what could not be shown again is not kept
    except (msgspec.DecodeError, OverflowError, RecursionError) as error:
        raise invalid(name, "is not valid JSON") from error
    if not isinstance(value, kind):
        raise invalid(name, "is not an object" if kind is dict else "is not a list")
    return value


def _pointed(request: ApiRequest, entry: Any) -> Any:
    """An entry of a config as a package has it: its connection by name."""
    bound = _bound(entry)
    if bound is None:
        return entry
    connection = request.workspace.connections.get(bound)
    if connection is None:
        raise invalid("config", f"names a connection that is not there: {bound}")
    return {**entry, "account_id": {"zip_name": "", "name": connection.name, "folder": ""}}


def _bound(entry: Any) -> int | None:
    return id_in(entry, "account_id") if isinstance(entry, dict) else None
