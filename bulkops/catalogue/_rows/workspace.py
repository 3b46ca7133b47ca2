"""The workspace itself: activity logs, tags, who I am. The format is in `bulkops.catalogue._parse_calls`."""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.activity_logs.list      GET    /api    /managed_users/{managed_user_id}/activity_logs    customer environment_management assumed.customer.environment_management idempotent      data_list page[after] none documented
  = Audit-log records of a customer workspace.
  ? page[after]:int page[size]:int from to users_ids[]:int[] include_resource_types[]:str[] exclude_resource_types[]:str[] include_event_types[]:str[] exclude_event_types[]:str[]
managed_users.tags.list               GET    /api/v2 /managed_users/{managed_user_id}/tags             customer environment_management assumed.customer.environment_management idempotent      tags?     page        none documented
  = List tag(s) of a customer workspace.
  ? page:int per_page:int q
managed_users.tags.create             POST   /api/v2 /managed_users/{managed_user_id}/tags             customer environment_management assumed.customer.environment_management reconcile_first object?   none        json documented
  = Create tag(s) of a customer workspace.
  > title* description color
  ~ List and match the title.
managed_users.tags.update             PUT    /api/v2 /managed_users/{managed_user_id}/tags/{handle}    customer environment_management assumed.customer.environment_management safe_to_retry   object?   none        json documented
  = Update tag(s) of a customer workspace.
  / handle
  > title description color
managed_users.tags.delete             DELETE /api/v2 /managed_users/{managed_user_id}/tags/{handle}    customer environment_management assumed.customer.environment_management safe_to_retry   object?   none        none documented
  = Delete tag(s) of a customer workspace.
  / handle
managed_users.tags_assignments.update POST   /api/v2 /managed_users/{managed_user_id}/tags_assignments customer environment_management assumed.customer.environment_management safe_to_retry   object    none        json documented
  = Add or remove tags on recipes and connections.
  > add_tags:str[] remove_tags:str[] recipe_ids:int[] connection_ids:int[]
  @ /api
activity_logs.list                    GET    /api    /activity_logs                                    partner  environment_management assumed.partner.environment_management  idempotent      data_list page[after] none documented
  = Audit-log records of the partner workspace.
  ? page[after]:int page[size]:int from to users_ids[]:int[] include_resource_types[]:str[] exclude_resource_types[]:str[] include_event_types[]:str[] exclude_event_types[]:str[]
secrets_management.clear_cache        POST   /api    /secrets_management/clear_cache                   partner  environment_management assumed.partner.environment_management  safe_to_retry   object?   none        none documented
  = Clear the external-secrets cache.
users.me                              GET    /api    /users/me                                         partner  workspace              assumed.partner.workspace               idempotent      object    none        none documented
  = Details of the authenticated workspace.
tags.list                             GET    /api    /tags                                             partner  environment_management assumed.partner.environment_management  idempotent      tags      page        none documented
  = List tags of the partner workspace.
  ? q page:int per_page:int
  + At most 1,000 tags in a workspace.
tags.create                           POST   /api    /tags                                             partner  environment_management assumed.partner.environment_management  reconcile_first object?   none        json documented
  = Create a tag.
  > title* description color
  ~ List with q= and match the title.
tags.update                           PUT    /api    /tags/{handle}                                    partner  environment_management assumed.partner.environment_management  safe_to_retry   object?   none        json documented
  = Update a tag.
  / handle
  > title description color
tags.delete                           DELETE /api    /tags/{handle}                                    partner  environment_management assumed.partner.environment_management  safe_to_retry   object?   none        none documented
  = Delete a tag.
  / handle
tags_assignments.update               POST   /api    /tags_assignments                                 partner  environment_management developer.tags_assignments              safe_to_retry   object?   none        json documented
  = Add or remove tags on recipes and connections.
  > add_tags:str[] remove_tags:str[] recipe_ids:int[] connection_ids:int[]
"""  # noqa: E501 - a table
