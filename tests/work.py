"""How much work a function does, in a unit that does not depend on the machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def lines_run(function: Callable[[], object]) -> int:
    """The lines of Python that the function runs, each as often as it runs. What runs in C counts as one line."""
    count = 0

    def on_event(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return on_event

    before = sys.gettrace()
    sys.settrace(on_event)
    try:
        function()
    finally:
        sys.settrace(before)
    return count
