"""Give one connection a new credential in every account, once for each version of it.

    CRM_API_KEY=... bulkops run examples/rotate_credential.py:rotate --accounts all

authorize-connections leaves an authorized connection alone, but a rotation must not. The journal remembers for each
account which version of the credential it has, never the credential itself.
"""

import os

import bulkops
from bulkops import Context, TaskFailed

CONNECTION = "CRM"
VERSION = "2026-11"


@bulkops.operation
async def rotate(ctx: Context) -> None:
    if await ctx.recall("rotated", CONNECTION) == VERSION:
        return
    found = [row async for row in ctx.account.connections.list() if row.name == CONNECTION]
    if len(found) != 1:
        raise TaskFailed(
            f"{len(found)} connections are named {CONNECTION!r}",
            failure_class="connection-missing" if not found else "connection-ambiguous",
            remedy="import the package first, or rename all but one",
        )

    async def send() -> str | None:
        answer = await ctx.account.connections.update(found[0].id, input={"api_key": os.environ["CRM_API_KEY"]})
        if not answer.is_authorized:
            raise TaskFailed(
                f"the provider refused the new credential of {CONNECTION!r}",
                failure_class="connection-not-authorized",
                remedy="check CRM_API_KEY, then `bulkops retry`",
            )
        return answer.authorization_status

    await ctx.step(f"rotate {CONNECTION} to {VERSION}", send, repeatable=True)
    await ctx.remember("rotated", CONNECTION, VERSION)
