"""export-package: a folder of each account as a zip on disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import attrs

from bulkops.client import Workato
from bulkops.errors import InputError, NotFound, TaskFailed
from bulkops.files import write_whole
from bulkops.journal import AnyLocation, StepRow
from bulkops.models import PackageExport
from bulkops.operations._base import Operation
from bulkops.operations._folders import existing_path, is_folder_name
from bulkops.operations._package_files import check_place, file_name, is_same, make_directory, read_existing
from bulkops.operations._plan_effects import expect
from bulkops.operations.ensure import delete_own
from bulkops.operations.fields import absolute
from bulkops.operations.package import MAX_PACKAGE_BYTES, Package
from bulkops.operations.polling import Polling
from bulkops.parameters import parameter
from bulkops.steps import Context, planned_id, tuning_of

_BESIDE: Final = {"managed_users.export_manifests.create": 1, "managed_users.exports.get": 1.5}
"""Requests beside the export itself: for its manifest, and to poll it (as often as on average)."""
_MANIFEST, _EXPORT, _WRITE = "create-manifest", "export", "write"


@attrs.frozen(kw_only=True)
class ExportPackage(Operation):
    """Export a folder of each account, with its sub-folders, as a package: a file in `into`, named by the account.

    A file with the same contents is left alone. A file with other contents is left alone too, and the account fails,
    unless `overwrite` is set. The report has each file's sha256.

    An export needs a manifest in the account. The first one makes it and this journal remembers it, so that later runs
    bring the same one up to date: manifests cannot be listed, and a lost reply may leave a second one, which does no
    harm. Undoing deletes the manifest that the run made; the files stay.
    """

    name = "export-package"
    only_requests = True
    examples = (
        "export-package --manifest 12 -o crm.zip",
        'export-package --folder "CRM rollout" -o crm.zip',
        "export-package --folder CRM --accounts customers.csv --into packages",
    )
    affects = frozenset({"exports"})
    stands_on = frozenset()
    folder: str = attrs.field(
        validator=is_folder_name,
        metadata=parameter("Path of the folder to export, with everything in it.", metavar="PATH"),
    )
    into: str = attrs.field(
        converter=absolute,
        metadata=parameter(
            "Directory for one file per account, named by the account's id.",
            metavar="DIR",
            file=True,
        ),
    )
    overwrite: bool = attrs.field(
        default=False, metadata=parameter("Replace files with other contents; without it they stay.")
    )
    include_data: bool = attrs.field(default=False, metadata=parameter("With --into: the rows of lookup tables too."))
    include_tags: bool = attrs.field(default=False, metadata=parameter("With --into: the tags of the assets too."))

    @property
    def title(self) -> str:
        return f"export folder {self.folder!r} into {self.into}"

    async def prepare(self, workato: Workato, journal: AnyLocation) -> ExportPackage:
        """With the directory for the files. Raises: InputError when there can be none."""
        into = Path(self.into)
        make_directory(into)
        check_place(into / "package.zip")
        return self

    async def apply(self, ctx: Context) -> None:
        path = Path(self.into) / file_name(ctx.account.id)
        written = ctx.result(_WRITE)
        if written is None:
            folder_id = await existing_path(ctx, self.folder, remedy="give the folder to export")
            if ctx.planning:
                await self._foresee(ctx, path)
                return
            manifest_id = await self._manifest(ctx, folder_id)
            package = await self._package(ctx, await self._export(ctx, manifest_id))
            written = await self._write(ctx, path, package)
        ctx.detail["package"] = written

    async def _foresee(self, ctx: Context, path: Path) -> None:
        """What is in the folder, and whether the file holds the same, only the export will tell."""
        says = [f"export folder {self.folder!r}{'' if self.overwrite else _kept(path)}"]
        await ctx.step(_EXPORT, partial(ctx.account.exports.create, planned_id()), planned={}, says=says)
        expect(ctx, _BESIDE)

    async def verify(self, ctx: Context) -> None:
        if ctx.planning:
            return
        said = ctx.detail["package"]
        data = await anyio.to_thread.run_sync(read_existing, Path(said["file"]))
        if data is None or Package.from_bytes(data, needs_recipes=False).sha256 != said["sha256"]:
            ctx.reset_step(_WRITE)
            raise TaskFailed(
                f"{said['file']} was changed while it was exported",
                failure_class="file-changed",
                cause="a file was changed while it was exported",
                remedy="`bulkops retry` writes it again",
            )

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        """Delete the manifest that the run made."""
        step = f"undo {_MANIFEST}"
        if _MANIFEST in done and not ctx.is_done(step):
            made = done[_MANIFEST].result
            await ctx.remember("export-manifest", str(made["folder_id"]), None)
            await delete_own(ctx, step, partial(ctx.account.export_manifests.delete, made["id"]))

    async def _manifest(self, ctx: Context, folder_id: int) -> int:
        """The manifest of this folder, holding what is in it now: remembered from an earlier run, or a new one."""
        made = ctx.result(_MANIFEST)
        if made is not None:
            return int(made["id"])
        manifests, key = ctx.account.export_manifests, str(folder_id)
        content: dict[str, Any] = {"folder_id": folder_id}
        content |= {"include_data": self.include_data, "include_tags": self.include_tags}
        known = None if ctx.began(_MANIFEST) else await ctx.recall("export-manifest", key)
        if known is not None:
            try:
                refresh = partial(manifests.update, known, **content)
                await ctx.step("update-manifest", refresh, repeatable=True, changes=False)
                return int(known)
            except NotFound:
                pass  # it was deleted

        async def create() -> Any:
            manifest = await manifests.create(f"bulkops: {self.folder}", **content)
            return {"id": manifest.id, "folder_id": folder_id}

        made = await ctx.step(_MANIFEST, create, repeatable=True)
        await ctx.remember("export-manifest", key, made["id"])
        return int(made["id"])

    async def _export(self, ctx: Context, manifest_id: int) -> PackageExport:
        """A finished export. One that failed is taken back: it may run again."""

        async def send() -> Any:
            return {"package_id": (await ctx.account.exports.create(manifest_id)).id}

        begun = await ctx.step(_EXPORT, send, repeatable=True, changes=False)
        try:
            status = await self._poll(ctx, int(begun["package_id"]))
        except NotFound as error:
            ctx.reset_step(_EXPORT)
            raise TaskFailed(
                f"export {begun['package_id']} is gone: the vendor keeps packages only for a while",
                failure_class="export-gone",
                cause="the export is gone: the vendor keeps packages only for a while",
                remedy="`bulkops retry` exports again",
            ) from error
        if status.status != "completed":
            ctx.reset_step(_EXPORT)
            said = status.error or "no reason given"
            raise TaskFailed(
                f"export {status.id} failed: {said}",
                failure_class="export-failed",
                cause=f"the export failed: {said}",
                remedy="correct the folder, then `bulkops retry`",
            )
        return status

    async def _poll(self, ctx: Context, package_id: int) -> PackageExport:
        deadline_s = tuning_of(ctx).import_deadline_s
        ask = partial(ctx.account.exports.get, package_id)
        status = await Polling.of(ctx, "export").until_finished(ask, deadline_s=deadline_s)
        if not status.is_finished:
            raise TaskFailed(
                f"export {package_id} is still {status.status} after {deadline_s:g} s",
                failure_class="export-slow",
                cause="the export takes too long",
                remedy="`bulkops retry` checks it again",
            )
        return status

    async def _package(self, ctx: Context, status: PackageExport) -> Package:
        """The file, checked."""
        try:
            data = await ctx.account.exports.download(status, most_bytes=MAX_PACKAGE_BYTES)
            return Package.from_bytes(data, path=file_name(ctx.account.id), needs_recipes=False)
        except InputError as error:
            ctx.reset_step(_EXPORT)
            raise TaskFailed(
                f"export {status.id} cannot be used: {error.message}",
                failure_class="export-unusable",
                cause="the exported file cannot be used",
                remedy="`bulkops retry` exports again",
            ) from error

    async def _write(self, ctx: Context, path: Path, package: Package) -> Any:
        """What the report says of the file: written now, or there already."""
        old = await anyio.to_thread.run_sync(read_existing, path)
        if old is not None and not ctx.began(_WRITE):
            if is_same(old, package.data):
                return _said(path, Package.from_bytes(old, needs_recipes=False))
            if not self.overwrite:
                raise TaskFailed(
                    f"{path} exists with other contents",
                    failure_class="file-exists",
                    cause="the file exists with other contents",
                    remedy="replace it with --overwrite, or choose another directory with --into",
                )

        async def write() -> Any:
            try:
                await anyio.to_thread.run_sync(write_whole, path, package.data)
            except OSError as error:
                raise TaskFailed(
                    f"{path} cannot be written: {error.strerror}",
                    failure_class="output",
                    cause=f"the file cannot be written: {error.strerror}",
                    remedy="free some space, or choose another directory with --into",
                ) from error
            return _said(path, package)

        return await ctx.step(_WRITE, write, repeatable=True)


def _kept(path: Path) -> str:
    return "; its file is there: kept if it holds the same" if os.path.exists(path) else ""  # takes any name


def _said(path: Path, package: Package) -> dict[str, Any]:
    return {
        "file": str(path),
        "sha256": package.sha256,
        "bytes": len(package.data),
        "recipes": len(package.recipes),
        "connections": len(package.connections),
    }
