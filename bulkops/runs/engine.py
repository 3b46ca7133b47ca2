"""Rows of the journal through the executor, until the inventory ends or something says stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import anyio
import attrs

from bulkops.client import Workato
from bulkops.errors import PlanError
from bulkops.events import AttemptEnded, Event, Observer, RunChanged
from bulkops.executor import Verdict, fan_out
from bulkops.journal import AccountRow, Ending, Journal, RunRecord, RunState
from bulkops.operations import Operation
from bulkops.outcome import RESUMABLE, TROUBLED, Outcome
from bulkops.runs.account import AccountTask
from bulkops.runs.control import Control
from bulkops.runs.policy import Policy

LONG_WINDOW_S: Final = 120.0
"""Windows up to this long are waited for after a restart; longer ones are counted in the journal."""


@attrs.define
class Engine:
    """One process working on one run. `control` may stop it from outside, `verdicts` from inside."""

    record: RunRecord
    operation: Operation
    workato: Workato
    journal: Journal
    policy: Policy
    observe: Observer
    control: Control
    halted: str | None = None
    _verdicts: list[Verdict] = attrs.field(factory=list)
    _long: frozenset[str] = frozenset()

    async def work(self, rows: Sequence[AccountRow]) -> None:
        """Take `rows` to their ends and leave the run's state in the journal. The caller holds the run's locks.

        Raises: PlanError when the policy forbids to go on; JournalError.
        """
        await self._respect_predecessor()
        await self._set_rules(rows)
        await self.journal.set_policy(
            self.record.run_id, self.policy.to_mapping(), self.workato.settings.tuning.to_mapping()
        )
        await self._set_state(RunState.RUNNING)
        self.journal.start_beating(self.record.run_id, self.record.host)
        unsubscribe = self.workato.session.subscribe(self._note_attempt)
        try:
            await self._fan_out(rows)
        finally:
            unsubscribe()
            self.journal.stop_beating()
        await self._conclude()

    async def _respect_predecessor(self) -> None:
        """What an earlier process sent still counts: keep short windows closed, take over the counts of long ones."""
        age_s = await self.journal.sign_of_life_age_s(self.record.host)
        if age_s is None:
            return
        quotas = self.workato.session.quotas
        windows = [limit.window_s for limits in quotas.values() for limit in limits]
        longest_s = max((window for window in windows if window <= LONG_WINDOW_S), default=0.0)
        if age_s < longest_s:
            self.workato.session.pacer.hold(longest_s - age_s)
        if max(windows, default=0.0) > LONG_WINDOW_S:
            for grant in await self.journal.grants(self.record.host, within_s=max(windows)):
                self.workato.session.pacer.preload(grant.quota, grant.key, [grant.age_s])

    async def _set_rules(self, rows: Sequence[AccountRow]) -> None:
        taken = {row.seq for row in rows}
        everyone = await self.journal.accounts(self.record.run_id, outcomes=TROUBLED)
        before = sum(row.seq not in taken for row in everyone)
        allowed = self.policy.allowed_failures(self.record.inventory_count)
        if allowed is not None and before > allowed:
            raise PlanError(
                f"{before} accounts of this run have failed already, more than the {allowed} allowed",
                remedy="raise --max-failures, or retry the failed ones first",
            )
        self._verdicts = self.policy.verdicts(self.record.inventory_count, failed_before=before)
        self._long = frozenset(
            name
            for name, limits in self.workato.session.quotas.items()
            if any(limit.window_s > LONG_WINDOW_S for limit in limits)
        )

    async def _fan_out(self, rows: Sequence[AccountRow]) -> None:
        task = AccountTask(
            record=self.record,
            operation=self.operation,
            workato=self.workato,
            journal=self.journal,
            observe=self.observe,
        )

        async def work(row: AccountRow) -> None:
            self._judge(await task.run(row))

        timeout_s = self.workato.settings.tuning.run_timeout_s
        with anyio.CancelScope() as now:
            if timeout_s is not None:
                now.deadline = anyio.current_time() + timeout_s
            self.control.on_abort(now.cancel)
            self.control.on_drain(lambda _: self._announce())
            outcomes = fan_out(work, self._feed(rows), concurrency=min(self.policy.concurrency, max(1, len(rows))))
            try:
                async for outcome in outcomes:
                    outcome.unwrap()  # an account's failure is its ending; what arrives here is the run's
            finally:
                with anyio.CancelScope(shield=True):
                    await outcomes.aclose()
        if now.cancelled_caught and not self.control.aborting:
            self.halted = f"the run's deadline of {timeout_s:g} s passed"

    def _feed(self, rows: Sequence[AccountRow]) -> Iterator[AccountRow]:
        """Accounts one by one; ends early when nothing new may start."""
        for row in rows:
            if self.control.draining or self.halted or self.workato.session.auth_failure is not None:
                return
            yield row

    def _judge(self, ending: Ending) -> None:
        """Ask the rules before this worker takes its next account."""
        fingerprint = f"{ending.failure_class}: {ending.cause}"
        for verdict in self._verdicts:
            reason = verdict.note(ending.outcome, fingerprint)
            if reason and self.halted is None:
                self.halted = reason
                self._announce()

    def _announce(self) -> None:
        self.observe(RunChanged(run_id=self.record.run_id, state="draining", reason=self.halted or self.control.reason))

    def _note_attempt(self, event: Event) -> None:
        if isinstance(event, AttemptEnded) and event.quota in self._long:
            self.journal.count_grant(self.record.host, event.quota, event.account)

    async def _conclude(self) -> None:
        counts = await self.journal.counts(self.record.run_id)
        left = sum(counts[outcome] for outcome in RESUMABLE - {Outcome.UNKNOWN})
        if self.workato.session.auth_failure is not None:
            await self._set_state(RunState.AUTH_FAILED, "the vendor refused the token")
        elif self.control.draining and left:
            await self._set_state(RunState.INTERRUPTED, self.control.reason)
        elif self.halted:
            await self._set_state(RunState.HALTED, self.halted)
        else:
            await self._set_state(RunState.FINISHED)

    async def _set_state(self, state: RunState, reason: str | None = None) -> None:
        await self.journal.set_state(self.record.run_id, state, reason)
        self.observe(RunChanged(run_id=self.record.run_id, state=state.value, reason=reason))
