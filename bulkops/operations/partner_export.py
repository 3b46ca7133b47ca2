"""Packages of a workspace, the partner's own or a customer's: exported from a manifest or a folder, once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import anyio
import attrs

from bulkops.client import Account, Workato, session_of
from bulkops.errors import ApiError, ConfigError, InputError, NotFound, OutcomeUnknown, ServerError
from bulkops.files import write_whole
from bulkops.models import PackageExport
from bulkops.operations._package_files import check_place, is_same, read_existing
from bulkops.operations.package import MAX_PACKAGE_BYTES, Package
from bulkops.resources import Exports, Packages
from bulkops.settings import Tuning

T = TypeVar("T")

Workspace: TypeAlias = Account | Workato
"""A customer's workspace, or the one of the token."""

_MOST_SENDS: Final = 5
_GROWTH: Final = 1.5
_LONGEST: Final = 5.0
"""Polls stretch to this many `first_poll_s`: the vendor's quota for them is 60 a minute."""


@attrs.frozen(kw_only=True)
class ExportedPackage:
    """A package as a file. `written` False: the file was there and held the same; `package`: as it is on disk."""

    path: Path
    package: Package
    written: bool


async def export_to_file(
    workato: Workato,
    path: str | Path,
    *,
    manifest: int | None = None,
    folder: str | None = None,
    overwrite: bool = False,
) -> ExportedPackage:
    """Export from the partner's own workspace into a file: what a manifest describes, or a folder (a path from Home on)
    by a manifest that is deleted again.

    Sends one request to begin, one a poll, and one for the file; for a folder one a level, and two for its manifest. A
    file that holds the same is left alone. Only the file's owner may read it.

    Raises: ConfigError unless exactly one of manifest and folder is given; InputError when there is no such thing, its
        export fails, or the file is there and holds something else (unless `overwrite`); the ApiError tree.
    """
    if (manifest is None) == (folder is None):
        raise ConfigError("nothing to export", remedy="give either a manifest or a folder")
    target = await anyio.to_thread.run_sync(_checked, path)
    if folder is None:
        package = await export_package(workato, int(manifest or 0), needs_recipes=False)
    else:
        package = await export_folder(workato, await partner_folder(workato, folder), name=folder)
    return await anyio.to_thread.run_sync(_put, target, package, overwrite)


def _checked(path: str | Path) -> Path:
    target = Path(path).resolve()
    check_place(target)
    return target


async def export_package(workspace: Workspace, manifest_id: int, *, needs_recipes: bool = True) -> Package:
    """The package that the manifest describes now: exported, waited for, fetched, checked.

    Sends one request to begin, one a poll, and one for the file, which carries no credentials. A lost response costs a
    second export, which does no harm. Raises: InputError when the manifest does not exist, its export fails or takes
    too long, or the package is invalid;
        WouldChange in a read-only client; the ApiError tree.
    """
    exports: Packages | Exports
    try:
        if isinstance(workspace, Workato):
            exports = workspace.packages
            made = await _sent_again(partial(exports.export, manifest_id))
        else:
            exports = workspace.exports
            made = await _sent_again(partial(exports.create, manifest_id))
    except NotFound as error:
        raise no_manifest(manifest_id) from error
    made = await _finished(exports.get, made, manifest_id, session_of(workspace).settings.tuning)
    if made.status != "completed":
        raise InputError(
            f"the export of manifest {manifest_id} failed: {made.error or 'no reason given'}",
            remedy="correct the manifest, then run it again",
        )
    data = await exports.download(made, most_bytes=MAX_PACKAGE_BYTES)
    return Package.from_bytes(data, path=f"manifest-{manifest_id}.zip", needs_recipes=needs_recipes)


def no_manifest(manifest_id: int) -> InputError:
    return InputError(f"export manifest {manifest_id} does not exist", remedy="check its id in the workspace")


async def partner_folder(workato: Workato, path: str) -> int:
    """Id of a folder of the partner's own workspace. Sends one request a level. Raises: InputError."""
    folder_id: int | None = None
    for part in path.split("/"):
        name = part.strip()
        there = [folder async for folder in workato.folders.list(parent_id=folder_id) if folder.name == name]
        if len(there) != 1:
            what = f"no folder is named {path!r}" if not there else f"{len(there)} folders are named {name!r}"
            raise InputError(f"{what} in the partner's workspace", remedy="give its path under Home: CRM/Orders")
        folder_id = there[0].id
    return int(folder_id or 0)


async def export_folder(
    workspace: Workspace, folder_id: int, *, name: str, include_data: bool = False, include_tags: bool = False
) -> Package:
    """The package of a folder with everything below it, by a manifest that is deleted again.

    Sends two requests for the manifest, one to begin, one a poll, and one for the file. A lost response may leave a
    second manifest, which does no harm. Raises: as `export_package`.
    """
    manifests = workspace.export_manifests
    manifest = await _sent_again(
        lambda: manifests.create(
            f"bulkops: {name}", folder_id=folder_id, include_data=include_data, include_tags=include_tags
        )
    )
    try:
        return await export_package(workspace, manifest.id, needs_recipes=False)
    finally:
        with anyio.CancelScope(shield=True), suppress(ApiError):  # one that stays does no harm
            await manifests.delete(manifest.id)


async def _sent_again(send: Callable[[], Awaitable[T]]) -> T:
    """The result of a request that may be repeated although it changes something. Raises: what the last one raised."""
    for _ in range(_MOST_SENDS - 1):
        with suppress(OutcomeUnknown, ServerError):
            return await send()
    return await send()


def _put(path: Path, package: Package, overwrite: bool) -> ExportedPackage:
    old = read_existing(path)
    if old is not None and is_same(old, package.data):
        there = Package.from_bytes(old, path=str(path), needs_recipes=False)
        return ExportedPackage(path=path, package=there, written=False)
    if old is not None and not overwrite:
        raise InputError(
            f"{path} exists with other contents", remedy="replace it with --overwrite, or choose another file"
        )
    try:
        write_whole(path, package.data)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}", remedy="choose another file") from error
    return ExportedPackage(path=path, package=attrs.evolve(package, path=str(path)), written=True)


async def _finished(
    get: Callable[[int], Awaitable[PackageExport]], made: PackageExport, manifest_id: int, tuning: Tuning
) -> PackageExport:
    clock = asyncio.get_running_loop().time
    end, delay_s = clock() + tuning.import_deadline_s, tuning.first_poll_s
    while not made.is_finished:
        if clock() > end:
            raise InputError(
                f"the export of manifest {manifest_id} is still {made.status} after {tuning.import_deadline_s:g} s",
                remedy="check it in the workspace, then run it again",
            )
        await anyio.sleep(delay_s)
        made = await get(made.id)
        delay_s = min(delay_s * _GROWTH, tuning.first_poll_s * _LONGEST)
    return made
