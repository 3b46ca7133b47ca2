"""Versions of a package's recipes in an account, which show whether an import ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any, TypeAlias

from bulkops.models import Recipe

Standing: TypeAlias = dict[str, list[list[Any]]]
"""How the package's recipes stand in the account: key -> [[id, version_no, updated_at, running], ...] by id."""


def versions_of(recipes: Iterable[Recipe]) -> dict[str, Any]:
    """What an import leaves and only an import changes: starting a recipe may touch `updated_at`, not its version."""
    return {str(recipe.id): recipe.version_no if recipe.version_no is not None else stamp(recipe) for recipe in recipes}


def folders_of(recipes: Iterable[Recipe]) -> set[int]:
    return {recipe.folder_id for recipe in recipes if recipe.folder_id is not None}


def stamp(recipe: Recipe) -> str | None:
    return recipe.updated_at.astimezone(UTC).isoformat() if recipe.updated_at is not None else None


def has_moved(key: str, before: Mapping[str, list[list[Any]]], now: Standing) -> bool:
    """Whether the recipe is there and newer than before the intent."""
    old = {row[0]: row for row in before.get(key, [])}
    return any(
        row[0] not in old or (row[1] or 0) > (old[row[0]][1] or 0) or (row[2] or "") > (old[row[0]][2] or "")
        for row in now.get(key, [])
    )


def name_some(names: list[str], most: int = 5) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
