"""A genie in each account, as no operation makes one: what operations on genies are tried on."""

from __future__ import annotations

import bulkops
from bulkops import Context


@bulkops.operation(plan="rehearse", title="make a genie")
async def hire(ctx: Context) -> None:
    """Named after the column `who`, in a folder of its own, stopped."""
    name = f"HR {ctx.params['who']}"
    folder = await ctx.step("create folder", lambda: ctx.account.folders.create("Genies"), check="the folder")
    made = {"name": name, "folder_id": folder["id"]}
    await ctx.step("create genie", lambda: ctx.account.call("managed_users.agentic.genies.create", **made), check=name)
