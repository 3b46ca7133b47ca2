"""An operation of one's own: an effect that must not happen twice (a folder in each account), its probe and its undo.

    bulkops plan examples/archive_folder.py:archive --accounts all
    bulkops run  examples/archive_folder.py:archive --accounts all
    bulkops undo RUN

The vendor makes a second folder of the same name without a word, so a lost reply must not simply be sent again. The
intent of `ctx.step` is on disk before the request leaves; `find` settles one that nobody saw the end of. Undoing
deletes the folders that the run made, and only while they are empty: the vendor refuses the others.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import attrs

from bulkops import Context, Operation, StatusError, TaskFailed
from bulkops.journal import StepRow


@attrs.frozen
class ArchiveFolder(Operation):
    """Give each account a folder for what was retired."""

    name: ClassVar[str] = "archive-folder"
    folder: str = "Archive"

    @property
    def title(self) -> str:
        return f"make a folder {self.folder!r}"

    @property
    def step(self) -> str:
        return f"create folder {self.folder}"

    def parameters(self) -> Mapping[str, Any]:
        return {"folder": self.folder}

    async def find(self, ctx: Context) -> int | None:
        async for folder in ctx.account.folders.list():
            if folder.name == self.folder:
                return folder.id
        return None

    async def apply(self, ctx: Context) -> None:
        async def create() -> int:
            return (await ctx.account.folders.create(self.folder)).id

        if ctx.began(self.step) or await self.find(ctx) is None:
            check = f"is there a folder {self.folder!r} under Home?"
            await ctx.step(self.step, create, probe=lambda intent: self.find(ctx), check=check)

    async def verify(self, ctx: Context) -> None:
        if await self.find(ctx) is None:
            raise TaskFailed(f"there is no folder {self.folder!r} after all", remedy="`bulkops retry`")

    def can_undo(self) -> bool:
        return True

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        made = done.get(self.step)
        if made is None or await self.find(ctx) != made.result:
            return
        try:
            await ctx.step(
                f"delete folder {made.result}", partial(ctx.account.folders.delete, made.result), repeatable=True
            )
        except StatusError as error:
            raise TaskFailed(
                f"folder {self.folder!r} ({made.result}) cannot be deleted: {error.message}",
                failure_class="folder-in-use",
                cause="the folder is in use",
                remedy="leave it, or empty it first",
            ) from error


archive = ArchiveFolder()
