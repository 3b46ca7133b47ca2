"""Processes of several machines on one database, whose clock moves when told to."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import attrs
import psycopg

from bulkops.ledger import Credential, LeaseTerms
from bulkops.ledger.postgres.database import LedgerDatabase
from bulkops.ledger.postgres.messages import (
    Back,
    Earlier,
    Keyed,
    Opened,
    OpenedWindow,
    Opening,
    Recorded,
    Reply,
    Request,
    Taken,
    Told,
    Wish,
)
from bulkops.pacing import LAST_PLACE, window_length_s
from bulkops.postgres import DatabaseUrl
from bulkops.rate_limit import Limit
from tests.clocks import StepClock

SERVER_TIMEOUT_S = 40.0
ERAS = itertools.count(1)
ERA_S = 1e5
"""Tests that share a database live so long one after another that nothing of one counts in the next."""

Slot = tuple[tuple[int, ...], int]
"""The numbers of a slot in each window, and the exchange in which it was taken."""


@attrs.define(eq=False)
class Machine:
    """One process at work. `database.close` kills it."""

    database: LedgerDatabase
    exchanges: int = 0
    quotas: dict[str, tuple[Opened, Opening]] = attrs.field(factory=dict)

    def open(self, quota: str, *limits: Limit, held: Sequence[Earlier] = (), allowed: int | None = None) -> Opened:
        """Begin to use a quota, wide open unless `allowed` says otherwise."""
        shared = [limit for limit in limits if limit.key is None]
        keyed = [window_length_s(limit.window_s) for limit in limits if limit.key is not None]
        opening = Opening(
            quota=quota,
            windows=[OpenedWindow(limit.requests, limit.window_s, window_length_s(limit.window_s)) for limit in shared],
            held=held,
            longest_s=max(keyed, default=None),
            allowed=allowed or min((limit.requests for limit in shared), default=0),
            opening=allowed is not None,
        )
        opened = self.database.open(opening)
        assert opened is not None
        self.quotas[quota] = opened, opening
        return opened

    def take(
        self, want: int | Sequence[int], quota: str = "q", *, have: int = 0
    ) -> tuple[list[tuple[Slot, float]], Taken]:
        """Slots, each with the seconds until a request may leave with it. `want`: how many, or for which places."""
        opened, opening = self.quotas[quota]
        windows = [(number, window.requests) for number, window in zip(opened.windows, opening.windows, strict=True)]
        places = [LAST_PLACE] * want if isinstance(want, int) else [*want]
        wish = Wish(quota=quota, quota_id=opened.quota_id, windows=windows, places=places, have=have)
        reply = self.exchange(take=[wish])
        assert reply is not None
        (taken,) = reply.quotas
        return [((tuple(slot.numbers), self.exchanges), slot.ready_in_s) for slot in taken.slots], taken

    def ready(self, want: int | Sequence[int], quota: str = "q") -> list[float]:
        """Seconds until each of up to `want` more slots."""
        return [round(ready_in_s, 3) for _, ready_in_s in self.take(want, quota)[0]]

    def give_back(
        self, slots: Sequence[Slot], counted_in_s: float | None, quota: str = "q", *, refused: bool = False
    ) -> None:
        """The server has counted these requests in so many seconds; None: they never left."""
        opened, opening = self.quotas[quota]
        back: list[Back] = []
        for numbers, exchange in slots:
            for window_id, window, number in zip(opened.windows, opening.windows, numbers, strict=True):
                free_in_s = None if counted_in_s is None else counted_in_s + window.length_s
                back.append((window_id, number, exchange, free_in_s, refused))
        assert self.exchange(back=back) is not None

    def record(self, key: str | None, *limits: Limit, quota: str = "q") -> Recorded:
        keyed = Keyed(quota, key, [(limit.requests, window_length_s(limit.window_s)) for limit in limits])
        reply = self.exchange(record=[keyed])
        assert reply is not None
        (recorded,) = reply.records
        return recorded

    def tell(self, quota: str = "q", *, version: int | None = None, **learned: Any) -> None:
        opened, _ = self.quotas[quota]
        known: dict[str, Any] = {"allowed": opened.allowed, "opening": opened.opening, "burst": 0, "closed_for_s": 0.0}
        version = opened.version if version is None else version
        self.exchange(told=[Told(quota_id=opened.quota_id, version=version, **(known | learned))])

    def exchange(self, **parts: Any) -> Reply | None:
        self.exchanges += 1
        request = Request(exchange=self.exchanges, seen=self.exchanges - 1, **parts)
        return self.database.exchange(request, watch=True)


@attrs.define
class Fleet:
    """All machines of one test. `clock` is that of the database; `host`: this test's own."""

    url: DatabaseUrl
    host: str
    clock: StepClock
    _machines: list[Machine] = attrs.field(factory=list)

    def begin(
        self,
        label: str = "r1",
        *,
        workspace: str | None = "1",
        share: bool = True,
        host: str | None = None,
        holder: str = "",
    ) -> Machine:
        database = LedgerDatabase(self.url, self.clock, lambda: self.clock.wall_s)
        machine = Machine(database)
        self._machines.append(machine)
        credential = Credential(host or self.host, workspace)
        database.begin(
            LeaseTerms(
                credential=credential, label=label, holder=holder, share=share, server_timeout_s=SERVER_TIMEOUT_S
            )
        )
        return machine

    def again(self, machine: Machine) -> Machine:
        """The same process over another connection: what it does, the process does not learn."""
        database = LedgerDatabase(self.url, self.clock, lambda: self.clock.wall_s)
        database.process_id = machine.database.process_id
        ghost = Machine(database, machine.exchanges, machine.quotas)
        self._machines.append(ghost)
        return ghost

    def cut(self, machine: Machine) -> None:
        """Break its connection."""
        pid = machine.database._connection.info.backend_pid
        with psycopg.connect(self.url.conninfo.reveal(), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    def pass_s(self, seconds: float, *alive: Machine) -> None:
        """Time passes; these machines give signs of life meanwhile."""
        while seconds > 0:
            step = min(1.0, seconds)
            self.clock.pass_s(step)
            seconds -= step
            for machine in alive:
                assert machine.exchange() is not None

    def close(self) -> None:
        for machine in self._machines:
            machine.database.close()
