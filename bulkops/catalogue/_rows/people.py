"""Members, roles, and the API clients that act for them. The format is in `bulkops.catalogue._parse_calls`."""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.members.list                     GET    /api    /managed_users/{managed_user_id}/members                                          customer members               embedded.members.other                   idempotent      data_list?    none         none documented
  = List collaborators of a customer workspace.
managed_users.members.get                      GET    /api    /managed_users/{managed_user_id}/members/{member_id}                              customer members               embedded.members.other                   idempotent      object?       none         none documented
  = Fetch one collaborator of a customer workspace.
  / member_id
managed_users.members.create                   POST   /api    /managed_users/{managed_user_id}/members                                          customer members               embedded.members.other                   reconcile_first object        none         json documented
  = Add a collaborator to a customer workspace.
  > name* oauth_id role_name env_roles:object[] external_id time_zone
  ~ List members and match external_id (or oauth_id/name) before sending again.
managed_users.members.update                   PUT    /api    /managed_users/{managed_user_id}/members/{member_id}                              customer members               embedded.members.other                   safe_to_retry   object?       none         json documented
  = Change a collaborator's roles or details.
  / member_id
  > name role_name env_roles:object[] external_id time_zone
  % One version of the API reference marks this call deprecated; the Manage customers page does not.
managed_users.members.delete                   DELETE /api    /managed_users/{managed_user_id}/members/{member_id}                              customer members               embedded.members.delete                  safe_to_retry   object?       none         none documented
  = Remove a collaborator from a customer workspace.
  / member_id
managed_users.members.privileges               GET    /api    /managed_users/{managed_user_id}/members/{member_id}/privileges                   customer members               embedded.members.other                   idempotent      data_list     none         none documented
  = Role and privileges of a collaborator, per environment.
  / member_id
managed_users.members.project_grants           GET    /api    /managed_users/{managed_user_id}/members/{member_id}/project_grants               customer members               embedded.members.other                   idempotent      data_list?    none         none documented
  = Project grants of a collaborator.
  / member_id
managed_users.members.projects_privileges      GET    /api    /managed_users/{managed_user_id}/members/{member_id}/projects_privileges          customer members               embedded.members.other                   idempotent      data_list?    none         none documented
  = Project-level privileges of a collaborator.
  / member_id
managed_users.member.create                    POST   /api    /managed_users/{managed_user_id}/member                                           customer members               embedded.members.other                   reconcile_first object        none         json documented
  = Add a member (old singular route).
  > name* oauth_id* role_name external_id
  ! managed_users.members.create
  ~ List members and match external_id or oauth_id first.
managed_users.member.delete                    DELETE /api    /managed_users/{managed_user_id}/member                                           customer members               embedded.members.other                   safe_to_retry   object        none         json documented
  = Remove a member (old singular route, id in the body).
  > member_id*
  ! managed_users.members.delete
managed_users.member_invitations.create        POST   /api    /managed_users/{managed_user_id}/member_invitations                               customer members               embedded.collaborators.invite            reconcile_first result?       none         json documented
  = Invite a user by e-mail to a customer workspace.
  > name* email* role_name env_roles:object[]
  ~ One invitation per e-mail and workspace every 20 minutes; check the member list before another try.
members.list                                   GET    /api    /members                                                                          partner  members               developer.members.other                  idempotent      data_list     none         none documented
  = List collaborators of the partner workspace.
members.get                                    GET    /api    /members/{member_id}                                                              partner  members               developer.members.other                  idempotent      data?         none         none documented
  = Fetch a collaborator of the partner workspace.
members.update                                 PUT    /api    /members/{member_id}                                                              partner  members               developer.members.other                  safe_to_retry   object?       none         json documented
  = Change a collaborator's environment roles.
  > env_roles*:object[]
members.privileges                             GET    /api    /members/{member_id}/privileges                                                   partner  members               developer.members.other                  idempotent      data_list     none         none documented
  = Roles and privileges of a collaborator per environment.
member_invitations.create                      POST   /api    /member_invitations                                                               partner  members               developer.members.invite                 reconcile_first object?       none         json documented
  = Invite a collaborator to the partner workspace.
  > name* email* role_name env_roles:object[]
  ~ One invitation per e-mail every 20 minutes: look at the member list first.
managed_users.roles.list                       GET    /api    /managed_users/{managed_user_id}/roles                                            customer roles                 embedded.roles.legacy                    idempotent      list          page         none documented
  = List custom (legacy) roles created in a customer workspace.
  ? page:int per_page:int
managed_users.roles.copy                       POST   /api    /managed_users/{managed_user_id}/roles/{role_id}/copy                             customer roles                 embedded.roles.legacy                    reconcile_first result?       none         json documented
  = Copy a custom (legacy) role in a customer workspace.
  > name* folder_ids:int[]
  ~ List roles and match the name first.
managed_users.environment_roles.list           GET    /api    /managed_users/{managed_user_id}/environment_roles                                customer roles                 embedded.environment_roles               idempotent      data_list     page[number] none documented
  = List environment role(s) of a customer workspace.
  ? name page[number]:int page[size]:int
  @ /api/v2
managed_users.environment_roles.get            GET    /api    /managed_users/{managed_user_id}/environment_roles/{role_id}                      customer roles                 embedded.environment_roles               idempotent      data?         none         none documented
  = Get environment role(s) of a customer workspace.
  @ /api/v2
managed_users.environment_roles.create         POST   /api    /managed_users/{managed_user_id}/environment_roles                                customer roles                 embedded.environment_roles               reconcile_first data?         none         json documented
  = Create environment role(s) of a customer workspace.
  > name* privileges:object
  ~ List and match the name first.
  @ /api/v2
managed_users.environment_roles.update         PUT    /api    /managed_users/{managed_user_id}/environment_roles/{role_id}                      customer roles                 embedded.environment_roles               safe_to_retry   data?         none         json documented
  = Update environment role(s) of a customer workspace.
  > name privileges:object
  @ /api/v2
managed_users.environment_roles.delete         DELETE /api    /managed_users/{managed_user_id}/environment_roles/{role_id}                      customer roles                 embedded.environment_roles               safe_to_retry   object?       none         none documented
  = Delete environment role(s) of a customer workspace.
  @ /api/v2
roles.list                                     GET    /api    /roles                                                                            partner  roles                 assumed.partner.roles                    idempotent      array?        page         none documented
  = List custom roles of the partner workspace.
  ? page:int per_page:int
roles.update                                   PUT    /api    /roles/{role_id}                                                                  partner  roles                 assumed.partner.roles                    safe_to_retry   object?       none         json documented
  = Change the projects a custom role may use.
  > all_folders* folder_ids:int[]
roles.copy                                     POST   /api    /roles/{role_id}/copy                                                             partner  roles                 assumed.partner.roles                    reconcile_first object?       none         json documented
  = Copy a custom role.
  > name* folder_ids:int[]
  ~ List and match the name.
managed_users.developer_api_clients.list       GET    /api/v2 /managed_users/{managed_user_id}/developer_api_clients                            customer developer_api_clients embedded.developer_api_clients.list      idempotent      result_items  page         none documented
  = List Developer API clients.
  ? page:int per_page:int
managed_users.developer_api_clients.create     POST   /api/v2 /managed_users/{managed_user_id}/developer_api_clients                            customer developer_api_clients embedded.developer_api_clients.other     reconcile_first result?       none         json documented
  = Create a Developer API client and its token.
  > name* api_privilege_group_id*:int all_folders*:bool folder_ids:int[] environment_name
  ~ List clients and match the name; obtain a usable token with regenerate.
managed_users.developer_api_clients.get        GET    /api/v2 /managed_users/{managed_user_id}/developer_api_clients/{api_client_id}            customer developer_api_clients embedded.developer_api_clients.other     idempotent      result        none         none documented
  = Fetch a Developer API client.
managed_users.developer_api_clients.update     PUT    /api/v2 /managed_users/{managed_user_id}/developer_api_clients/{api_client_id}            customer developer_api_clients embedded.developer_api_clients.other     safe_to_retry   result        none         json documented
  = Update a Developer API client.
  > name* api_privilege_group_id*:int all_folders*:bool folder_ids:int[] environment_name
managed_users.developer_api_clients.delete     DELETE /api/v2 /managed_users/{managed_user_id}/developer_api_clients/{api_client_id}            customer developer_api_clients embedded.developer_api_clients.other     safe_to_retry   result?       none         none documented
  = Delete a Developer API client.
managed_users.developer_api_clients.regenerate POST   /api/v2 /managed_users/{managed_user_id}/developer_api_clients/{api_client_id}/regenerate customer developer_api_clients embedded.developer_api_clients.other     reconcile_first result?       none         none documented
  = Issue a new token, invalidating the old one.
  ~ Each call invalidates the previous token; use only the newest reply.
managed_users.developer_api_client_roles.list  GET    /api/v2 /managed_users/{managed_user_id}/developer_api_client_roles                       customer developer_api_clients embedded.developer_api_client_roles.list idempotent      result_items? page         none documented
  = List client roles.
  ? page:int per_page:int
managed_users.developer_api_client_roles.copy  POST   /api/v2 /managed_users/{managed_user_id}/developer_api_client_roles/{role_id}/copy        customer developer_api_clients embedded.developer_api_clients.other     reconcile_first result?       none         json documented
  = Copy a client role.
  > name
  ~ List roles and match the name.
developer_api_clients.list                     GET    /api    /developer_api_clients                                                            partner  developer_api_clients developer.api_clients                    idempotent      result_items  page         none documented
  = List Developer API clients.
  ? page:int per_page:int
developer_api_clients.create                   POST   /api    /developer_api_clients                                                            partner  developer_api_clients developer.api_clients                    reconcile_first result?       none         json documented
  = Create a Developer API client and its token.
  > name* api_privilege_group_id*:int all_folders*:bool folder_ids:int[] environment_name
  ~ List clients and match the name; obtain a usable token with regenerate.
developer_api_clients.get                      GET    /api    /developer_api_clients/{api_client_id}                                            partner  developer_api_clients developer.api_clients                    idempotent      result        none         none documented
  = Fetch a Developer API client.
developer_api_clients.update                   PUT    /api    /developer_api_clients/{api_client_id}                                            partner  developer_api_clients developer.api_clients                    safe_to_retry   result        none         json documented
  = Update a Developer API client.
  > name* api_privilege_group_id*:int all_folders*:bool folder_ids:int[] environment_name
developer_api_clients.delete                   DELETE /api    /developer_api_clients/{api_client_id}                                            partner  developer_api_clients developer.api_clients                    safe_to_retry   result?       none         none documented
  = Delete a Developer API client.
developer_api_clients.regenerate               POST   /api    /developer_api_clients/{api_client_id}/regenerate                                 partner  developer_api_clients developer.api_clients                    reconcile_first result?       none         none documented
  = Issue a new token, invalidating the old one.
  ~ Each call invalidates the previous token; use only the newest reply.
developer_api_client_roles.list                GET    /api    /developer_api_client_roles                                                       partner  developer_api_clients developer.api_clients                    idempotent      result_items? page         none documented
  = List client roles.
  ? page:int per_page:int
developer_api_client_roles.copy                POST   /api    /developer_api_client_roles/{role_id}/copy                                        partner  developer_api_clients developer.api_clients                    reconcile_first result?       none         json documented
  = Copy a client role.
  > name
  ~ List roles and match the name.
members.delete                                 DELETE /api    /members/{member_id}                                                              partner  members               developer.members.other                  safe_to_retry   object?       none         none documented
  = Remove a collaborator from the partner workspace.
members.project_grants                         GET    /api    /members/{member_id}/project_grants                                               partner  members               developer.members.other                  idempotent      data_list?    none         none documented
  = Project grants of a collaborator.
members.projects_privileges                    GET    /api    /members/{member_id}/projects_privileges                                          partner  members               developer.members.other                  idempotent      data_list?    none         none client
  = Privileges of a collaborator per project.
"""  # noqa: E501 - a table
