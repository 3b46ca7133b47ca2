"""What each call does, one module per noun; each handler enters itself into `ANSWERS`, by catalogue id.

Handlers never wait: an effect happens whole, at one moment, and a cancelled request leaves no half of it.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from bulkops.sandbox.handlers._base import ANSWERS

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["ANSWERS"]
