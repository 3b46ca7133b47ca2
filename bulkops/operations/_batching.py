"""Batches: one request for many accounts. Wishes that arrive during a round join the next one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import anyio
import attrs

W = TypeVar("W")
R = TypeVar("R")
By = TypeVar("By")


@attrs.define(eq=False)
class _Entry(Generic[W, R]):
    wish: W
    wanted: bool = True
    answer: list[R | Exception] = attrs.field(factory=list)


class Rounds(Generic[By, W, R]):
    """Runs wishes in rounds, one round at a time; a single wish does not wait. `play`: takes an account's API and
    wishes, and returns each result or failure in order. It may run again for the same wishes if its account is
    cancelled.
    """

    def __init__(self, play: Callable[[By, Sequence[W]], Awaitable[Sequence[R | Exception]]]) -> None:
        self._play = play
        self._lock = anyio.Lock()
        self._waiting: list[_Entry[W, R]] = []

    async def join(self, by: By, wish: W) -> R:
        """Result of the wish, from a round that begins after the call. Raises: what `play` raises or returns."""
        mine: _Entry[W, R] = _Entry(wish)
        self._waiting.append(mine)
        try:
            async with self._lock:
                if not mine.answer:
                    await self._round(by)
        finally:
            mine.wanted = False  # done, or cancelled
        answer = mine.answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _round(self, by: By) -> None:
        playing, self._waiting = [entry for entry in self._waiting if entry.wanted], []
        try:
            answers: Sequence[R | Exception] = await self._play(by, [entry.wish for entry in playing])
        except Exception as error:  # noqa: BLE001 - it concerns all wishes, and each caller raises it
            answers = [error] * len(playing)
        except BaseException:
            self._waiting = playing + self._waiting  # only the playing account is cancelled
            raise
        for entry, answer in zip(playing, answers, strict=True):
            entry.answer.append(answer)
