"""Roll out a package to every customer: import it, authorize its connections, start its recipes.

    python examples/rollout.py crm.zip connections.toml [CLIENT.toml]

A second start finds everything done and imports nothing. CLIENT.toml: your own quotas; a sandbox writes one.
"""

import asyncio
import sys

import bulkops
from bulkops import Policy, Report, Tuning, Workato
from bulkops.operations import AuthorizeConnections, ImportPackage, StartRecipes


async def main(package: str, credentials: str, *client_file: str) -> Report:
    rollout = (
        ImportPackage(package, folder="CRM", restart_recipes=True)
        >> AuthorizeConnections(credentials)
        >> StartRecipes(folder="CRM")
    )
    tuning = Tuning.from_file(client_file[0]) if client_file else None
    async with Workato.from_env(tuning=tuning) as workato:
        return await bulkops.run(rollout, accounts=workato.customers.list(), policy=Policy(waves="1,5%,rest"))


if __name__ == "__main__":
    report = asyncio.run(main(*sys.argv[1:]))
    print(report, end="")
    sys.exit(report.exit_code)
