"""Folders, projects, properties, lookup tables and data tables. The format is in `bulkops.catalogue._parse_calls`."""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.folders.list               GET    /api/managed_users/{managed_user_id}/folders                                       customer folders       assumed.customer.folders             idempotent      list      page none
  = List folders of a customer workspace.
  ? parent_id page:int per_page:int
managed_users.folders.create             POST   /api/managed_users/{managed_user_id}/folders                                       customer folders       assumed.customer.folders             reconcile_first object    none json
  = Create a folder (a project when top level) in a customer workspace.
  ? folder_name
  > name* parent_id
  ~ List folders with the parent_id and match the name; duplicate names are not documented as refused.
  % 2020: folder_name in the query, no nesting. Now: name and parent_id in the body.
managed_users.folders.update             PUT    /api/managed_users/{managed_user_id}/folders/{folder_id}                           customer folders       assumed.customer.folders             safe_to_retry   object    none json
  = Rename or move a folder.
  > name parent_id
managed_users.folders.delete             DELETE /api/managed_users/{managed_user_id}/folders/{folder_id}                           customer folders       assumed.customer.folders             safe_to_retry   object    none none
  = Delete a folder.
  ? force:bool
managed_users.projects.list              GET    /api/managed_users/{managed_user_id}/projects                                      customer folders       assumed.customer.folders             idempotent      list      page none
  = List projects (top-level folders) of a customer workspace.
  ? page:int per_page:int
managed_users.projects.update            PUT    /api/managed_users/{managed_user_id}/projects/{project_id}                         customer folders       assumed.customer.folders             safe_to_retry   object    none json
  = Update a project.
  > name description
managed_users.projects.delete            DELETE /api/managed_users/{managed_user_id}/projects/{project_id}                         customer folders       assumed.customer.folders             safe_to_retry   object    none none
  = Delete a project with everything in it.
folders.list                             GET    /api/folders                                                                       partner  folders       developer.folders                    idempotent      array     page none
  = List folders of the partner workspace.
  ? parent_id:int page:int per_page:int
folders.create                           POST   /api/folders                                                                       partner  folders       developer.folders                    reconcile_first object    none json
  = Create a folder or project in the partner workspace.
  > name* parent_id
  ~ List with parent_id and match the name.
folders.update                           PUT    /api/folders/{folder_id}                                                           partner  folders       developer.folders                    safe_to_retry   object    none json
  = Update a folder.
  > name parent_id
folders.delete                           DELETE /api/folders/{folder_id}                                                           partner  folders       developer.folders                    safe_to_retry   object    none none
  = Delete a folder.
  ? force:bool
projects.list                            GET    /api/projects                                                                      partner  folders       developer.folders                    idempotent      array     page none
  = List projects of the partner workspace.
  ? page:int per_page:int
projects.delete                          DELETE /api/projects/{project_id}                                                         partner  folders       developer.folders                    safe_to_retry   object    none none
  = Delete a project with everything in it.
managed_users.properties.list            GET    /api/managed_users/{managed_user_id}/properties                                    customer properties    embedded.properties.list             idempotent      result    none none
  = List environment (or project) properties of a customer by name prefix.
  ? prefix* project_id:int
  % 2020: the parameter was called param, and the answer was [{name, value}].
managed_users.properties.upsert          POST   /api/managed_users/{managed_user_id}/properties                                    customer properties    embedded.properties.other            safe_to_retry   result    none json
  = Create or overwrite properties by name.
  ? project_id:int
  > properties*:object
properties.list                          GET    /api/properties                                                                    partner  properties    developer.properties                 idempotent      object    none none
  = List environment or project properties of the partner workspace by prefix.
  ? prefix* project_id:int
properties.upsert                        POST   /api/properties                                                                    partner  properties    developer.properties                 safe_to_retry   object    none json
  = Create or overwrite properties in the partner workspace.
  ? project_id:int
  > properties*:object
managed_users.lookup_tables.list         GET    /api/managed_users/{managed_user_id}/lookup_tables                                 customer lookup_tables assumed.customer.lookup_tables       idempotent      list      page none
  = List lookup tables.
  ? page:int per_page:int
managed_users.lookup_tables.create       POST   /api/managed_users/{managed_user_id}/lookup_tables                                 customer lookup_tables assumed.customer.lookup_tables       reconcile_first result    none json
  = Create a lookup table.
  > lookup_table[name]* lookup_table[project_id]:int lookup_table[schema]*:object[]
  ~ List tables and match the name.
managed_users.lookup_tables.batch_delete POST   /api/managed_users/{managed_user_id}/lookup_tables/batch_delete                    customer lookup_tables assumed.customer.lookup_tables       safe_to_retry   result    none json
  = Delete lookup tables in bulk.
  > ids*:int[]
managed_users.lookup_tables.lookup       GET    /api/managed_users/{managed_user_id}/lookup_tables/{lookup_table_id}/lookup        customer lookup_tables assumed.customer.lookup_tables       idempotent      result    none none
  = First row matching the given columns; 404 when none.
  ? by[<column>]*
managed_users.lookup_tables.rows.list    GET    /api/managed_users/{managed_user_id}/lookup_tables/{lookup_table_id}/rows          customer lookup_tables assumed.customer.lookup_tables       idempotent      list      page none
  = List or filter rows.
  ? by[<column>] page:int per_page:int
managed_users.lookup_tables.rows.get     GET    /api/managed_users/{managed_user_id}/lookup_tables/{lookup_table_id}/rows/{row_id} customer lookup_tables assumed.customer.lookup_tables       idempotent      result    none none
  = Fetch a row.
managed_users.lookup_tables.rows.create  POST   /api/managed_users/{managed_user_id}/lookup_tables/{lookup_table_id}/rows          customer lookup_tables assumed.customer.lookup_tables       reconcile_first result    none json
  = Add a row.
  > data*:object
  ~ Use lookup on the key columns first.
managed_users.lookup_tables.rows.update  PUT    /api/managed_users/{managed_user_id}/lookup_tables/{lookup_table_id}/rows/{row_id} customer lookup_tables assumed.customer.lookup_tables       safe_to_retry   result    none json
  = Update the given columns of a row.
  > data*:object
managed_users.lookup_tables.rows.delete  DELETE /api/managed_users/{managed_user_id}/lookup_tables/{lookup_table_id}/rows/{row_id} customer lookup_tables assumed.customer.lookup_tables       safe_to_retry   result    none none
  = Delete a row.
lookup_tables.list                       GET    /api/lookup_tables                                                                 partner  lookup_tables developer.lookup_tables.other        idempotent      array     page none
  = List lookup tables.
  ? page:int per_page:int
lookup_tables.create                     POST   /api/lookup_tables                                                                 partner  lookup_tables developer.lookup_tables.other        reconcile_first object    none json
  = Create a lookup table.
  > lookup_table[name]* lookup_table[project_id]:int lookup_table[schema]*:object[]
  ~ List tables and match the name.
lookup_tables.batch_delete               POST   /api/lookup_tables/batch_delete                                                    partner  lookup_tables developer.lookup_tables.batch_delete safe_to_retry   object    none json
  = Delete lookup tables in bulk.
  > ids*:int[]
lookup_tables.lookup                     GET    /api/lookup_tables/{lookup_table_id}/lookup                                        partner  lookup_tables developer.lookup_tables.other        idempotent      object    none none
  = First row matching the given columns; 404 when none.
  ? by[<column>]*
lookup_tables.rows.list                  GET    /api/lookup_tables/{lookup_table_id}/rows                                          partner  lookup_tables developer.lookup_tables.other        idempotent      array     page none
  = List or filter rows.
  ? by[<column>] page:int per_page:int
lookup_tables.rows.get                   GET    /api/lookup_tables/{lookup_table_id}/rows/{row_id}                                 partner  lookup_tables developer.lookup_tables.other        idempotent      object    none none
  = Fetch a row.
lookup_tables.rows.create                POST   /api/lookup_tables/{lookup_table_id}/rows                                          partner  lookup_tables developer.lookup_tables.other        reconcile_first object    none json
  = Add a row.
  > data*:object
  ~ Use lookup on the key columns first.
lookup_tables.rows.update                PUT    /api/lookup_tables/{lookup_table_id}/rows/{row_id}                                 partner  lookup_tables developer.lookup_tables.other        safe_to_retry   object    none json
  = Update the given columns of a row.
  > data*:object
lookup_tables.rows.delete                DELETE /api/lookup_tables/{lookup_table_id}/rows/{row_id}                                 partner  lookup_tables developer.lookup_tables.other        safe_to_retry   object    none none
  = Delete a row.
data_tables.list                         GET    /api/data_tables                                                                   partner  data_tables   assumed.partner.data_tables          idempotent      data_list page none
  = List data tables of the partner workspace.
  ? page:int per_page:int
data_tables.create                       POST   /api/data_tables                                                                   partner  data_tables   assumed.partner.data_tables          reconcile_first data      none json
  = Create a data table.
  > name* folder_id*:int schema*:object[]
  ~ List and match name + folder_id.
"""  # noqa: E501 - a table
