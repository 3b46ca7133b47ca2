"""Points at which a process can be killed: every commit of journal and ledger, every boundary of a request.

Put in place from outside, in a process that is about to die; shipped code knows nothing of it.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

import attrs

from bulkops.session import _attempt, _transport

Mode = Literal["all", "late", "torn"]

_WRITES: Final = re.compile(r"\s*(?:INSERT(?: OR \w+)? INTO|UPDATE) (\w+)")

_MOST_FILES: Final = 65_536

_GRACE_S: Final = 0.3
"""The sender of a late request stays so long, or the server would see the connection end in mid-request."""


@attrs.define(kw_only=True)
class Points:
    """Counts the points that this process passes and ends it with SIGKILL at number `fatal` (None: never).

    `mode` "all": before and after every commit; before each request leaves, when it has left, when its answer's head
    is here, when the answer has been read.
    "late": each changing request, once: the client dies when it should leave, and it reaches the server `hold_s` later,
    like one that was stuck on its way.
    "torn": the power fails in each commit: what the disk was not told to keep is gone, and of the commit itself an
    arbitrary first part is there.
    `only`: a pattern; points whose name it does not match are not counted. `told`: called with the point's name at the
    fatal one.
    """

    mode: Mode = "all"
    fatal: int | None = None
    hold_s: float = 0.0
    told: Callable[[str], object] = print
    only: str = ""
    names: list[str] = attrs.field(factory=list)

    def install(self) -> None:
        """Watch everything that this process does from now on. There is no way back."""
        _watch_requests(self)
        if self.mode != "late":
            _watch_commits(self)

    def reached(self, name: str) -> None:
        if self.is_fatal(name):
            die()

    def is_fatal(self, name: str) -> bool:
        """Count the point; whether this is the one to die at."""
        if not re.search(self.only, name):
            return False
        self.names.append(name)
        if len(self.names) != self.fatal:
            return False
        self.told(name)
        return True


def die() -> NoReturn:
    """As `kill -9`: nothing is flushed, closed or said."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives SIGKILL")


def _watch_commits(points: Points) -> None:
    """Every transaction of a connection opened from now on. Its name: what its first write was about."""

    class Watched(sqlite3.Connection):
        about = ""

        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql == "COMMIT":
                name = f"the commit of {self.about or 'a sign of life'}"
                if points.mode == "torn":
                    if _has_log(self) and points.is_fatal(f"power fails in {name}"):
                        _tear(self)
                    return super().execute(sql, *values)
                points.reached(f"before {name}")
                cursor = super().execute(sql, *values)
                points.reached(f"after {name}")
                return cursor
            if sql.startswith("BEGIN"):
                self.about = ""
            self.about = self.about or _table(sql)
            return super().execute(sql, *values)

        def executescript(self, sql: str, /) -> sqlite3.Cursor:
            points.reached("before the tables are made")
            return super().executescript(sql)

    connect = sqlite3.connect

    def watched_connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        return connect(*args, **kwargs, factory=Watched)

    sqlite3.connect = watched_connect  # type: ignore[assignment]  # for the rest of this process's short life


_FULL: Final = 2


def _has_log(connection: sqlite3.Connection) -> bool:
    """Whether it is a journal's: a ledger has no log whose end could be torn off."""
    return bool(connection.execute("PRAGMA journal_mode").fetchone() == ("wal",))


def _tear(connection: sqlite3.Connection) -> NoReturn:
    """Commit, then leave of the write-ahead log what a disk without power must have: all that was synced before, and
    of the frames of this commit a part. Nothing but the synchronous mode FULL syncs each commit."""
    log = Path(connection.execute("PRAGMA database_list").fetchone()[2] + "-wal")
    is_synced = connection.execute("PRAGMA synchronous").fetchone()[0] >= _FULL
    kept = log.stat().st_size if is_synced and log.exists() else 0
    sqlite3.Connection.execute(connection, "COMMIT")
    written = log.stat().st_size
    if written > kept:
        os.truncate(log, random.Random(written).randint(kept, written))  # noqa: S311 - a test's draw
    log.with_name(log.name.removesuffix("wal") + "shm").unlink()
    die()


def _table(sql: str) -> str:
    """What a statement writes to; "" when it writes nothing worth a name."""
    found = _WRITES.match(sql)
    return found.group(1) if found and found.group(1) != "processes" else ""


def _watch_requests(points: Points) -> None:
    """Wraps the methods through which every request passes (`bulkops.session`)."""
    if points.mode == "torn":
        return
    if points.mode == "late":
        _watch_leaving(lambda request, protocol, name: _keep_back(request, protocol, points, name), _send_kept)
        return
    _watch_leaving(
        lambda _, __, name: points.reached(f"before {name} leaves"),
        lambda _, name: points.reached(f"when {name} has left"),
    )
    _watch_answers(points)


def _watch_leaving(before: Callable[[Any, Any, str], object], after: Callable[[Any, str], object]) -> None:
    """A request has left when `_send` returns; one with a large body when that has been written."""
    transport_class = _transport.Transport
    send = transport_class._send

    def watched_send(self: Any, request: Any, request_id: str, protocol: Any, attempt: Any) -> Any:
        name = _call_name(attempt)
        before(request, protocol, name)
        body = send(self, request, request_id, protocol, attempt)
        if body is None:
            after(request, name)
        else:
            body.add_done_callback(lambda task: None if task.cancelled() or task.exception() else after(request, name))
        return body

    setattr(transport_class, "_send", watched_send)  # noqa: B010 - what mypy would not have assigned


def _watch_answers(points: Points) -> None:
    attempt_class, transport_class = _attempt.Attempt, _transport.Transport
    on_answer, exchange = attempt_class.on_answer, transport_class.exchange

    def watched_on_answer(self: Any, status: int, headers: Any) -> None:
        on_answer(self, status, headers)
        points.reached(f"at the answer to {_call_name(self)}")

    async def watched_exchange(self: Any, request: Any, *args: Any) -> Any:
        result = await exchange(self, request, *args)
        points.reached(f"after the answer to {request.call.id}")
        return result

    setattr(attempt_class, "on_answer", watched_on_answer)  # noqa: B010
    setattr(transport_class, "exchange", watched_exchange)  # noqa: B010


def _call_name(attempt: object) -> str:
    return attempt.pending.request.call.id if isinstance(attempt, _attempt.Attempt) else "a request"


@attrs.define
class _Kept:
    """Stands in for a connection's transport and collects what should leave."""

    transport: Any
    hold_s: float
    data: bytearray = attrs.field(factory=bytearray)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        self.data += data

    def writelines(self, parts: Iterable[bytes]) -> None:
        for part in parts:
            self.data += part

    def send_late(self) -> NoReturn:
        """Die; a bystander that holds the connection sends what was collected when `hold_s` have passed."""
        handle = self.transport.get_extra_info("socket").fileno()
        is_alone, alone = os.pipe()
        if os.fork():
            os.close(alone)
            os.read(is_alone, 1)  # until the bystander has let go of everything else: locks would outlive us in it
            die()
        os.closerange(0, handle)
        os.closerange(handle + 1, _MOST_FILES)
        time.sleep(self.hold_s)
        os.set_blocking(handle, True)
        view = memoryview(bytes(self.data))
        while view:
            view = view[os.write(handle, view) :]
        time.sleep(_GRACE_S)
        os._exit(0)


_kept: dict[int, _Kept] = {}


def _keep_back(request: Any, protocol: Any, points: Points, name: str) -> None:
    if request.call.method != "GET" and points.is_fatal(f"late: {name}"):
        _kept[id(request)] = protocol.transport = _Kept(protocol.transport, points.hold_s)


def _send_kept(request: Any, _: str) -> None:
    if id(request) in _kept:
        _kept[id(request)].send_late()
