"""The rows of the catalogue, one table for each area of the API."""

from __future__ import annotations

from typing import Final

from bulkops.catalogue._rows import (
    agentic,
    api_platform,
    connections,
    connectors,
    content,
    customers,
    deployments,
    grants,
    identity,
    lifecycle,
    mcp,
    on_prem,
    people,
    recipes,
    workspace,
)

TABLES: Final = (
    customers.ROWS,
    people.ROWS,
    grants.ROWS,
    connections.ROWS,
    connectors.ROWS,
    content.ROWS,
    recipes.ROWS,
    lifecycle.ROWS,
    deployments.ROWS,
    api_platform.ROWS,
    agentic.ROWS,
    identity.ROWS,
    mcp.ROWS,
    on_prem.ROWS,
    workspace.ROWS,
)
