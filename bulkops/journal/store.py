"""`Store`: the parts of one opened database, from which a `Journal` is made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import attrs

from bulkops.clock import Clock
from bulkops.journal.base import Committing, Locks, Queried, Reading, Writes
from bulkops.journal.reader import Reader
from bulkops.journal.writer import Writer

if TYPE_CHECKING:
    from bulkops.journal.postgres.shared_runs import SharedRuns


@attrs.frozen(kw_only=True)
class Store:
    """`name`: of the file or the database, for messages, without passwords; `committing`: None if it is read only;
    `connect`: another connection, for a write that takes long; `shared_runs`: None if only one process at a time can
    work on a run.
    """

    name: str
    clock: Clock
    reading: Reading
    committing: Committing | None
    writes: Writes
    locks: Callable[[Reader, Writer | None], Locks]
    connect: Callable[[], AbstractContextManager[Queried]]
    shared_runs: Callable[[Reader, Writer | None], SharedRuns] | None = None
