"""Who the token belongs to: the partner's workspace."""

from __future__ import annotations

from typing import Any, Final

from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest

WORKSPACE_NAME: Final = "Partner HQ"


@answers("users.me", row="User")
def me(request: ApiRequest) -> dict[str, Any]:
    workspace = request.state.partner.workspace
    return {
        "id": workspace.user_id,
        "name": WORKSPACE_NAME,
        "created_at": workspace.home.created_at,
        "plan_id": "oem_plan",
        "current_billing_period_start": workspace.home.created_at,
        "current_billing_period_end": workspace.home.created_at,
        "expert": False,
        "recipes_count": len(workspace.recipes),
        "active_recipes_count": sum(recipe.running for recipe in workspace.recipes.values()),
        "company_name": None,
        "location": None,
        "last_seen": request.state.clock.stamp(),
        "email": "api@partner.example",
        "root_folder_id": workspace.home.id,
    }
