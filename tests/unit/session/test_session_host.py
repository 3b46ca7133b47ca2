"""Whether a host may be asked: nobody knows it yet, it has announced an outage, or that is in doubt."""

from __future__ import annotations

import asyncio

import pytest

from bulkops.errors import ConnectFailed
from bulkops.session._host import UNREACHED_S, Host
from tests.virtual_time import run_virtual


def host_of(told: list[str] | None = None) -> Host:
    return Host(give_up=lambda: (told if told is not None else []).append("gave up"))


def failure() -> ConnectFailed:
    return ConnectFailed("no", call="c", method="GET", path="/p")


def now() -> float:
    return asyncio.get_running_loop().time()


def test_one_tries_a_host_that_is_not_known_and_its_answer_opens_it() -> None:
    async def main() -> None:
        host = host_of()
        assert (host.enter("a"), host.enter("b")) == (True, False)
        host.tried("a", answered=False)
        assert not host.is_open
        assert (host.enter("b"), host.enter("c")) == (True, False)
        host.tried("c", answered=True)
        assert not host.is_open, "c did not try it"
        host.tried("b", answered=True)
        assert (host.is_open, host.enter("c")) == (True, True)

    run_virtual(main())


def test_an_answer_from_before_the_outage_opens_nothing() -> None:
    async def main() -> None:
        host = host_of()
        assert host.enter("a")
        assert host.announced("b", 30.0) == 0.0, "one call alone: in doubt"
        host.tried("a", answered=True)
        assert host.announced("a", 30.0) == 30.0, "the one that tried it says so too"
        assert not host.enter("c")
        await asyncio.sleep(30.0)
        assert host.enter("c")
        assert host.announced("c", 60.0) == 0.0
        host.tried("c", answered=False)
        assert host.announced("c", 60.0) == 60.0
        assert host.away_s == 90.0

    run_virtual(main())


@pytest.mark.parametrize(("others", "announced_s", "waits_s"), [(0, 60.0, 1.0), (1, 60.0, 10.0), (1, 4.0, 4.0)])
def test_an_outage_is_doubted_as_long_as_somebody_else_may_try_the_host(
    others: int, announced_s: float, waits_s: float
) -> None:
    async def main() -> tuple[float, float]:
        host = host_of()
        for _ in range(1 + others):
            host.arrived()
        closed_s = await host.doubt(announced_s)
        return closed_s, now()

    closed_s, ended_at = run_virtual(main())
    assert closed_s == announced_s
    assert ended_at == pytest.approx(waits_s, abs=0.01)


def test_who_is_left_alone_doubts_a_second_from_then() -> None:
    async def main() -> float:
        host = host_of()
        host.arrived()
        host.arrived()
        doubting = asyncio.create_task(host.doubt(60.0))
        await asyncio.sleep(3.0)
        host.left()
        await doubting
        return now()

    assert run_virtual(main()) == pytest.approx(4.0, abs=0.01)


@pytest.mark.parametrize(("then", "told"), [("nothing", ["gave up"]), ("an answer", []), ("close", [])])
def test_a_host_that_was_never_reached_is_given_up_once(then: str, told: list[str]) -> None:
    async def main() -> list[str]:
        said: list[str] = []
        host = host_of(said)
        for _ in range(3):
            host.failed(failure(), began_at=now(), is_permanent=False)
        await asyncio.sleep(UNREACHED_S - 0.1)
        assert said == []
        if then == "an answer":
            host.answered(usable=False)
        elif then == "close":
            host.close()
        await asyncio.sleep(60.0)
        return said

    assert run_virtual(main()) == told
