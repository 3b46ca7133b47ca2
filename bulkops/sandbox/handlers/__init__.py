"""What each call does, one module per noun; each with its own `HANDLERS`; all of them together here, by catalogue id.

Handlers never wait: an effect happens whole, at one moment, and no cancelled request leaves half of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bulkops.sandbox.handlers import (
    activity_logs,
    api_access_profiles,
    api_clients,
    api_collections,
    api_keys,
    api_portals,
    connections,
    connectors,
    customer_managers,
    customers,
    data_tables,
    developer_api_clients,
    environments,
    folders,
    imports,
    jobs,
    lookup_tables,
    manifests,
    me,
    members,
    packages,
    privileges,
    properties,
    recipes,
    recipes_write,
    roles,
    tags,
    test_cases,
    usage,
)
from bulkops.sandbox.handlers._base import Handler

_NOUNS: Final = (
    activity_logs,
    api_access_profiles,
    api_clients,
    api_collections,
    api_keys,
    api_portals,
    connections,
    connectors,
    customer_managers,
    customers,
    data_tables,
    developer_api_clients,
    environments,
    folders,
    imports,
    jobs,
    lookup_tables,
    manifests,
    me,
    members,
    packages,
    privileges,
    properties,
    recipes,
    recipes_write,
    roles,
    tags,
    test_cases,
    usage,
)

HANDLERS: Final[Mapping[str, Handler]] = {id_: handler for noun in _NOUNS for id_, handler in noun.HANDLERS.items()}
"""Catalogue id -> handler. A row of the catalogue that is not here answers 501."""

__all__ = ["HANDLERS", "Handler"]
