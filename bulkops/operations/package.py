"""A package: the zip that an export leaves and an import takes, read and checked before anything is sent."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any, Final

import attrs

from bulkops.errors import InputError
from bulkops.operations._start_order import may_call

MAX_PACKAGE_BYTES: Final = 100_000_000
MAX_UNPACKED_BYTES: Final = 512 * 1024 * 1024
MAX_MEMBERS: Final = 20_000

_CUSTOM: Final = re.compile(r"_connector_[0-9]+(_[0-9]+)?$")

_REMEDY: Final = "export the package again and use that file"


def is_custom(provider: object) -> bool:
    """Whether a partner has written the connector, by the vendor's names for those.

    >>> is_custom("acme_connector_4771_1626"), is_custom("salesforce")
    (True, False)
    """
    return isinstance(provider, str) and _CUSTOM.search(provider) is not None


@attrs.frozen
class PackageRecipe:
    """A recipe of a package: its name and the directory it sits in ("" for the folder imported into).

    `may_call`: whether it may call other recipes; `connectors`: names of the custom ones that it uses.
    """

    name: str
    directory: str
    may_call: bool = True
    connectors: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.directory}/{self.name}" if self.directory else self.name


@attrs.frozen
class PackageEndpoint:
    """An API endpoint of a package. `recipe_key`: of the recipe behind it, "" when that is not in the package."""

    name: str
    recipe_key: str


@attrs.frozen(kw_only=True)
class Contents:
    """What the journal keeps of a package: enough to undo its import when the file is gone. Names, sorted."""

    sha256: str
    recipes: tuple[str, ...]
    connections: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Package:
    """A readable package, usually with a recipe in it. `sha256`: of the zip's bytes, hex; `connections` and
    `collections` (of API endpoints): their names; `connectors`: names of the partner's own that recipes use; `files`:
    how many the zip holds."""

    path: str
    data: bytes = attrs.field(repr=False)
    sha256: str
    recipes: tuple[PackageRecipe, ...]
    connections: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    endpoints: tuple[PackageEndpoint, ...] = ()
    connectors: tuple[str, ...] = ()
    files: int = 0

    @classmethod
    def load(cls, source: Package | str | Path) -> Package:
        """Read and check a zip file. Raises: InputError naming file, member and remedy."""
        if isinstance(source, Package):
            return source
        path = Path(source)
        try:
            size = path.stat().st_size
            if size > MAX_PACKAGE_BYTES:
                raise InputError(
                    f"{path}: {size} bytes is more than the limit of {MAX_PACKAGE_BYTES}",
                    remedy=_REMEDY,
                )
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"cannot read the package {path}: {error.strerror}", remedy="check the path") from error
        return cls.from_bytes(data, path=str(path.resolve()))

    @classmethod
    def from_bytes(cls, data: bytes, *, path: str = "package.zip", needs_recipes: bool = True) -> Package:
        """Check a zip in memory; `path` is what errors call it. Raises: InputError."""
        name = Path(path).name
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                found = _read(archive, name)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise InputError(f"{name} is not a readable zip file: {error}", remedy=_REMEDY) from error
        if not found.recipes and needs_recipes:
            raise InputError(f"{name} contains no recipe (*.recipe.json)", remedy=_REMEDY)
        sha256 = hashlib.sha256(data).hexdigest()
        keys = {file: recipe.key for file, recipe in found.recipes.items()}
        return cls(
            path=path,
            data=data,
            sha256=sha256,
            recipes=tuple(found.recipes.values()),
            connections=tuple(found.connections),
            collections=tuple(found.collections),
            endpoints=tuple(PackageEndpoint(name, keys.get(file, "")) for name, file in found.endpoints),
            files=found.files,
            connectors=tuple(sorted({each for recipe in found.recipes.values() for each in recipe.connectors})),
        )

    @property
    def contents(self) -> Contents:
        return Contents(
            sha256=self.sha256,
            recipes=tuple(sorted({recipe.name for recipe in self.recipes})),
            connections=tuple(sorted(set(self.connections))),
        )

    @property
    def directories(self) -> tuple[str, ...]:
        """Where recipes sit, sorted, "" first."""
        return tuple(sorted({recipe.directory for recipe in self.recipes}))


@attrs.define
class _Assets:
    """What is in a zip. `recipes`: by their files; `endpoints`: names, each with its recipe's file."""

    recipes: dict[str, PackageRecipe] = attrs.field(factory=dict)
    connections: list[str] = attrs.field(factory=list)
    collections: list[str] = attrs.field(factory=list)
    endpoints: list[tuple[str, str]] = attrs.field(factory=list)
    files: int = 0

    def add(self, member: PurePosixPath, file: str, content: bytes, name: str) -> None:
        if member.name.endswith(".recipe.json"):
            directory = "" if str(member.parent) == "." else str(member.parent)
            config = _asset(content, name, file).get("config")
            rows = [row for row in config if isinstance(row, dict)] if isinstance(config, list) else []
            custom = tuple(sorted({row["provider"] for row in rows if is_custom(row.get("provider"))}))
            self.recipes[file] = PackageRecipe(_asset_name(content, name, file), directory, may_call(rows), custom)
        elif member.name.endswith(".connection.json"):
            self.connections.append(_asset_name(content, name, file))
        elif member.name.endswith(".api_group.json"):
            self.collections.append(_asset_name(content, name, file))
        elif member.name.endswith(".api_endpoint.json"):
            pointer = _asset(content, name, file).get("recipe_id")
            zip_name = pointer.get("zip_name") if isinstance(pointer, dict) else None
            self.endpoints.append((_asset_name(content, name, file), str(zip_name or "")))


def _read(archive: zipfile.ZipFile, name: str) -> _Assets:
    members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise InputError(f"{name} contains {len(members)} files, more than {MAX_MEMBERS}", remedy=_REMEDY)
    if sum(info.file_size for info in members) > MAX_UNPACKED_BYTES:
        raise InputError(f"{name} unpacks to more than {MAX_UNPACKED_BYTES} bytes", remedy=_REMEDY)
    seen: set[str] = set()
    found = _Assets(files=len(members))
    for info in members:
        member = PurePosixPath(info.filename)
        if member.is_absolute() or ".." in member.parts or "\\" in info.filename:
            raise InputError(f"{name}: {info.filename!r} points outside the package", remedy=_REMEDY)
        if not info.filename.isprintable():
            raise InputError(f"{name}: {info.filename!r} has invalid characters", remedy=_REMEDY)
        if info.filename in seen:
            raise InputError(f"{name}: {info.filename!r} occurs twice in the package", remedy=_REMEDY)
        seen.add(info.filename)
        found.add(member, info.filename, archive.read(info), name)  # checks the CRC of every member
    return found


def _asset(content: bytes, name: str, member: str) -> dict[str, Any]:
    try:
        asset: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: {member} is not valid JSON: {error}", remedy=_REMEDY) from error
    return asset if isinstance(asset, dict) else {}


def _asset_name(content: bytes, name: str, member: str) -> str:
    asset_name = _asset(content, name, member).get("name")
    if not isinstance(asset_name, str) or not asset_name:
        raise InputError(f"{name}: {member} has no name", remedy=_REMEDY)
    return asset_name
