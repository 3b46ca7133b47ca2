"""MCP servers of the partner: their tools, policies, and the identity groups that may use them."""

from __future__ import annotations

import secrets
from typing import Any, Final

from bulkops.sandbox.body import id_in
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Links, Row
from bulkops.sandbox.handlers._nouns import serve_noun
from bulkops.sandbox.handlers.identity import GROUPS
from bulkops.sandbox.request import ApiRequest, invalid

_POLICIES: Final = "mcp_policies"
_TOOL: Final = "mcp_tool"


def _shown(request: ApiRequest, row: Row) -> Row:
    folder = request.workspace.folders.get(row["folder_id"]) or request.workspace.home
    api = request.workspace.api.collections.get(row["asset_id"] or 0)
    return {
        **{name: row[name] for name in ("id", "name", "description", "folder_id", "created_at", "updated_at")},
        "asset_type": "project" if api is None else "api_collection",
        "logo_url": None,
        "mcp_url": f"{request.origin}/_mcp/{row['token']}",
        "auth_type": row["auth_type"],
        "authentication_method": row["auth_type"],
        "project_id": folder.project_id,
        "folders": [{"id": folder.id, "name": folder.name}],
        "has_vua_dependent_tools": False,
        "idp_user_group_ids": USER_GROUPS.ids(request, row),
        "api_collection": None if api is None else {"id": api.id, "name": api.name},
        "tools_count": len(request.workspace.shelf(f"{_TOOL} of {row['id']}")),
    }


def _shape(request: ApiRequest, given: Row, row: Row | None) -> Row:
    request.named(request.workspace.api.collections, "asset_id")
    new = {"token": secrets.token_hex(8), "auth_type": given.get("auth_type") or "token"}
    return given | new if row is None else given


SERVERS: Final = serve_noun(
    "mcp_servers",
    "McpServer",
    noun="mcp_server",
    prefix="mcps",
    shape=_shape,
    shown=_shown,
)
USER_GROUPS: Final = Links(
    holder=SERVERS,
    what="user_group",
    member="idp_user_group_ids",
    known=lambda request: GROUPS.rows(request.workspace),
)
USER_GROUPS.serve("mcp_servers.assign_user_groups", "mcp_servers.remove_user_groups")


@answers("mcp_servers.user_groups.list", row="IdentityGroup")
def list_groups(request: ApiRequest) -> Any:
    """The groups of the identity calls (vendor facts, section 18)."""
    return GROUPS.list(request)


@answers("mcp_servers.token_renew", row="McpServer")
def renew_token(request: ApiRequest) -> Row:
    row = SERVERS.row_of(request)
    row["token"] = secrets.token_hex(8)
    SERVERS.touch(request, row, "token_renewed")
    return _shown(request, row)


answers("mcp_servers.update_folder", row="McpServer")(SERVERS.update)


@answers("mcp_servers.server_policies.get", row="McpPolicies")
def get_policies(request: ApiRequest) -> Row:
    """`id` is null while none was set."""
    server, now = SERVERS.row_of(request), request.workspace.home.created_at
    none: Row = {"id": None, "mcp_server_id": None, "rate_limits": None, "quota_limits": None}
    none |= {"ip_allow_list": [], "ip_deny_list": [], "created_at": now, "updated_at": now}
    return request.workspace.shelf(_POLICIES).get(server["id"], none)


@answers("mcp_servers.server_policies.update", row="McpPolicies")
def set_policies(request: ApiRequest) -> Row:
    server, before, now = SERVERS.row_of(request), get_policies(request), request.state.clock.stamp()
    given = {name: value for name, value in request.given["mcp_server_policy"].items() if name in before}
    if {**before, **given} != before:
        id_ = before["id"] or request.workspace.new_id(_POLICIES)
        new = {**before, **given, "id": id_, "mcp_server_id": server["id"], "updated_at": now}
        request.workspace.shelf(_POLICIES)[server["id"]] = new
        SERVERS.note(request, server, "policies_set")
    return get_policies(request)


@answers("mcp_servers.assign_tools")
def assign_tools(request: ApiRequest) -> None:
    """Each tool is a recipe. Raises: RefusedError 400 for one that is not there."""
    tools, recipes = TOOLS.shelf(request), request.workspace.recipes
    ids = [id_in(item, "id") for item in request.given["tools"]]
    if any(id_ is None or id_ not in recipes for id_ in ids):
        raise invalid("tools", "names a recipe that is not there")
    for id_ in ids:
        if all(tool["flow_id"] != id_ for tool in tools.values()):
            TOOLS.add(request, {"flow_id": id_, "description": None})


def _tool_shown(request: ApiRequest, tool: Row) -> Row:
    recipe = request.workspace.recipes.get(tool["flow_id"])
    return {
        **{name: tool[name] for name in ("id", "flow_id", "description")},
        "name": recipe.name if recipe else "",
        "original_description": None,
        "trigger_application": recipe.packed.trigger_application if recipe else None,
        "action_applications": recipe.packed.action_applications if recipe else [],
        "active": True,
        "enabled": True,
        "vua_required": False,
        "incompatibility_reasons": [],
    }


TOOLS: Final = serve_noun(
    "mcp_servers.tools", "McpTool", noun=_TOOL, inside=SERVERS, key="flow_id", required=(), shown=_tool_shown
)
