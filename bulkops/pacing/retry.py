"""Which failure may be sent again (contract C4), and how many such sendings a run may afford."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Final, Literal

import attrs

from bulkops.pacing.backoff import full_jitter

TRANSIENT: Final = frozenset({502, 503, 504})


@attrs.frozen
class Failure:
    """What went wrong with one attempt. "connect": nothing was sent; "lost": the connection died."""

    kind: Literal["connect", "lost", "timeout", "status"]
    status: int | None = None


def may_resend(retry: str, failure: Failure) -> bool:
    """Whether a call of retry class `retry` may be sent again after `failure`.

    What was refused before it was executed (no connection, 429) always may. What may have been executed only when
    repeating it reaches the same end state; a read also after a 500.

    >>> may_resend("reconcile_first", Failure("timeout")), may_resend("reconcile_first", Failure("status", 429))
    (False, True)
    """
    if failure.kind == "connect" or failure.status == 429:
        return True
    if retry not in {"idempotent", "safe_to_retry"}:
        return False
    if failure.kind == "status":
        return failure.status in TRANSIENT or (failure.status == 500 and retry == "idempotent")
    return True


class RetryBudget:
    """How many resends a run may spend, per quota: each spends one token, each success earns `refund`.

    First attempts are free. When a quota's tokens are spent the host is probably down: callers wait, and one of them
    at a time probes it with its own resend, at backoff pace. A probe that gets through opens the budget again. No
    caller is ever refused: an outage makes a run slow, not wrong.
    """

    def __init__(self, *, capacity: float = 10, refund: float = 0.1, base_s: float, cap_s: float, rng: Random) -> None:
        self._capacity = capacity
        self._refund = refund
        self._base_s, self._cap_s = base_s, max(base_s, cap_s)
        self._rng = rng
        self._tokens: dict[str, float] = {}
        self._is_probing = False
        self._failed_probes = 0
        self._changed = asyncio.Event()

    def tokens(self, quota: str) -> float:
        return self._tokens.get(quota, self._capacity)

    def succeeded(self, quota: str) -> None:
        """A request of the quota was answered well."""
        before = self.tokens(quota)
        if before < self._capacity:
            self._tokens[quota] = min(self._capacity, before + self._refund)
            if before < 1 <= self._tokens[quota]:
                self._failed_probes = 0
                self._tell()

    async def acquire(self, quota: str) -> bool:
        """Wait until one more resend may be spent. True: it is the host's one probe, to be `settled` as such."""
        while self.tokens(quota) < 1:
            if self._is_probing:
                await self._changed.wait()
                continue
            self._is_probing = True
            try:
                await asyncio.sleep(
                    full_jitter(self._failed_probes, base_s=self._base_s, cap_s=self._cap_s, rng=self._rng)
                )
            except asyncio.CancelledError:
                self._is_probing = False
                self._tell()
                raise
            return True
        self._tokens[quota] = self.tokens(quota) - 1
        return False

    def settled(self, quota: str, *, probe: bool, ok: bool) -> None:
        """How the resend that `acquire` allowed ended; must follow each `acquire`, also after a cancellation."""
        if not probe:
            return
        self._is_probing = False
        if ok:
            self._failed_probes = 0
            self._tokens = dict.fromkeys((*self._tokens, quota), self._capacity)
        else:
            self._failed_probes += 1
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
