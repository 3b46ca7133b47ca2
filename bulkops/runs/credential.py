"""Leases of runs on a credential, alone or shared, so that they stay within the vendor's quotas."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final, Literal

import anyio
import attrs

from bulkops.errors import JournalError, RunLocked
from bulkops.journal import AnyLocation, Journal, Location, RunState
from bulkops.journal.location import DatabaseLocation
from bulkops.ledger import Credential, Lease, Ledger, LocalLedger
from bulkops.ledger.postgres import PostgresLedger
from bulkops.runs.halting import StopSignal
from bulkops.runs.policy import Policy
from bulkops.session import ApiSession, Heartbeat

_TRY_AGAIN_S: Final = 0.5
_LEAVING_S: Final = 10.0
"""Seconds in which the workers of a run that has ended give up their leases."""

IfRunning = Literal["fail", "wait", "share"]


def ledger_of(location: AnyLocation) -> Ledger:
    """The ledger for runs of this journal: in the same database, or this user's on this machine.

    Processes with different ledgers do not know of each other's requests.
    """
    place = Location.of(location)
    return PostgresLedger(place.url) if isinstance(place, DatabaseLocation) else LocalLedger()


@asynccontextmanager
async def hold_for_run(
    journal: Journal,
    session: ApiSession,
    run_id: str,
    *,
    policy: Policy,
    stop_signal: StopSignal,
    workspace: str | None = None,
) -> AsyncIterator[None]:
    """`hold_credential` for a run, as its policy says, with heartbeats in the journal too: they date its intents.

    A run that was handed over to workers counts before they have a lease. Raises: RunLocked for that one too.
    """

    async def in_the_way() -> str | None:
        if policy.if_running == "share" or not journal.has_shared_runs:
            return None
        return await _handed_over(journal, run_id, Credential(session.settings.url, workspace))

    while True:
        other = await in_the_way()  # a lease while this one waits would keep out the workers
        if other is None:
            async with hold_credential(
                session,
                run_id,
                workspace=workspace,
                if_running=policy.if_running,
                stops_waiting=lambda: stop_signal.draining,
                journal=journal.location,
            ) as use:
                other = await in_the_way()  # from now on the lease keeps others from handing over
                if other is None:
                    async with _beating(journal, run_id, use):
                        yield
                    return
        if policy.if_running == "fail" or stop_signal.draining:
            raise RunLocked(
                f"run {other} of this credential is handed over to workers",
                run_id=other,
                pid=None,
                remedy="wait for it (--if-running wait), share the quotas with it (--if-running share), or "
                f"`bulkops stop {other}{journal.location.flag}`",
            )
        await anyio.sleep(_TRY_AGAIN_S)


@asynccontextmanager
async def _beating(journal: Journal, run_id: str, use: CredentialUse) -> AsyncIterator[None]:
    """Heartbeats of the run in the journal, without which nothing leaves."""
    journal.start_beating(run_id)
    use.signs.append(journal)
    try:
        await journal.flush()  # the first heartbeat is on the disk before anything leaves
        yield
    finally:
        use.signs.remove(journal)
        journal.stop_beating()


async def _handed_over(journal: Journal, run_id: str, credential: Credential) -> str | None:
    """Another run that workers have or will have, and that uses the credential or may use it."""
    for one in await journal.shared_runs.handed_over():
        record = await journal.get_run(one.run_id)
        is_same = record.host == credential.host and (
            record.workspace == credential.workspace or None in {record.workspace, credential.workspace}
        )
        if is_same and one.run_id != run_id and one.stop is None:
            return one.run_id
    return None


@asynccontextmanager
async def hold_credential(
    session: ApiSession,
    label: str,
    *,
    workspace: str | None = None,
    if_running: IfRunning = "fail",
    stops_waiting: Callable[[], bool] = lambda: False,
    journal: AnyLocation | None = None,
    ledger: Ledger | None = None,
) -> AsyncIterator[CredentialUse]:
    """While inside, the session's pacer respects what other processes send with the credential, and they its requests.

    Several holders in one session have one lease, since one pacer keeps their quotas.

    Args:
        label: the run's id, for the error of a refused run.
        workspace: of the token, if it may be read.
        if_running: refuse another run on the credential, wait for its end, or share the quotas with it.
        stops_waiting: whether the run was stopped meanwhile.
        journal: of the runs: it tells which ledger they share, and whether one has ended, so that its workers leave
            within moments.
        ledger: None: the journal's; without a journal this user's on this machine.
    Raises: RunLocked; with `if_running` "wait" only when `stops_waiting`; JournalError.
    """
    credential = Credential(session.settings.url, workspace)
    ledger = ledger or (LocalLedger() if journal is None else ledger_of(journal))
    until = anyio.current_time() + _LEAVING_S
    while True:
        try:
            async with session.leasing:
                use = await _use(session, credential, label=label, if_running=if_running, ledger=ledger)
                use.users += 1
            break
        except RunLocked as error:
            if stops_waiting() or isinstance(session.heartbeat, CredentialUse):
                raise
            is_leaving = (
                anyio.current_time() < until and journal is not None and await _has_ended(journal, error.run_id)
            )
            if if_running != "wait" and not is_leaving:
                raise
        await anyio.sleep(_TRY_AGAIN_S)
    try:
        yield use
    finally:
        leaving = asyncio.create_task(_leave(session, use), name="bulkops.leave")  # no cancellation reaches it
        with anyio.CancelScope(shield=True):
            try:
                await asyncio.wait([leaving])
            except asyncio.CancelledError:  # which a scope does not keep off
                await asyncio.wait([leaving])
                raise
        leaving.result()


async def _leave(session: ApiSession, use: CredentialUse) -> None:
    async with session.leasing:
        use.users -= 1
        if not use.users:
            await use.end()


async def _has_ended(location: AnyLocation, run_id: str) -> bool:
    """Whether the journal has the run, and it has ended in order."""
    with suppress(JournalError):  # without the journal nothing is known of the run
        async with Journal.open(location, read_only=True) as journal:
            states = {record.run_id: record.state for record in await journal.list_runs()}
            is_over = states.get(run_id, RunState.RUNNING) is not RunState.RUNNING
            return is_over and not await journal.is_locked(run_id)
    return False


async def _use(
    session: ApiSession, credential: Credential, *, label: str, if_running: IfRunning, ledger: Ledger
) -> CredentialUse:
    """The session's use of the credential, begun if this is its first run. Raises: RunLocked; JournalError."""
    use = session.heartbeat
    if not isinstance(use, CredentialUse):
        return await CredentialUse.begin(session, credential, label=label, share=if_running == "share", ledger=ledger)
    if if_running != "share":
        raise RunLocked(
            f"run {use.label} is already using this client in this process",
            run_id=use.label,
            pid=os.getpid(),
            remedy="wait until it ends, or share the quotas with it (--if-running share)",
        )
    return use


@attrs.define(eq=False)
class CredentialUse:
    """A lease, kept by the pacer of one session. `users`: runs that use it; `signs`: what else must be fresh before a
    request leaves."""

    label: str
    lease: Lease
    users: int = 0
    signs: list[Heartbeat] = attrs.field(factory=list)
    _stack: AsyncExitStack = attrs.field(factory=AsyncExitStack)

    @classmethod
    async def begin(
        cls, session: ApiSession, credential: Credential, *, label: str, share: bool, ledger: Ledger
    ) -> CredentialUse:
        """Take a lease and keep it. Raises: RunLocked; JournalError."""
        async with AsyncExitStack() as stack:
            stack.callback(_let_go, session)  # the last: until the lease is over, nothing leaves without it
            lease = await stack.enter_async_context(ledger.lease(credential, session.pacer, label=label, share=share))
            use = session.heartbeat = cls(label, lease, stack=stack.pop_all())
        return use

    @property
    def is_fresh(self) -> bool:
        if not self.lease.is_fresh:
            return False
        for sign in self.signs:  # noqa: SIM110 - asked twice a request: a generator costs three times as much
            if not sign.is_fresh:
                return False
        return True

    async def until_fresh(self) -> None:
        """Wait for recent heartbeats. Raises: JournalError if none can be written."""
        while not self.is_fresh:
            await self.lease.until_fresh()
            for sign in tuple(self.signs):
                await sign.until_fresh()

    async def end(self) -> None:
        """End the lease: it records the exact slots for later processes."""
        await self._stack.aclose()


def _let_go(session: ApiSession) -> None:
    session.heartbeat = None
