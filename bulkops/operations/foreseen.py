"""`Foreseen`: what is known of an account before it is read, for rehearsals without an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from bulkops.journal import parts_of
from bulkops.operations.package import Package

CONTENTS: Final = "contents"
"""Parameter under which a run's journal keeps what its package holds."""


@attrs.frozen(kw_only=True)
class FolderContents:
    """What is in a folder and its sub-folders. `callers`: recipes that may call others; `subfolders`: folders below;
    `inner`: those of them that are listed to find the deepest, without these."""

    recipes: int
    callers: int
    subfolders: int
    endpoints: int
    inner: int = attrs.field(default=attrs.Factory(lambda self: self.subfolders, takes_self=True))

    @classmethod
    def of(cls, package: Package) -> FolderContents:
        """What an import of the package brings."""
        depths = [path.count("/") for path in subfolders(package)]
        return cls(
            recipes=len(package.recipes),
            callers=sum(recipe.may_call for recipe in package.recipes),
            subfolders=len(depths),
            endpoints=len(package.endpoints),
            inner=sum(depth < max(depths) for depth in depths),
        )

    def or_more(self, other: FolderContents) -> FolderContents:
        """The greater of both in each count."""
        return FolderContents(**{name: max(count, getattr(other, name)) for name, count in attrs.asdict(self).items()})


@attrs.define
class Foreseen:
    """What is known of an account, and what the operations of a chain would have done to it so far.

    Args:
        folders: what folders under Home hold, by name: from the journal, or from an import earlier in the chain.
        worst_case: whether to count what is sent beside where a folder that is to be made exists already.
        only_projects: the client's tuning.

    `cache`: what the operations of a chain leave behind for those after them, as in `AccountMemory`; `imported`: names
    of the folders that they import into.
    `more`: what cannot be counted yet: requests for each, by noun, such as {"further recipe to start": 2}.
    """

    folders: dict[str, FolderContents] = attrs.field(factory=dict)
    worst_case: bool = False
    only_projects: bool = True
    more: dict[str, float] = attrs.field(factory=dict)
    cache: dict[str, Any] = attrs.field(init=False, factory=dict)
    imported: set[str] = attrs.field(init=False, factory=set)

    def knows_import(self, folder: str, package: Package | None) -> None:
        """Note an import into the folder. `package` None: what it holds is not known before its export."""
        self.imported.add(folder)
        if package is not None:
            found = FolderContents.of(package)
            known = self.folders.get(folder)
            self.folders[folder] = found if known is None else found.or_more(known)

    def has_unknown_folders(self, folder: str) -> bool:
        """Whether recipes may be in folders that are not known to be inside or outside of this one."""
        others = any(held.subfolders for name, held in self.folders.items() if name not in self.imported)
        return others or (folder not in self.folders and folder not in self.imported)

    def subfolders_to_list(self, folder: str) -> int:
        """Sub-folders of a folder that are listed until each recipe's place is known: all of them, where another folder
        has sub-folders too."""
        held = self.folders.get(folder)
        if held is None:
            return 0
        others = any(other.subfolders for name, other in self.folders.items() if name not in {folder, *self.imported})
        return held.subfolders if others else held.inner


def added(*costs: Mapping[str, float]) -> dict[str, float]:
    """The sum of costs, call by call, in the order in which the calls appear first."""
    total: dict[str, float] = {}
    for cost in costs:
        for call, count in cost.items():
            total[call] = total.get(call, 0) + count
    return total


def subfolders(package: Package) -> set[str]:
    """Paths of the folders below the one that is imported into, as far as recipes are in or below them."""
    return {
        "/".join(parts[:depth])
        for parts in (recipe.directory.split("/") for recipe in package.recipes if recipe.directory)
        for depth in range(1, len(parts) + 1)
    }


def recorded_folders(operation: Mapping[str, Any]) -> Iterator[tuple[str, FolderContents]]:
    """The folders that a journaled operation imports into, and what it brings there."""
    for part in parts_of(operation) or ():
        yield from recorded_folders(part)
    parameters = operation.get("parameters") or {}
    contents = parameters.get(CONTENTS)
    if isinstance(contents, Mapping) and "counts" in contents:
        yield parameters["folder"], FolderContents(**contents["counts"])
