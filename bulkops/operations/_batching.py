"""One request for many accounts: who comes while a round is on takes part in the next one, all together."""

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
    """Carries out wishes in rounds, one round at a time; a lone wish waits for nobody.

    `play`: given somebody by whom to ask, and wishes, answers each one in order: its result, or its failure. It may be
    played again for the same wishes when whoever played it is cancelled.
    """

    def __init__(self, play: Callable[[By, Sequence[W]], Awaitable[Sequence[R | Exception]]]) -> None:
        self._play = play
        self._lock = anyio.Lock()
        self._waiting: list[_Entry[W, R]] = []

    async def join(self, by: By, wish: W) -> R:
        """What came of the wish, in a round that began after it was made. Raises: what `play` raises or answers."""
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
        except Exception as error:  # noqa: BLE001 - it is everybody's, and each one raises it
            answers = [error] * len(playing)
        except BaseException:
            self._waiting = playing + self._waiting  # who played is cancelled, the others are not
            raise
        for entry, answer in zip(playing, answers, strict=True):
            entry.answer.append(answer)
