"""`Slot`: permission to send one request, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bulkops.pacing.quota import Quota
from bulkops.pacing.recorded_quota import Settle
from bulkops.pacing.slots_in_hand import SharedQuota
from bulkops.pacing.window import Window

if TYPE_CHECKING:
    from bulkops.pacing.pacer import Pacer


class Slot(msgspec.Struct, eq=False):
    """Permission to send one request now. Exactly one of replied, refused, lost, unused ends it; later calls do
    nothing. `settle`: told how the request ended, where it is on record.
    """

    _pacer: Pacer
    _quota: Quota
    key: str | None
    granted_at: float
    waited_s: float
    _windows: tuple[Window, ...]
    _hand: SharedQuota | None
    _taken: Any
    _generation: int
    _ended: bool = False
    settle: Settle | None = None

    @property
    def quota(self) -> str:
        return self._quota.name

    @property
    def is_on_record(self) -> bool:
        """Whether other processes know of it."""
        return self._hand is not None or self.settle is not None

    @property
    def may_leave(self) -> bool:
        """Whether it is still this process's: one that stood still for long may have lost it while it connected."""
        return self._hand is None or self._hand.generation == self._generation

    def left(self) -> None:
        """The request leaves only now: a fresh connection took a while."""
        self.granted_at = self._pacer.now()

    def replied(self, remaining: int | None = None) -> None:
        """A response arrived, other than "too many requests". `remaining`: how many more fit, if the server says it."""
        now = self._pacer.now()
        if self._end(now, now):
            if remaining == 0:
                self._quota.was_emptied(now)
            self._pacer.ended(self._quota, now, now, (self._quota.was_answered(self.granted_at, now),))

    def refused(self, retry_after_s: float | None) -> None:
        """ "Too many requests", with the server's Retry-After in seconds, if it sent one."""
        now = self._pacer.now()
        if self._end(now, now, refused=True):
            self._pacer.ended(self._quota, now, now, self._quota.was_refused(self.granted_at, now, retry_after_s))

    def lost(self) -> None:
        """No reply: given up, cut off or cancelled. The server may count it until its own timeout."""
        now = self._pacer.now()
        counted_by = max(now, self.granted_at + self._pacer.server_timeout_s)
        if self._end(counted_by, now):
            self._pacer.ended(self._quota, now, counted_by, (self._quota.was_lost(),))

    def unused(self) -> None:
        """The request never left."""
        now = self._pacer.now()
        if self._end(None, now):
            self._pacer.ended(self._quota, now, None, (self._quota.was_unused(),))

    def _end(self, counted_by: float | None, now: float, *, refused: bool = False) -> bool:
        """Give the slots back, once. `counted_by`: when the server has counted the request at the latest."""
        if self._ended:
            return False
        self._ended = True
        for window in self._windows:
            if counted_by is None:
                window.give_back_unused()
            else:
                window.give_back(counted_by)
        if self._hand is not None:
            self._hand.give_back(self._taken, counted_by, refused=refused)
        if self.settle is not None:
            self.settle(None if counted_by is None else counted_by - now)
        self._quota.ended(self, counted_by, now)
        return True
