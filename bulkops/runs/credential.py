"""Who else uses the credential: one run at a time, or several that share its quotas; and who used it before.

The credential's identity is the host: the vendor counts per partner workspace, whatever the token.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Final

import anyio

from bulkops.errors import RunLocked
from bulkops.events import Event, SlotTaken
from bulkops.journal import Journal
from bulkops.runs.control import Control
from bulkops.runs.policy import Policy
from bulkops.session import ApiSession
from bulkops.settings import Limit

_LOOK_EVERY_S: Final = 1.0
_LONG_WINDOW_S: Final = 120.0
"""Shared windows up to this long are waited out after a restart; longer ones, and keys', are counted in the journal."""


@asynccontextmanager
async def credential(
    journal: Journal, session: ApiSession, run_id: str, *, policy: Policy, control: Control
) -> AsyncIterator[None]:
    """While inside, this process may send: its sign of life is in the journal, and its requests are accounted for.

    Another run on the credential is refused, waited for or shared with, as the policy says.
    Raises: RunLocked; with `if_running` "wait" only when a person stops the waiting.
    """
    host = session.settings.url

    def count(event: Event) -> None:
        if isinstance(event, SlotTaken):
            journal.count_grant(host, event.quota, event.key)

    with ExitStack() as stack:
        await _take(stack, journal, host, run_id, policy, control)
        await _respect_predecessor(journal, host, session)
        journal.start_beating(run_id, host)
        stack.callback(lambda: journal.stop_beating(all_answered=session.pacer.is_settled))
        stack.callback(session.subscribe(count))
        session.sign_of_life = journal
        stack.callback(setattr, session, "sign_of_life", None)
        await journal.flush()  # the first sign is on the disk before anything leaves
        async with _shared(journal, host, session):
            yield


async def _take(stack: ExitStack, journal: Journal, host: str, run_id: str, policy: Policy, control: Control) -> None:
    while True:
        try:
            stack.enter_context(journal.lock_host(host, run_id, share=policy.if_running == "share"))
        except RunLocked:
            if policy.if_running != "wait" or control.draining:
                raise
        else:
            return
        await anyio.sleep(_LOOK_EVERY_S / 2)


async def _respect_predecessor(journal: Journal, host: str, session: ApiSession) -> None:
    """What an earlier process sent still counts: keep short windows closed, take over the counts of the others.

    What it had in flight when it was killed, the server counts until its own timeout: windows begin after that. One
    that is still at work beside this one keeps account of its own.
    """
    timeout_s = session.settings.tuning.server_timeout_s
    age_s = await journal.sign_of_life_age_s(host, unanswered_s=0.0 if journal.sharers(host) > 1 else timeout_s)
    if age_s is None:
        return
    limits = [limit for limits in session.quotas.values() for limit in limits]
    held_s = max((limit.window_s for limit in limits if not _is_counted(limit)), default=0.0)
    if age_s < held_s:
        session.pacer.hold(held_s - max(0.0, age_s), extra_s=max(0.0, -age_s))
    counted_s = max((limit.window_s for limit in limits if _is_counted(limit)), default=0.0)
    for grant in await journal.grants(host, within_s=counted_s):
        # Counted when it left; the server may have counted it until its own timeout.
        session.pacer.preload(grant.quota, grant.key, [grant.age_s - timeout_s])


def _is_counted(limit: Limit) -> bool:
    return limit.key is not None or limit.window_s > _LONG_WINDOW_S


@asynccontextmanager
async def _shared(journal: Journal, host: str, session: ApiSession) -> AsyncIterator[None]:
    """While inside, the session's quotas are divided by the number of runs at work on the host.

    A newcomer's quotas stay closed until the others have seen it and what they sent before has left the window.
    Likewise nobody takes the room of one that has ended before what that one sent has left it.
    """
    share = session.settings.tuning.share
    sharers = journal.sharers(host)
    if sharers > 1:
        session.pacer.set_share(share / sharers)
        session.pacer.hold(math.inf, extra_s=2 * _LOOK_EVERY_S)
    # A plain task, not a task group: that would wrap the run's own error into a group.
    watching = asyncio.create_task(_watch(journal, host, session, share, sharers))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait([watching])


async def _watch(journal: Journal, host: str, session: ApiSession, share: float, sharers: int) -> None:
    grows_at = None
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        now = max(1, await anyio.to_thread.run_sync(journal.sharers, host))
        if now == sharers:
            grows_at = None
        elif now < sharers and grows_at is None:
            grows_at = anyio.current_time() + session.pacer.longest_held_s
        elif now > sharers or (grows_at is not None and anyio.current_time() >= grows_at):
            sharers, grows_at = now, None
            session.pacer.set_share(share / sharers)
