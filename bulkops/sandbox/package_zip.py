"""Packages: the zip files that customers import, read once into the assets they hold."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

import attrs
import msgspec


@attrs.frozen
class Reference:
    """How one asset of a package points at another: by file, and by name for what is not in the package."""

    zip_name: str
    name: str


@attrs.frozen(kw_only=True)
class PackedConfig:
    """One entry of a recipe's `config`. `members`: its plain ones; `reference` None: needs no connection;
    `step`: number of the first step that uses the provider."""

    members: dict[str, Any]
    provider: str
    reference: Reference | None
    skip_validation: bool
    step: int


@attrs.frozen(kw_only=True)
class PackedRecipe:
    """`directory`: "" for the folder imported into; `code`: the JSON text that the API shows; `facts`: plain members
    of its file that the API does not show."""

    zip_name: str
    name: str
    directory: str
    description: str
    code: str = attrs.field(repr=False)
    trigger_application: str | None
    action_applications: list[str]
    config: tuple[PackedConfig, ...]
    facts: dict[str, Any]

    @property
    def applications(self) -> list[str]:
        trigger = [self.trigger_application] if self.trigger_application else []
        return list(dict.fromkeys([*trigger, *self.action_applications]))


@attrs.frozen(kw_only=True)
class PackedConnection:
    """`root_folder`: it belongs outside the exported folder, with the home assets."""

    zip_name: str
    directory: str
    name: str
    provider: str
    root_folder: bool


@attrs.frozen(kw_only=True)
class PackedCollection:
    """An `*.api_group.json`."""

    zip_name: str
    directory: str
    name: str
    handle: str
    version: str
    facts: dict[str, Any]


@attrs.frozen(kw_only=True)
class PackedEndpoint:
    """An `*.api_endpoint.json`: it finds its recipe and its collection by their files."""

    name: str
    method: str
    path: str
    legacy: bool
    facts: dict[str, Any]
    recipe: Reference
    collection: Reference


@attrs.frozen(kw_only=True)
class ParsedPackage:
    """A package by the sha256 of its bytes. `error`: why it cannot be imported; then the rest is empty."""

    sha256: str
    directories: tuple[str, ...] = ()
    recipes: tuple[PackedRecipe, ...] = ()
    connections: tuple[PackedConnection, ...] = ()
    collections: tuple[PackedCollection, ...] = ()
    endpoints: tuple[PackedEndpoint, ...] = ()
    error: str | None = None

    @property
    def goes_home(self) -> bool:
        """Whether a part of it belongs outside the folder that it is imported into."""
        return any(connection.root_folder for connection in self.connections)


MAX_PACKAGE_BYTES: Final = 100_000_000
_MAX_UNPACKED_BYTES: Final = 256 * 1024 * 1024
_MAX_MEMBERS: Final = 20_000
_MAX_DEPTH: Final = 100
_COMPRESSIONS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""What every tool writes; the others have failures of their own."""


class BadPackageError(Exception):
    """The package cannot be imported; the text is what the vendor's import status would say."""


class PackageShelf:
    """Parsed packages by sha256, the last few: a rollout sends the same bytes to every customer."""

    _KEEP: Final = 8

    def __init__(self) -> None:
        self._parsed: OrderedDict[str, ParsedPackage] = OrderedDict()

    def parse(self, data: bytes) -> ParsedPackage:
        """Never raises: a bad package is accepted and fails later (vendor facts, section 17.7)."""
        sha256 = hashlib.sha256(data).hexdigest()
        package = self._parsed.get(sha256)
        if package is None:
            package = self._parsed[sha256] = parse_package(data, sha256)
        self._parsed.move_to_end(sha256)
        if len(self._parsed) > self._KEEP:
            self._parsed.popitem(last=False)
        return package


def parse_package(data: bytes, sha256: str) -> ParsedPackage:
    """Read a zip's bytes; what is wrong with it becomes `error`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _parse(archive, sha256)
    except BadPackageError as error:
        return ParsedPackage(sha256=sha256, error=str(error))
    # NotImplementedError: a later version of the format; RuntimeError: encrypted; the rest: torn or forged records
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OverflowError,
        OSError,
    ):
        return ParsedPackage(sha256=sha256, error="Package is not a valid zip file")


def _parse(archive: zipfile.ZipFile, sha256: str) -> ParsedPackage:
    directories: set[str] = set()
    recipes: list[PackedRecipe] = []
    connections: list[PackedConnection] = []
    collections: list[PackedCollection] = []
    endpoints: list[PackedEndpoint] = []
    for info, member in _members(archive):
        directory = "" if str(member.parent) == "." else str(member.parent)
        if info.is_dir():
            directories.add(str(member))
            continue
        if member.name.endswith(".recipe.json"):
            recipes.append(packed_recipe(_asset(archive, info), directory, info.filename))
            directories.add(directory)
        elif member.name.endswith(".connection.json"):
            packed = _connection(_asset(archive, info), directory, info.filename)
            connections.append(packed)
            directories |= set() if packed.root_folder else {directory}
        elif member.name.endswith(".api_group.json"):
            collections.append(_collection(_asset(archive, info), directory, info.filename))
            directories.add(directory)
        elif member.name.endswith(".api_endpoint.json"):
            endpoints.append(_endpoint(_asset(archive, info), info.filename))
    _check_endpoints(endpoints, {collection.zip_name for collection in collections})
    return ParsedPackage(
        sha256=sha256,
        directories=tuple(sorted(directories - {"", "."})),
        recipes=tuple(recipes),
        connections=tuple(connections),
        collections=tuple(collections),
        endpoints=tuple(endpoints),
    )


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    infos = archive.infolist()
    if len(infos) > _MAX_MEMBERS or sum(info.file_size for info in infos) > _MAX_UNPACKED_BYTES:
        raise BadPackageError("Package is too large")
    for info in infos:
        member = PurePosixPath(info.filename)
        if not member.name:
            raise BadPackageError("Package has a file without a name")
        if info.compress_type not in _COMPRESSIONS:
            raise BadPackageError(f"Package uses a compression that is not supported: {info.filename}")
        if len(member.parts) > _MAX_DEPTH:
            raise BadPackageError(f"Package has folders nested too deep: {info.filename[:100]}")
        if member.is_absolute() or ".." in member.parts or "\\" in info.filename:
            raise BadPackageError(f"Package has a file outside of it: {info.filename}")
        yield info, member


def _asset(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> dict[str, Any]:
    with archive.open(info) as file:
        content = file.read(info.file_size + 1)  # never more than it declared: a forged size must not evade the limit
    try:
        asset = msgspec.json.decode(content)
        msgspec.json.encode(asset)  # values that the API could not show again are refused: huge numbers, endless depth
    except (msgspec.DecodeError, UnicodeDecodeError, OverflowError, RecursionError) as error:
        raise BadPackageError(f"{info.filename} is not valid JSON") from error
    if not isinstance(asset, dict) or not isinstance(asset.get("name"), str) or not asset["name"]:
        raise BadPackageError(f"{info.filename} has no name")
    return asset


def _connection(asset: dict[str, Any], directory: str, zip_name: str) -> PackedConnection:
    return PackedConnection(
        zip_name=zip_name,
        directory=directory,
        name=asset["name"],
        provider=str(asset.get("provider") or ""),
        root_folder=asset.get("root_folder") is True,
    )


def _collection(asset: dict[str, Any], directory: str, zip_name: str) -> PackedCollection:
    return PackedCollection(
        zip_name=zip_name,
        directory=directory,
        name=asset["name"],
        handle=str(asset.get("handle") or ""),
        version=str(asset.get("version") or "1.0"),
        facts=_facts(asset, "name", "version", "handle"),
    )


def _endpoint(asset: dict[str, Any], zip_name: str) -> PackedEndpoint:
    recipe, collection = (_reference(asset.get(name)) for name in ("recipe_id", "api_group_id"))
    if recipe is None or collection is None:
        raise BadPackageError(f"{zip_name} has no recipe or no API collection")
    return PackedEndpoint(
        name=asset["name"],
        method=str(asset.get("method") or "GET"),
        path=str(asset.get("path") or "").strip("/"),
        legacy=asset.get("legacy") is True,
        facts=_facts(asset, "name", "method", "path", "legacy"),
        recipe=recipe,
        collection=collection,
    )


def _facts(asset: dict[str, Any], *shown: str) -> dict[str, Any]:
    """The plain members of a file but for those that the API shows, so that an export has them again."""
    return {name: value for name, value in asset.items() if name not in shown and not isinstance(value, dict | list)}


def _check_endpoints(endpoints: list[PackedEndpoint], collections: set[str]) -> None:
    for endpoint in endpoints:
        if endpoint.collection.zip_name not in collections:
            raise BadPackageError(f"endpoint {endpoint.name!r} belongs to an API collection that is not in the package")


def _reference(pointer: Any) -> Reference | None:
    if not isinstance(pointer, dict):
        return None
    return Reference(str(pointer.get("zip_name") or ""), str(pointer.get("name") or ""))


def packed_recipe(asset: dict[str, Any], directory: str, zip_name: str) -> PackedRecipe:
    """A recipe from the members of its file; what is missing or odd is taken for empty."""
    code = asset.get("code")
    code = code if isinstance(code, dict) else {}
    steps = first_steps(code)
    trigger = code.get("provider")
    config = asset.get("config")
    return PackedRecipe(
        zip_name=zip_name,
        name=asset["name"],
        directory=directory,
        description=str(asset.get("description") or ""),
        code=msgspec.json.encode(code).decode(),
        trigger_application=trigger if isinstance(trigger, str) else None,
        action_applications=[provider for provider in steps if provider != trigger],
        config=tuple(_config(entry, steps) for entry in (config if isinstance(config, list) else [])),
        facts=_facts(asset, "name", "description", "version"),
    )


def _config(entry: Any, steps: dict[str, int]) -> PackedConfig:
    entry = entry if isinstance(entry, dict) else {}
    provider = str(entry.get("provider") or "")
    return PackedConfig(
        members={name: value for name, value in entry.items() if not isinstance(value, dict | list)},
        provider=provider,
        reference=_reference(entry.get("account_id")),
        skip_validation=entry.get("skip_validation") is True,
        step=steps.get(provider, 0),
    )


def first_steps(code: dict[str, Any]) -> dict[str, int]:
    """Each provider with the number of the first step that uses it. A stack, not recursion: depth is the sender's."""
    steps: dict[str, int] = {}
    blocks: list[Any] = [code]
    while blocks:
        block = blocks.pop()
        if not isinstance(block, dict):
            continue
        provider, number = block.get("provider"), block.get("number")
        if isinstance(provider, str) and type(number) is int:
            steps[provider] = min(number, steps.get(provider, number))
        children = block.get("block")
        blocks.extend(reversed(children) if isinstance(children, list) else ())
    return dict(sorted(steps.items(), key=lambda item: item[1]))
