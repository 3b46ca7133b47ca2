"""API collections and endpoints of an operation: those of a folder, or by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from bulkops.errors import ConfigError, TaskFailed
from bulkops.models import ApiCollection, ApiEndpoint, Recipe
from bulkops.operations._base import Operation
from bulkops.operations._folders import check_name, find_folder, no_folder, recipes_below
from bulkops.operations._lookup import name_some, only_one
from bulkops.operations._plan_effects import (
    folders_planned,
    imagine,
    imagine_collections,
    is_import_unknown,
    with_planned,
)
from bulkops.parameters import parameter
from bulkops.steps import Context, is_planned, log_of

LOOKS: Final[Mapping[str, float]] = {
    "managed_users.api_collections.list": 1.0,
    "managed_users.api_endpoints.list": 1.0,
    "managed_users.recipes.list": 1.0,
}
"""Requests of `find_collections`, where the folder is known."""


def _as_names(given: object) -> tuple[str, ...]:
    """Names as a list or tuple of texts. Raises: ConfigError."""
    names: tuple[Any, ...] = tuple(given) if isinstance(given, list | tuple) else (given,)
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise ConfigError(f"collections must be a list of names, not {given!r}", remedy="correct the list")
    return names


@attrs.frozen(kw_only=True)
class Found:
    """Collections with their endpoints; `recipes` by id, those of the whole workspace when nobody named a folder."""

    collections: list[ApiCollection]
    endpoints: list[ApiEndpoint]
    recipes: dict[int, Recipe]

    @property
    def ids(self) -> list[int]:
        return sorted(collection.id for collection in self.collections)


@attrs.frozen(kw_only=True)
class OfCollections(Operation):
    """Base of operations on API collections: those of a folder under Home and its sub-folders, or by their names."""

    folder: str | None = attrs.field(
        default=None, metadata=parameter("Folder under Home that holds the API collections.", metavar="NAME")
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
        if (self.folder is None) == (not self.collections):
            raise ConfigError("no API collections given", remedy="give a folder, or names of collections")
        if self.folder is not None:
            check_name(self.folder)

    @property
    def where(self) -> str:
        return f"folder {self.folder!r}" if self.folder is not None else ", ".join(map(repr, self.collections))

    async def find_collections(
        self, ctx: Context, *, active: bool = False, each: Mapping[str, float] = MappingProxyType({})
    ) -> Found:
        """Sends three reads. Raises: TaskFailed when no collection exists, or a name does not exist exactly once.

        `active`, `each`: what to take the endpoints for without an account, as of `imagine`.
        """
        collections = [collection async for collection in ctx.account.api_collections.list()]
        endpoints = [endpoint async for endpoint in ctx.account.api_endpoints.list()]
        if self.folder is None:
            imagine_collections(ctx, self.collections, active=active, each=each)
            _add_planned(ctx, None, collections, endpoints)
            recipes = with_planned(ctx, [recipe async for recipe in ctx.account.recipes.list()], None)
            chosen = [_the_one(collections, name) for name in self.collections]
        else:
            folder_id = await find_folder(ctx, self.folder, must_exist=True)
            if folder_id is None:
                raise no_folder(ctx, self.folder)
            imagine(ctx, self.folder, folder_id, running=True, active=active, each=each)
            _add_planned(ctx, folder_id, collections, endpoints)
            recipes = await recipes_below(ctx, folder_id)
            # by the recipes behind the endpoints: which project a collection is of, older answers do not say
            inside = {recipe.id for recipe in recipes}
            ids = {endpoint.api_collection_id for endpoint in endpoints if endpoint.flow_id in inside}
            chosen = [row for row in collections if row.id in ids or is_planned(row.id)]
            if not chosen and not is_import_unknown(ctx, self.folder) and log_of(ctx).offline is None:
                raise TaskFailed(
                    f"folder {self.folder!r} has no API collection",
                    failure_class="collection-missing",
                    remedy="import its package first",
                )
        ids = {collection.id for collection in chosen}
        return Found(
            collections=chosen,
            endpoints=[row for row in endpoints if row.api_collection_id in ids or is_planned(row.id)],
            recipes={recipe.id: recipe for recipe in recipes},
        )


def _add_planned(
    ctx: Context, folder_id: int | None, collections: list[ApiCollection], endpoints: list[ApiEndpoint]
) -> None:
    """With what a plan foresees in the folder (None: in any)."""
    there = {collection.name for collection in collections}
    for folder in folders_planned(ctx):
        if folder_id in {None, folder.id}:
            collections += [collection for collection in folder.collections if collection.name not in there]
            endpoints += folder.endpoints


def _the_one(collections: list[ApiCollection], name: str) -> ApiCollection:
    found = only_one(
        [collection for collection in collections if collection.name == name],
        f"API collections are named {name!r}",
        failure_class="collection-ambiguous",
        remedy="give the folder instead of the collection",
    )
    if found is None:
        there = name_some([collection.name for collection in collections]) or "none"
        raise TaskFailed(
            f"there is no API collection {name!r}; there are: {there}",
            failure_class="collection-missing",
            cause=f"there is no API collection {name!r}",
            remedy="import its package, or correct the name",
        )
    return found
