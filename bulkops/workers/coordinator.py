"""`Coordinator`: the one worker that cuts a run into waves, judges gates, keeps the limits and ends the run.

It does what a single process does (`Engine`), but workers take the accounts. When its process dies, another worker
takes the run over: what has ended, which waves began and which gates were judged is in the journal.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from typing import Final

import attrs

from bulkops.errors import BulkopsError, JournalError, PlanError, ProcessReplaced, RunLocked
from bulkops.events import Observer
from bulkops.journal import EventRow, Journal, RunState
from bulkops.journal.event_kinds import COORDINATES, HANDED_OVER, SOAK, WAVE
from bulkops.journal.postgres.shared_runs import SharedRuns
from bulkops.logs import get_logger
from bulkops.masking import masked
from bulkops.models.text import one_line
from bulkops.runs.account_runners import Predecessor
from bulkops.runs.engine import Engine
from bulkops.runs.halting import Gate, StopSignal
from bulkops.runs.hand_over import Request
from bulkops.runs.policy import Policy
from bulkops.workers.delivery import WorkerTeam
from bulkops.workers.dispatch import Dispatcher
from bulkops.workers.environment import RunEnvironment

log = get_logger("bulkops.workers")

_AGAIN_S: Final = 1.0


@attrs.define(eq=False)
class Coordinator:
    """Brings a run that was handed over to its end. `environment`: of the run on this worker.

    `run` is called again when it has returned and no worker coordinates the run.
    """

    environment: RunEnvironment
    dispatcher: Dispatcher
    observe: Observer
    _team: WorkerTeam | None = None
    _told: str | None = None

    async def run(self) -> None:
        """Returns at once when another worker coordinates the run, or when it has ended.

        Also when others have taken the run over because they had no sign of this process: it has only lost its lock.
        The journal is its own, because its heartbeats and its lock are not those of the accounts. When it cannot be
        opened, it returns after a while, and the worker tries again: its other connections tell whether the database is
        gone. Raises: JournalError.
        """
        run_id = self.environment.record.run_id
        async with AsyncExitStack() as stack:
            stack.enter_context(suppress(RunLocked, ProcessReplaced))
            try:
                journal = await stack.enter_async_context(Journal.open(self.environment.journal.location))
            except JournalError as error:
                if error.message != self._told:
                    self._told = error.message
                    log.warning("worker.cannot_coordinate_yet", run=run_id, reason=error.message)
                await asyncio.sleep(_AGAIN_S)
                return
            self._told = None
            shared = journal.shared_runs
            await stack.enter_async_context(shared.coordinate(run_id))
            found = next((one for one in await shared.handed_over() if one.run_id == run_id), None)
            if found is not None:
                await self._coordinate(journal, run_id, Request.from_mapping(found.request))

    def leave(self) -> None:
        """Before its task is cancelled: another worker takes the run over."""
        if self._team is not None:
            self._team.is_left = True

    async def _coordinate(self, journal: Journal, run_id: str, request: Request) -> None:
        shared = journal.shared_runs
        journal.start_beating(run_id)
        record = await journal.get_run(run_id)
        policy = Policy.from_mapping(record.policy)
        predecessor = await _predecessor(shared, await journal.events(run_id), request, run_id)
        journal.add_event(run_id, COORDINATES, {})
        log.info("worker.coordinates", run=run_id, takes_over=predecessor is not None)
        ended = await shared.ended(run_id)
        self._team = WorkerTeam(
            run_id=run_id,
            shared=shared,
            dispatcher=self.dispatcher,
            is_successor=predecessor is not None,
            after=ended[-1].number if ended else 0,
        )
        engine = Engine(
            record=attrs.evolve(record, state=request.state, reason=request.reason),
            operation=self.environment.operation,
            workato=self.environment.workato,
            journal=journal,
            policy=policy,
            observe=self.observe,
            stop_signal=StopSignal(),
            gate=Gate(policy=policy, approved=request.approved),
            team=self._team,
            predecessor=predecessor,
        )
        try:
            await engine.work(await shared.wanted(run_id), in_waves=request.in_waves)
        except PlanError as error:
            await journal.set_state(run_id, RunState.HALTED, error.message)
        except JournalError:
            raise
        except Exception as error:
            log.exception("coordinator.failed", run=run_id)
            words = error.message if isinstance(error, BulkopsError) else f"{type(error).__name__}: {error}"
            await journal.set_state(run_id, RunState.HALTED, one_line(masked(f"the coordinator failed: {words}")))


async def _predecessor(shared: SharedRuns, events: list[EventRow], request: Request, run_id: str) -> Predecessor | None:
    """What earlier coordinators have done for this request; None if this one is the first."""
    since = max((place for place, event in enumerate(events) if event.kind == HANDED_OVER), default=0)
    mine = events[since:]
    if not any(event.kind == COORDINATES for event in mine):
        return None
    ended = await shared.ended(run_id)
    now = time.time()
    return Predecessor(
        ended=[one.result for one in ended],
        seqs={one.seq for one in ended},
        waves={event.data["wave"] for event in mine if event.kind == WAVE},
        soaks={event.data["end"]: max(0.0, now - event.at) for event in mine if event.kind == SOAK},
        age_s=max(0.0, now - request.at),
    )
