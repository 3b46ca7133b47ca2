"""What each call does, one module per noun; `HANDLERS` finds it by catalogue id.

Handlers never wait: an effect happens whole, at one moment, and no cancelled request leaves half of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bulkops.sandbox.handlers import connections, customers, folders, imports, members, packages, recipes
from bulkops.sandbox.handlers._base import Handler

HANDLERS: Final[Mapping[str, Handler]] = {
    "managed_users.list": customers.list_customers,
    "managed_users.get": customers.get_customer,
    "managed_users.create": customers.create_customer,
    "managed_users.update": customers.update_customer,
    "managed_users.upgrade": customers.upgrade_customer,
    "managed_users.downgrade": customers.downgrade_customer,
    "managed_users.members.list": members.list_members,
    "managed_users.members.get": members.get_member,
    "managed_users.members.create": members.create_member,
    "managed_users.members.update": members.update_member,
    "managed_users.members.delete": members.delete_member,
    "managed_users.member.create": members.create_member_by_old_route,
    "managed_users.member.delete": members.delete_member_by_old_route,
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
    "export_manifests.folder_assets": packages.list_folder_assets,
    "export_manifests.create": packages.create_manifest,
    "export_manifests.get": packages.get_manifest,
    "export_manifests.update": packages.update_manifest,
    "export_manifests.delete": packages.delete_manifest,
    "packages.export": packages.export_package,
    "packages.get": packages.get_package,
    "packages.download": packages.download_package,
}
"""Catalogue id -> handler. A row of the catalogue that is not here answers 501."""

__all__ = ["HANDLERS", "Handler"]
