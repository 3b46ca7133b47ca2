"""`OpenedQuota`: one quota of this process between its pacer and the database: what to ask for, give back and tell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import attrs

from bulkops.clock import BEAT_S
from bulkops.ledger.postgres.messages import Earlier, Opened, OpenedWindow, Opening, Taken, Told, Width, Wish
from bulkops.pacing import HORIZON_S, HeldSlot, Quota, SharedWidth, WindowUsage, window_length_s

GAP_S: Final = 0.05
"""Seconds between two exchanges at least, unless a quota or a record has to be opened."""

_RETURN_S: Final = 0.25
"""Seconds. A slot on its way back may wait so long for an exchange: it is free only one window after its response."""

_RETRY_SHARE: Final = 0.4
"""While slots are scarce, a process asks when this part of the time has passed for which it may take them ahead."""

_ALL_HELD_S: Final = 0.25
"""Seconds until the next try while other processes hold all slots: they come free at an unknown time."""


_Width: TypeAlias = tuple[int, bool, int]
"""`SharedWidth` without the closing: allowed, is_opening, burst."""


@attrs.frozen
class SlotToken:
    """One slot of each window of a quota. `process_id`: of the process that took it; it may be declared dead later."""

    process_id: int
    exchange: int
    numbers: Sequence[int]


@attrs.define(eq=False)
class OpenedQuota:
    """Times are the event loop's."""

    quota: Quota
    quota_id: int
    _window_ids: Sequence[int]
    _lengths_s: Sequence[float]
    _known: _Width
    """In the database, by the last exchange; version and closing likewise."""
    _version: int = -1
    _closed_until: float = -math.inf
    _told: _Width | None = None
    _ask_at: float = -math.inf
    _low: int = 0
    _is_scarce: bool = False
    _return_at: float = math.inf

    @classmethod
    def opening(cls, quota: Quota, held: Sequence[HeldSlot], now: float) -> Opening:
        """The message that opens a quota."""
        width = quota.adaptation.width(now)
        return Opening(
            quota=quota.name,
            windows=[
                OpenedWindow(limit.requests, limit.window_s, window_length_s(limit.window_s))
                for limit in quota.shared_limits()
            ],
            held=[Earlier(plain(slot.key), slot.counted_in_s) for slot in held],
            longest_s=max(
                (window_length_s(limit.window_s) for limit in quota.limits if limit.key is not None), default=None
            ),
            allowed=width.allowed,
            opening=width.is_opening,
        )

    @classmethod
    def opened(cls, quota: Quota, opening: Opening, reply: Opened, now: float) -> OpenedQuota:
        lengths_s = [window.length_s for window in opening.windows]
        opened = cls(quota, reply.quota_id, reply.windows, lengths_s, (0, False, 0))
        opened._adopt(reply, now)
        return opened

    @property
    def windows(self) -> list[tuple[int, int]]:
        """(number of the window, requests)"""
        limits = self.quota.shared_limits()
        return [(number, limit.requests) for number, limit in zip(self._window_ids, limits, strict=True)]

    # -- what to ask --------------------------------------------------------------------------------------------

    def due_at(self, now: float, gap_until: float) -> float:
        """When the next exchange should be because of this quota."""
        shared = self.quota.shared
        if shared is None:
            return math.inf
        if self._has_learned(now):
            return gap_until
        if shared.returned:
            self._return_at = min(self._return_at, now + _RETURN_S)
        at = self._return_at
        if (self._is_scarce or len(shared) <= self._low) and self._wanted(now) > 0:
            at = min(at, max(self._ask_at, gap_until))
        return at

    def _wanted(self, now: float) -> int:
        shared = self.quota.shared
        return 0 if shared is None else shared.wanted(self.quota.leaving_within(now, HORIZON_S), now)

    def wish(self, now: float) -> Wish | None:
        """What to ask for in this exchange; None: the quota is idle."""
        shared = self.quota.shared
        if shared is None:
            return None
        want = self._wanted(now)
        if not want and not self.quota.waiting and not len(shared) and not self.quota.shortest_window.in_flight:
            return None
        return Wish(
            quota=self.quota.name,
            quota_id=self.quota_id,
            windows=self.windows,
            places=self.quota.queue.places(len(shared), want),
            have=len(shared),
        )

    # -- what to give back and to tell --------------------------------------------------------------------------

    def back(
        self, process_id: int, now: float, *, is_ending: bool
    ) -> Iterator[tuple[int, int, int, float | None, bool]]:
        """Slots to give back."""
        shared = self.quota.shared
        if shared is None:
            return
        if is_ending:
            shared.return_all()
        shared.return_unused(now, waiting=bool(self.quota.waiting))
        returned, shared.returned = shared.returned, []
        self._return_at = math.inf
        for one in returned:
            token: SlotToken = one.slot
            if token.process_id != process_id:
                continue  # of the process that was declared dead: it is free when its last request must be counted
            for window_id, number, length_s in zip(self._window_ids, token.numbers, self._lengths_s, strict=True):
                free_in_s = None if one.counted_by is None else one.counted_by + length_s - now
                yield window_id, number, token.exchange, free_in_s, one.refused

    def told(self, now: float) -> Told | None:
        """What responses have taught since the last exchange."""
        if not self._has_learned(now):
            return None
        width = self.quota.adaptation.width(now)
        self._told = (width.allowed, width.is_opening, width.burst)
        self._closed_until = self.quota.adaptation.closed_until
        window_id, requests = self.windows[0]
        return Told(
            quota_id=self.quota_id,
            window_id=window_id,
            requests=requests,
            version=self._version,
            allowed=width.allowed,
            opening=width.is_opening,
            burst=width.burst,
            closed_for_s=width.closed_for_s,
        )

    def _has_learned(self, now: float) -> bool:
        adaptation = self.quota.adaptation
        if adaptation.closed_until > max(now, self._closed_until):
            return True
        return self._mine(now) != (min(self._known[0], adaptation.limit), *self._known[1:])

    def _mine(self, now: float) -> _Width:
        width = self.quota.adaptation.width(now)
        return width.allowed, width.is_opening, width.burst

    # -- what the database answers ------------------------------------------------------------------------------

    def answered(self, taken: Taken, *, process_id: int, exchange: int, now: float) -> None:
        """Slots for the hand, and what other processes have done and learned."""
        shared = self.quota.shared
        if shared is None:
            return
        for slot in taken.slots:
            shared.add(SlotToken(process_id, exchange, slot.numbers), now + slot.ready_in_s)
        self.quota.hear(WindowUsage(taken.used, taken.refused, taken.used - taken.refused - taken.held), taken.sharers)
        self._adopt(taken, now)
        self._low = len(shared) // 2
        self._is_scarce = taken.is_scarce
        self._ask_at = -math.inf
        if self._is_scarce:
            next_in_s = _ALL_HELD_S if taken.next_in_s is None else taken.next_in_s - taken.within_s
            self._ask_at = now + min(BEAT_S, max(next_in_s, GAP_S, _RETRY_SHARE * taken.within_s))

    def _adopt(self, width: Width, now: float) -> None:
        """Take over what another process has learned, unless it is what this one has told."""
        adaptation = self.quota.adaptation
        found = width.allowed, width.opening, width.burst
        if width.version != self._version and found not in {self._told, self._mine(now)}:
            adaptation.adopt(SharedWidth(*found, width.closed_for_s), now)
        self._version, self._known = width.version, found
        until = now + width.closed_for_s
        if width.closed_for_s and until > adaptation.closed_until + GAP_S:
            adaptation.hear_closing(until)
        self._closed_until = max(self._closed_until, adaptation.closed_until)


def plain(key: str | None) -> str | None:
    """A key that PostgreSQL takes: the name of an account may hold lone surrogates and NUL."""
    if key is None or (key.isascii() and key.isprintable()):
        return key
    return key.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")
