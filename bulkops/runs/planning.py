"""Plans: what a run would change, computed with reads only (contract C8)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import attrs
import msgspec

from bulkops.client import Workato, account_in, session_of
from bulkops.errors import InputError, JournalError, NotFound, PlanError, Unauthorized
from bulkops.events import AttemptEnded, Event, Observer, guarded
from bulkops.executor import fan_out
from bulkops.forecast import by_quota
from bulkops.journal import AnyLocation, InventoryRow, Journal, Location, tenant
from bulkops.operations import Operation, Plan
from bulkops.operations.foreseen import Foreseen, added
from bulkops.operations.restore import describe, with_packages
from bulkops.pacing import Explored
from bulkops.runs.account_outcome import cause_of
from bulkops.runs.costs import fleet_forecast, known_of, on_all, sampled
from bulkops.runs.credential import hold_for_run
from bulkops.runs.halting import StopSignal
from bulkops.runs.identity import ME, check_host, check_workspace, workspace_for
from bulkops.runs.inventory import Inventory
from bulkops.runs.missing_customer import require_customer
from bulkops.runs.other_workspaces import connected
from bulkops.runs.policy import Policy
from bulkops.runs.task_cancellation import attempted
from bulkops.session import RequestContext
from bulkops.steps import AccountMemory, Context, Rehearsal

SCHEMA = 1


@attrs.frozen(kw_only=True)
class AccountPlan:
    """`changes`: empty when it is already so; `problem`: why it cannot be done, in the words of a failure's cause."""

    account: str
    changes: tuple[str, ...] = ()
    problem: str | None = None


@attrs.frozen(kw_only=True)
class FleetPlan:
    """A plan of `inventory` accounts, of which `accounts` were looked at (all, a sample, or none).

    `requests`: by call id, what applying sends for the whole inventory, as far as can be foreseen; `more`: requests for
    each of what is not known without a look, by noun; `explored`: what is known of quotas without a published limit.
    """

    title: str
    host: str
    workspace: str | None = None
    operation: Mapping[str, Any]
    inventory: int
    inventory_hash: str
    accounts: tuple[AccountPlan, ...]
    requests: Mapping[str, float]
    more: Mapping[str, float]
    seconds: float
    bound_by: str | None
    explored: tuple[Explored, ...] = ()

    @property
    def groups(self) -> list[tuple[int, str]]:
        """Accounts with the same future, largest group first: (281, "create folder 'CRM', import 3 recipes")."""
        counted = Counter(plan.problem or ", ".join(plan.changes) or "unchanged" for plan in self.accounts)
        return [(count, what) for what, count in counted.most_common()]

    async def planned(self, operation: Operation, journal: AnyLocation) -> Operation:
        """The operation with what was prepared for this plan, such as the one export of a manifest. Raises: InputError
        when that is not in the journal any more."""
        data, location = self.operation, Location.of(journal)
        if location.exists():
            async with Journal.open(location, read_only=True) as opened:
                data = await with_packages(data, opened)
        return operation.as_prepared(data)

    def check_host(self, url: str) -> None:
        """Raises: PlanError when the plan is of accounts on another host."""
        check_host("the plan", self.host, url)

    def check_workspace(self, found: str | None) -> None:
        """Raises: PlanError when the plan is of accounts of another workspace."""
        check_workspace("the plan", self.workspace, found)

    def expected(self, operation: Operation) -> dict[str, tuple[str, ...] | str]:
        """By account that was looked at: the changes, or as text the problem for which it cannot be done.

        `operation`: as `planned` gave it.
        Raises: PlanError when the plan is of another operation, or was made before the export of what is imported.
        """
        if operation.digest != self.operation["digest"]:
            raise PlanError(
                f"the plan is for another operation: {self.title}", remedy="plan this operation, or run the planned one"
            )
        if operation.awaits_export:
            raise PlanError("the plan does not know what will be imported", remedy="plan again, with --export")
        return {plan.account: plan.problem or plan.changes for plan in self.accounts}

    def to_json(self) -> str:
        """Schema 1: every field by its name."""
        data = {"schema": SCHEMA, **msgspec.to_builtins(attrs.asdict(self))}
        return msgspec.json.format(msgspec.json.encode(data), indent=1).decode()

    def save(self, path: str | Path) -> None:
        """Write JSON. Raises: InputError."""
        try:
            Path(path).write_text(self.to_json() + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot write the plan {path}: {error.strerror}", remedy="check the path") from error

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote. Raises: InputError."""
        remedy = "use a file that `bulkops plan --save` wrote"
        try:
            data = msgspec.json.decode(Path(path).read_bytes())
        except OSError as error:
            raise InputError(f"cannot read the plan {path}: {error.strerror}", remedy="check the path") from error
        except msgspec.DecodeError as error:
            raise InputError(f"{path} is not a plan file: {error}", remedy=remedy) from error
        if not isinstance(data, dict) or data.pop("schema", None) != SCHEMA:
            raise InputError(f"{path} is not a plan file, or is from another bulkops version", remedy=remedy)
        try:
            return msgspec.convert(data, cls)
        except msgspec.ValidationError as error:
            raise InputError(f"{path} is not a plan file: {error}", remedy=remedy) from error


async def plan_accounts(
    operation: Operation,
    *,
    accounts: Inventory,
    workato: Workato,
    policy: Policy,
    journal: AnyLocation,
    sample: int | None,
    offline: bool,
    observe: Observer,
    stop: StopSignal,
) -> FleetPlan:
    """As `Fleet.plan`. Raises: Unauthorized; RunLocked; JournalError; what the operation's own check raises."""
    rows = () if offline else sampled(accounts.rows, sample)
    looks = Planner(operation, workato, observe)
    workspace = None
    found: list[AccountPlan] = []
    if rows:
        async with Journal.open(journal) as opened:
            workspace = await workspace_for(operation, workato, opened)
            looks.tenant = tenant(workato.settings.url, workspace)
            async with (
                hold_for_run(
                    opened, session_of(workato), "of bulkops plan", policy=policy, stop_signal=stop, workspace=workspace
                ),
                connected(operation, workato, journal=journal, observe=observe) as looks.operation,
            ):
                found = [plan async for plan in looks.at(rows, opened, policy.concurrency)]
    more: dict[str, float] = {}
    if rows:
        requests = looks.scaled(len(accounts))
    else:
        known = await known_of(operation, host=workato.settings.url, journal=journal)
        unseen = Foreseen(dict(known.folders), more=more, only_projects=workato.settings.tuning.only_projects)
        requests = on_all(operation.cost(unseen), operation, accounts.rows)
    requests = requests and added({ME: 1.0}, requests)
    waves = [wave.size for wave in policy.cut(len(accounts))]
    foreseen = fleet_forecast(requests, operation, waves, policy, workato, looks.latency_s)
    return FleetPlan(
        title=operation.title,
        host=workato.settings.url,
        workspace=workspace,
        operation=describe(operation),
        inventory=len(accounts),
        inventory_hash=accounts.hash,
        accounts=tuple(found),
        requests=foreseen.requests,
        more=more,
        seconds=foreseen.seconds,
        bound_by=foreseen.quota,
        explored=tuple(one for one in session_of(workato).pacer.explored() if one.quota in by_quota(requests)),
    )


class Planner:
    """Looks at accounts and remembers what it saw of the requests to come and of the vendor's latency."""

    def __init__(self, operation: Operation, workato: Workato, observe: Observer) -> None:
        self.operation = operation
        self._workato = workato
        self._observe = guarded(observe)
        self._requests: defaultdict[str, float] = defaultdict(float)
        self._looked = 0
        self._latencies: list[float] = []
        self._shared: dict[str, Any] = {}
        self.tenant = workato.settings.url

    async def at(self, rows: Iterable[InventoryRow], journal: Journal, concurrency: int) -> Any:
        """Yield an AccountPlan for each row, in inventory order."""

        async def look(row: InventoryRow) -> AccountPlan:
            return await self._look(row, journal)

        unsubscribe = session_of(self._workato).subscribe(self._note)
        try:
            outcomes = [outcome async for outcome in fan_out(look, rows, concurrency=concurrency)]
        finally:
            unsubscribe()
        for outcome in sorted(outcomes, key=lambda outcome: outcome.index):
            yield outcome.unwrap()

    async def _look(self, row: InventoryRow, journal: Journal) -> AccountPlan:
        scope = RequestContext(account=row.account, seq=row.seq, read_only=True)
        ctx = Context(
            account=account_in(self._workato, row.account, scope),
            params=row.params,
            log=Rehearsal(
                journal=journal,
                run_id="",
                seq=row.seq,
                scope=scope,
                tuning=self._workato.settings.tuning,
                steps={},
            ),
            memory=AccountMemory(journal=journal, tenant=self.tenant, account=row.account, shared=self._shared),
        )
        planned, raised = await attempted(self._planned(ctx), ends_all=(Unauthorized, JournalError))
        problem = None if raised is None else cause_of(raised)
        self._looked += 1
        for call, count in planned.requests.items() if planned is not None else ():
            self._requests[call] += count
        return AccountPlan(account=row.account, changes=planned.changes if planned else (), problem=problem)

    async def _planned(self, ctx: Context) -> Plan | None:
        try:
            return await self.operation.plan(ctx)
        except (NotFound, ExceptionGroup) as error:
            await require_customer(ctx, error)
            raise

    def scaled(self, accounts: int) -> dict[str, float]:
        return {call: count * accounts / self._looked for call, count in self._requests.items()}

    @property
    def latency_s(self) -> float | None:
        """The median of what was seen."""
        seen = sorted(self._latencies)
        return seen[len(seen) // 2] if seen else None

    def _note(self, event: Event) -> None:
        self._observe(event)
        if isinstance(event, AttemptEnded):
            if event.attempt == 1:  # applying looks as planning does
                self._requests[event.call] += 1
            if event.status is not None:
                self._latencies.append(event.latency_s)
