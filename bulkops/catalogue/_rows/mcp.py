"""MCP servers, their tools and policies.

The format is in `bulkops.catalogue._parse_calls`.
"""

from __future__ import annotations

from typing import Final

ROWS: Final = """
mcp_servers.list                   GET    /api /mcp/mcp_servers                             partner mcp_servers developer.mcp_servers idempotent      data_list page none client
  = List MCP servers.
  ? project_id:int folder_id:int authentication_method page:int per_page:int
mcp_servers.create                 POST   /api /mcp/mcp_servers                             partner mcp_servers developer.mcp_servers reconcile_first data      none json client
  = Create an MCP server.
  > name* folder_id*:int description asset_id:int
  ~ List the folder and match the name.
  + The reply has the access URL, which may contain a token.
mcp_servers.get                    GET    /api /mcp/mcp_servers/{handle}                    partner mcp_servers developer.mcp_servers idempotent      data      none none client
  = Fetch one MCP server.
  / handle
mcp_servers.update                 PUT    /api /mcp/mcp_servers/{handle}                    partner mcp_servers developer.mcp_servers safe_to_retry   data      none json client
  = Update an MCP server.
  / handle
  > name description auth_type
mcp_servers.delete                 DELETE /api /mcp/mcp_servers/{handle}                    partner mcp_servers developer.mcp_servers safe_to_retry   object?   none none client
  = Delete an MCP server.
  / handle
mcp_servers.token_renew            POST   /api /mcp/mcp_servers/{handle}/token_renew        partner mcp_servers developer.mcp_servers reconcile_first data      none none client
  = Mint a new access token; the old one stops working.
  / handle
  ~ Rotates a secret: the newest reply counts, never in parallel.
mcp_servers.assign_tools           POST   /api /mcp/mcp_servers/{handle}/assign_tools       partner mcp_servers developer.mcp_servers safe_to_retry   object?   none json client
  = Attach tools to an MCP server.
  / handle
  > tools*:object[]
mcp_servers.assign_user_groups     POST   /api /mcp/mcp_servers/{handle}/assign_user_groups partner mcp_servers developer.mcp_servers safe_to_retry   object?   none json client
  = Give identity user groups access.
  / handle
  > idp_user_group_ids*:str[]
mcp_servers.remove_user_groups     POST   /api /mcp/mcp_servers/{handle}/remove_user_groups partner mcp_servers developer.mcp_servers safe_to_retry   object?   none json client
  = Take access away from identity user groups.
  / handle
  > idp_user_group_ids*:str[]
mcp_servers.update_folder          PUT    /api /mcp/mcp_servers/{handle}/update_folder      partner mcp_servers developer.mcp_servers safe_to_retry   data?     none json client
  = Move an MCP server to another folder.
  / handle
  > folder_id*:int
mcp_servers.server_policies.get    GET    /api /mcp/mcp_servers/{handle}/server_policies    partner mcp_servers developer.mcp_servers idempotent      object    none none client
  = Read the rate, quota and IP policy.
  / handle
mcp_servers.server_policies.update PUT    /api /mcp/mcp_servers/{handle}/server_policies    partner mcp_servers developer.mcp_servers safe_to_retry   object    none json client
  = Set the rate, quota and IP policy.
  / handle
  > mcp_server_policy*:object
mcp_servers.tools.list             GET    /api /mcp/mcp_servers/{handle}/tools              partner mcp_servers developer.mcp_servers idempotent      items     page none client
  = List the tools of an MCP server.
  / handle
  ? page:int per_page:int
mcp_servers.tools.update           PUT    /api /mcp/mcp_servers/{handle}/tools/{tool_id}    partner mcp_servers developer.mcp_servers safe_to_retry   object    none json client
  = Change the description of a tool.
  / handle
  > description
mcp_servers.tools.delete           DELETE /api /mcp/mcp_servers/{handle}/tools/{tool_id}    partner mcp_servers developer.mcp_servers safe_to_retry   object?   none none client
  = Remove a tool.
  / handle
  + Only tools backed by recipe functions or genies can be removed.
mcp_servers.user_groups.list       GET    /api /mcp/user_groups                             partner mcp_servers developer.mcp_servers idempotent      data_list page none client
  = List identity user groups usable with MCP servers.
  ? page:int per_page:int
"""  # noqa: E501 - a table
