"""Several runs on one credential: each takes an equal share of every quota, and more when another ends."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio

from bulkops.journal import Journal
from bulkops.session import ApiSession

_LOOK_EVERY_S: Final = 1.0


@asynccontextmanager
async def sharing(journal: Journal, host: str, session: ApiSession) -> AsyncIterator[None]:
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
