"""Event loops that stand still: `make stalled SEED=7` puts this folder on PYTHONPATH, for the processes of tests too.

A busy machine gives a process no time for a while, wherever it is. Here each loop on the real clock blocks for
20-300 ms before some of its rounds, and each worker thread before some of its tasks; which ones depends on STALL_SEED
and on the test, so a failure can be seen again.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from random import Random
from time import sleep
from types import ModuleType
from typing import Any

_PLACES = {"asyncio.base_events": ("BaseEventLoop", "_run_once"), "concurrent.futures.thread": ("_WorkItem", "run")}
_SEED = os.environ.get("STALL_SEED", "")


class _Stalls:
    """Says before which turns to block: often among the first ones, then about one in a hundred and fifty."""

    def __init__(self) -> None:
        self.test = ""
        self.left = 0

    def turn(self) -> None:
        test = os.environ.get("PYTEST_CURRENT_TEST", "")
        if test != self.test or not self.left:
            if test != self.test or not hasattr(self, "draw"):
                self.test, self.draw = test, Random(f"{_SEED} {test}")
            self.left = int(1000 ** self.draw.random())
        self.left -= 1
        if not self.left:
            sleep(self.draw.uniform(0.02, 0.3))


def _stalling(function: Any) -> Any:
    stalls = _Stalls()

    def run(self: Any) -> Any:
        if not (hasattr(self, "setup_looptime") or hasattr(self, "virtual_limit_s")):  # no virtual clock
            stalls.turn()
        return function(self)

    return run


class _Finder:
    """Changes asyncio's loop and a pool's tasks as they are imported: who needs neither must not load them."""

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in _PLACES or (spec := PathFinder.find_spec(name, path, target)) is None:
            return None
        owner, method = _PLACES[name]
        loader: Any = spec.loader
        load = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            changed = getattr(module, owner)
            setattr(changed, method, _stalling(getattr(changed, method)))

        loader.exec_module = exec_module
        return spec


if _SEED:
    sys.meta_path.insert(0, _Finder())  # type: ignore[arg-type]  # a finder needs no more than this
