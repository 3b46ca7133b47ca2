"""Folders, projects, properties, lookup tables and data tables. The format is in `bulkops.catalogue._parse_calls`."""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.folders.list               GET    /api    /managed_users/{managed_user_id}/folders                                       customer folders       assumed.customer.folders             idempotent      list       page none documented
  = List folders of a customer workspace.
  ? parent_id page:int per_page:int
managed_users.folders.create             POST   /api    /managed_users/{managed_user_id}/folders                                       customer folders       assumed.customer.folders             reconcile_first object?    none json documented
  = Create a folder (a project when top level) in a customer workspace.
  ? folder_name
  > name* parent_id
  ~ List folders with the parent_id and match the name; duplicate names are not documented as refused.
  % 2020: folder_name in the query, no nesting. Now: name and parent_id in the body.
managed_users.folders.update             PUT    /api    /managed_users/{managed_user_id}/folders/{folder_id}                           customer folders       assumed.customer.folders             safe_to_retry   object?    none json documented
  = Rename or move a folder.
  > name parent_id
managed_users.folders.delete             DELETE /api    /managed_users/{managed_user_id}/folders/{folder_id}                           customer folders       assumed.customer.folders             safe_to_retry   object?    none none documented
  = Delete a folder.
  ? force:bool
managed_users.projects.list              GET    /api    /managed_users/{managed_user_id}/projects                                      customer folders       embedded.projects.list               idempotent      list?      page none documented
  = List projects (top-level folders) of a customer workspace.
  ? page:int per_page:int
managed_users.projects.update            PUT    /api    /managed_users/{managed_user_id}/projects/{project_id}                         customer folders       embedded.projects.other              safe_to_retry   object?    none json documented
  = Update a project.
  > name description
managed_users.projects.delete            DELETE /api    /managed_users/{managed_user_id}/projects/{project_id}                         customer folders       embedded.projects.other              safe_to_retry   object?    none none documented
  = Delete a project with everything in it.
folders.list                             GET    /api    /folders                                                                       partner  folders       developer.folders                    idempotent      array      page none documented
  = List folders of the partner workspace.
  ? parent_id:int page:int per_page:int with_nested_folders:bool
folders.create                           POST   /api    /folders                                                                       partner  folders       developer.folders                    reconcile_first object     none json documented
  = Create a folder or project in the partner workspace.
  > name* parent_id
  ~ List with parent_id and match the name.
  + At the top level it becomes a project: delete it with projects.delete.
folders.update                           PUT    /api    /folders/{folder_id}                                                           partner  folders       developer.folders                    safe_to_retry   object?    none json documented
  = Update a folder.
  > name parent_id
folders.delete                           DELETE /api    /folders/{folder_id}                                                           partner  folders       developer.folders                    safe_to_retry   object?    none none documented
  = Delete a folder.
  ? force:bool
projects.list                            GET    /api    /projects                                                                      partner  folders       developer.folders                    idempotent      array      page none documented
  = List projects of the partner workspace.
  ? page:int per_page:int
projects.delete                          DELETE /api    /projects/{project_id}                                                         partner  folders       developer.folders                    safe_to_retry   object     none none documented
  = Delete a project with everything in it.
managed_users.properties.list            GET    /api    /managed_users/{managed_user_id}/properties                                    customer properties    embedded.properties.list             idempotent      result     none none documented
  = List environment (or project) properties of a customer by name prefix.
  ? prefix* project_id:int
  % 2020: the parameter was called param, and the answer was [{name, value}].
managed_users.properties.upsert          POST   /api    /managed_users/{managed_user_id}/properties                                    customer properties    embedded.properties.other            safe_to_retry   result?    none json documented
  = Create or overwrite properties by name.
  ? project_id:int
  > properties*:object
properties.list                          GET    /api    /properties                                                                    partner  properties    developer.properties                 idempotent      object     none none documented
  = List environment or project properties of the partner workspace by prefix.
  ? prefix* project_id:int
properties.upsert                        POST   /api    /properties                                                                    partner  properties    developer.properties                 safe_to_retry   object     none json documented
  = Create or overwrite properties in the partner workspace.
  ? project_id:int
  > properties*:object
managed_users.lookup_tables.list         GET    /api    /managed_users/{managed_user_id}/lookup_tables                                 customer lookup_tables assumed.customer.lookup_tables       idempotent      list       page none documented
  = List lookup tables.
  ? page:int per_page:int
managed_users.lookup_tables.create       POST   /api    /managed_users/{managed_user_id}/lookup_tables                                 customer lookup_tables assumed.customer.lookup_tables       reconcile_first result?    none json documented
  = Create a lookup table.
  > lookup_table[name]* lookup_table[project_id]:int lookup_table[schema]*:object[]
  ~ List tables and match the name.
managed_users.lookup_tables.batch_delete POST   /api    /managed_users/{managed_user_id}/lookup_tables/batch_delete                    customer lookup_tables assumed.customer.lookup_tables       safe_to_retry   result?    none json documented
  = Delete lookup tables in bulk.
  > ids*:int[]
managed_users.lookup_tables.lookup       GET    /api    /managed_users/{managed_user_id}/lookup_tables/{lookup_table_id}/lookup        customer lookup_tables assumed.customer.lookup_tables       idempotent      result?    none none documented
  = First row matching the given columns; 404 when none.
  ? by[<column>]*
managed_users.lookup_tables.rows.list    GET    /api    /managed_users/{managed_user_id}/lookup_tables/{lookup_table_id}/rows          customer lookup_tables assumed.customer.lookup_tables       idempotent      list?      page none documented
  = List or filter rows.
  ? by[<column>] page:int per_page:int
managed_users.lookup_tables.rows.get     GET    /api    /managed_users/{managed_user_id}/lookup_tables/{lookup_table_id}/rows/{row_id} customer lookup_tables assumed.customer.lookup_tables       idempotent      result?    none none documented
  = Fetch a row.
managed_users.lookup_tables.rows.create  POST   /api    /managed_users/{managed_user_id}/lookup_tables/{lookup_table_id}/rows          customer lookup_tables assumed.customer.lookup_tables       reconcile_first result?    none json documented
  = Add a row.
  > data*:object
  ~ Use lookup on the key columns first.
managed_users.lookup_tables.rows.update  PUT    /api    /managed_users/{managed_user_id}/lookup_tables/{lookup_table_id}/rows/{row_id} customer lookup_tables assumed.customer.lookup_tables       safe_to_retry   result?    none json documented
  = Update the given columns of a row.
  > data*:object
managed_users.lookup_tables.rows.delete  DELETE /api    /managed_users/{managed_user_id}/lookup_tables/{lookup_table_id}/rows/{row_id} customer lookup_tables assumed.customer.lookup_tables       safe_to_retry   result?    none none documented
  = Delete a row.
lookup_tables.list                       GET    /api    /lookup_tables                                                                 partner  lookup_tables developer.lookup_tables.other        idempotent      array      page none documented
  = List lookup tables.
  ? page:int per_page:int
lookup_tables.create                     POST   /api    /lookup_tables                                                                 partner  lookup_tables developer.lookup_tables.other        reconcile_first object?    none json documented
  = Create a lookup table.
  > lookup_table[name]* lookup_table[project_id]:int lookup_table[schema]*:object[]
  ~ List tables and match the name.
lookup_tables.batch_delete               POST   /api    /lookup_tables/batch_delete                                                    partner  lookup_tables developer.lookup_tables.batch_delete safe_to_retry   object?    none json documented
  = Delete lookup tables in bulk.
  > ids*:int[]
lookup_tables.lookup                     GET    /api    /lookup_tables/{lookup_table_id}/lookup                                        partner  lookup_tables developer.lookup_tables.other        idempotent      object?    none none documented
  = First row matching the given columns; 404 when none.
  ? by[<column>]*
lookup_tables.rows.list                  GET    /api    /lookup_tables/{lookup_table_id}/rows                                          partner  lookup_tables developer.lookup_tables.other        idempotent      array?     page none documented
  = List or filter rows.
  ? by[<column>] page:int per_page:int
lookup_tables.rows.get                   GET    /api    /lookup_tables/{lookup_table_id}/rows/{row_id}                                 partner  lookup_tables developer.lookup_tables.other        idempotent      object?    none none documented
  = Fetch a row.
lookup_tables.rows.create                POST   /api    /lookup_tables/{lookup_table_id}/rows                                          partner  lookup_tables developer.lookup_tables.other        reconcile_first object?    none json documented
  = Add a row.
  > data*:object
  ~ Use lookup on the key columns first.
lookup_tables.rows.update                PUT    /api    /lookup_tables/{lookup_table_id}/rows/{row_id}                                 partner  lookup_tables developer.lookup_tables.other        safe_to_retry   object?    none json documented
  = Update the given columns of a row.
  > data*:object
lookup_tables.rows.delete                DELETE /api    /lookup_tables/{lookup_table_id}/rows/{row_id}                                 partner  lookup_tables developer.lookup_tables.other        safe_to_retry   object?    none none documented
  = Delete a row.
data_tables.list                         GET    /api    /data_tables                                                                   partner  data_tables   developer.data_tables                idempotent      data_list  page none documented
  = List data tables of the partner workspace.
  ? page:int per_page:int
data_tables.create                       POST   /api    /data_tables                                                                   partner  data_tables   developer.data_tables                reconcile_first data       none json documented
  = Create a data table.
  > name* folder_id*:int schema*:object[]
  ~ List and match name + folder_id.
managed_users.data_tables.list           GET    /api/v2 /managed_users/{managed_user_id}/data_tables                                   customer data_tables   embedded.data_tables                 idempotent      data_list? page none documented
  = List data tables.
  ? page:int per_page:int
  + Beta: only for workspaces in the data tables beta.
managed_users.data_tables.create         POST   /api/v2 /managed_users/{managed_user_id}/data_tables                                   customer data_tables   embedded.data_tables                 reconcile_first data?      none json documented
  = Create a data table.
  > name* folder_id*:int schema*:object[]
  ~ List and match name + folder_id.
  + Beta: only for workspaces in the data tables beta.
managed_users.data_tables.get            GET    /api/v2 /managed_users/{managed_user_id}/data_tables/{data_table_id}                   customer data_tables   embedded.data_tables                 idempotent      data?      none none documented
  = Fetch one data table.
  / data_table_id
  + Beta: only for workspaces in the data tables beta.
managed_users.data_tables.update         PUT    /api/v2 /managed_users/{managed_user_id}/data_tables/{data_table_id}                   customer data_tables   embedded.data_tables                 safe_to_retry   data?      none json documented
  = Update name, folder or columns of a data table.
  / data_table_id
  > name folder_id:int schema:object[]
  + Send the complete list of columns, each with its field_id.
managed_users.data_tables.delete         DELETE /api/v2 /managed_users/{managed_user_id}/data_tables/{data_table_id}                   customer data_tables   embedded.data_tables                 safe_to_retry   data?      none none documented
  = Delete a data table with its rows.
  / data_table_id
  + Beta: only for workspaces in the data tables beta.
managed_users.data_tables.truncate       POST   /api/v2 /managed_users/{managed_user_id}/data_tables/{data_table_id}/truncate          customer data_tables   embedded.data_tables                 reconcile_first data?      none none documented
  = Delete every row of a data table.
  / data_table_id
  ~ Destroys data: rows written between two tries would be lost as well. Never automatic.
  + Beta: only for workspaces in the data tables beta.
data_tables.get                          GET    /api    /data_tables/{data_table_id}                                                   partner  data_tables   developer.data_tables                idempotent      data       none none documented
  = Fetch one data table.
  / data_table_id
data_tables.update                       PUT    /api    /data_tables/{data_table_id}                                                   partner  data_tables   developer.data_tables                safe_to_retry   data       none json documented
  = Update name, folder or columns of a data table.
  / data_table_id
  > name folder_id:int schema:object[]
  + Send the complete list of columns, each with its field_id.
data_tables.delete                       DELETE /api    /data_tables/{data_table_id}                                                   partner  data_tables   developer.data_tables                safe_to_retry   data       none none documented
  = Delete a data table with its rows.
  / data_table_id
data_tables.truncate                     POST   /api    /data_tables/{data_table_id}/truncate                                          partner  data_tables   developer.data_tables                reconcile_first data?      none none documented
  = Delete every row of a data table.
  / data_table_id
  ~ Destroys data: rows written between two tries would be lost as well. Never automatic.
projects.update                          PUT    /api    /projects/{project_id}                                                         partner  folders       developer.folders                    safe_to_retry   object?    none json documented
  = Update a project.
  > name description
"""  # noqa: E501 - a table
