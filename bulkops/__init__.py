"""Run one operation across thousands of Workato Embedded customer accounts, with one outcome per account.

The public names are in `bulkops._api`, which is imported on first use, so `bulkops --help` starts at once.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

__version__ = "0.1.0"

_SEPARATE: Final = ("sandbox", "testing")
"""Public modules that a run does not need; `testing` imports pytest."""


def _unsupported() -> str | None:
    """Why this system cannot run bulkops, or None. Locks, signals and file modes are those of POSIX."""
    return None if find_spec("fcntl") else "bulkops runs on Linux and macOS only; on Windows, run it in WSL"


if TYPE_CHECKING:
    from bulkops import sandbox as sandbox, testing as testing
    from bulkops._api import *  # noqa: F403
else:  # a type checker would take `__getattr__` for any name

    def __getattr__(name: str) -> object:
        if name.startswith("_") and name != "__all__":
            raise AttributeError(f"module 'bulkops' has no attribute {name!r}")
        if reason := _unsupported():
            raise ImportError(reason)
        if name in _SEPARATE:
            return import_module(f"bulkops.{name}")
        public = {key: thing for key, thing in vars(import_module("bulkops._api")).items() if not key.startswith("_")}
        if name == "__all__":
            return sorted([*public, *_SEPARATE, "__version__"])
        if name not in public:
            raise AttributeError(f"module 'bulkops' has no attribute {name!r}")
        globals().update(public)
        return public[name]

    def __dir__() -> list[str]:
        return list(__getattr__("__all__"))
