"""The slots of the local ledger, and what is known of explored quotas, as functions within a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

import attrs

from bulkops.clock import Instant
from bulkops.ledger.base import Credential
from bulkops.pacing import Explored, Full, HeldSlot, window_length_s
from bulkops.rate_limit import Limit

_ASK_AGAIN_S: Final = 0.5
"""Seconds until the next try while other processes' requests are in flight: their slots come free at an unknown
time.
"""
_AT_LEAST_S: Final = 0.001
_MOST_ROWS: Final = 100
"""Rows of one statement. One each would take three times the CPU."""


@attrs.frozen
class Owner:
    """Whose slots: a process's lease on a credential. `holder`: see `Ledger.lease`."""

    credential: Credential
    holder: str
    process_id: int = 0

    @property
    def host(self) -> str:
        return self.credential.host

    @property
    def workspace(self) -> str | None:
        return self.credential.workspace


SAME_CREDENTIAL: Final = "host = ? AND (workspace = ? OR workspace IS NULL OR ? IS NULL)"
"""Of rows that may be of the same workspace. Values: host, workspace, workspace."""


@attrs.frozen
class Request:
    """A request that needs a slot of a recorded quota."""

    quota: str
    key: str | None
    limits: Sequence[Limit]


@attrs.frozen
class Settled:
    """How a recorded request ended. `counted_boot_s`: the server has counted it by then; None: it never left."""

    slot_id: int
    counted_boot_s: float | None


def take_slot(connection: sqlite3.Connection, mine: Owner, request: Request, now: Instant) -> int | Full:
    """Id of the slot, which is in flight from now on; or a refusal if a window is full."""
    lengths_s = [window_length_s(limit.window_s) for limit in request.limits]
    for limit, length_s in zip(request.limits, lengths_s, strict=True):
        full = _full(connection, mine, request, limit, length_s, now)
        if full is not None:
            return full
    return _insert(connection, mine, request.quota, request.key, [None], max(lengths_s), recorded=True)


def _full(
    connection: sqlite3.Connection, mine: Owner, request: Request, limit: Limit, length_s: float, now: Instant
) -> Full | None:
    of_key = "AND key IS ?" if limit.key is not None else "AND (key IS ? OR 1)"
    rows = connection.execute(
        f"""SELECT counted_boot_s FROM slots WHERE {SAME_CREDENTIAL} AND quota = ? {of_key}
            AND (counted_boot_s IS NULL OR counted_boot_s > ?) ORDER BY counted_boot_s""",  # noqa: S608 - constants
        (mine.host, mine.workspace, mine.workspace, request.quota, _text(request.key), now.boot_s - length_s),
    ).fetchall()
    if len(rows) < limit.requests:
        return None
    known = [at for (at,) in rows if at is not None]
    place = len(rows) - limit.requests  # all before it must come free, and it too
    again_in_s = known[place] + length_s - now.boot_s if place < len(known) else min(length_s, _ASK_AGAIN_S)
    return Full(max(again_in_s, _AT_LEAST_S), is_key=limit.key is not None)


def settle_slots(connection: sqlite3.Connection, settled: Iterable[Settled]) -> None:
    """Note how recorded requests ended."""
    for one in settled:
        if one.counted_boot_s is None:
            connection.execute("DELETE FROM slots WHERE slot_id = ?", (one.slot_id,))
        else:
            connection.execute(
                "UPDATE slots SET counted_boot_s = ? WHERE slot_id = ?", (one.counted_boot_s, one.slot_id)
            )


def put_slots(
    connection: sqlite3.Connection, mine: Owner, slots: Iterable[HeldSlot], now: Instant, *, recorded: bool
) -> None:
    """Note slots that requests hold which left without being on record: at the end of a run, all of the last window."""
    for (quota, key, longest_s), alike in groupby(slots, attrgetter("quota", "key", "longest_s")):
        counted = [now.boot_s + slot.counted_in_s for slot in alike]
        for start in range(0, len(counted), _MOST_ROWS):
            part = counted[start : start + _MOST_ROWS]
            _insert(connection, mine, quota, key, part, longest_s, recorded=recorded)


def slots_left_behind(connection: sqlite3.Connection, mine: Owner, now: Instant) -> tuple[HeldSlot, ...]:
    """Of divided quotas, from processes that ended. The holder's own ones are in its pacer."""
    rows = connection.execute(
        f"""SELECT quota, key, counted_boot_s, longest_s FROM slots
            WHERE {SAME_CREDENTIAL} AND NOT recorded AND counted_boot_s + longest_s > ?
              AND process_id NOT IN (SELECT process_id FROM processes WHERE holder = ?)""",  # noqa: S608 - constants
        (mine.host, mine.workspace, mine.workspace, now.boot_s, mine.holder),
    )
    return tuple(HeldSlot(quota, key, counted - now.boot_s, longest_s) for quota, key, counted, longest_s in rows)


def learn(connection: sqlite3.Connection, mine: Owner, explored: Iterable[Explored]) -> tuple[Explored, ...]:
    """Note what this process knows of explored quotas. Returns: what all together know."""
    known: dict[tuple[str, float], Explored] = {}
    rows = connection.execute(
        f"SELECT quota, requests, window_s, refused FROM explored WHERE {SAME_CREDENTIAL}",  # noqa: S608 - constants
        (mine.host, mine.workspace, mine.workspace),
    )
    for quota, requests, window_s, refused in rows:
        one = Explored(quota, requests, window_s, bool(refused))
        known[quota, window_s] = one.merged(known.get((quota, window_s), one))
    for one in explored:
        place = one.quota, one.window_s
        merged = one.merged(known.get(place, one))
        if merged != known.get(place):
            known[place] = merged
            own = (mine.host, mine.workspace, *place)
            connection.execute(
                "DELETE FROM explored WHERE host = ? AND workspace IS ? AND quota = ? AND window_s = ?", own
            )
            connection.execute(
                "INSERT INTO explored (host, workspace, quota, window_s, requests, refused) VALUES (?, ?, ?, ?, ?, ?)",
                (*own, merged.requests, merged.refused),
            )
    return tuple(known.values())


def _insert(
    connection: sqlite3.Connection,
    mine: Owner,
    quota: str,
    key: str | None,
    counted: Sequence[float | None],
    longest_s: float,
    *,
    recorded: bool,
) -> int:
    """One slot for each of `counted`. Returns: the id of the last one."""
    same = (mine.process_id, mine.host, mine.workspace, quota, _text(key), recorded, longest_s)
    cursor = connection.execute(
        f"""INSERT INTO slots (process_id, host, workspace, quota, key, recorded, longest_s, counted_boot_s)
            SELECT ?, ?, ?, ?, ?, ?, ?, column1 FROM (VALUES {", ".join(["(?)"] * len(counted))})""",  # noqa: S608 - question marks
        (*same, *counted),
    )
    assert cursor.lastrowid is not None  # noqa: S101 - tells the type checker what an INSERT gives
    return cursor.lastrowid


def _text(key: str | None) -> str | None:
    """A key that SQLite takes: the name of an account may hold lone surrogates."""
    return key if key is None or key.isascii() else key.encode("utf-8", "backslashreplace").decode("utf-8")
