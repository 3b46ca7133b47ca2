"""Explore a whole fleet without any write: list accounts with stopped recipes or unauthorized connections.

    python examples/explore_fleet.py [CLIENT.toml]

With `read_only=True` the session raises for anything but a read, before it is sent.
"""

import asyncio
import sys

import attrs

import bulkops
from bulkops import Tuning, Workato


@attrs.frozen
class Health:
    running: int
    stopped: int
    dead_connections: int


async def main(*client_file: str) -> None:
    tuning = Tuning.from_file(client_file[0]) if client_file else None
    async with Workato.from_env(tuning=tuning) as client:
        workato = client.with_options(read_only=True)

        async def examine(account: str) -> Health:
            workspace = workato.account(account)
            recipes = [recipe.running async for recipe in workspace.recipes.list()]
            dead = [row.name async for row in workspace.connections.list() if not row.is_authorized]
            return Health(sum(recipes), len(recipes) - sum(recipes), len(dead))

        names = {str(customer.id): customer.name async for customer in workato.customers.list()}
        print(f"{'account':<10} {'running':>7} {'stopped':>7} {'dead':>5}  name")
        async for outcome in bulkops.fan_out(examine, names, concurrency=50):
            health = outcome.unwrap()
            print(
                f"{outcome.item:<10} {health.running:>7} {health.stopped:>7} {health.dead_connections:>5}"
                f"  {names[outcome.item]!r}"  # repr, because a customer's name may contain control characters
            )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
