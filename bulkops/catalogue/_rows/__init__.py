"""The vendor's calls, one module per family of groups: plain text, one block per call, meant to be read."""

from __future__ import annotations

from typing import Final

from bulkops.catalogue._rows import (
    api_platform,
    connections,
    content,
    customers,
    lifecycle,
    people,
    recipes,
    workspace,
)

TABLES: Final = (
    customers.ROWS,
    people.ROWS,
    connections.ROWS,
    content.ROWS,
    recipes.ROWS,
    lifecycle.ROWS,
    api_platform.ROWS,
    workspace.ROWS,
)
