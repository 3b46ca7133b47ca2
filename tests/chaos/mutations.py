"""Mistakes that somebody could make one day. Each breaks one promise in a process of the crash kit, which must notice.

Called by name in every process of a trial, before it does anything else; never undone.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import attrs

from bulkops.journal import Journal, StepState, queries
from bulkops.steps import Context


def _replace(owner: Any, name: str, replacement: Any) -> None:
    """Raises AttributeError when what should be broken has another name by now."""
    getattr(owner, name)
    setattr(owner, name, replacement)


def drop_the_intent() -> None:
    """The request leaves without a word in the journal."""

    async def begin_step(self: Journal, *args: Any) -> None:
        pass

    _replace(Journal, "begin_step", begin_step)


def skip_the_probe() -> None:
    """An intent without a result counts as nothing happened."""

    async def settle(self: Context, *args: Any) -> None:
        return None

    _replace(Context, "_settle", settle)


def probe_without_waiting() -> None:
    """Nothing found counts at once, while the old request may still be on its way."""
    init = Context.__init__

    def hasty_init(self: Context, **given: Any) -> None:
        init(self, **given | {"tuning": attrs.evolve(given["tuning"], server_timeout_s=1e-9)})

    _replace(Context, "__init__", hasty_init)


def ignore_what_the_probe_found() -> None:
    """It looks, and sends again all the same."""
    settle = Context._settle

    async def deaf_settle(self: Context, *args: Any) -> None:
        await settle(self, *args)

    _replace(Context, "_settle", deaf_settle)


def take_an_intent_for_done() -> None:
    """What was intended counts as what happened."""
    init = Context.__init__

    def trusting_init(self: Context, **given: Any) -> None:
        rows = {name: attrs.evolve(row, state=StepState.DONE) for name, row in given["steps"].items()}
        init(self, **given | {"steps": rows})

    _replace(Context, "__init__", trusting_init)


def take_an_open_account_for_done() -> None:
    """An account that was under way when its process died is not taken up again."""
    _replace(queries, "_OUTCOME", "coalesce(a.outcome, 'changed')")


def an_hour_back() -> None:
    """No mistake but a trap: in every process after a trial's first the wall clock shows an hour less."""
    if Path(os.environ["XDG_STATE_HOME"], "journal").exists():
        now = time.time
        _replace(time, "time", lambda: now() - 3600)
