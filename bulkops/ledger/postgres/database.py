"""One process's access to the tables of the ledger. It blocks: used by one thread at a time."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs
import msgspec

from bulkops.clock import BEAT_S, MARGIN_S, Clock
from bulkops.errors import RunLocked
from bulkops.ledger.base import LeaseTerms
from bulkops.ledger.postgres.messages import Opened, Opening, Reply, Request
from bulkops.pacing import HORIZON_S
from bulkops.postgres import DatabaseUrl, connect, connect_again, describe, is_outage, migrate

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

LEASE_S: Final = 10.0
"""Seconds. A process whose newest heartbeat is older is declared dead."""

_LATE_S: Final = 3 * BEAT_S
"""Seconds. After a gap between its own beats a process waits for a lease before it declares others dead."""

_WANTING_S: Final = 1.5 * BEAT_S
"""Seconds in which a process that wanted slots counts among those that share a quota."""

_GRACE_SHARE: Final = 0.02
"""Share of a window for which a slot that came free is kept for a run that has less than its part, and in a run for the
oldest accounts."""

_ALL: Final = 2**62
"""Of an exchange without a number of its own: all exchanges have been answered."""

_SETTINGS: Final = {"statement_timeout": "5s"}
"""An exchange takes milliseconds. One that waits so long counts as an outage, and is sent again."""

_SCRIPTS: Final = (
    "".join(
        Path(__file__).with_name(name).read_text(encoding="utf-8")
        for name in ("tables.sql", "processes.sql", "slots.sql", "exchange.sql")
    ),
)

_TIMES: Final = {
    "lease_s": LEASE_S,
    "late_s": _LATE_S,
    "margin_s": MARGIN_S,
    "horizon_s": HORIZON_S,
    "wanting_s": _WANTING_S,
    "grace_share": _GRACE_SHARE,
}


@attrs.define
class LedgerDatabase:
    """`now`: the time by which the database acts, for tests; None: its own clock."""

    database: DatabaseUrl
    clock: Clock
    now: Callable[[], float] | None = None
    process_id: int = 0
    beat_boot_s: float = float("-inf")
    """Boot clock just before the newest heartbeat was sent."""
    statements: int = 0
    is_ending: bool = False
    """Whether nobody waits for an outage of the database to end: what was held comes free as after a kill."""
    _connection: psycopg.Connection[Any] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Does not wait for a database that is down: a run that asks for a lease could not be stopped meanwhile."""
        make_tables(self.database)
        self._connection = connect(self.database, settings=_SETTINGS)

    def close(self) -> None:
        """Without `end` before it, the state is as after a kill."""
        self._connection.close()

    def begin(self, terms: LeaseTerms) -> None:
        """Raises: RunLocked when another run is at work."""
        reply = self._call(
            "ledger_begin",
            attrs.asdict(terms.credential)
            | {
                "label": terms.label,
                "run_id": terms.run_id,
                "share": terms.share,
                "machine": platform.node(),
                "pid": os.getpid(),
                "server_timeout_s": terms.server_timeout_s,
            },
            dict[str, Any],
        )
        assert reply is not None  # noqa: S101 - tells the type checker what the function returns
        if (other := reply.get("in_use")) is not None:
            raise RunLocked(
                f"run {other['label']} is already using this credential in process {other['pid']} of"
                f" {other['machine']}, on host {terms.credential.host}",
                run_id=other["label"],
                pid=other["pid"],
                remedy="wait for it (--if-running wait), or share the quotas with it (--if-running share)",
            )
        self.process_id = reply["process_id"]

    def open(self, opening: Opening) -> Opened | None:
        """None: this process was declared dead."""
        return self._call("ledger_open", opening, Opened, mine=True)

    def exchange(self, request: Request, *, watch: bool) -> Reply | None:
        """A heartbeat, with all that there is to tell and to ask. None: this process was declared dead."""
        return self._call("ledger_exchange", request, Reply, mine=True, watch=watch)

    def beat(self) -> None:
        """A heartbeat alone, while the event loop is too busy for an exchange."""
        self.exchange(Request(exchange=0, seen=_ALL), watch=False)

    def end(self) -> None:
        """Nothing is sent any more."""
        self._call("ledger_end", {}, None, mine=True)

    def _call(self, function: str, message: Any, kind: type[T] | None, *, mine: bool = False, **more: Any) -> T | None:
        """Call a function of the database: one statement, one commit. Waits for a database that is down; then the call
        may happen twice, and the functions allow for it.

        Raises: JournalError.
        """
        import psycopg  # noqa: PLC0415 - an extra

        request = msgspec.to_builtins(message) | _TIMES | more | {"is_repeated": False}
        arguments = "%s, %s" if mine else "%s"
        while True:
            if self.now is not None:
                request["now"] = self.now()
            values = (msgspec.json.encode(request).decode(),)
            sent_boot_s = self.clock.boot_time_s()
            try:
                self.statements += 1
                row = self._connection.execute(
                    f"SELECT {function}({arguments})::text",
                    (self.process_id, *values) if mine else values,
                ).fetchone()
            except psycopg.Error as error:
                if not (is_outage(error) or isinstance(error, psycopg.errors.QueryCanceled)):
                    raise describe(error, self.database) from None
                self._reconnect()
                request["is_repeated"] = True
                continue
            if kind is None or row is None or row[0] is None:
                return None
            self.beat_boot_s = sent_boot_s
            return msgspec.json.decode(row[0], type=kind)

    def _reconnect(self) -> None:
        self._connection.close()
        self._connection = connect_again(
            self.database, part="ledger", settings=_SETTINGS, give_up=lambda: self.is_ending
        )


def make_tables(database: DatabaseUrl) -> None:
    """Make the tables and functions when they are missing. Blocks. Raises: JournalError."""
    with connect(database) as connection:
        migrate(connection, database, "ledger", _SCRIPTS)
