"""`RetryBudget`: how many requests of a run may be sent again (contract C4)."""

from __future__ import annotations

import asyncio
import contextlib
from random import Random

from bulkops.pacing.backoff import full_jitter


class RetryBudget:
    """How many resends a run may spend, per quota: each spends one token, each success earns `refund`.

    First attempts are free. When a quota's tokens are spent, the host is probably down. Then callers wait, and one at a
    time probes the host with its own resend, at backoff pace. A successful probe opens the budget again. No caller is
    ever refused: an outage makes a run slow, not wrong.

    Waiting and taking are two steps. So a request that waits for a slot of its quota does not hold the single probe
    while others have slots.
    """

    def __init__(self, *, capacity: float = 10, refund: float = 0.1, base_s: float, cap_s: float, rng: Random) -> None:
        self._capacity = capacity
        self._refund = refund
        self._base_s, self._cap_s = base_s, max(base_s, cap_s)
        self._rng = rng
        self._tokens: dict[str, float] = {}
        self._is_probing = False
        self._failed_probes = 0
        self._probe_at: float | None = None
        self._changed = asyncio.Event()

    def tokens(self, quota: str) -> float:
        return self._tokens.get(quota, self._capacity)

    def succeeded(self, quota: str) -> None:
        """A request of the quota was answered well."""
        before = self.tokens(quota)
        if before < self._capacity:
            self._tokens[quota] = min(self._capacity, before + self._refund)
            if before < 1 <= self._tokens[quota]:
                self._failed_probes, self._probe_at = 0, None
                self._tell()

    async def until_allowed(self, quota: str) -> None:
        """Wait until a resend may leave: a token is left, or it is time for the host's next probe. Takes neither."""
        while self.tokens(quota) < 1:
            if self._probe_at is None:
                self._probe_at = self._now() + full_jitter(
                    self._failed_probes, base_s=self._base_s, cap_s=self._cap_s, rng=self._rng
                )
            wait_s = None if self._is_probing else self._probe_at - self._now()
            if wait_s is not None and wait_s <= 0:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()

    def take(self, quota: str) -> bool | None:
        """Spend one resend now. True: it is the host's single probe; None: another request took it first. Each taken
        resend must be `settled`, also after a cancellation.
        """
        if self.tokens(quota) >= 1:
            self._tokens[quota] = self.tokens(quota) - 1
            return False
        if self._is_probing or self._probe_at is None or self._now() < self._probe_at:
            return None
        self._is_probing = True
        self._probe_at = None
        return True

    def settled(self, quota: str, *, probe: bool, ok: bool | None) -> None:
        """How the resend that `take` allowed ended; `ok` None: it never left."""
        if ok is None and not probe:
            self._tokens[quota] = min(self._capacity, self.tokens(quota) + 1)
        if not probe:
            return
        self._is_probing = False
        if ok:
            self._failed_probes = 0
            self._tokens = dict.fromkeys((*self._tokens, quota), self._capacity)
        elif ok is False:
            self._failed_probes += 1
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
