"""On-prem groups and agents.

The format is in `bulkops.catalogue._parse_calls`.
"""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.on_prem_groups.list   GET    /api/v2 /managed_users/{managed_user_id}/on_prem_groups                   customer on_prem embedded.on_prem  idempotent      data_list? none none documented
  = List on-prem groups.
managed_users.on_prem_groups.create POST   /api/v2 /managed_users/{managed_user_id}/on_prem_groups                   customer on_prem embedded.on_prem  reconcile_first data?      none json documented
  = Create an on-prem group.
  > name*
  ~ List and match the name.
  % An older page prints the reply as an array with one group.
managed_users.on_prem_groups.get    GET    /api/v2 /managed_users/{managed_user_id}/on_prem_groups/{group_id}        customer on_prem embedded.on_prem  idempotent      data?      none none documented
  = Fetch one on-prem group.
managed_users.on_prem_groups.update PUT    /api/v2 /managed_users/{managed_user_id}/on_prem_groups/{group_id}        customer on_prem embedded.on_prem  safe_to_retry   data?      none json documented
  = Rename an on-prem group.
  > name
managed_users.on_prem_groups.delete DELETE /api/v2 /managed_users/{managed_user_id}/on_prem_groups/{group_id}        customer on_prem embedded.on_prem  safe_to_retry   data?      none none documented
  = Delete an on-prem group.
managed_users.on_prem_groups.status GET    /api/v2 /managed_users/{managed_user_id}/on_prem_groups/{group_id}/status customer on_prem embedded.on_prem  idempotent      data?      none none documented
  = Status of an on-prem group.
managed_users.on_prem_agents.list   GET    /api/v2 /managed_users/{managed_user_id}/on_prem_agents                   customer on_prem embedded.on_prem  idempotent      data_list? none none documented
  = List on-prem agents.
managed_users.on_prem_agents.create POST   /api/v2 /managed_users/{managed_user_id}/on_prem_agents                   customer on_prem embedded.on_prem  reconcile_first data?      none json documented
  = Create an on-prem agent.
  > name* on_prem_group_id*:int os
  ~ List and match name + group.
managed_users.on_prem_agents.get    GET    /api/v2 /managed_users/{managed_user_id}/on_prem_agents/{agent_id}        customer on_prem embedded.on_prem  idempotent      data?      none none documented
  = Fetch one on-prem agent.
managed_users.on_prem_agents.update PUT    /api/v2 /managed_users/{managed_user_id}/on_prem_agents/{agent_id}        customer on_prem embedded.on_prem  safe_to_retry   data?      none json documented
  = Update an on-prem agent.
  > name enabled:bool
managed_users.on_prem_agents.delete DELETE /api/v2 /managed_users/{managed_user_id}/on_prem_agents/{agent_id}        customer on_prem embedded.on_prem  safe_to_retry   data?      none none documented
  = Delete an on-prem agent.
managed_users.on_prem_agents.status GET    /api/v2 /managed_users/{managed_user_id}/on_prem_agents/{agent_id}/status customer on_prem embedded.on_prem  idempotent      data?      none none documented
  = Status of an on-prem agent.
managed_users.on_prem_agents.search GET    /api/v2 /managed_users/{managed_user_id}/on_prem_agents/search            customer on_prem embedded.on_prem  idempotent      data_list? none none documented
  = Find an on-prem agent by its common name.
  ? cn*
on_prem_groups.list                 GET    /api    /on_prem_groups                                                   partner  on_prem developer.on_prem idempotent      array      none none documented
  = List on-prem groups.
on_prem_groups.create               POST   /api    /on_prem_groups                                                   partner  on_prem developer.on_prem reconcile_first object?    none json documented
  = Create an on-prem group.
  > name*
  ~ List and match the name.
  % An older page prints the reply as an array with one group.
on_prem_groups.get                  GET    /api    /on_prem_groups/{group_id}                                        partner  on_prem developer.on_prem idempotent      object?    none none documented
  = Fetch one on-prem group.
on_prem_groups.update               PUT    /api    /on_prem_groups/{group_id}                                        partner  on_prem developer.on_prem safe_to_retry   object?    none json documented
  = Rename an on-prem group.
  > name
on_prem_groups.delete               DELETE /api    /on_prem_groups/{group_id}                                        partner  on_prem developer.on_prem safe_to_retry   object?    none none documented
  = Delete an on-prem group.
on_prem_groups.status               GET    /api    /on_prem_groups/{group_id}/status                                 partner  on_prem developer.on_prem idempotent      object?    none none documented
  = Status of an on-prem group.
on_prem_groups.agents.list          GET    /api    /on_prem_groups/{group_id}/agents                                 partner  on_prem developer.on_prem idempotent      array?     none none documented
  = List the agents of a group.
on_prem_agents.list                 GET    /api    /on_prem_agents                                                   partner  on_prem developer.on_prem idempotent      array      none none documented
  = List on-prem agents.
on_prem_agents.create               POST   /api    /on_prem_agents                                                   partner  on_prem developer.on_prem reconcile_first object?    none json documented
  = Create an on-prem agent.
  > name* on_prem_group_id*:int os
  ~ List and match name + group.
on_prem_agents.get                  GET    /api    /on_prem_agents/{agent_id}                                        partner  on_prem developer.on_prem idempotent      object?    none none documented
  = Fetch one on-prem agent.
on_prem_agents.update               PUT    /api    /on_prem_agents/{agent_id}                                        partner  on_prem developer.on_prem safe_to_retry   object?    none json documented
  = Update an on-prem agent.
  > name enabled:bool
on_prem_agents.delete               DELETE /api    /on_prem_agents/{agent_id}                                        partner  on_prem developer.on_prem safe_to_retry   object?    none none documented
  = Delete an on-prem agent.
on_prem_agents.status               GET    /api    /on_prem_agents/{agent_id}/status                                 partner  on_prem developer.on_prem idempotent      object?    none none documented
  = Status of an on-prem agent.
on_prem_agents.search               GET    /api    /on_prem_agents/search                                            partner  on_prem developer.on_prem idempotent      array?     none none documented
  = Find an on-prem agent by its common name.
  ? cn*
on_prem_agents.activation_code      GET    /api    /on_prem_agents/{agent_id}/activation_code                        partner  on_prem developer.on_prem idempotent      object?    none none documented
  = Activation code for installing an agent.
  + The code is a secret.
"""  # noqa: E501 - a table
