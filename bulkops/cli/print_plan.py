"""`bulkops plan`: its own cost, reads of the accounts, changes, finish time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import ceil
from typing import TYPE_CHECKING

from bulkops.cli.click_ext import PlanFlags
from bulkops.cli.options.values import Output, PolicyFlags
from bulkops.cli.outage import Outage
from bulkops.cli.run_frame import cost_words, more_words
from bulkops.cli.selection import accounts_for, accounts_meant
from bulkops.cli.terminal import one_line, put, say
from bulkops.durations import rough_duration
from bulkops.events import ignore
from bulkops.exit_codes import EXIT_CHANGES, EXIT_FAILED
from bulkops.selection import Selection
from bulkops.settings import Settings

if TYPE_CHECKING:
    from bulkops.client import Workato
    from bulkops.operations import Operation
    from bulkops.runs import FleetPlan, Inventory


async def print_plan(
    operation: Operation, plan_flags: PlanFlags, *, selection: Selection, flags: PolicyFlags, output: Output
) -> int:
    """Print what a run would change. Sends reads only. Returns the exit code, see `_exit_code`."""
    from bulkops.runs import workspace_of

    accounts = accounts_for(operation, selection, asks=False)

    async def listed(workato: Workato) -> Inventory:
        workspace = await workspace_of(workato) if selection.only_new and not plan_flags.offline else None
        return await accounts_meant(
            operation, workato, accounts=accounts, selection=selection, output=output, workspace=workspace
        )

    is_silent = plan_flags.offline and accounts != "all"
    settings = Settings.from_env(tuning=flags.tune(), needs_token=not is_silent)
    return await print_plan_over(operation, plan_flags, listed, settings, flags=flags, output=output)


async def print_plan_over(
    operation: Operation,
    plan_flags: PlanFlags,
    listed: Callable[[Workato], Awaitable[Inventory]],
    settings: Settings,
    *,
    flags: PolicyFlags,
    output: Output,
) -> int:
    """The same over accounts that `listed` knows."""
    from bulkops.client import Workato
    from bulkops.runs import Fleet, Policy, connected, looking_cost

    policy = flags.over(Policy())
    observe = ignore if output.quiet else Outage().observe
    async with Workato.from_settings(settings, observe=observe) as workato:
        inventory = await listed(workato)
        if not len(inventory):  # none is new, as was said
            return 0
        if plan_flags.export:
            async with connected(operation, workato, journal=output.journal, observe=observe) as whole:
                operation = await whole.prepare(workato, output.journal)
        looked = 0 if plan_flags.offline else min(plan_flags.sample or len(inventory), len(inventory))
        if not output.quiet and looked:
            cost = looking_cost(operation, inventory, sample=plan_flags.sample, policy=policy, workato=workato)
            words = f"up to {cost_words(cost)}" if cost.requests else "how many requests that takes is not foreseen"
            say(f"looking at {looked} of {len(inventory)} accounts: {words}")
        foreseen = await Fleet(workato, policy=policy, journal=output.journal).plan(
            operation, inventory, sample=plan_flags.sample, offline=plan_flags.offline
        )
    if plan_flags.save is not None:
        foreseen.save(plan_flags.save)
    put((foreseen.to_json() if output.json else render_plan(foreseen)) + "\n", json=output.json)
    return _exit_code(foreseen, detailed=plan_flags.detailed_exitcode)


def _exit_code(plan: FleetPlan, *, detailed: bool) -> int:
    """1 when some accounts cannot be done, else 0; `detailed`: 2 when something is to be done."""
    if any(account.problem for account in plan.accounts):
        return EXIT_FAILED
    changes = any(account.changes for account in plan.accounts) or not plan.accounts
    return EXIT_CHANGES if detailed and changes else 0


def render_plan(plan: FleetPlan) -> str:
    """The plan for people: groups of accounts with the same future, requests per quota, the finish time."""
    from bulkops.forecast import by_quota
    from bulkops.report import explored_words

    lines = [f"{one_line(plan.title)}, at {one_line(plan.host)}", ""]
    for count, what in plan.groups:
        lines.append(f"  {count:>6} {'account ' if count == 1 else 'accounts'}: {one_line(what)}")
    looked = len(plan.accounts)
    if looked < plan.inventory:
        lines.append(f"  looked at {looked} of {plan.inventory} accounts; what follows is scaled up")
    if not plan.requests:
        return "\n".join([*lines, "", "how many requests it takes is not foreseen"])
    lines += ["", "requests:"]
    lines += [f"  {ceil(count - 1e-9):>6} {quota}" for quota, count in sorted(by_quota(plan.requests).items())]
    lines.append(f"  {ceil(sum(plan.requests.values()) - 1e-9):>6} in all")
    if plan.more:
        lines.append(f"  at least{more_words(plan.more)}")
    lines += [explored_words(one) for one in plan.explored]
    bound = f"; bound by {plan.bound_by}" if plan.bound_by else ""
    lines.append(f"would take about {rough_duration(plan.seconds)}{bound}")
    return "\n".join(lines)
