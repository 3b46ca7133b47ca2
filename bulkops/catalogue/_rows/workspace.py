"""The workspace itself: activity logs, tags, who I am. The format is in `bulkops.catalogue._parse_calls`."""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.activity_logs.list      GET    /api/managed_users/{managed_user_id}/activity_logs       customer environment_management assumed.customer.environment_management idempotent      data_list page[after] none
  = Audit-log records of a customer workspace.
  ? page[after]:int page[size]:int from to users_ids[]:int[] include_resource_types[]:str[] exclude_resource_types[]:str[] include_event_types[]:str[] exclude_event_types[]:str[]
managed_users.tags.list               GET    /api/v2/managed_users/{managed_user_id}/tags             customer environment_management assumed.customer.environment_management idempotent      data_list page        none
  = List tag(s) of a customer workspace.
  ? page:int per_page:int
managed_users.tags.create             POST   /api/v2/managed_users/{managed_user_id}/tags             customer environment_management assumed.customer.environment_management reconcile_first data      none        json
  = Create tag(s) of a customer workspace.
  > title* description color
  ~ List and match the title.
managed_users.tags.update             PUT    /api/v2/managed_users/{managed_user_id}/tags/{handle}    customer environment_management assumed.customer.environment_management safe_to_retry   data      none        json
  = Update tag(s) of a customer workspace.
  / handle
  > title description color
managed_users.tags.delete             DELETE /api/v2/managed_users/{managed_user_id}/tags/{handle}    customer environment_management assumed.customer.environment_management safe_to_retry   object    none        none
  = Delete tag(s) of a customer workspace.
  / handle
managed_users.tags_assignments.update POST   /api/v2/managed_users/{managed_user_id}/tags_assignments customer environment_management assumed.customer.environment_management safe_to_retry   object    none        json
  = Add or remove tags on recipes and connections.
  > add_tags:str[] remove_tags:str[] recipe_ids:int[] connection_ids:int[]
  % The API reference has it under /api/managed_users/... without v2.
activity_logs.list                    GET    /api/activity_logs                                       partner  environment_management assumed.partner.environment_management  idempotent      data_list page[after] none
  = Audit-log records of the partner workspace.
  ? page[after]:int page[size]:int from to users_ids[]:int[] include_resource_types[]:str[] exclude_resource_types[]:str[] include_event_types[]:str[] exclude_event_types[]:str[]
secrets_management.clear_cache        POST   /api/secrets_management/clear_cache                      partner  environment_management assumed.partner.environment_management  safe_to_retry   object    none        none
  = Clear the external-secrets cache.
users.me                              GET    /api/users/me                                            partner  workspace              assumed.partner.workspace               idempotent      object    none        none
  = Details of the authenticated workspace.
"""  # noqa: E501 - a table
