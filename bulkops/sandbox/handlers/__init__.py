"""What each call does, one module per noun; `HANDLERS` finds it by catalogue id.

Handlers never wait: an effect happens whole, at one moment, and no cancelled request leaves half of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bulkops.sandbox.handlers import connections, customers, folders, imports, recipes
from bulkops.sandbox.handlers._base import Handler

HANDLERS: Final[Mapping[str, Handler]] = {
    "managed_users.list": customers.list_customers,
    "managed_users.get": customers.get_customer,
    "managed_users.create": customers.create_customer,
    "managed_users.folders.list": folders.list_folders,
    "managed_users.folders.create": folders.create_folder,
    "managed_users.recipes.list": recipes.list_recipes,
    "managed_users.recipes.get": recipes.get_recipe,
    "managed_users.recipes.start": recipes.start_recipe,
    "managed_users.recipes.stop": recipes.stop_recipe,
    "managed_users.connections.list": connections.list_connections,
    "managed_users.connections.update": connections.update_connection,
    "managed_users.imports.create": imports.create_import,
    "managed_users.imports.get": imports.get_import,
}
"""Catalogue id -> handler. A row of the catalogue that is not here answers 501."""

__all__ = ["HANDLERS", "Handler"]
