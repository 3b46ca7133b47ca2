"""A package: the zip that an export leaves and an import takes, read and checked before anything is sent."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any, Final

import attrs

from bulkops.errors import InputError

MAX_PACKAGE_BYTES: Final = 100 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 512 * 1024 * 1024
MAX_MEMBERS: Final = 20_000

_REMEDY: Final = "export the package again and give that file"


@attrs.frozen
class PackageRecipe:
    """A recipe of a package: its name and the directory it sits in ("" for the folder imported into)."""

    name: str
    directory: str

    @property
    def key(self) -> str:
        return f"{self.directory}/{self.name}" if self.directory else self.name


@attrs.frozen(kw_only=True)
class Package:
    """A readable package with at least one recipe. `sha256`: of the zip's bytes, hex; `connections`: their names."""

    path: str
    data: bytes = attrs.field(repr=False)
    sha256: str
    recipes: tuple[PackageRecipe, ...]
    connections: tuple[str, ...] = ()

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
                    f"{path}: {size} bytes is more than the {MAX_PACKAGE_BYTES} a package may have",
                    remedy=_REMEDY,
                )
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"cannot read the package {path}: {error.strerror}", remedy="check the path") from error
        return cls.from_bytes(data, path=str(path.resolve()))

    @classmethod
    def from_bytes(cls, data: bytes, *, path: str = "package.zip") -> Package:
        """Check a zip in memory; `path` is what errors call it. Raises: InputError."""
        name = Path(path).name
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                recipes, connections = _read(archive, name)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise InputError(f"{name} is not a readable zip file: {error}", remedy=_REMEDY) from error
        if not recipes:
            raise InputError(f"{name} holds no recipe (*.recipe.json)", remedy=_REMEDY)
        sha256 = hashlib.sha256(data).hexdigest()
        return cls(path=path, data=data, sha256=sha256, recipes=tuple(recipes), connections=tuple(connections))

    @property
    def directories(self) -> tuple[str, ...]:
        """Where recipes sit, sorted, "" first."""
        return tuple(sorted({recipe.directory for recipe in self.recipes}))


def _read(archive: zipfile.ZipFile, name: str) -> tuple[list[PackageRecipe], list[str]]:
    members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise InputError(f"{name} holds {len(members)} files, more than {MAX_MEMBERS}", remedy=_REMEDY)
    if sum(info.file_size for info in members) > MAX_UNPACKED_BYTES:
        raise InputError(f"{name} unpacks to more than {MAX_UNPACKED_BYTES} bytes", remedy=_REMEDY)
    seen: set[str] = set()
    recipes: list[PackageRecipe] = []
    connections: list[str] = []
    for info in members:
        member = PurePosixPath(info.filename)
        if member.is_absolute() or ".." in member.parts or "\\" in info.filename:
            raise InputError(f"{name}: {info.filename!r} points outside the package", remedy=_REMEDY)
        if not info.filename.isprintable():
            raise InputError(f"{name}: {info.filename!r} has characters that no name has", remedy=_REMEDY)
        if info.filename in seen:
            raise InputError(f"{name}: {info.filename!r} is in the package twice", remedy=_REMEDY)
        seen.add(info.filename)
        content = archive.read(info)  # checks the CRC of every member
        if member.name.endswith(".recipe.json"):
            directory = str(member.parent)
            recipes.append(
                PackageRecipe(_asset_name(content, name, info.filename), "" if directory == "." else directory)
            )
        elif member.name.endswith(".connection.json"):
            connections.append(_asset_name(content, name, info.filename))
    return recipes, connections


def _asset_name(content: bytes, name: str, member: str) -> str:
    try:
        asset: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: {member} is not valid JSON: {error}", remedy=_REMEDY) from error
    asset_name = asset.get("name") if isinstance(asset, dict) else None
    if not isinstance(asset_name, str) or not asset_name:
        raise InputError(f"{name}: {member} has no name", remedy=_REMEDY)
    return asset_name
