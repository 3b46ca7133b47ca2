"""`Ledger`, `Lease`: the protocol of every ledger.

The vendor counts requests per credential, whatever process sends them. A process takes a *lease* on the credential
before it sends, keeps it alive with heartbeats, and ends it. While the lease lasts, the process's pacer respects what
others send with the credential, and they respect its requests:

* One that ended in order leaves its exact slots.
* One that was killed holds its part until the server has counted its last request and that has left every window.
* A request leaves only while the newest heartbeat is recent, so the last request of a killed process can be dated.

How quotas are shared is up to the ledger: one machine's ledger divides them (`quota_sharing`), and the ledger in a
database hands out single slots (`postgres`).
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import attrs

from bulkops.pacing import Pacer

_COMMAND: Final = "of bulkops "
"""Start of the label of a command that is not a run: "run of bulkops call is already using this credential"."""


@attrs.frozen
class Credential:
    """The credential for which the vendor counts requests together. `workspace`: the partner's; None when the token may
    not read it, and then it may be any workspace of the host.
    """

    host: str
    workspace: str | None = None


@attrs.frozen(kw_only=True)
class LeaseTerms:
    """The lease that a process asks for.

    Args:
        label: the run's id, or "of bulkops call" of a command that is not a run, for the error of a refused run.
        holder: of whom the lease is, if there are several one after the other: a pacer that holds its own slots.
        share: run beside other processes.
        server_timeout_s: how long after it left the server may still count a request that was never answered.
    """

    credential: Credential
    label: str
    holder: str
    share: bool
    server_timeout_s: float

    @property
    def run_id(self) -> str:
        """Processes with the same one are of one run, and share its part of a quota. A command is a run of its own."""
        return self.holder if self.label.startswith(_COMMAND) else self.label

    @classmethod
    def of(cls, credential: Credential, pacer: Pacer, *, label: str, share: bool) -> LeaseTerms:
        return cls(
            credential=credential,
            label=label,
            holder=pacer.id,
            share=share,
            server_timeout_s=pacer.server_timeout_s,
        )


class Lease(Protocol):
    """The use of a credential by one process."""

    @property
    def is_fresh(self) -> bool:
        """Whether a request may leave: the newest recorded heartbeat is recent enough to date this process after a
        kill.
        """

    async def until_fresh(self) -> None:
        """Wait for a recent heartbeat. Raises: JournalError if none can be written."""


class Ledger(Protocol):
    def lease(
        self, credential: Credential, pacer: Pacer, *, label: str, share: bool
    ) -> AbstractAsyncContextManager[Lease]:
        """Use a credential: inside, the pacer's quotas are kept together with other processes. It ends in order, also
        after an error. `label`, `share`: as in `LeaseTerms`.

        Raises: RunLocked naming another run, when there is one (with `share`: when there are too many); JournalError.
        """
