"""The partner's side of a rollout: one package exported from a manifest, once for the whole run."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Final

import anyio

from bulkops.client import Workato
from bulkops.errors import ConfigError, InputError, NotFound
from bulkops.models import PackageExport
from bulkops.operations.package import MAX_PACKAGE_BYTES, Package

_GROWTH: Final = 1.5
_LONGEST: Final = 5.0
"""Polls stretch to this many `first_poll_s`: the vendor's quota for them is 60 a minute."""


async def export_package(workato: Workato, manifest_id: int) -> Package:
    """The package that the manifest describes now: exported, waited for, fetched, checked.

    Sends one request to begin, one a poll, and one for the file, which carries no credentials. A reply that was lost
    costs a second export, which does no harm.

    Raises: InputError when there is no such manifest, its export fails or takes too long, or the package is no good;
        WouldChange in a read-only client; the ApiError tree.
    """
    try:
        made = await workato.packages.export(manifest_id)
    except NotFound as error:
        raise InputError(
            f"there is no export manifest {manifest_id}", remedy="look it up in the partner's workspace"
        ) from error
    made = await _finished(workato, made, manifest_id)
    if made.status != "completed":
        raise InputError(
            f"the export of manifest {manifest_id} failed: {made.error or 'no reason given'}",
            remedy="correct the manifest, then run it again",
        )
    data = await workato.packages.download(made, most_bytes=MAX_PACKAGE_BYTES)
    return Package.from_bytes(data, path=f"manifest-{manifest_id}.zip")


async def _finished(workato: Workato, made: PackageExport, manifest_id: int) -> PackageExport:
    tuning = workato.settings.tuning
    clock = asyncio.get_running_loop().time
    end, delay_s = clock() + tuning.import_deadline_s, tuning.first_poll_s
    while not made.is_finished:
        if clock() > end:
            raise InputError(
                f"the export of manifest {manifest_id} is still {made.status} after {tuning.import_deadline_s:g} s",
                remedy="look at it in the partner's workspace, then run it again",
            )
        await anyio.sleep(delay_s)
        made = await workato.packages.get(made.id)
        delay_s = min(delay_s * _GROWTH, tuning.first_poll_s * _LONGEST)
    return made


def keep_package(package: Package, directory: Path) -> Package:
    """The package as a file of the journal's directory, named by its sha256, where `resume` finds it again.

    Only its owner may read it. Raises: ConfigError when it cannot be written.
    """
    folder = directory / "packages"
    path = folder / f"{package.sha256}.zip"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=folder, prefix=".package-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(package.data)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink()
            raise
    except OSError as error:
        raise ConfigError(f"cannot keep the package in {folder}: {error.strerror}", remedy="check --journal") from error
    return Package.from_bytes(package.data, path=str(path.resolve()))
