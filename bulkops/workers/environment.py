"""`RunEnvironment`: one run on one worker: its operation, its client with the worker's own token, and its accounts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import attrs

from bulkops.client import Workato, session_of
from bulkops.errors import JournalError
from bulkops.events import Observer
from bulkops.journal import Journal, RunRecord
from bulkops.journal.postgres.shared_runs import Stop
from bulkops.logs import get_logger
from bulkops.operations import Operation
from bulkops.operations.restore import with_packages
from bulkops.runs.account import AccountTask
from bulkops.runs.account_outcome import TOKEN_REFUSED
from bulkops.runs.continuation import client_for, expected_of
from bulkops.runs.credential import hold_credential
from bulkops.runs.halting import Admission, Halt, HaltRules, StopSignal
from bulkops.runs.identity import require_workspace
from bulkops.runs.policy import Policy
from bulkops.runs.traffic import metered
from bulkops.workers.operation import worker_operation

log = get_logger("bulkops.workers")

WORKER_STOPS: Final = "the worker stops"


@attrs.define(eq=False, kw_only=True)
class RunEnvironment:
    """See the module. `slots`: of the worker, one for each account that it has claimed; `failed`: called with an error
    after which this process cannot go on."""

    record: RunRecord
    operation: Operation
    workato: Workato
    journal: Journal
    slots: asyncio.Semaphore
    failed: asyncio.Future[None]
    _halt: Halt
    _task: AccountTask
    _stop_signal: StopSignal
    _accounts: dict[int, asyncio.Task[None]] = attrs.field(factory=dict)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        run_id: str,
        journal: Journal,
        *,
        code: Path | None,
        slots: asyncio.Semaphore,
        failed: asyncio.Future[None],
        observe: Observer,
    ) -> AsyncIterator[RunEnvironment]:
        """Make ready to work on a run. Sends one request, for the token's workspace.

        Raises: BulkopsError that says what this worker lacks; JournalError.
        """
        record = await journal.get_run(run_id)
        operation = worker_operation(await with_packages(record.operation, journal, trust_paths=False), code)
        policy = Policy.from_mapping(record.policy)
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(client_for(record, None))
            workspace = await require_workspace(client, record)
            session, tuning = session_of(client), client.settings.tuning
            use = await stack.enter_async_context(
                hold_credential(session, run_id, workspace=workspace, if_running="share", journal=journal.location)
            )
            use.signs.append(journal)
            stack.callback(use.signs.remove, journal)
            admission = Admission(
                operation,
                pacer=session.pacer,
                tuning=tuning,
                most=policy.concurrency,
                limits_failures=policy.max_failures is not None,
            )
            stack.callback(session.subscribe(admission.note))
            write_traffic = stack.enter_context(metered(session, journal, run_id, is_worker=True))
            # Limits and the breaker are the coordinator's.
            free = attrs.evolve(policy, max_failures=None, strict_failures=False, breaker=None)
            halt = Halt(
                free,
                HaltRules(free, record.inventory_count, ()),
                admission,
                announce=lambda reason: log.info("worker.stops_run", run=run_id, reason=reason),
            )
            stack.callback(halt.close)
            stop_signal = StopSignal()
            yield cls(
                record=record,
                operation=operation,
                workato=client,
                journal=journal,
                slots=slots,
                failed=failed,
                halt=halt,
                stop_signal=stop_signal,
                task=AccountTask(
                    record=record,
                    operation=operation,
                    workato=client,
                    journal=journal,
                    observe=observe,
                    stop_signal=stop_signal,
                    halt=halt,
                    expected=await expected_of(journal, run_id),
                    is_shared=True,
                    before_last=write_traffic,  # when the run has ended, its report has all requests
                ),
            )

    @property
    def is_idle(self) -> bool:
        return not self._accounts

    async def take(self, seq: int) -> None:
        """Claim an account when this worker has a free slot, and begin to work on it. Returns at the claim."""
        if seq in self._accounts or self._halt.reason is not None:
            return
        await self.slots.acquire()
        if seq in self._accounts or self._halt.reason is not None:
            self.slots.release()
            return
        claimed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # A task of its own: a delivery may be cancelled, and must leave no claim behind.
        task = asyncio.create_task(self._work(seq, claimed), name=f"bulkops.account {seq}")
        self._accounts[seq] = task
        task.add_done_callback(lambda _: self._ended(seq))
        await asyncio.shield(claimed)

    def stop(self, stop: Stop) -> None:
        """The run is stopping."""
        if stop.kind == "abort":
            self.abort(stop.reason)
        else:
            self._halt.stop(stop.reason)

    def give_back(self) -> None:
        """This worker stops: other workers go on with what has not begun an effect."""
        self._halt.stop(WORKER_STOPS, gives_back=True)

    def abort(self, reason: str) -> None:
        """Stop the accounts in progress now."""
        self._halt.stop(reason)
        if not self._stop_signal.aborting:
            self._stop_signal.drain(reason)
            self._stop_signal.abort()
            for task in self._accounts.values():
                task.cancel()

    async def wait_idle(self) -> None:
        while self._accounts:
            await asyncio.wait(self._accounts.values())

    async def _work(self, seq: int, claimed: asyncio.Future[None]) -> None:
        shared, run_id = self.journal.shared_runs, self.record.run_id
        try:
            row = await shared.claim(run_id, seq)
            claimed.set_result(None)
            if row is None:
                return
            if not await self._halt.start(row):
                await shared.release(run_id, seq)
                return
            ending = await self._task.run(row)
            self._halt.ended(row, ending)
            if session_of(self.workato).auth_failure is not None:
                await shared.stop(run_id, TOKEN_REFUSED, "auth")
                self._halt.stop(TOKEN_REFUSED)
        except asyncio.CancelledError:
            with suppress(JournalError):
                await shared.release(run_id, seq)
            raise
        except Exception as error:  # noqa: BLE001 - a journal that fails, or a mistake in bulkops, ends the worker
            if not self.failed.done():
                self.failed.set_exception(error)
        finally:
            if not claimed.done():
                claimed.set_result(None)

    def _ended(self, seq: int) -> None:
        del self._accounts[seq]
        self.slots.release()
