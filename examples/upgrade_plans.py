"""Move every customer of one plan to another, one of them first; then a person decides whether the others follow.

    python examples/upgrade_plans.py free gold [CLIENT.toml]
    bulkops resume --approve

Where nobody can be asked (cron, a pipeline) the run pauses after the first: exit code 5, and nothing is lost.
`bulkops undo RUN` puts each account back on the plan that it had, unless somebody has moved it on since.
"""

import asyncio
import sys

import bulkops
from bulkops import Policy, Report, Tuning, UpgradePlan, Workato
from bulkops.runs import WaveResult


async def ask(first: WaveResult) -> bool | None:
    """True goes on, False halts, None pauses the run until somebody resumes it."""
    if first.troubled:
        return False
    if not sys.stdin.isatty():
        return None
    answer = await asyncio.to_thread(input, f"wave {first.wave.number} went well; go on with the next? [y/N] ")
    return answer.strip().lower() == "y"


async def main(old: str, new: str, *client_file: str) -> Report | None:
    tuning = Tuning.from_file(client_file[0]) if client_file else None
    async with Workato.from_env(tuning=tuning) as workato:
        accounts = [customer.id async for customer in workato.customers.list() if customer.plan_id == old]
        if not accounts:
            return None
        return await bulkops.run(
            UpgradePlan(plan_id=new),
            accounts=accounts,
            workato=workato,
            policy=Policy(waves="1,rest", approve=True),
            approve=ask,
        )


if __name__ == "__main__":
    report = asyncio.run(main(*sys.argv[1:]))
    if report is None:
        sys.exit(f"nobody is on plan {sys.argv[1]!r}: nothing to do")
    print(report, end="")
    sys.exit(report.exit_code)
