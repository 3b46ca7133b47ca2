"""Packages of the partner's own workspace: exported from a manifest or a folder, once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import anyio
import attrs

from bulkops.client import Workato
from bulkops.errors import ConfigError, InputError, NotFound
from bulkops.files import write_whole
from bulkops.models import PackageExport
from bulkops.operations._package_files import check_place, is_same, read_existing
from bulkops.operations.package import MAX_PACKAGE_BYTES, Package

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
        package = await _export_folder(workato, folder)
    return await anyio.to_thread.run_sync(_put, target, package, overwrite)


def _checked(path: str | Path) -> Path:
    target = Path(path).resolve()
    check_place(target)
    return target


async def export_package(workato: Workato, manifest_id: int, *, needs_recipes: bool = True) -> Package:
    """The package that the manifest describes now: exported, waited for, fetched, checked.

    Sends one request to begin, one a poll, and one for the file, which carries no credentials. A lost response costs a
    second export, which does no harm. Raises: InputError when the manifest does not exist, its export fails or takes
    too long, or the package is invalid;
        WouldChange in a read-only client; the ApiError tree.
    """
    try:
        made = await workato.packages.export(manifest_id)
    except NotFound as error:
        raise no_manifest(manifest_id) from error
    made = await _finished(workato, made, manifest_id)
    if made.status != "completed":
        raise InputError(
            f"the export of manifest {manifest_id} failed: {made.error or 'no reason given'}",
            remedy="correct the manifest, then run it again",
        )
    data = await workato.packages.download(made, most_bytes=MAX_PACKAGE_BYTES)
    return Package.from_bytes(data, path=f"manifest-{manifest_id}.zip", needs_recipes=needs_recipes)


def no_manifest(manifest_id: int) -> InputError:
    return InputError(f"there is no export manifest {manifest_id}", remedy="check its id in the partner's workspace")


async def partner_folder(workato: Workato, path: str) -> int:
    """Id of a folder of the partner's own workspace. Sends one request a level. Raises: InputError."""
    folder_id: int | None = None
    for part in path.split("/"):
        name = part.strip()
        there = [folder async for folder in workato.folders.list(parent_id=folder_id) if folder.name == name]
        if len(there) != 1:
            what = f"there is no folder {path!r}" if not there else f"{len(there)} folders are named {name!r}"
            raise InputError(f"{what} in the partner's workspace", remedy="give its path under Home: CRM/Orders")
        folder_id = there[0].id
    return int(folder_id or 0)


async def _export_folder(workato: Workato, path: str) -> Package:
    folder_id = await partner_folder(workato, path)
    manifest = await workato.export_manifests.create(f"bulkops: {path}", folder_id=folder_id)
    try:
        return await export_package(workato, manifest.id, needs_recipes=False)
    finally:
        with anyio.CancelScope(shield=True):
            await workato.export_manifests.delete(manifest.id)


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


async def _finished(workato: Workato, made: PackageExport, manifest_id: int) -> PackageExport:
    tuning = workato.settings.tuning
    clock = asyncio.get_running_loop().time
    end, delay_s = clock() + tuning.import_deadline_s, tuning.first_poll_s
    while not made.is_finished:
        if clock() > end:
            raise InputError(
                f"the export of manifest {manifest_id} is still {made.status} after {tuning.import_deadline_s:g} s",
                remedy="check it in the partner's workspace, then run it again",
            )
        await anyio.sleep(delay_s)
        made = await workato.packages.get(made.id)
        delay_s = min(delay_s * _GROWTH, tuning.first_poll_s * _LONGEST)
    return made
