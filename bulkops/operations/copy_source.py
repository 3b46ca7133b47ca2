"""What `copy` takes from its source: a package for each folder, and properties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import anyio
import attrs
import msgspec

from bulkops.client import Account, session_of
from bulkops.errors import ApiError, BadRequest, InputError, Invalid, StatusError, TaskFailed, Unauthorized
from bulkops.journal import Journal
from bulkops.masking import looks_secret, masked
from bulkops.models import Asset, Project
from bulkops.operations._lookup import name_some, nearest_else
from bulkops.operations.import_package import ImportPackage
from bulkops.operations.package import Package
from bulkops.operations.partner_export import Workspace, export_folder
from bulkops.steps import Context, memory_of

_CONTENTS: Final = "copied contents"
_MOST_CONTENTS: Final = 4
"""How many stay in memory: accounts with one source follow each other."""

ENVIRONMENT: Final = ""
"""Stands for a project's name where properties are the environment's."""


@attrs.frozen(kw_only=True)
class Wanted:
    """What to copy. `folders`: under Home, by name; empty: all but `without`; `prefixes`: of the names of properties;
    empty: none."""

    folders: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ("",)
    include_data: bool = False
    include_tags: bool = False


@attrs.frozen(kw_only=True)
class Content:
    """What a source holds.

    `packages`: by folder, in the order of import; `properties`: values by name, by project (`ENVIRONMENT`: none);
    `secret`: names of properties that are left out, because they look secret; `empty`: folders with nothing in them;
    `names`: of the source itself, if it is an account; `host`: URL of its API.
    """

    names: tuple[str, ...] = ()
    host: str = ""
    packages: Mapping[str, Package]
    properties: Mapping[str, Mapping[str, str]]
    secret: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()

    @property
    def files(self) -> dict[str, bytes]:
        """The packages by sha256, as a journal keeps them."""
        return {package.sha256: package.data for package in self.packages.values()}

    async def keep(self, journal: Journal) -> None:
        """Store the packages in the journal. Raises: JournalError."""
        for digest, data in self.files.items():
            await journal.files.put(digest, data)

    def is_of(self, account: Account) -> bool:
        """Whether the account is the source itself."""
        return account.id in self.names and session_of(account).settings.url == self.host

    def recorded(self) -> dict[str, Any]:
        """JSON data: the parameters of each import, without the package itself, and the rest."""
        imports = [ImportPackage(package, folder=folder) for folder, package in self.packages.items()]
        return {
            "imports": [{**each.parameters(), "package": None} for each in imports],
            "names": [*self.names],
            "host": self.host,
            "properties": {project: dict(values) for project, values in self.properties.items()},
            "secret": [*self.secret],
            "empty": [*self.empty],
        }

    @classmethod
    def restored(cls, recorded: Mapping[str, Any]) -> Content:
        """From what was `recorded`, with each package in its place again. Raises: InputError when one is missing."""
        packages = {}
        for row in recorded["imports"]:
            if not isinstance(row["package"], Package):
                raise InputError(
                    f"the package that was copied for folder {row['folder']!r} is not in the journal",
                    remedy="use the journal of the run or the plan, or start a new run",
                )
            packages[row["folder"]] = row["package"]
        others = {name: tuple(recorded[name]) for name in ("names", "secret", "empty")}
        return cls(packages=packages, properties=recorded["properties"], host=recorded["host"], **others)

    @classmethod
    async def from_journal(cls, recorded: Mapping[str, Any], journal: Journal) -> Content:
        """As `restored`, with the packages from the journal's files. Raises: InputError; JournalError."""
        rows = []
        for row in recorded["imports"]:
            data = await journal.files.get(row["sha256"])
            rows.append({**row, "package": None if data is None else await anyio.to_thread.run_sync(_package, data)})
        return cls.restored({**recorded, "imports": rows})


def _package(data: bytes) -> Package:
    return Package.from_bytes(data, needs_recipes=False)


@attrs.frozen(kw_only=True)
class Source:
    """A workspace to copy from: a customer's, or the one of a token. `name`: for people; `is_foreign`: reached with a
    token of its own."""

    workspace: Workspace
    name: str
    is_foreign: bool = False

    async def export(self, wanted: Wanted) -> Content:
        """Its packages and properties.

        Sends two requests for the account and its projects, about six for each folder, and one for the properties of
        each project.

        Raises: InputError when a folder is missing or cannot be exported, or the source refuses a request; ApiError.
        """
        with self._explained():
            names = await self._names()
            projects = await self._projects(wanted)
            properties, secret = await self.properties(projects, wanted)  # a refusal comes before any export
            packages: dict[str, Package] = {}
            for project in projects:
                packages[project.name] = await export_folder(
                    self.workspace,
                    int(project.folder_id or 0),
                    name=project.name,
                    include_data=wanted.include_data,
                    include_tags=wanted.include_tags,
                )
        # Recipes may use connections of other folders, and an import binds those that it finds.
        ordered = sorted(packages.items(), key=lambda each: bool(each[1].recipes))
        return Content(
            names=names,
            host=self._host,
            packages={name: package for name, package in ordered if package.files},
            empty=tuple(name for name, package in ordered if not package.files),
            properties=properties,
            secret=secret,
        )

    async def preview(self, wanted: Wanted) -> tuple[dict[str, list[Asset]], Content]:
        """The assets of each folder, and the properties, without an export.

        Sends reads only: two for the account and its projects, one for each folder, and one for the properties of each
        project. Raises: as `export`.
        """
        with self._explained():
            names = await self._names()
            projects = await self._projects(wanted)
            manifests = self.workspace.export_manifests
            assets = {each.name: await manifests.folder_assets(each.folder_id) for each in projects}
            properties, secret = await self.properties(projects, wanted)
        found = Content(names=names, host=self._host, packages={}, properties=properties, secret=secret)
        return assets, found

    async def properties(
        self, projects: Iterable[Project], wanted: Wanted
    ) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
        """Values by name, by project; and the names of those that look secret, which are left out."""
        found: dict[str, dict[str, str]] = {}
        for name, id_ in ((ENVIRONMENT, None), *((project.name, project.id) for project in projects)):
            values: dict[str, str] = {}
            for prefix in wanted.prefixes:
                try:
                    values |= await self.workspace.properties.get(prefix, project_id=id_)
                except (BadRequest, Invalid) as refused:
                    raise InputError(
                        f"{self.name} does not list its properties: {refused.said or refused}",
                        remedy="say how their names begin (--property-prefix), or leave them out "
                        "(--without-properties)",
                    ) from refused
            if values:
                found[name] = values
        secret = {
            name
            for values in found.values()
            for name, value in values.items()
            if looks_secret(name) or masked(value) != value
        }
        kept = {
            project: {name: value for name, value in values.items() if name not in secret}
            for project, values in found.items()
        }
        return {project: values for project, values in kept.items() if values}, tuple(sorted(secret))

    async def _names(self) -> tuple[str, ...]:
        """The id of an account, which is unique on its host, and its E-id, which is so in the run's workspace alone."""
        if not isinstance(self.workspace, Account):
            return ()
        customer = await self.workspace.customer.get()
        has_external_id = customer.external_id and not self.is_foreign
        return (str(customer.id), *((f"E{customer.external_id}",) if has_external_id else ()))

    @property
    def _host(self) -> str:
        return session_of(self.workspace).settings.url

    async def _projects(self, wanted: Wanted) -> list[Project]:
        """The folders to copy, as projects. Raises: InputError for one that is missing, or two of a name."""
        there = [project async for project in self.workspace.projects.list() if project.folder_id is not None]
        names = [project.name for project in there]
        for name in (*wanted.folders, *wanted.without):
            if name not in names:
                raise InputError(
                    f"{self.name} has no folder {name!r} under Home",
                    remedy=nearest_else(name, names, otherwise="check its name"),
                )
        chosen = [
            project
            for project in there
            if (project.name in wanted.folders or not wanted.folders) and project.name not in wanted.without
        ]
        twice = sorted({project.name for project in chosen if names.count(project.name) > 1})
        if twice:
            raise InputError(
                f"{self.name} has several folders of one name: {name_some(twice)}",
                remedy="rename all but one, or leave them out (--leave-out)",
            )
        if not chosen:
            raise InputError(f"{self.name} has no folder to copy", remedy="check the source and --leave-out")
        return chosen

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say of which workspace an error is. Raises: InputError."""
        try:
            yield
        except Unauthorized as error:
            if not self.is_foreign:
                raise
            raise InputError(f"the token of {self.name} was refused", remedy="check --from-token") from error
        except StatusError as error:
            raise InputError(f"cannot copy from {self.name}: {error}", remedy=error.remedy) from error
        except InputError as error:
            if self.name in error.message:
                raise
            raise InputError(f"cannot copy from {self.name}: {error.message}", remedy=error.remedy) from error


def source_of(workspace: Workspace, *, host: str | None) -> Source:
    """`host`: of another workspace than the run's."""
    where = f" at {host}" if host is not None else ""
    what = f"account {workspace.id}" if isinstance(workspace, Account) else "the workspace of the token"
    return Source(workspace=workspace, name=f"{what}{where}", is_foreign=host is not None)


@contextmanager
def as_failure(source: str) -> Iterator[None]:
    """A source that cannot be read is a failure of the accounts that copy it, with every effect known.

    Raises: TaskFailed; Unauthorized for the run's own token.
    """
    try:
        yield
    except Unauthorized:
        raise
    except (InputError, ApiError) as error:
        raise TaskFailed(
            error.message if isinstance(error, InputError) else f"cannot copy from {source}: {error}",
            failure_class="source-failed",
            cause="the source of the copy cannot be read",
            remedy=error.remedy or "`bulkops retry` tries it again",
        ) from error


async def content_of(ctx: Context, recorded: Mapping[str, Any]) -> Content:
    """With its packages, from the journal. Raises: TaskFailed when one is not there any more."""
    known: dict[bytes, Content] = memory_of(ctx).shared.setdefault(_CONTENTS, {})
    key = msgspec.json.encode(recorded, order="deterministic")
    if key not in known:
        try:
            content = await Content.from_journal(recorded, memory_of(ctx).journal)
        except InputError as error:
            raise TaskFailed(error.message, failure_class="source-content-gone", remedy="start a new run") from error
        known[key] = content
        for old in list(known)[:-_MOST_CONTENTS]:
            del known[old]
    return known[key]
