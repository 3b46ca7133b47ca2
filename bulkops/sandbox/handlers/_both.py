"""Calls that exist twice: of a customer's workspace, and of the partner's own."""

from __future__ import annotations

from collections.abc import Mapping

from bulkops.sandbox.handlers._base import Handler


def of_both(handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """Partner's calls, and the customer's twins of the same name: what they act on is `asked.workspace`."""
    return dict(handlers) | {f"managed_users.{name}": handler for name, handler in handlers.items()}
