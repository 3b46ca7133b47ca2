"""A mistake and a trap, for processes of the crash kit: called by name before anything else is done; never undone.

Mistakes in the package's own text are in `mistakes.py`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import attrs

from bulkops.steps.log import StepLog


def _replace(owner: Any, name: str, replacement: Any) -> None:
    """Raises AttributeError when what should be broken has another name by now."""
    getattr(owner, name)
    setattr(owner, name, replacement)


def probe_without_waiting() -> None:
    """Nothing found counts at once, while the old request may still be on its way."""
    init = StepLog.__init__

    def hasty_init(self: StepLog, **given: Any) -> None:
        init(self, **given | {"tuning": attrs.evolve(given["tuning"], server_timeout_s=1e-9)})

    _replace(StepLog, "__init__", hasty_init)


def an_hour_back() -> None:
    """No mistake but a trap: in every process after a trial's first the wall clock shows an hour less."""
    if Path(os.environ["XDG_STATE_HOME"], "journal").exists():
        now = time.time
        _replace(time, "time", lambda: now() - 3600)
