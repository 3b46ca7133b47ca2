"""Leases of runs on a credential, alone or shared, so that they stay within the vendor's quotas."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Literal

import anyio
import attrs

from bulkops.clock import BEAT_S
from bulkops.errors import JournalError, RunLocked
from bulkops.journal import Journal
from bulkops.ledger import Credential, Lease, Ledger, LocalLedger
from bulkops.runs.halting import StopSignal
from bulkops.runs.policy import Policy
from bulkops.session import ApiSession, Heartbeat

_ASK_EVERY_S: Final = 0.2
"""Seconds between tries while other processes have not made room yet."""
_TRY_AGAIN_S: Final = 0.5

IfRunning = Literal["fail", "wait", "share"]


@asynccontextmanager
async def credential(
    journal: Journal,
    session: ApiSession,
    run_id: str,
    *,
    policy: Policy,
    stop_signal: StopSignal,
    workspace: str | None = None,
) -> AsyncIterator[None]:
    """`hold_credential` for a run, as its policy says, with heartbeats in the journal too: they date its intents."""
    async with hold_credential(
        session,
        run_id,
        workspace=workspace,
        if_running=policy.if_running,
        stops_waiting=lambda: stop_signal.draining,
    ) as use:
        journal.start_beating(run_id)
        use.signs.append(journal)
        try:
            await journal.flush()  # the first heartbeat is on the disk before anything leaves
            yield
        finally:
            use.signs.remove(journal)
            journal.stop_beating()


@asynccontextmanager
async def hold_credential(
    session: ApiSession,
    label: str,
    *,
    workspace: str | None = None,
    if_running: IfRunning = "fail",
    stops_waiting: Callable[[], bool] = lambda: False,
    ledger: Ledger | None = None,
) -> AsyncIterator[CredentialUse]:
    """While inside, the session's pacer respects what other processes send with the credential, and they its requests.

    Several holders in one session have one lease, since one pacer keeps their quotas.

    Args:
        label: the run's id, for the error of a refused run.
        workspace: of the token, if it may be read.
        if_running: refuse another run on the credential, wait for its end, or share the quotas with it.
        stops_waiting: whether the run was stopped meanwhile.
    Raises: RunLocked; with `if_running` "wait" only when `stops_waiting`; JournalError.
    """
    credential = Credential(session.settings.url, workspace)
    while True:
        try:
            async with session.leasing:
                use = await _use(
                    session, credential, label=label, if_running=if_running, ledger=ledger or LocalLedger()
                )
                use.users += 1
            break
        except RunLocked:
            if if_running != "wait" or stops_waiting() or isinstance(session.heartbeat, CredentialUse):
                raise
        await anyio.sleep(_TRY_AGAIN_S)
    try:
        yield use
    finally:
        with anyio.CancelScope(shield=True):
            async with session.leasing:
                use.users -= 1
                if not use.users:
                    await use.end()


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
    session: ApiSession
    lease: Lease
    users: int = 0
    signs: list[Heartbeat] = attrs.field(factory=list)
    _stack: AsyncExitStack = attrs.field(factory=AsyncExitStack)
    _part: float = 0.0

    @classmethod
    async def begin(
        cls, session: ApiSession, credential: Credential, *, label: str, share: bool, ledger: Ledger
    ) -> CredentialUse:
        """Take a lease and keep it. Raises: RunLocked; JournalError."""
        pacer = session.pacer
        async with AsyncExitStack() as stack:
            lease = await stack.enter_async_context(
                ledger.lease(
                    credential,
                    label=label,
                    holder=pacer.id,
                    share=share,
                    server_timeout_s=pacer.server_timeout_s,
                    slots=pacer.held(recorded=True),
                )
            )
            use = cls(label, session, lease)
            stack.callback(use._let_go)
            pacer.set_part(0.0)
            pacer.recorder = lease
            session.heartbeat = use
            await use._renew()
            # A plain task, not a task group: that would wrap the run's own error into a group.
            renewing = asyncio.create_task(use._keep_renewing(), name="bulkops.lease")
            stack.push_async_callback(_cancel, renewing)
            use._stack = stack.pop_all()
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
        """Record the exact slots for later processes."""
        async with self._stack:
            # Where they cannot be written, the next process waits as after a kill.
            with contextlib.suppress(JournalError):
                await self.lease.end(self.session.pacer.held(recorded=False))

    def _let_go(self) -> None:
        self.session.heartbeat = None
        self.session.pacer.recorder = None
        self.session.pacer.set_part(1.0)

    async def _keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S if self._part else _ASK_EVERY_S)
            try:
                if self.lease.is_due or not self._part:
                    await self._renew()
            except JournalError:  # `until_fresh` raises it for those who want to send: wake them
                self.session.pacer.set_part(1.0)
                return

    async def _renew(self) -> None:
        pacer = self.session.pacer
        while True:
            allotment = await self.lease.renew(part=self._part, used=pacer.used_part())
            if allotment.has_grown:
                pacer.inherit(allotment.slots, killed_in_s=allotment.killed_in_s)
            part, before = min(allotment.share, allotment.fair), self._part
            if part != before:
                self._part = part
                pacer.set_part(part)
            if part >= before or pacer.used_part() > part:
                return  # free the unused share now, so that others need not wait a second


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
