"""The engine of a run: takes rows of the journal through the executor, wave by wave, until the end or a halt."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

import anyio
import attrs

from bulkops.client import Workato, session_of
from bulkops.errors import PlanError
from bulkops.events import Observer, RunChanged, WaveChanged, guarded
from bulkops.executor import fan_out
from bulkops.journal import AccountRow, Journal, RunRecord, RunState
from bulkops.journal.event_kinds import GATE, SOAK, WAVE
from bulkops.operations import Operation
from bulkops.outcome import RESUMABLE, TROUBLED, Outcome
from bulkops.runs.account import AccountTask
from bulkops.runs.account_outcome import TOKEN_REFUSED
from bulkops.runs.account_runners import AccountRunner, Predecessor, Team
from bulkops.runs.halting import (
    Admission,
    CountedAdmission,
    Deadline,
    Gate,
    GateVerdict,
    Halt,
    HaltRules,
    StopSignal,
    WaveResult,
    most_admitted,
    passed_gates,
)
from bulkops.runs.policy import Policy
from bulkops.runs.traffic import metered
from bulkops.runs.waves import Wave


@attrs.define(kw_only=True)
class Engine:
    """One process working on one run. `stop_signal` may stop it from outside, the policy's rules and gates from inside.

    `expected`: by account, the changes that a saved plan foresaw, or the problem it found; see `AccountTask`. `team`:
    workers that take the accounts, in place of this process; `predecessor`: the coordinator that this one replaces.
    """

    record: RunRecord
    operation: Operation
    workato: Workato
    journal: Journal
    policy: Policy
    observe: Observer = attrs.field(converter=guarded)
    stop_signal: StopSignal
    gate: Gate
    expected: Mapping[str, tuple[str, ...] | str] | None = None
    team: Team | None = None
    predecessor: Predecessor | None = None
    _halted: str | None = None
    _token_refused: bool = False
    _paused: str | None = None
    _ends_at: float = math.inf
    _taken: int = 0
    _rules: HaltRules = attrs.field(init=False)
    _halt: Halt = attrs.field(init=False)
    _runner: AccountRunner = attrs.field(init=False)

    async def work(self, rows: Sequence[AccountRow], *, in_waves: bool = True) -> None:
        """Take `rows` to their ends and leave the run's state in the journal. The caller holds run and credential.

        `rows`: in the order of the inventory.

        Raises: PlanError when the policy forbids to go on; JournalError.
        """
        timeout_s = self.workato.settings.tuning.run_timeout_s
        age_s = self.predecessor.age_s if self.predecessor is not None else 0.0
        self._ends_at = anyio.current_time() + (math.inf if timeout_s is None else timeout_s - age_s)
        await self._set_rules(rows, in_waves=in_waves)
        await self.journal.set_policy(
            self.record.run_id, self.policy.to_mapping(), self.workato.settings.tuning.to_mapping()
        )
        async with self._runner_for(self.team):
            await self._set_state(RunState.RUNNING)
            self.stop_signal.on_drain(self._halt.stop)
            if self.stop_signal.reason is not None:  # it came before anybody listened
                self._halt.stop(self.stop_signal.reason)
            try:
                await (self._in_waves(rows) if in_waves else self._fan_out(rows))
                if self.team is not None:
                    settled = await self.team.settle()
                    self._taken += sum(row.seq in settled for row in rows)
            except PlanError:  # the policy forbids to continue: the run keeps its state
                await self._set_state(*self._stood())
                raise
        await self._conclude(rows, in_waves=in_waves)

    @asynccontextmanager
    async def _runner_for(self, team: Team | None) -> AsyncIterator[None]:
        """While inside, accounts are worked on: by this process, or by a team."""
        session, tuning = session_of(self.workato), self.workato.settings.tuning
        most = most_admitted(self.operation, policy=self.policy, pacer=session.pacer, tuning=tuning)
        if team is not None:
            self._halt = Halt(self.policy, self._rules, CountedAdmission(most), announce=self._announce)
            self._runner = team
            async with team.at_work(self._stopped_by_other):
                try:
                    yield
                finally:
                    self._halt.close()
            return
        admission = Admission(
            self.operation,
            pacer=session.pacer,
            tuning=tuning,
            most=most,
            limits_failures=self.policy.max_failures is not None,
        )
        self._halt = Halt(self.policy, self._rules, admission, announce=self._announce)
        self._runner = AccountTask(
            record=self.record,
            operation=self.operation,
            workato=self.workato,
            journal=self.journal,
            observe=self.observe,
            stop_signal=self.stop_signal,
            halt=self._halt,
            expected=self.expected,
        )
        unsubscribe = session.subscribe(admission.note)
        try:
            with metered(session, self.journal, self.record.run_id):
                yield
        finally:
            unsubscribe()
            self._halt.close()

    def _stopped_by_other(self, reason: str, kind: str) -> None:
        """Another process stops the run."""
        match kind:
            case "drain":
                self.stop_signal.drain(reason)
            case "abort":
                self.stop_signal.drain(reason)
                self.stop_signal.abort()
            case "auth":
                self._token_refused = True
                self._halt.stop(reason)
            case _:
                self._stop(reason)

    async def _set_rules(self, rows: Sequence[AccountRow], *, in_waves: bool) -> None:
        troubled = await self.journal.accounts(self.record.run_id, outcomes=TROUBLED)
        # Accounts that stay failed in a retry do not stop it from trying the others.
        before = self.predecessor or Predecessor()
        stay = [row.seq for row in troubled if not _between(rows, row.seq, row.seq + 1)]
        left = [seq for seq in stay if in_waves or seq in before.seqs]
        self._rules = HaltRules(self.policy, self.record.inventory_count, left, before.ended)
        if not in_waves:
            self._rules.enter(Wave(1, 1, 0, self.record.inventory_count))

    # -- waves --------------------------------------------------------------------------------------------------

    async def _in_waves(self, rows: Sequence[AccountRow]) -> None:
        """Run the waves in order. Skip waves whose accounts have all ended; their gate may still be open."""
        events = await self.journal.events(self.record.run_id)
        passed = passed_gates(events)
        before: Wave | None = None
        for wave in self.policy.cut(self.record.inventory_count):
            mine = _between(rows, wave.start, wave.end)
            if mine:
                if before is not None and before.end not in passed:
                    await self._judge_gate(before, wave, len(mine))
                if self._must_stop():
                    return
                self._rules.enter(wave)
                self._tell_wave(wave, "started", None, taken=len(mine))
                await self._fan_out(mine)
                if self._must_stop():
                    return
            before = wave

    async def _judge_gate(self, wave: Wave, next_wave: Wave, starting: int) -> None:
        """Ask the gate between two waves; a first interrupt ends the soak and leaves it unjudged."""
        outcomes = await self.journal.counts(self.record.run_id, range(wave.start, wave.end))
        with anyio.CancelScope(deadline=self._ends_at) as asking:
            self.stop_signal.on_drain(lambda _: asking.cancel())
            if self.stop_signal.draining:  # it came before anybody listened
                asking.cancel()
            result = WaveResult(
                run_id=self.record.run_id, wave=wave, outcomes=outcomes, next_wave=next_wave, starting=starting
            )
            soaked_s = 0.0 if self.predecessor is None else self.predecessor.soaks.get(wave.end, 0.0)
            if self.team is not None and self.policy.soak_s and not soaked_s:  # for a successor
                self.journal.add_event(self.record.run_id, SOAK, {"end": wave.end})
            verdict, why = await self.gate.judge(result, soaked_s=soaked_s)
            self.journal.add_event(
                self.record.run_id,
                GATE,
                {
                    "wave": wave.number,
                    "end": wave.end,
                    "verdict": verdict.value,
                    "reason": why,
                    "left": outcomes[Outcome.NOT_ATTEMPTED] + outcomes[Outcome.CANCELLED],
                },
            )
            self._tell_wave(wave, verdict.value, why)
            if verdict is GateVerdict.FAIL:
                self._halted = why
            elif verdict is GateVerdict.INCONCLUSIVE:
                self._paused = why
        if asking.cancelled_caught and not self.stop_signal.draining:
            self._halted = self._deadline_passed()

    def _must_stop(self) -> bool:
        """Whether nothing new may start."""
        return bool(self._halt.reason or self._halted or self._paused)

    def _tell_wave(self, wave: Wave, state: str, reason: str | None, *, taken: int | None = None) -> None:
        is_known = self.predecessor is not None and wave.number in self.predecessor.waves
        if state == "started" and not is_known:
            self.journal.add_event(self.record.run_id, WAVE, {"wave": wave.number, "of": wave.of, "size": wave.size})
        self.observe(
            WaveChanged(
                run_id=self.record.run_id,
                number=wave.number,
                of=wave.of,
                size=wave.size,
                state=state,  # type: ignore[arg-type]  # "started" or a verdict's value
                reason=reason,
                taken=taken,
            )
        )

    # -- accounts -----------------------------------------------------------------------------------------------

    async def _fan_out(self, rows: Sequence[AccountRow]) -> None:
        async def work(row: AccountRow) -> None:
            if not await self._halt.start(row):
                return
            self._taken += 1
            ending = await self._runner.run(row)
            if self.team is not None and ending.outcome in {Outcome.CHANGED, Outcome.UNCHANGED}:
                deadline.answered()
            reason = self._halt.ended(row, ending)  # before this worker takes its next account
            if session_of(self.workato).auth_failure is not None:
                self._halt.stop(TOKEN_REFUSED)
            elif reason is not None:
                self._stop(reason)

        with anyio.CancelScope() as now:

            def abort() -> None:
                if self.team is not None:
                    self.team.stop(self._halt.reason or "stopped", "abort")
                now.cancel()

            self.stop_signal.on_abort(abort)
            if self.stop_signal.aborting:
                abort()
            outcomes = fan_out(work, self._feed(rows), concurrency=min(self.policy.concurrency, max(1, len(rows))))
            deadline = Deadline(
                self._ends_at,
                session_of(self.workato),
                stop=lambda: self._stop(self._deadline_passed()),
                abort=abort,
            )
            try:
                async for outcome in outcomes:
                    outcome.unwrap()  # an account's failure is its outcome; only errors of the run arrive here
            finally:
                deadline.close()
                with anyio.CancelScope(shield=True):
                    await outcomes.aclose()

    def _stop(self, reason: str) -> None:
        """Halt the run, unless something stopped it before."""
        if self._halt.reason is None:
            self._halted = reason
            self._halt.stop(reason)

    def _deadline_passed(self) -> str:
        return f"the run's deadline of {self.workato.settings.tuning.run_timeout_s:g} s passed"

    def _feed(self, rows: Sequence[AccountRow]) -> Iterator[AccountRow]:
        """Accounts one by one; ends early when nothing new may start."""
        for row in rows:
            if self._must_stop():
                return
            yield row

    def _announce(self, reason: str) -> None:
        if self.team is not None:
            self.team.stop(reason)
        self.observe(RunChanged(run_id=self.record.run_id, state="draining", reason=reason))

    # -- the end ------------------------------------------------------------------------------------------------

    async def _conclude(self, rows: Sequence[AccountRow], *, in_waves: bool) -> None:
        counts = await self.journal.counts(self.record.run_id)
        # An unknown account counts as ended, unless an abort caused it.
        stopped = RESUMABLE if self.stop_signal.aborting else RESUMABLE - {Outcome.UNKNOWN}
        left = sum(counts[outcome] for outcome in stopped) + len(rows) - self._taken
        is_done = not left and not any(counts[outcome] for outcome in TROUBLED)
        if self._token_refused or session_of(self.workato).auth_failure is not None:
            await self._set_state(RunState.AUTH_FAILED, TOKEN_REFUSED)
        elif self.stop_signal.draining and left:
            await self._set_state(RunState.INTERRUPTED, self.stop_signal.reason)
        elif self._halted and not is_done:  # the deadline may pass while the last accounts finish
            await self._set_state(RunState.HALTED, self._halted)
        elif self._paused:
            await self._set_state(RunState.PAUSED, self._paused)
        elif left and not in_waves:  # a retry does not end what had not ended before it
            await self._set_state(*self._stood())
        elif left:  # the rows were a part of what is left
            await self._set_state(RunState.PARTIAL, "the last resume took selected accounts only")
        else:
            await self._set_state(RunState.FINISHED)

    def _stood(self) -> tuple[RunState, str | None]:
        """State of the run before this process took it up."""
        if self.record.state in {RunState.RUNNING, RunState.FINISHED}:
            return RunState.INTERRUPTED, "the process that worked on it died"
        return self.record.state, self.record.reason

    async def _set_state(self, state: RunState, reason: str | None = None) -> None:
        await self.journal.set_state(self.record.run_id, state, reason)
        self.observe(RunChanged(run_id=self.record.run_id, state=state.value, reason=reason))


def _between(rows: Sequence[AccountRow], start: int, end: int) -> Sequence[AccountRow]:
    """Those with a place from `start` up to, not including, `end`."""
    first, after = (bisect_left(rows, place, key=lambda row: row.seq) for place in (start, end))
    return rows[first:after]
