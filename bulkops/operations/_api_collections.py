"""API collections and endpoints of an operation: those of a folder, or by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from bulkops.errors import ConfigError, TaskFailed
from bulkops.models import ApiCollection, ApiEndpoint, Recipe
from bulkops.operations._base import Operation
from bulkops.operations._folder_contents import recipes_below
from bulkops.operations._folders import existing_folder, is_folder_name, project_of
from bulkops.operations._lookup import the_one
from bulkops.operations._plan_effects import (
    folders_planned,
    imagine,
    imagine_collections,
    is_import_unknown,
)
from bulkops.operations.fields import check_given
from bulkops.parameters import parameter
from bulkops.steps import Context, log_of


def _as_names(given: object) -> tuple[str, ...]:
    """Names as a list or tuple of texts. Raises: ConfigError."""
    names: tuple[Any, ...] = tuple(given) if isinstance(given, list | tuple) else (given,)
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise ConfigError(f"collections must be a list of names, not {given!r}", remedy="correct the list")
    return names


@attrs.frozen(kw_only=True)
class Found:
    """Collections; `folder_id` None: by their names. `endpoints` of the whole workspace and `recipes` of the folder are
    None where they were not asked for."""

    folder_id: int | None
    collections: list[ApiCollection]
    endpoints: list[ApiEndpoint] | None = None
    recipes: list[Recipe] | None = None

    @property
    def ids(self) -> list[int]:
        return sorted(collection.id for collection in self.collections)


@attrs.frozen(kw_only=True)
class OfCollections(Operation):
    """Base of operations on API collections: those of a folder under Home and its sub-folders, or by their names."""

    folder: str | None = attrs.field(
        default=None,
        validator=is_folder_name,
        metadata=parameter("Folder under Home that holds the API collections.", metavar="NAME"),
    )
    collections: tuple[str, ...] = attrs.field(
        default=(),
        converter=_as_names,
        metadata=parameter(
            "Name of an API collection, instead of a folder; repeatable.",
            flag="--collection",
            metavar="NAME",
            instead_of="folder",
        ),
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        check_given(self, "folder", "collections", most=1)

    @property
    def where(self) -> str:
        return f"folder {self.folder!r}" if self.folder is not None else ", ".join(map(repr, self.collections))

    async def find_collections(
        self, ctx: Context, *, active: bool = False, each: Mapping[str, float] = MappingProxyType({})
    ) -> Found:
        """Sends one read by name, two of a folder; two more of one whose project is not known or has no collection.

        Raises: TaskFailed when no collection exists, or a name does not exist exactly once. `active`, `each`: what to
        take the endpoints for without an account, as of `imagine`.
        """
        there = [collection async for collection in ctx.account.api_collections.list()]
        if self.folder is None:
            imagine_collections(ctx, self.collections, active=active, each=each)
            there += _coming(ctx, None, there)
            return Found(folder_id=None, collections=[_named(there, name) for name in self.collections])
        folder_id = await existing_folder(ctx, self.folder)
        imagine(ctx, self.folder, folder_id, running=True, active=active, each=each)
        project_id = project_of(ctx, folder_id)
        if project_id is None or any(row.project_id is None for row in there):
            found = await _by_recipes(ctx, folder_id, there)
        else:
            inside = [row for row in there if row.project_id == project_id]
            found = Found(folder_id=folder_id, collections=inside)
        found.collections.extend(_coming(ctx, folder_id, found.collections))
        has_none = not found.collections and not is_import_unknown(ctx, self.folder) and log_of(ctx).offline is None
        if has_none and there and found.endpoints is None:  # `project_id` may be an id of something else
            found = await _by_recipes(ctx, folder_id, there)
        if has_none and not found.collections:
            raise TaskFailed(
                f"folder {self.folder!r} has no API collection",
                failure_class="collection-missing",
                remedy="import its package first",
            )
        return found


async def endpoints_of(ctx: Context, found: Found) -> list[ApiEndpoint]:
    """Endpoints of the collections. Sends one read, if there was none."""
    every = found.endpoints
    if every is None:
        every = [endpoint async for endpoint in ctx.account.api_endpoints.list()]
    ids = {collection.id for collection in found.collections}
    coming = [row for folder in folders_planned(ctx, found.folder_id) for row in folder.endpoints]
    return [row for row in every if row.api_collection_id in ids] + coming


async def _by_recipes(ctx: Context, folder_id: int, there: list[ApiCollection]) -> Found:
    """Those with a recipe of the folder behind an endpoint: not every answer says of which project a collection is.
    Sends two reads, and one for each folder that has to be asked for."""
    endpoints = [endpoint async for endpoint in ctx.account.api_endpoints.list()]
    recipes = await recipes_below(ctx, folder_id)
    inside = {recipe.id for recipe in recipes}
    ids = {endpoint.api_collection_id for endpoint in endpoints if endpoint.flow_id in inside}
    chosen = [collection for collection in there if collection.id in ids]
    return Found(folder_id=folder_id, collections=chosen, endpoints=endpoints, recipes=recipes)


def _coming(ctx: Context, folder_id: int | None, there: Iterable[ApiCollection]) -> list[ApiCollection]:
    """Collections that a plan foresees in the folder (None: in any), but for those that are `there` already."""
    names = {collection.name for collection in there}
    return [row for folder in folders_planned(ctx, folder_id) for row in folder.collections if row.name not in names]


def _named(there: list[ApiCollection], name: str) -> ApiCollection:
    """Raises: TaskFailed for none and for several."""
    found = [collection for collection in there if collection.name == name]
    known = [collection.name for collection in there]
    return the_one(found, "API collection", name, known=known, otherwise="import its package, or correct the name")
