"""Move every customer of one plan to another: one first, then the others after your approval.

    python examples/upgrade_plans.py free gold [CLIENT.toml]
    bulkops resume --approve

Without a terminal (cron, a pipeline) the run pauses after the first, with exit code 5.
`bulkops undo RUN` restores the plan of each account, unless it has changed since.
"""

import asyncio
import sys

import bulkops
from bulkops import Policy, Report, Tuning, Workato
from bulkops.operations import UpgradePlan
from bulkops.runs import WaveResult


async def ask(first: WaveResult) -> bool | None:
    """True continues, False halts, None pauses the run until you resume it."""
    if first.troubled:
        return False
    if not sys.stdin.isatty():
        return None
    answer = await asyncio.to_thread(input, f"wave {first.wave.number} went well; continue with the next? [y/N] ")
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
