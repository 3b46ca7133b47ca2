"""On-prem groups, and the agents in them."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Row, Rows
from bulkops.sandbox.handlers._nouns import serve_noun
from bulkops.sandbox.request import ApiRequest, there


def _kept(request: ApiRequest, group: Row) -> str | None:
    """By assumption."""
    return "The group has agents: delete them first" if _agents_of(request, group) else None


def _agent_shape(request: ApiRequest, given: Row, row: Row | None) -> Row:
    if row is None:
        there(GROUPS.rows(request.workspace).get(str(given["on_prem_group_id"])))
        return {**given, "enabled": True if given.get("enabled") is None else given["enabled"], "cn": uuid4().hex[:16]}
    return given


GROUPS: Final = serve_noun(
    "on_prem_groups",
    "OnPremGroup",
    noun="on_prem_group",
    facts={"use_managed_connection": True, "config_version": 1, "logs_enabled": False, "whitelisted_ips": []},
    shown=lambda request, row: {**row, "in_use": bool(_agents_of(request, row))},
    kept=_kept,
)
AGENTS: Final = serve_noun(
    "on_prem_agents", "OnPremAgent", noun="on_prem_agent", facts={"awaiting_setup": True}, shape=_agent_shape
)


def _agents_of(request: ApiRequest, group: Row) -> Rows:
    return [row for row in AGENTS.rows(request.workspace).values() if row["on_prem_group_id"] == group["id"]]


answers("on_prem_groups.agents.list", row="OnPremAgent")(lambda request: _agents_of(request, GROUPS.row_of(request)))


@answers("[managed_users.]on_prem_agents.search", row="OnPremAgent")
def search_agents(request: ApiRequest) -> Rows:
    """By the common name of the agent's certificate."""
    return [row for row in AGENTS.rows(request.workspace).values() if row["cn"] == request.query.get("cn")]


answers("[managed_users.]on_prem_groups.status", row="OnPremStatus")(lambda request: _status(GROUPS.row_of(request)))
answers("[managed_users.]on_prem_agents.status", row="OnPremStatus")(lambda request: _status(AGENTS.row_of(request)))


def _status(row: Row) -> dict[str, Any]:
    """No page shows it: the words are assumed."""
    return {"id": row["id"], "status": "active" if row.get("enabled", True) else "inactive"}


@answers("on_prem_agents.activation_code", row="ActivationCode")
def activation_code(request: ApiRequest) -> Row:
    """The same each time."""
    return {"activation_code": AGENTS.row_of(request)["cn"][:12]}
