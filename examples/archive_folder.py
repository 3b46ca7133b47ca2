"""A custom operation: an effect that must not happen twice (a folder in each account), with its probe and undo.

    bulkops plan examples/archive_folder.py:archive --accounts all
    bulkops run  examples/archive_folder.py:archive --accounts all
    bulkops undo RUN

The vendor accepts a second folder of the same name, so a request with a lost response must not simply be sent again.
The intent of `ctx.ensure` is on disk before the request leaves; `find` settles one with an unknown outcome. Undoing
deletes the folders that the run made, and only while they are empty: the vendor refuses the others.
"""

from collections.abc import Mapping
from contextlib import suppress

import attrs

from bulkops import Context, Operation, TaskFailed
from bulkops.errors import Forbidden, NotFound
from bulkops.journal import StepRow


@attrs.frozen
class ArchiveFolder(Operation):
    """Give each account a folder for retired recipes."""

    name = "archive-folder"
    folder: str = "Archive"

    @property
    def title(self) -> str:
        return f"make a folder {self.folder!r}"

    @property
    def step(self) -> str:
        return f"create folder {self.folder}"

    async def find(self, ctx: Context) -> int | None:
        found = await ctx.account.folders.find(self.folder)
        return None if found is None else found.id

    async def apply(self, ctx: Context) -> None:
        async def create() -> int:
            return (await ctx.account.folders.create(self.folder)).id

        check = f"is there a folder {self.folder!r} under Home?"
        await ctx.ensure(self.step, find=lambda: self.find(ctx), do=create, check=check)

    async def verify(self, ctx: Context) -> None:
        if await self.find(ctx) is None:
            raise TaskFailed(f"no folder is named {self.folder!r} after all", remedy="`bulkops retry`")

    def can_undo(self) -> bool:
        return True

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        made = done.get(self.step)
        if made is None:
            return
        step = f"delete folder {made.result}"

        async def delete() -> None:
            with suppress(NotFound):
                await ctx.account.folders.delete(made.result)

        if not ctx.began(step) and await self.find(ctx) != made.result:
            return
        try:
            await ctx.step(step, delete, repeatable=True)
        except Forbidden as error:
            raise TaskFailed(
                f"folder {self.folder!r} ({made.result}) cannot be deleted: {error.message}",
                failure_class="folder-in-use",
                cause="the folder is in use",
                remedy="leave it, or empty it first",
            ) from error


archive = ArchiveFolder()
