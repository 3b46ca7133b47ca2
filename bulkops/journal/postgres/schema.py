"""Tables and functions of the journal in PostgreSQL, as migrations.

The columns are those of `sqlite/schema.py`, so that both answer the same queries. What differs:

* All times are the database's: `now_s()`, less the seconds that a write waited on its machine. `boot_id` is that of the
  database (table `store`), and its boot clock is `now_s()`. Rows that were copied from a file keep the clocks of
  their machine.
* Text sorts by its bytes (collation "C"), as in SQLite.
* Every commit is one call of `write`, because a process that is stopped inside of a transaction would hold its rows.
  It begins with the fence: a process that was declared dead can write nothing any more.
* `accounts.process_id` is the claim: the process that works on the account. Another process can claim it after that
  one has ended or was declared dead.
* A run's lock is a row of `locks` whose process is alive. An exclusive section belongs to the first row of `sections`.
* `runs.request` hands a run over to workers: `shared_runs.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

LEASE_S: Final = 10
"""Seconds without a heartbeat after which another process may take over: `store.lease_s`, which tests shorten. A
request leaves only with a heartbeat of at most 2 s (`clock.MARGIN_S`), so everything that a dead process sent has left
8 s before.
"""

DEAD: Final = "BK001"
MISSING: Final = "BK002"
LOCKED: Final = "BK003"
CLAIMED: Final = "BK004"
HANDED_OVER: Final = "BK005"
REFUSED: Final = frozenset({MISSING, LOCKED, CLAIMED, HANDED_OVER})
"""SQLSTATEs that `write` raises. Classes that begin with B are free for users (PostgreSQL, appendix A)."""


def _text(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


_PARTS: Final = ("tables.sql", "processes.sql", "sections.sql", "files.sql", "write.sql")
SCRIPTS: Final = ("\n".join(_text(name) for name in _PARTS),)
"""Migrations. Add to the end; a script that was released stays as it is."""
