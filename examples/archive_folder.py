"""An operation of one's own with an effect that must not happen twice: a folder in each account.

    bulkops run examples/archive_folder.py:archive --accounts all

The vendor makes a second folder of the same name without a word, so a lost reply must not simply be sent again. The
intent of `ctx.step` is on disk before the request leaves; `find` settles one that nobody saw the end of.
"""

import bulkops
from bulkops import Context

NAME = "Archive"
STEP = f"create folder {NAME}"


@bulkops.operation
async def archive(ctx: Context) -> None:
    async def find() -> int | None:
        async for folder in ctx.account.folders.list():
            if folder.name == NAME:
                return folder.id
        return None

    async def create() -> int:
        return (await ctx.account.folders.create(NAME)).id

    if ctx.began(STEP) or await find() is None:
        await ctx.step(STEP, create, probe=lambda intent: find(), check=f"is there a folder {NAME!r} under Home?")
