"""The form of a handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from bulkops.sandbox.request import ApiRequest

Handler: TypeAlias = Callable[[ApiRequest], Any]
"""Answers with the payload as JSON data, without the call's envelope. Raises: RefusedError."""


def both(handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """The same handlers for a partner's calls and for their twins inside a customer."""
    return {**handlers, **{f"managed_users.{id_}": handler for id_, handler in handlers.items()}}
