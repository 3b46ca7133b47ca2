"""Run on three accounts first, check the result, then run on the others.

    python examples/canary_by_hand.py crm.zip [CLIENT.toml]

`Policy(waves="3,rest", approve=True)` does this in one run; by hand you can check anything in between.
"""

import asyncio
import sys

import bulkops
from bulkops import Outcome, Tuning, Workato
from bulkops.operations import ImportPackage


async def looks_right(workato: Workato, account: str) -> bool:
    """Expected result: three recipes, none of them running."""
    recipes = [recipe async for recipe in workato.account(account).recipes.list()]
    return len(recipes) >= 3 and not any(recipe.running for recipe in recipes)


async def main(package: str, *client_file: str) -> int:
    operation = ImportPackage(package, folder="CRM")
    tuning = Tuning.from_file(client_file[0]) if client_file else None
    async with Workato.from_env(tuning=tuning) as workato:
        fleet = [str(customer.id) async for customer in workato.customers.list()]
        canaries, others = fleet[:3], fleet[3:]

        first = await bulkops.run(operation, accounts=canaries, workato=workato)
        first.raise_for_failures()
        wrong = [account for account in canaries if not await looks_right(workato, account)]
        if wrong:
            print(f"stopped after the canaries: look at {', '.join(wrong)}")
            return 1

        rest = await bulkops.run(operation, accounts=others, workato=workato)
        done = rest.outcomes[Outcome.CHANGED] + rest.outcomes[Outcome.UNCHANGED]
        print(f"{len(canaries)} canaries, then {done} of {len(others)} others")
        return rest.exit_code


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
