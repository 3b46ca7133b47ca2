"""The least that an operation with an effect asks of everything below it: one request under one durable step."""

from __future__ import annotations

from functools import partial

from bulkops.steps import Context


async def look(ctx: Context) -> None:
    """Look at one recipe of the account."""
    await ctx.step("look", partial(_looked, ctx), repeatable=True)


async def _looked(ctx: Context) -> dict[str, int]:
    return {"recipe": (await ctx.account.recipes.get(41354)).id}
