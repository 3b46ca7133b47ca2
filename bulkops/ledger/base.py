"""`Ledger`, `Lease`: the protocol of every ledger.

The vendor counts requests per credential, whatever process sends them. A process takes a *lease* on the credential
before it sends, renews it each second, and ends it. For recorded quotas (`pacing.is_recorded`), each request takes its
slot in the ledger before it leaves. Divided quotas are split into parts:

* The shares of all processes at work add up to 1 at most. A process gives a share back when its requests fit into
  what it keeps, and takes a larger one only from what is free.
* One that ended in order frees its share at once and leaves its exact slots. Each process that takes freed share holds
  these slots too, so they are counted at least once.
* One that was killed keeps its share until the server has counted its last request and that has left every window.
* A live process without a heartbeat for as long loses its share and must take it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import attrs

from bulkops.pacing import HeldSlot, SlotRecorder

MAX_MEMBERS: Final = 8
"""Maximum number of processes on one credential: more would leave each hardly any slots."""


@attrs.frozen
class Credential:
    """The credential for which the vendor counts requests together. `workspace`: the partner's; None when the token may
    not read it, and then it may be any workspace of the host.
    """

    host: str
    workspace: str | None = None


@attrs.frozen(kw_only=True)
class Allotment:
    """What a lease allows now. `share`: of each divided quota; `members`: processes at work on the credential.

    `has_grown`: the share is larger than before, and this counts now: `slots` of divided quotas that earlier processes
    hold, and `killed_in_s`, seconds until the server has counted all requests of a killed process (minus infinity:
    without one).
    """

    share: float
    members: int
    has_grown: bool = False
    slots: Sequence[HeldSlot] = ()
    killed_in_s: float = float("-inf")

    @property
    def fair(self) -> float:
        """The share of each when all have the same."""
        return 1 / self.members


class Lease(SlotRecorder, Protocol):
    """The use of a credential by one process. Its share is 0 until the first renewal."""

    @property
    def is_fresh(self) -> bool:
        """Whether a request may leave: the newest recorded heartbeat is recent enough to date this process after a
        kill.
        """

    async def until_fresh(self) -> None:
        """Wait for a recent heartbeat. Raises: JournalError if none can be written."""

    @property
    def is_due(self) -> bool:
        """Whether the newest heartbeat is old enough for another one."""

    async def renew(self, *, part: float, used: float) -> Allotment:
        """A heartbeat; give back what is too much, take what is free. Call it each second.

        `part`: of each divided quota, that this process keeps to from now on; `used`: the largest part of one that its
        own requests hold at the moment.
        """

    async def end(self, slots: Sequence[HeldSlot]) -> None:
        """Nothing is sent any more. `slots`: of divided quotas, held by what was sent."""


class Ledger(Protocol):
    def lease(
        self,
        credential: Credential,
        *,
        label: str,
        holder: str,
        share: bool,
        server_timeout_s: float,
        slots: Sequence[HeldSlot] = (),
    ) -> AbstractAsyncContextManager[Lease]:
        """Use a credential. Leaving without `Lease.end` leaves the record of a killed process.

        Args:
            label: the run's id, for the error of a refused run.
            holder: of whom this lease is, if there are several one after the other: a pacer that holds its own slots.
            share: run beside other processes.
            server_timeout_s: how long after it left the server may still count a request that was never answered.
            slots: of recorded quotas, that requests before this lease hold.
        Raises: RunLocked naming another run, when there is one (with `share`: when there are too many); JournalError.
        """
