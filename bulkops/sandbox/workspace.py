"""One workspace, a customer's or the partner's own: its folders, recipes, connections and packages."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import attrs

from bulkops.sandbox.api_platform import ApiPlatform
from bulkops.sandbox.members import Member
from bulkops.sandbox.package_zip import PackedRecipe, ParsedPackage
from bulkops.sandbox.recipes import JobStatus, Recipe

if TYPE_CHECKING:
    from bulkops.sandbox.exports import Export, Manifest

T = TypeVar("T")

HOME: Final = "Home"
PARTNER_ID: Final = 17_293
"""The user whose the partner's own workspace is."""

TAGS_OF: Final = "tags of"
"""The shelf of tag handles by what has them: "connection 9001", "recipe 612001"."""


class Ids:
    """Numbers for new things, one row per noun and shared by all customers, as at the vendor."""

    def __init__(self) -> None:
        self._next = {"folder": count(700_001), "project": count(5_501), "recipe": count(612_001)}
        self._next |= {"connection": count(9_001), "package": count(251)}
        self._next |= {"member": count(880_012), "manifest": count(12)}
        self._next |= {"api_collection": count(1_361), "api_endpoint": count(9_903), "api_client": count(2_001)}
        self._next |= {"access_profile": count(818), "api_key": count(37_326)}

    def __call__(self, noun: str) -> int:
        return next(self._next.setdefault(noun, count(1_001)))


@attrs.define(kw_only=True)
class Folder:
    id: int
    name: str
    parent_id: int | None
    project_id: int
    is_project: bool
    created_at: str
    updated_at: str
    description: str | None = None

    def row(self) -> dict[str, Any]:
        return attrs.asdict(self, filter=attrs.filters.exclude("description"))

    def project(self) -> dict[str, Any]:
        """As the calls for projects show it."""
        return {"id": self.project_id, "folder_id": self.id, "name": self.name, "description": self.description}


@attrs.define(kw_only=True)
class Connection:
    """`authorization_status` None: a shell, never authorized. `credentials`: a digest, to know the same again."""

    id: int
    name: str
    provider: str
    folder_id: int
    created_at: str
    updated_at: str
    external_id: str | None = None
    parent_id: int | None = None
    authorized_at: str | None = None
    authorization_status: Literal["success", "failed"] | None = None
    authorization_error: str | None = None
    credentials: str | None = None

    def row(self) -> dict[str, Any]:
        return attrs.asdict(self, filter=attrs.filters.exclude("credentials"))


@attrs.define(kw_only=True)
class Import:
    """One package on its way into one folder. `doom`: drawn to fail when its time has come. One that never waits has
    neither id nor duration."""

    id: int = 0
    folder_id: int
    home_folder_id: int
    package: ParsedPackage
    restart_recipes: bool
    duration_s: float = 0.0
    doom: str | None = None
    status: Literal["in_progress", "completed", "failed"] = "in_progress"
    error: str | None = None
    recipe_status: list[dict[str, Any]] = attrs.field(factory=list)

    def row(self) -> dict[str, Any]:
        row: dict[str, Any] = {"id": self.id, "operation_type": "import", "status": self.status}
        if self.status != "in_progress":
            row["recipe_status"] = self.recipe_status
        return row | {"error": self.error} if self.error else row


class Workspace:
    """Everything inside one customer, or the partner's own (`owner` None). Mappings are by id, in order of creation.

    `user_id`: whose the things in it are; `slug`: a word of its own in the addresses of its APIs.
    """

    def __init__(self, ids: Ids, *, owner: int | None, created_at: str, partner_id: int = PARTNER_ID) -> None:
        self._ids = ids
        self.owner = owner
        self.user_id = partner_id if owner is None else owner
        self.slug = "partner" if owner is None else str(owner)
        self.folders: dict[int, Folder] = {}
        self.recipes: dict[int, Recipe] = {}
        self.connections: dict[int, Connection] = {}
        self.imports: dict[int, Import] = {}
        self.manifests: dict[int, Manifest] = {}
        self.exports: dict[int, Export] = {}
        self.members: dict[int, Member] = {}
        self.properties: dict[int | None, dict[str, str]] = {}
        """Name to value, by project id; None: of the environment."""
        self.api = ApiPlatform(self.shelf)
        self._shelves: dict[str, dict[str, dict[str, Any]]] = {}
        self.queue: deque[Import] = deque()
        """Imports not finished; the first one runs."""
        self.home = self.add_folder(HOME, None, now=created_at)

    def add_folder(self, name: str, parent: Folder | None, *, now: str) -> Folder:
        """A new folder; directly under Home it is a project. Equal names are allowed, as far as the vendor says."""
        is_project = parent is not None and parent.parent_id is None
        return self.add(
            self.folders,
            "folder",
            Folder,
            now=now,
            name=name,
            parent_id=parent.id if parent else None,
            project_id=self._ids("project") if is_project or parent is None else parent.project_id,
            is_project=is_project,
        )

    def add_recipe(self, packed: PackedRecipe, bound: tuple[int | None, ...], *, folder_id: int, now: str) -> Recipe:
        """A new recipe, which stands still: an import never starts what was not running."""
        where = {"user_id": self.user_id, "folder_id": folder_id}
        return self.add(self.recipes, "recipe", Recipe, now=now, packed=packed, bound=bound, **where)

    def move_folder(self, folder: Folder, parent: Folder) -> None:
        """Move it below `parent`, with its contents; under Home it becomes a project, elsewhere it is a folder."""
        folder.parent_id, folder.is_project = parent.id, parent.parent_id is None
        project_id = self._ids("project") if folder.is_project else parent.project_id
        moved = {each.id: each for each in self.below(folder)}
        for each in moved.values():
            each.project_id = project_id
        for collection in self.api.collections.values():
            if collection.folder_id in moved:
                collection.project_id = project_id

    def remove_folder(self, folder: Folder) -> None:
        """With its sub-folders and the recipes, connections and API collections in them."""
        gone = {each.id for each in self.below(folder)}
        self.api.forget_folder(gone)
        self.folders = {id_: each for id_, each in self.folders.items() if id_ not in gone}
        self.recipes = {id_: each for id_, each in self.recipes.items() if each.folder_id not in gone}
        self.connections = {id_: each for id_, each in self.connections.items() if each.folder_id not in gone}

    def below(self, folder: Folder) -> list[Folder]:
        """The folder and everything below it, each after its parent."""
        found = [folder]
        for each in found:
            found += self.children(each.id)
        return found

    def children(self, parent_id: int) -> list[Folder]:
        return [folder for folder in self.folders.values() if folder.parent_id == parent_id]

    def projects(self) -> dict[int, Folder]:
        """The folders directly under Home, by the ids that they have as projects."""
        return {folder.project_id: folder for folder in self.folders.values() if folder.is_project}

    def path(self, folder_id: int) -> str:
        """ "CRM/Sub" for a folder below Home; "Home" for Home itself."""
        names = []
        folder = self.folders.get(folder_id, self.home)  # what was in a folder that is gone
        while folder.parent_id is not None:
            names.append(folder.name)
            folder = self.folders[folder.parent_id]
        return "/".join(reversed(names)) or HOME

    def count_jobs(self, status: JobStatus) -> int:
        """Of all its recipes; each job that succeeds is one task."""
        return sum(recipe.count(status) for recipe in self.recipes.values())

    def shelf(self, noun: str, first: Iterable[Mapping[str, Any]] = ()) -> dict[str, dict[str, Any]]:
        """Rows of a noun that is only kept, by their id as text, in order of creation; `first`: those of the start, as
        old as the workspace."""
        if noun not in self._shelves:
            born = dict.fromkeys(("created_at", "updated_at"), self.home.created_at)
            self._shelves[noun] = {str(row["id"]): {**born, **row} for row in first}
        return self._shelves[noun]

    def add(self, things: dict[int, T], noun: str, kind: Callable[..., T], *, now: str, **members: Any) -> T:
        """A new thing among `things`, with the next id of its noun."""
        id_ = self.new_id(noun)
        things[id_] = kind(id=id_, created_at=now, updated_at=now, **members)
        return things[id_]

    def new_id(self, noun: str) -> int:
        return self._ids(noun)
