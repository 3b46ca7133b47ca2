"""Stop the recipes of accounts with an unauthorized connection: they only fill logs with errors.

    bulkops plan examples/stop_unauthorized.py:stop_unauthorized --accounts all
    bulkops run examples/stop_unauthorized.py:stop_unauthorized --accounts all

Stopping twice is harmless, so the steps are `repeatable` and need no probe. A plan may rehearse the function, because
every effect is a step.
"""

from functools import partial

import bulkops
from bulkops import Account, Context, TaskFailed


@bulkops.operation(plan="rehearse")
async def stop_unauthorized(ctx: Context) -> None:
    broken = [row.name async for row in ctx.account.connections.list() if not row.is_authorized]
    ctx.detail["not_authorized"] = broken
    if not broken:
        return
    async for recipe in ctx.account.recipes.list(running=True):
        await ctx.step(f"stop {recipe.id}", partial(stop, ctx.account, recipe.id), repeatable=True)


async def stop(account: Account, recipe_id: int) -> bool:
    answer = await account.recipes.stop(recipe_id)
    if not answer.success:
        raise TaskFailed(
            f"recipe {recipe_id} does not stop: {answer.message or 'the vendor gives no reason'}",
            failure_class="recipe-not-stopped",
            cause="a recipe does not stop",
            remedy="stop it in the vendor's UI",
        )
    return True
