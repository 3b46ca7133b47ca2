"""Collaborator groups, project roles, project grants, and the partner's environment roles.

The format is in `bulkops.catalogue._parse_calls`.
"""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.user_groups.list                GET    /api    /managed_users/{managed_user_id}/user_groups                           customer collaborator_groups embedded.collaborator_groups.other          idempotent      data_list  page[number] none documented
  = List collaborator groups.
  ? name page[number]:int page[size]:int
  + The group All collaborators always exists.
managed_users.user_groups.get                 GET    /api    /managed_users/{managed_user_id}/user_groups/{group_id}                customer collaborator_groups embedded.collaborator_groups.other          idempotent      data?      none         none documented
  = Fetch one collaborator group.
  / group_id
managed_users.user_groups.create              POST   /api    /managed_users/{managed_user_id}/user_groups                           customer collaborator_groups embedded.collaborator_groups.other          reconcile_first data?      none         json documented
  = Create a collaborator group.
  > name*
  ~ List with name= and match exactly.
managed_users.user_groups.update              PUT    /api    /managed_users/{managed_user_id}/user_groups/{group_id}                customer collaborator_groups embedded.collaborator_groups.other          safe_to_retry   data?      none         json documented
  = Rename a collaborator group.
  / group_id
  > name
managed_users.user_groups.delete              DELETE /api    /managed_users/{managed_user_id}/user_groups/{group_id}                customer collaborator_groups embedded.collaborator_groups.other          safe_to_retry   data?      none         none documented
  = Delete a collaborator group.
  / group_id
managed_users.user_groups.members.list        GET    /api    /managed_users/{managed_user_id}/user_groups/{group_id}/members        customer collaborator_groups embedded.collaborator_groups.other          idempotent      data_list? page[number] none documented
  = List the members of a collaborator group.
  / group_id
  ? page[number]:int page[size]:int
managed_users.user_groups.members.add         POST   /api    /managed_users/{managed_user_id}/user_groups/{group_id}/members        customer collaborator_groups embedded.collaborator_groups.other          safe_to_retry   data?      none         json documented
  = Add members to a collaborator group.
  / group_id
  > member_ids*:int[]
managed_users.user_groups.members.remove      DELETE /api    /managed_users/{managed_user_id}/user_groups/{group_id}/members        customer collaborator_groups embedded.collaborator_groups.other          safe_to_retry   data?      none         json documented
  = Remove members from a collaborator group.
  / group_id
  > member_ids*:int[]
managed_users.user_groups.project_grants.list GET    /api    /managed_users/{managed_user_id}/user_groups/{group_id}/project_grants customer collaborator_groups embedded.collaborator_groups.project_grants idempotent      data_list? page[number] none documented
  = List the project grants of a collaborator group.
  / group_id
  ? page[number]:int page[size]:int
user_groups.list                              GET    /api    /user_groups                                                           partner  collaborator_groups developer.collaborator_groups               idempotent      data_list  page[number] none documented
  = List collaborator groups.
  ? name page[number]:int page[size]:int
  + The group All collaborators always exists.
user_groups.get                               GET    /api    /user_groups/{group_id}                                                partner  collaborator_groups developer.collaborator_groups               idempotent      data?      none         none documented
  = Fetch one collaborator group.
  / group_id
user_groups.create                            POST   /api    /user_groups                                                           partner  collaborator_groups developer.collaborator_groups               reconcile_first data?      none         json documented
  = Create a collaborator group.
  > name*
  ~ List with name= and match exactly.
user_groups.update                            PUT    /api    /user_groups/{group_id}                                                partner  collaborator_groups developer.collaborator_groups               safe_to_retry   data?      none         json documented
  = Rename a collaborator group.
  / group_id
  > name
user_groups.delete                            DELETE /api    /user_groups/{group_id}                                                partner  collaborator_groups developer.collaborator_groups               safe_to_retry   data?      none         none documented
  = Delete a collaborator group.
  / group_id
user_groups.members.list                      GET    /api    /user_groups/{group_id}/members                                        partner  collaborator_groups developer.collaborator_groups               idempotent      data_list? page[number] none documented
  = List the members of a collaborator group.
  / group_id
  ? page[number]:int page[size]:int
user_groups.members.add                       POST   /api    /user_groups/{group_id}/members                                        partner  collaborator_groups developer.collaborator_groups               safe_to_retry   data?      none         json documented
  = Add members to a collaborator group.
  / group_id
  > member_ids*:int[]
user_groups.members.remove                    DELETE /api    /user_groups/{group_id}/members                                        partner  collaborator_groups developer.collaborator_groups               safe_to_retry   data?      none         json documented
  = Remove members from a collaborator group.
  / group_id
  > member_ids*:int[]
user_groups.project_grants.list               GET    /api    /user_groups/{group_id}/project_grants                                 partner  collaborator_groups developer.collaborator_groups               idempotent      data_list? page[number] none documented
  = List the project grants of a collaborator group.
  / group_id
  ? page[number]:int page[size]:int
managed_users.project_roles.list              GET    /api    /managed_users/{managed_user_id}/project_roles                         customer roles               embedded.project_roles                      idempotent      data_list? page[number] none documented
  = List project roles.
  ? name page[number]:int page[size]:int
managed_users.project_roles.get               GET    /api    /managed_users/{managed_user_id}/project_roles/{role_id}               customer roles               embedded.project_roles                      idempotent      data?      none         none documented
  = Fetch one project role.
managed_users.project_roles.create            POST   /api    /managed_users/{managed_user_id}/project_roles                         customer roles               embedded.project_roles                      reconcile_first data?      none         json documented
  = Create a project role.
  > name* privileges:object
  ~ List with name= and match exactly.
managed_users.project_roles.update            PUT    /api    /managed_users/{managed_user_id}/project_roles/{role_id}               customer roles               embedded.project_roles                      safe_to_retry   data?      none         json documented
  = Update a project role.
  > name privileges:object
managed_users.project_roles.delete            DELETE /api    /managed_users/{managed_user_id}/project_roles/{role_id}               customer roles               embedded.project_roles                      safe_to_retry   data?      none         none documented
  = Delete a project role.
project_roles.list                            GET    /api    /project_roles                                                         partner  roles               assumed.partner.roles                       idempotent      data_list? page[number] none client
  = List project roles.
  ? name page[number]:int page[size]:int
project_roles.get                             GET    /api    /project_roles/{role_id}                                               partner  roles               assumed.partner.roles                       idempotent      data?      none         none client
  = Fetch one project role.
project_roles.create                          POST   /api    /project_roles                                                         partner  roles               assumed.partner.roles                       reconcile_first data?      none         json client
  = Create a project role.
  > name* privileges:object
  ~ List with name= and match exactly.
project_roles.update                          PUT    /api    /project_roles/{role_id}                                               partner  roles               assumed.partner.roles                       safe_to_retry   data?      none         json client
  = Update a project role.
  > name privileges:object
project_roles.delete                          DELETE /api    /project_roles/{role_id}                                               partner  roles               assumed.partner.roles                       safe_to_retry   data?      none         none client
  = Delete a project role.
environment_roles.list                        GET    /api    /environment_roles                                                     partner  roles               developer.environment_roles                 idempotent      data_list? page[number] none client
  = List environment roles.
  ? name page[number]:int page[size]:int
environment_roles.get                         GET    /api    /environment_roles/{role_id}                                           partner  roles               developer.environment_roles                 idempotent      data?      none         none client
  = Fetch one environment role.
environment_roles.create                      POST   /api    /environment_roles                                                     partner  roles               developer.environment_roles                 reconcile_first data?      none         json client
  = Create a environment role.
  > name* privileges:object
  ~ List with name= and match exactly.
environment_roles.update                      PUT    /api    /environment_roles/{role_id}                                           partner  roles               developer.environment_roles                 safe_to_retry   data?      none         json client
  = Update a environment role.
  > name privileges:object
environment_roles.delete                      DELETE /api    /environment_roles/{role_id}                                           partner  roles               developer.environment_roles                 safe_to_retry   data?      none         none client
  = Delete a environment role.
roles_migration.system_roles                  POST   /api    /roles_migration/system_roles                                          partner  roles               assumed.partner.roles                       reconcile_first object?    none         json client
  = Move the legacy system roles to the new access model.
  > <any>:object
  ~ One-way change; read the roles back before sending again.
roles_migration.custom_role                   POST   /api    /roles_migration/custom_role                                           partner  roles               assumed.partner.roles                       reconcile_first object?    none         json client
  = Move one legacy custom role to the new access model.
  > <any>:object
  ~ One-way change; read the roles back before sending again.
managed_users.project_grants.get              GET    /api/v2 /managed_users/{managed_user_id}/project_grants/{project_grant_id}     customer project_grants      embedded.project_grants                     idempotent      data       none         none documented
  = Fetch one project grant.
  / project_grant_id
  @ /api
managed_users.project_grants.update           PUT    /api/v2 /managed_users/{managed_user_id}/project_grants/{project_grant_id}     customer project_grants      embedded.project_grants                     safe_to_retry   data?      none         json documented
  = Change the role of a project grant.
  / project_grant_id
  > project_role_id*:int
  @ /api
managed_users.project_grants.delete           DELETE /api/v2 /managed_users/{managed_user_id}/project_grants/{project_grant_id}     customer project_grants      embedded.project_grants                     safe_to_retry   data?      none         none documented
  = Delete a project grant.
  / project_grant_id
  @ /api
managed_users.projects.project_grants.list    GET    /api/v2 /managed_users/{managed_user_id}/projects/{project_id}/project_grants  customer project_grants      embedded.project_grants                     idempotent      data_list? page[number] none documented
  = List the grants of one project.
  ? page[number]:int page[size]:int
managed_users.projects.project_grants.upsert  PUT    /api/v2 /managed_users/{managed_user_id}/projects/{project_id}/project_grants  customer project_grants      embedded.project_grants                     safe_to_retry   data_list? none         json documented
  = Add or update grants of one project.
  > project_grants*:object[]
  @ /api
project_grants.get                            GET    /api    /project_grants/{project_grant_id}                                     partner  project_grants      developer.project_grants                    idempotent      data       none         none documented
  = Fetch one project grant.
  / project_grant_id
project_grants.update                         PUT    /api    /project_grants/{project_grant_id}                                     partner  project_grants      developer.project_grants                    safe_to_retry   data?      none         json documented
  = Change the role of a project grant.
  / project_grant_id
  > project_role_id*:int
project_grants.delete                         DELETE /api    /project_grants/{project_grant_id}                                     partner  project_grants      developer.project_grants                    safe_to_retry   data?      none         none documented
  = Delete a project grant.
  / project_grant_id
projects.project_grants.list                  GET    /api    /projects/{project_id}/project_grants                                  partner  project_grants      developer.project_grants                    idempotent      data_list? page[number] none documented
  = List the grants of one project.
  ? page[number]:int page[size]:int
projects.project_grants.upsert                PUT    /api    /projects/{project_id}/project_grants                                  partner  project_grants      developer.project_grants                    safe_to_retry   data_list? none         json documented
  = Add or update grants of one project.
  > project_grants*:object[]
"""  # noqa: E501 - a table
