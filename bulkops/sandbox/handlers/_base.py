"""The form of a handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from bulkops.sandbox.exchange import Asked

Handler: TypeAlias = Callable[[Asked], Any]
"""Answers with the payload as JSON data, without the call's envelope. Raises: RefusedError."""
