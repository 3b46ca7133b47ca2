"""Writes of an account outside of steps. Together they are one step in the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from bulkops.journal import StepRow, StepState
from bulkops.session import RequestContext

OUTSIDE_STEPS: Final = "(without a step)"
"""Name of the step that stands for all writes of an account outside of steps."""


class OutsideWrites:
    """What this run, in all of its processes, wrote outside of steps.

    `is_noted`: whether this process has journaled the intent; `lock`: held while it does.
    """

    def __init__(self, scope: RequestContext, steps: Mapping[str, StepRow]) -> None:
        row = steps.get(OUTSIDE_STEPS)
        self._scope = scope
        self._left_open = row is not None and row.state is StepState.INTENT
        self._changed = row is not None and (self._left_open or row.changed)
        self.is_noted = False
        self.lock = asyncio.Lock()

    def changed(self, *, ended_well: bool) -> bool | None:
        """Whether there was an effect, at the end of the account's turn; None while that is unknown.

        A write without a reply stays open, also one of a task that the operation has left running. So does a write of
        an earlier process, until the operation, run again, ends well.
        """
        if self._scope.lost_writes or self._scope.unfinished or (self._left_open and not ended_well):
            return None
        return self._scope.writes > 0 or self._changed
