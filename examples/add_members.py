"""Add a member to each customer's workspace, from the columns of a CSV file.

    python examples/add_members.py new-admins.csv [CLIENT.toml]

    id,name,email,who
    4100231,Ana Ruiz,ana@example.com,hr-17

`who` is your own id of the member: a second start finds the member by it and adds none. `bulkops undo RUN` removes the
members that the run added. The same on the command line:

    bulkops add-member --name '{name}' --email '{email}' --external-id '{who}' --role Admin --accounts new-admins.csv
"""

import asyncio
import sys

import bulkops
from bulkops import Report, Tuning, Workato
from bulkops.operations import AddMember


async def main(file: str, *client_file: str) -> Report:
    add = AddMember(member_name="{name}", email="{email}", external_id="{who}", role="Admin")
    accounts = bulkops.read_accounts(file)  # the whole file is checked before anything is sent
    tuning = Tuning.from_file(client_file[0]) if client_file else None
    async with Workato.from_env(tuning=tuning) as workato:
        return await bulkops.run(add, accounts=accounts, workato=workato)


if __name__ == "__main__":
    try:
        report = asyncio.run(main(*sys.argv[1:]))
    except bulkops.errors.InputError as error:
        sys.exit(f"error: {error}")
    print(report, end="")
    for row in report.failures:
        print(f"{row.account}: {row.reason}")
    sys.exit(report.exit_code)
