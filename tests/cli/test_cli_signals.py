"""Ctrl-C once drains, twice aborts, and afterwards has its usual effect again."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from bulkops.cli.signals import listening
from bulkops.runs import StopSignal
from tests.patience import until


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_once_and_twice(number: Any) -> None:
    said: list[str] = []
    control = StopSignal()
    before = signal.getsignal(number)
    with listening(control, said.append):
        assert not control.draining
        os.kill(os.getpid(), number)
        await until(lambda: control.draining)
        assert not control.aborting
        os.kill(os.getpid(), number)
        await until(lambda: control.aborting)
    assert said == [
        "accounts that have begun an effect finish; press Ctrl-C again to stop now",
        "stopping now; resume settles the accounts in progress",
    ]
    assert signal.getsignal(number) in {before, signal.SIG_DFL, signal.default_int_handler}


async def test_without_a_signal_nothing_is_said_and_handlers_are_gone() -> None:
    said: list[str] = []
    with listening(StopSignal(), said.append):
        pass
    assert said == []
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
