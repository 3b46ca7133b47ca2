"""The calls: id, method, path, scope, quota, retry class, envelope, pages, body."""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.list               GET  /api/managed_users                                               partner  embedded.customers.other     idempotent      list    page     none
managed_users.get                GET  /api/managed_users/{managed_user_id}                             partner  embedded.customers.other     idempotent      object  none     none
managed_users.create             POST /api/managed_users                                               partner  embedded.customers.create    reconcile_first object  none     json
managed_users.folders.list       GET  /api/managed_users/{managed_user_id}/folders                     customer assumed.customer.folders     idempotent      list    page     none
managed_users.folders.create     POST /api/managed_users/{managed_user_id}/folders                     customer assumed.customer.folders     reconcile_first object  none     json
managed_users.recipes.list       GET  /api/managed_users/{managed_user_id}/recipes                     customer embedded.recipes.list        idempotent      list    since_id none
managed_users.recipes.get        GET  /api/managed_users/{managed_user_id}/recipes/{recipe_id}         customer embedded.recipes.get         idempotent      object  none     none
managed_users.recipes.start      PUT  /api/managed_users/{managed_user_id}/recipes/{recipe_id}/start   customer embedded.recipes.other       safe_to_retry   verdict none     none
managed_users.recipes.stop       PUT  /api/managed_users/{managed_user_id}/recipes/{recipe_id}/stop    customer embedded.recipes.other       safe_to_retry   verdict none     none
managed_users.connections.list   GET  /api/managed_users/{managed_user_id}/connections                 customer embedded.connections.list    idempotent      list    none     none
managed_users.connections.update PUT  /api/managed_users/{managed_user_id}/connections/{connection_id} customer embedded.connections.other   safe_to_retry   object  none     json
managed_users.imports.create     POST /api/managed_users/{managed_user_id}/imports                     customer embedded.rlcm.import_create  reconcile_first object  none     octets
managed_users.imports.get        GET  /api/managed_users/{managed_user_id}/imports/{package_id}        customer embedded.rlcm.import_status  idempotent      object  none     none
"""  # noqa: E501 - a table
