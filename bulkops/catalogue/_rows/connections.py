"""Connections, and the connectors that they are of. The format is in `bulkops.catalogue._parse_calls`."""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.connections.list                     GET    /api /managed_users/{managed_user_id}/connections                             customer connections embedded.connections.list    idempotent      list      none none documented
  = List connections in a customer workspace.
  ? provider folder_id parent_id external_id include_runtime_connections includes[]:str[]
  % Filters were members of a GET body on an older page; they are query parameters now.
managed_users.connections.create                   POST   /api /managed_users/{managed_user_id}/connections                             customer connections embedded.connections.other   reconcile_first object    none json documented
  = Create a connection in a customer workspace: a shell (disconnected) one, or one with credentials.
  > name provider* input:object oauth_token_pair:object folder_id parent_id external_id shell_connection:bool
  ~ List connections filtered by external_id (or provider + folder_id) and match the name; names are not documented as unique.
  % Samples say GET .../connection: both the verb and the singular are mistakes.
managed_users.connections.update                   PUT    /api /managed_users/{managed_user_id}/connections/{connection_id}             customer connections embedded.connections.other   safe_to_retry   object?   none json documented
  = Update a connection's name, placement or parameters.
  > name parent_id folder_id external_id shell_connection:bool input:object oauth_token_pair:object
managed_users.connections.disconnect               POST   /api /managed_users/{managed_user_id}/connections/{connection_id}/disconnect  customer connections embedded.connections.other   safe_to_retry   object?   none none documented
  = Disconnect a connection; no effect when already disconnected.
  ? force:bool
managed_users.connections.delete                   DELETE /api /managed_users/{managed_user_id}/connections/{connection_id}             customer connections embedded.connections.other   safe_to_retry   object?   none none documented
  = Delete a disconnected, unused connection.
managed_users.connections.input_schema             GET    /api /managed_users/{managed_user_id}/connections/{adapter_name}/input_schema customer connections embedded.connections.other   idempotent      list?     none none documented
  = Input schema of a connector's connection form.
  / adapter_name
managed_users.connections.pick_list                POST   /api /managed_users/{managed_user_id}/connections/{connection_id}/pick_list   customer connections assumed.customer.connections idempotent      list      none json documented
  = Read the values of a connector pick list through a connection.
  / connection_id
  > pick_list_name* pick_list_params:object
connections.list                                   GET    /api /connections                                                             partner  connections developer.connections.list   idempotent      array     none none documented
  = List connections of the partner workspace.
  ? folder_id parent_id external_id include_runtime_connections includes[]:str[]
connections.create                                 POST   /api /connections                                                             partner  connections developer.connections.other  reconcile_first object    none json documented
  = Create a connection in the partner workspace.
  > name provider input:object parent_id folder_id external_id shell_connection:bool
  ~ List and match external_id or name.
connections.update                                 PUT    /api /connections/{connection_id}                                             partner  connections developer.connections.other  safe_to_retry   object    none json documented
  = Update a connection of the partner workspace.
  > name parent_id folder_id external_id shell_connection:bool input:object
connections.disconnect                             POST   /api /connections/{connection_id}/disconnect                                  partner  connections developer.connections.other  safe_to_retry   object?   none none documented
  = Disconnect a connection of the partner workspace.
  ? force:bool
connections.delete                                 DELETE /api /connections/{connection_id}                                             partner  connections developer.connections.other  safe_to_retry   object?   none none documented
  = Delete a disconnected connection.
connections.pick_list                              POST   /api /connections/{connection_id}/pick_list                                   partner  connections developer.connections.other  idempotent      data_list none json documented
  = Read pick list values in the partner workspace.
  > pick_list_name* pick_list_params:object
integrations.list                                  GET    /api /integrations                                                            partner  connectors  developer.connectors         idempotent      array     none none documented
  = Metadata of named connectors.
  ? applications*
  % The vendor's page puts the parameters into the body of a GET; they are sent as a query.
integrations.all                                   GET    /api /integrations/all                                                        partner  connectors  developer.connectors         idempotent      items     page none documented
  = Paged list of all connectors with triggers and actions.
  ? page:int per_page:int
custom_connectors.list                             GET    /api /custom_connectors                                                       partner  connectors  embedded.custom_connectors   idempotent      list      none none documented
  = List custom connectors of the partner workspace.
  ? title oem_shared:bool
custom_connectors.code                             GET    /api /custom_connectors/{connector_id}/code                                   partner  connectors  developer.custom_connectors  idempotent      data      none none documented
  = Source code of a custom connector.
connections.runtime_user_connections.create        POST   /api /connections/runtime_user_connections                                    partner  connections developer.connections.other  reconcile_first data      none json documented
  = Start an OAuth connection for an end user under an existing OAuth connection.
  > parent_id*:int name folder_id*:int external_id* callback_url redirect_url
  ~ external_id identifies the end user; look for it first.
  + The parent must be a connected OAuth connection.
connections.runtime_user_connections.get_oauth_url GET    /api /connections/runtime_user_connections/{connection_id}/get_oauth_url      partner  connections developer.connections.other  idempotent      data      none none documented
  = Address where the end user authorizes the connection.
"""  # noqa: E501 - a table
