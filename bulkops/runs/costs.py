"""Forecast of a run before it starts: its number of requests and its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import attrs

from bulkops.client import Workato, session_of
from bulkops.forecast import Forecast, RunShape, forecast, guessed_latency_s
from bulkops.journal import AnyLocation, InventoryRow, Journal, Location
from bulkops.operations import Operation
from bulkops.operations.foreseen import FolderContents, Foreseen, added, recorded_folders
from bulkops.operations.undo import UndoRun
from bulkops.outcome import Outcome
from bulkops.rate_limit import Limit
from bulkops.runs.identity import asking_cost
from bulkops.runs.inventory import Inventory
from bulkops.runs.policy import Policy
from bulkops.runs.previous_runs import same_runs
from bulkops.session import ApiSession

if TYPE_CHECKING:
    from bulkops.runs.planning import FleetPlan

_DONE: Final = frozenset({Outcome.CHANGED, Outcome.UNCHANGED})


@attrs.frozen(kw_only=True)
class Known:
    """Knowledge about the accounts from the journal. `folders`: contents by name, of what its runs imported on this
    host; `done`: accounts that run `done_by`, or an earlier one of the same operation, left `changed` or `unchanged`.
    """

    folders: Mapping[str, FolderContents] = attrs.field(factory=dict)
    done: frozenset[str] = frozenset()
    done_by: str | None = None


async def known_of(operation: Operation, *, host: str, journal: AnyLocation) -> Known:
    """Read it from the journal, if there is one. Raises: JournalError."""
    if not Location.of(journal).exists():
        return Known()
    async with Journal.open(journal, read_only=True) as opened:
        records = [record for record in await opened.list_runs() if record.host == host]
        folders: dict[str, FolderContents] = {}
        for record in records:
            for folder, contents in recorded_folders(record.operation):
                folders[folder] = contents.or_more(folders.get(folder, contents))
        same = same_runs(operation, records, host=host, workspace=None)
        outcomes = await opened.latest_outcomes([record.run_id for record in same])
        done = {account for account, outcome in outcomes.items() if outcome in _DONE}
        for record in records:
            if record.operation["name"] == UndoRun.name:
                newer = [other.run_id for other in same if other.created_at > record.created_at]
                undone = {row.account for row in await opened.changed_accounts(record.run_id)}
                done -= undone - (await opened.latest_outcomes(newer)).keys()
    return Known(folders=folders, done=frozenset(done), done_by=same[0].run_id if same else None)


@attrs.frozen(kw_only=True)
class Ahead:
    """Cost of a run. `most`: if every account still has to be done; `more`: requests per unknown item, by noun;
    `likely`: if the `done` accounts are still as run `done_by` left them (None: no such accounts).
    """

    most: Forecast
    more: Mapping[str, float]
    done: int = 0
    done_by: str | None = None
    likely: Forecast | None = None


async def cost_ahead(
    operation: Operation,
    accounts: Inventory,
    *,
    policy: Policy,
    workato: Workato,
    journal: AnyLocation,
    plan: FleetPlan | None = None,
) -> Ahead | None:
    """Cost of a run; None if the operation cannot state it. Sends nothing. Raises: JournalError.

    `plan`: a saved one that the run follows; it has looked at the accounts already, and the run looks once more.
    """
    known = await known_of(operation, host=workato.settings.url, journal=journal)
    only_projects = workato.settings.tuning.only_projects
    foreseen = Foreseen(dict(known.folders), worst_case=True, only_projects=only_projects)
    each = operation.cost(foreseen)
    looks = operation.look_cost(Foreseen(dict(known.folders), only_projects=only_projects))
    if not each:
        return None
    waves = [wave.size for wave in policy.cut(len(accounts))]
    once = added(asking_cost(workato), operation.run_cost())

    def foresee(requests: Mapping[str, float]) -> Forecast:
        return fleet_forecast(added(once, requests), operation, waves, policy, workato)

    rows = accounts.rows
    if plan is not None:
        found = plan.expected(operation)
        looked_at = [row for row in rows if isinstance(found.get(row.account), tuple)]
        share = len(rows) / plan.inventory
        planned = {call: count * share for call, count in plan.requests.items() if call not in once}
        return Ahead(most=foresee(added(planned, on_all(looks, operation, looked_at))), more={})
    most = foresee(on_all(each, operation, rows))
    done = [row for row in rows if row.account in known.done]
    if not done:
        return Ahead(most=most, more=foreseen.more)
    left = on_all(each, operation, [row for row in rows if row.account not in known.done])
    likely = foresee(added(left, on_all(looks, operation, done)))
    return Ahead(most=most, more=foreseen.more, done=len(done), done_by=known.done_by, likely=likely)


def looking_cost(
    operation: Operation, accounts: Inventory, *, sample: int | None, policy: Policy, workato: Workato
) -> Forecast:
    """Cost of `plan` itself, for these accounts or a sample."""
    rows = sampled(accounts.rows, sample)
    looks = operation.look_cost(Foreseen(only_projects=workato.settings.tuning.only_projects))
    requests = added(asking_cost(workato), on_all(looks, operation, rows))
    return fleet_forecast(requests, operation, [len(rows)], policy, workato)


def on_all(each: Mapping[str, float], operation: Operation, rows: Sequence[InventoryRow]) -> dict[str, float]:
    """Requests on all accounts, from those on `each` of them."""
    requests = {call: count * len(rows) for call, count in each.items()}
    own = sum(not row.account.isdigit() for row in rows)
    return added(requests, {call: count * own for call, count in operation.cost_of_own_id().items()} if own else {})


def fleet_forecast(
    requests: Mapping[str, float],
    operation: Operation,
    waves: Sequence[int],
    policy: Policy,
    workato: Workato,
    latency_s: float | None = None,
) -> Forecast:
    """`latency_s`: of one request; None: it is guessed."""
    tuning = workato.settings.tuning
    return forecast(
        requests,
        operation=operation,
        pace=RunShape(waves=waves, concurrency=policy.concurrency, soak_s=policy.soak_s),
        quotas=_quotas(session_of(workato)),
        tuning=tuning,
        latency_s=guessed_latency_s(tuning) if latency_s is None else latency_s,
    )


def _quotas(session: ApiSession) -> Mapping[str, Sequence[Limit]]:
    """The limits, and in place of assumed ones what was found to be accepted."""
    found = {(one.quota, one.window_s): one.requests for one in session.pacer.explored()}
    return {
        name: [attrs.evolve(limit, requests=found.get((name, limit.window_s), limit.requests)) for limit in limits]
        for name, limits in session.quotas.items()
    }


def sampled(rows: Sequence[InventoryRow], sample: int | None) -> Sequence[InventoryRow]:
    if sample is None or sample >= len(rows):
        return rows
    return tuple(rows[place * len(rows) // sample] for place in range(sample))
