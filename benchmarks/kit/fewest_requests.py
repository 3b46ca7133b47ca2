"""The fewest requests of an account that the vendor's API allows, by operation: of a first run and of a re-run.

They keep what an operation promises: it leaves an account alone that is already so, knows for an undo what was there
before, and checks an effect whose reply does not show the end state. Each account is looked at by itself; a list of all
customers would say the plans of a hundred at once, but minutes before an account's turn. Counted for the example
package: three recipes, of which two may call others and one is in a sub-folder, and two connections; with an API four
recipes and three endpoints. Without retries, and with one poll of each import.

Source: the pages of `docs/reference/vendor.md`, by section, and the calls of `docs/reference/calls.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from bulkops.catalogue import QUOTAS
from bulkops.forecast import by_quota

TIGHT: Final = 60.0
"""Requests a minute of the narrowest documented quotas of calls in a customer's workspace."""


def _counts(words: str) -> dict[str, float]:
    """From "get, recipes.start 3": calls in a customer's workspace, and how often; "/" begins one of the partner's."""
    counts = {}
    for part in words.split(", ") if words else ():
        call, _, times = part.partition(" ")
        counts[call[1:] if call.startswith("/") else f"managed_users.{call}"] = float(times or 1)
    return counts


@attrs.frozen
class Fewest:
    """Requests by call. `why`: the fact behind each that could seem superfluous."""

    first: Mapping[str, float] = attrs.field(converter=_counts)
    again: Mapping[str, float] = attrs.field(converter=_counts)
    why: str


_FOLDERS: Final = (
    "Sections 7 and 18: folders have names, calls take ids, and the list of projects has those under Home. A list of "
    "recipes says each one's folder, not what is above it: one list of the tight quota places those of a sub-folder."
)
_OLD_PLAN: Final = "Section 11: the reply to a change says the plan, but an undo needs the plan before."
_LIST_BEFORE: Final = "Section 15: no create has a key against a second one, so what is there is listed first."

FEWEST: Final[Mapping[str, Fewest]] = {
    "upgrade-plan": Fewest("get, update", "get", _OLD_PLAN),
    "upgrade-plan by call": Fewest("get, upgrade", "get", _OLD_PLAN),
    "downgrade-plan": Fewest("get, update", "get", _OLD_PLAN),
    "downgrade-plan by call": Fewest("get, downgrade", "get", _OLD_PLAN),
    "add-member": Fewest(
        "members.list, members.create", "members.list", f"{_LIST_BEFORE} The reply is the member (section 12)."
    ),
    "add-member by the older call": Fewest(
        "members.list 2, member.create",
        "members.list",
        "Section 14: the reply of the older call is the account, so the member is listed once more.",
    ),
    "remove-member": Fewest(
        "members.list, members.delete", "members.list", "A call takes the member's number, which only the list says."
    ),
    "remove-member by the older call": Fewest(
        "members.list, member.delete", "members.list", "An undo needs the role, which only the list says."
    ),
    "add-to-group": Fewest(
        "members.list, user_groups.list, user_groups.create, user_groups.members.add, user_groups.members.list",
        "members.list, user_groups.list, user_groups.members.list",
        "Section 18: a group lists its members by number and e-mail; only the list of members has the external id.",
    ),
    "grant-project-role": Fewest(
        "projects.list, user_groups.list, project_roles.list, projects.project_grants.list 2, "
        "projects.project_grants.upsert",
        "projects.list, user_groups.list, project_roles.list, projects.project_grants.list",
        "Section 18: of a grant only its id is documented in the reply to a write: the list shows its role.",
    ),
    "start-genie": Fewest(
        "agentic.genies.list, agentic.genies.start, agentic.genies.get",
        "agentic.genies.list",
        "Section 18: what the reply to a start says is not documented; reads have a wider quota.",
    ),
    "stop-genie": Fewest(
        "agentic.genies.list, agentic.genies.stop, agentic.genies.get", "agentic.genies.list", "As of start-genie."
    ),
    "deploy-project": Fewest(
        "projects.list, deployments.list, recipes.list, folders.list, projects.deploy, deployments.get",
        "projects.list, deployments.list, recipes.list, folders.list",
        f"Section 18: one call builds and deploys; one poll shows its end. {_FOLDERS}",
    ),
    "assign-oauth-profile": Fewest(
        "custom_oauth_profiles.assign", "", "No call shows an assignment: the journal knows those of its runs."
    ),
    "start-recipes": Fewest(
        "projects.list, recipes.list 2, folders.list, recipes.start 3",
        "projects.list, recipes.list, folders.list",
        f"{_FOLDERS} A trigger may fail as soon as it runs: the recipes are listed once more (section 10).",
    ),
    "stop-recipes": Fewest(
        "projects.list, recipes.list 2, folders.list, recipes.stop 3",
        "projects.list, recipes.list, folders.list",
        "As of start-recipes.",
    ),
    "create-customer": Fewest("get, create", "get", _LIST_BEFORE),
    "rollout": Fewest(
        "get, create, projects.list, folders.create, imports.create, imports.get, recipes.list 2, connections.list, "
        "connections.update 2, api_collections.list, api_clients_v2.list, api_clients_v2.create, api_keys.create, "
        "api_keys.list, api_clients_v2.get, recipes.start 4, api_endpoints.list 2, api_endpoints.enable 3",
        "get, projects.list, recipes.list, connections.list, api_collections.list, api_clients_v2.list, api_keys.list, "
        "api_endpoints.list",
        "Sections 9 and 13: of what its parts send, each list once.",
    ),
    "rollout of the first version": Fewest(
        "get, create, projects.list, folders.create, imports.create, imports.get, recipes.list 2, connections.list, "
        "connections.update 2, api_collections.list, api_clients.list, api_clients.create, api_access_profiles.create, "
        "api_access_profiles.list, recipes.start 4, api_endpoints.list 2, api_endpoints.enable 3",
        "get, projects.list, recipes.list, connections.list, api_collections.list, api_clients.list, "
        "api_access_profiles.list, api_endpoints.list",
        "As of rollout.",
    ),
    "create-folder": Fewest(
        "projects.list, folders.create 2",
        "projects.list, folders.list",
        "Section 18: the first of two levels is a project. What was just made has nothing in it, and is not listed.",
    ),
    "create-connection as a shell": Fewest("connections.list, connections.create", "connections.list", _LIST_BEFORE),
    "create-connection": Fewest("connections.list, connections.create", "connections.list", _LIST_BEFORE),
    "set-properties": Fewest(
        "properties.list 2, properties.upsert",
        "properties.list",
        "Section 14: the reply says a number or a success, not the values; an undo needs those before.",
    ),
    "enable-api-platform": Fewest(
        "projects.list, api_collections.list, api_clients_v2.list, api_clients_v2.create, api_keys.create, "
        "api_keys.list, api_clients_v2.get",
        "projects.list, api_collections.list, api_clients_v2.list, api_keys.list",
        "Section 13: a collection says its project, a client its collections; key and client are looked at once more.",
    ),
    "enable-api-platform of the first version": Fewest(
        "api_collections.list, api_clients.list, api_clients.create, api_access_profiles.create, "
        "api_access_profiles.list",
        "api_collections.list, api_clients.list, api_access_profiles.list",
        "Section 13. The collections are given by name.",
    ),
    "enable-endpoints": Fewest(
        "projects.list, api_collections.list, api_endpoints.list 2, recipes.list, api_endpoints.enable 3",
        "projects.list, api_collections.list, api_endpoints.list",
        "Section 13: enabling needs a recipe that runs, and the reply does not show the endpoint.",
    ),
    "disable-endpoints": Fewest(
        "api_collections.list, api_endpoints.list 2, api_endpoints.disable 3",
        "api_collections.list, api_endpoints.list",
        "Section 13. The collections are given by name.",
    ),
    "delete-customer": Fewest(
        "get 2, delete",
        "get",
        "The request names an external id that may be another customer's by now; it is looked up.",
    ),
    "grant-manager": Fewest(
        "/customer_managers.list 0.1, /customer_managers.create 0.05, /members.list 0.05, /roles.list 0.05",
        "/customer_managers.list 0.05",
        "Section 12: one row of the partner holds all workspaces: one write for a fleet, here of twenty accounts.",
    ),
    "copy": Fewest(
        "projects.list, folders.create, imports.create, imports.get, recipes.list",
        "projects.list, recipes.list",
        "Section 9: an import has no list and no key. The one export of the source is not counted.",
    ),
    "import-package of a manifest": Fewest(
        "projects.list, folders.create, imports.create, imports.get, recipes.list",
        "projects.list, recipes.list",
        "As of copy: the folder by name, and the recipes as the last import left them.",
    ),
}
"""By the names of `tests/acceptance/cases.py`."""


def main_job(*, connections: int, recipes: int) -> Fewest:
    """Import, authorize, start: where the three know what the others have listed."""
    return Fewest(
        "projects.list, folders.create, imports.create, imports.get, recipes.list 2, connections.list, "
        f"connections.update {connections}, recipes.start {recipes}",
        "projects.list, recipes.list, connections.list",
        "Sections 9 and 10: shells arrive without credentials, recipes arrive stopped.",
    )


def _per_minute(quota: str) -> float:
    """Requests that all accounts together may send in a minute."""
    return min(60 * limit.requests / limit.window_s for limit in QUOTAS[quota] if limit.key is None)


def narrowest(requests: Mapping[str, float]) -> tuple[str, float]:
    """The quota that bounds accounts with these requests of each quota, and an account's share of its minute."""
    shares = {quota: count / _per_minute(quota) for quota, count in requests.items()}
    return max(shares.items(), key=lambda item: item[1], default=("none", 0.0))


def of_tight_quotas(requests: Mapping[str, float]) -> dict[str, float]:
    """Requests of each quota of 60 a minute, from requests of each call, and without what a run sends once."""
    return {quota: count for quota, count in by_quota(requests).items() if count and _per_minute(quota) <= TIGHT}
