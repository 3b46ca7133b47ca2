"""A script under trio gets one sentence at each entry of the library, not an error from its depths."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio

import bulkops
from bulkops.errors import ConfigError


@bulkops.operation
async def nothing(ctx: bulkops.Context) -> None:
    """Nothing."""


def client() -> bulkops.Workato:
    return bulkops.Workato(token="t0ken", host="http://127.0.0.1:9")


async def enter_client(_: Path) -> None:
    async with client():
        pytest.fail("it was opened")


async def start_run(home: Path) -> None:
    await bulkops.run(nothing, accounts=["1"], workato=client(), journal=home)


async def ask_fleet(home: Path) -> None:
    await bulkops.Fleet(client(), journal=home).runs()


async def fan(_: Path) -> None:
    async def same(item: int) -> int:
        return item

    async for _outcome in bulkops.fan_out(same, [1]):
        pytest.fail("it was called")


@pytest.mark.parametrize("script", [enter_client, start_run, ask_fleet, fan])
def test_another_event_loop_is_refused_in_one_sentence(
    script: Callable[[Path], Awaitable[Any]], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="bulkops runs on asyncio only, not on trio") as raised:
        trio.run(script, tmp_path)
    assert "asyncio.run(main())" in str(raised.value)
    assert list(tmp_path.iterdir()) == []
