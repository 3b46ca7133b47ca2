"""Rounds: who comes meanwhile shares the next one, and nobody hangs on somebody who is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bulkops.operations._batching import Rounds


class Table:
    """Plays rounds when it is let, and remembers who played what."""

    def __init__(self) -> None:
        self.rounds: list[tuple[str, list[int]]] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None
        self.made: Rounds[str, int, int] = Rounds(self.play)

    async def play(self, by: str, wishes: Sequence[int]) -> Sequence[int | Exception]:
        self.rounds.append((by, list(wishes)))
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return [ValueError(str(wish)) if wish < 0 else 10 * wish for wish in wishes]


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_comes_while_a_round_is_on_shares_the_next_one() -> None:
    table = Table()
    tasks = [asyncio.create_task(table.made.join("by 0", 0))]
    await settled()
    tasks += [asyncio.create_task(table.made.join(f"by {n}", n)) for n in range(1, 5)]
    await settled()
    assert table.rounds == [("by 0", [0])]
    table.open.set()
    assert await asyncio.gather(*tasks) == [0, 10, 20, 30, 40]
    assert table.rounds == [("by 0", [0]), ("by 1", [1, 2, 3, 4])]


async def test_one_failure_is_one_wishs_and_a_failed_round_is_everybodys() -> None:
    table = Table()
    table.open.set()
    ends = await asyncio.gather(*(table.made.join("x", n) for n in (1, -2, 3)), return_exceptions=True)
    assert [type(end) for end in ends] == [int, ValueError, int]
    table.error = OSError("gone")
    ends = await asyncio.gather(*(table.made.join("x", n) for n in (1, 2, 3)), return_exceptions=True)
    assert [str(end) for end in ends] == ["gone"] * 3
    table.error = None
    assert await table.made.join("x", 4) == 40


async def test_a_round_whose_player_is_cancelled_is_played_by_another() -> None:
    table = Table()
    first = asyncio.create_task(table.made.join("a", 1))
    await settled()
    others = [asyncio.create_task(table.made.join(f"b{n}", n)) for n in (2, 3, 4)]
    await settled()
    first.cancel()
    await settled()
    assert table.rounds == [("a", [1]), ("b2", [2, 3, 4])]  # nobody wants 1 any more
    others[0].cancel()
    others[1].cancel()
    await settled()
    assert table.rounds[2:] == [("b4", [4])]
    table.open.set()
    assert await others[2] == 40
    ends = await asyncio.gather(first, *others[:2], return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends)


async def test_who_is_cancelled_while_waiting_is_not_played() -> None:
    table = Table()
    tasks = [asyncio.create_task(table.made.join("x", 0))]
    await settled()
    tasks += [asyncio.create_task(table.made.join("x", n)) for n in (1, 2)]
    await settled()
    tasks[1].cancel()
    table.open.set()
    assert await tasks[2] == 20
    assert table.rounds[1] == ("x", [2])
