"""`CountedAdmission`: admission where other processes keep to the quotas: it only counts the accounts in progress."""

from __future__ import annotations

import asyncio
import heapq


class CountedAdmission:
    """Lets up to `most` accounts be in progress, lower priority first. See `Admission`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: set[str] = set()
        self._waiting: list[tuple[tuple[int, int], str, asyncio.Future[bool]]] = []

    async def admit(self, account: str, priority: tuple[int, int]) -> bool:
        """See `Admission.admit`."""
        granted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, account, granted))
        self._look()
        return await granted

    def leave(self, account: str, *, teaches: bool) -> None:
        """See `Admission.leave`."""
        self._open.discard(account)
        self._look()

    def stop(self) -> None:
        """See `Admission.stop`."""
        for _, _, granted in self._waiting:
            if not granted.done():
                granted.set_result(False)
        self._waiting.clear()

    def _look(self) -> None:
        while self._waiting and len(self._open) < self._most:
            _, account, granted = heapq.heappop(self._waiting)
            if not granted.done():  # else its task was cancelled
                self._open.add(account)
                granted.set_result(True)
