"""The ledger of effects: what really happened, in order."""

from __future__ import annotations

from typing import Any

from bulkops.sandbox.clock import Clock


class Ledger:
    """Effects as JSON data: `t` (real seconds since the start), `account` (null: the partner's own), `kind`, `key`.

    A key is stable across repeats, so that a doubled effect shows as a doubled (account, kind, key). Of what an import
    does inside its folder, new sub-folders and recipes left stopped have lines of their own; recipes written or
    restarted are the import's one effect.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._effects: list[dict[str, Any]] = []

    def note(self, account: int | None, kind: str, key: str) -> None:
        """Write one effect down, at the moment it happens."""
        self._effects.append({"t": round(self._clock.now(), 6), "account": account, "kind": kind, "key": key})

    def effects(self) -> list[dict[str, Any]]:
        """All effects so far, oldest first; the caller's own copy."""
        return [dict(effect) for effect in self._effects]
