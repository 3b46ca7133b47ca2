"""The exit code of a run. `bulkops/cli/exit_codes.py` has those of errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bulkops.journal import RunState

STOPPED: Final[Mapping[RunState, int]] = {
    RunState.INTERRUPTED: 130,
    RunState.AUTH_FAILED: 4,
    RunState.HALTED: 3,
    RunState.PAUSED: 5,
}
"""How a run can stop before its end, with the exit code of each."""


def exit_code(state: RunState, *, troubled: bool) -> int:
    """`troubled`: whether an account of the run failed, is unknown or impossible."""
    return STOPPED.get(state, 1 if troubled else 0)
