"""Each named operation as one makes it and as one types it, with its effects on an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from bulkops.operations import (
    AddMember,
    AddToGroup,
    AssignOAuthProfile,
    AuthorizeConnections,
    Copy,
    CreateConnection,
    CreateCustomer,
    CreateFolder,
    DeleteCustomer,
    DeployProject,
    DisableEndpoints,
    DowngradePlan,
    EnableApiPlatform,
    EnableEndpoints,
    GrantManager,
    GrantProjectRole,
    ImportPackage,
    Operation,
    RemoveMember,
    Rollout,
    SetProperties,
    StartGenie,
    StartRecipes,
    StopGenie,
    StopRecipes,
    UpgradePlan,
)
from tests.acceptance.furnish import hire, provision
from tests.fleet import API_PACKAGE, CREDENTIALS, PACKAGE
from tests.here import FIRST, main_job

MANIFEST = 12
EXPORT = ("package.exported", "manifest.created", "manifest.deleted")
"""Effects on the source of a package, once a run."""


@attrs.frozen(kw_only=True)
class Case:
    """`new`: of customers who are not there yet; `before`: what must have been done first; `kind` and `each`: its
    effects on an account, in the ledger; `undone`: the kind that undoing adds as often; `flags`: the same operation as
    a user types it."""

    make: Callable[[], Operation]
    flags: tuple[str, ...]
    kind: str
    each: int = 1
    undone: str | None = None
    new: bool = False
    before: Callable[[], Operation | None] = lambda: None


def _api_job() -> Operation:
    return main_job(API_PACKAGE)


def _ana(via: str = "members") -> Operation:
    oauth_id = "oauth-{who}" if via == "member" else None
    return AddMember(member_name="Ana {who}", external_id="{who}", role="Admin", via=via, oauth_id=oauth_id)


CASES = {
    "upgrade-plan": Case(
        make=lambda: UpgradePlan(plan_id="oem_enterprise"),
        flags=("upgrade-plan", "--plan", "oem_enterprise"),
        kind="plan.changed",
        undone="plan.changed",
    ),
    "upgrade-plan by call": Case(
        make=lambda: UpgradePlan(plan_id="{plan}", via="call"),
        flags=("upgrade-plan", "--plan", "{plan}", "--via", "call"),
        kind="plan.changed",
        undone="plan.changed",
    ),
    "downgrade-plan": Case(make=DowngradePlan, flags=("downgrade-plan",), kind="plan.changed", undone="plan.changed"),
    "downgrade-plan by call": Case(
        make=lambda: DowngradePlan(via="call"),
        flags=("downgrade-plan", "--via", "call"),
        kind="plan.changed",
        undone="plan.changed",
    ),
    "add-member": Case(
        make=_ana,
        flags=("add-member", "--name", "Ana {who}", "--external-id", "{who}", "--role", "Admin"),
        kind="member.added",
        undone="member.removed",
    ),
    "add-member by the older call": Case(
        make=lambda: _ana("member"),
        flags=(
            *("add-member", "--name", "Ana {who}", "--external-id", "{who}", "--role", "Admin"),
            *("--via", "member", "--oauth-id", "oauth-{who}"),
        ),
        kind="member.added",
        undone="member.removed",
    ),
    "remove-member": Case(
        make=lambda: RemoveMember(external_id="{who}"),
        flags=("remove-member", "--external-id", "{who}"),
        before=_ana,
        kind="member.removed",
        undone="member.added",
    ),
    "remove-member by the older call": Case(
        make=lambda: RemoveMember(member_name="Ana {who}", via="member"),
        flags=("remove-member", "--name", "Ana {who}", "--via", "member"),
        before=_ana,
        kind="member.removed",
        undone="member.added",
    ),
    "add-to-group": Case(
        make=lambda: AddToGroup(group="Team {who}", external_id="{who}"),
        flags=("add-to-group", "--group", "Team {who}", "--external-id", "{who}"),
        before=_ana,
        kind="user_group.member_added",
        undone="user_group.member_removed",
    ),
    "grant-project-role": Case(
        make=lambda: GrantProjectRole(project="CRM", role="Project editor", group="All collaborators"),
        flags=(
            *("grant-project-role", "--project", "CRM", "--role", "Project editor"),
            *("--group", "All collaborators"),
        ),
        before=lambda: ImportPackage(PACKAGE, folder="CRM") >> AuthorizeConnections(CREDENTIALS),
        kind="project_grant.created",
        undone="project_grant.deleted",
    ),
    "start-genie": Case(
        make=lambda: StartGenie(genie="HR {who}"),
        flags=("start-genie", "--genie", "HR {who}"),
        before=lambda: hire,
        kind="genie.started",
        undone="genie.stopped",
    ),
    "stop-genie": Case(
        make=lambda: StopGenie(genie="HR {who}"),
        flags=("stop-genie", "--genie", "HR {who}"),
        before=lambda: hire >> StartGenie(genie="HR {who}"),
        kind="genie.stopped",
        undone="genie.started",
    ),
    "deploy-project": Case(
        make=lambda: DeployProject(project="CRM", environment="test"),
        flags=("deploy-project", "--project", "CRM", "--to", "test"),
        before=lambda: provision >> ImportPackage(PACKAGE, folder="CRM"),
        kind="deployment.created",
    ),
    "assign-oauth-profile": Case(
        make=lambda: AssignOAuthProfile(profile=322),
        flags=("assign-oauth-profile", "--profile", "322"),
        kind="oauth_profile.assigned",
        undone="oauth_profile.unassigned",
    ),
    "start-recipes": Case(
        make=lambda: StartRecipes(folder="CRM"),
        flags=("start-recipes", "--folder", "CRM"),
        before=lambda: ImportPackage(PACKAGE, folder="CRM") >> AuthorizeConnections(CREDENTIALS),
        kind="recipe.started",
        each=3,
        undone="recipe.stopped",
    ),
    "stop-recipes": Case(
        make=lambda: StopRecipes(folder="CRM"),
        flags=("stop-recipes", "--folder", "CRM"),
        before=main_job,
        kind="recipe.stopped",
        each=3,
        undone="recipe.started",
    ),
    "create-customer": Case(make=CreateCustomer, flags=("create-customer",), kind="customer.created", new=True),
    "rollout": Case(
        make=lambda: Rollout(API_PACKAGE, folder="API", connections=CREDENTIALS, secrets_to="keys.jsonl"),
        flags=(
            *("rollout", str(API_PACKAGE), "--folder", "API", "--connections", str(CREDENTIALS)),
            *("--secrets-to", "keys.jsonl"),
        ),
        kind="endpoint.enabled",
        each=3,
        undone="endpoint.disabled",
        new=True,
    ),
    "rollout of the first version": Case(
        make=lambda: Rollout(
            API_PACKAGE, folder="API", connections=CREDENTIALS, secrets_to="keys.jsonl", api_platform="v1"
        ),
        flags=(
            *("rollout", str(API_PACKAGE), "--folder", "API", "--connections", str(CREDENTIALS)),
            *("--secrets-to", "keys.jsonl", "--api-platform", "v1"),
        ),
        kind="endpoint.enabled",
        each=3,
        undone="endpoint.disabled",
        new=True,
    ),
    "create-folder": Case(
        make=lambda: CreateFolder("{who}/Orders"),
        flags=("create-folder", "--folder", "{who}/Orders"),
        kind="folder.created",
        each=2,
        undone="folder.deleted",
    ),
    "create-connection as a shell": Case(
        make=lambda: CreateConnection(connection_name="Shop {who}", provider="shopify", external_id="{who}"),
        flags=("create-connection", "--name", "Shop {who}", "--provider", "shopify", "--external-id", "{who}"),
        kind="connection.created",
        undone="connection.deleted",
    ),
    "create-connection": Case(
        make=lambda: CreateConnection(connection_name="CRM", from_file=CREDENTIALS),
        flags=("create-connection", "--name", "CRM", "--from", str(CREDENTIALS)),
        kind="connection.authorized",
        undone="connection.deleted",
    ),
    "set-properties": Case(
        make=lambda: SetProperties({"crm.tier": "{plan}", "crm.who": "{who}"}),
        flags=("set-properties", "-p", "crm.tier={plan}", "-p", "crm.who={who}"),
        before=lambda: SetProperties({"crm.tier": "none", "crm.who": "", "crm.other": "stays"}),
        kind="property.set",
        each=2,
        undone="property.set",
    ),
    "enable-api-platform": Case(
        make=lambda: EnableApiPlatform(folder="CRM", secrets_to="keys.jsonl", client="{who}"),
        flags=("enable-api-platform", "--folder", "CRM", "--secrets-to", "keys.jsonl", "--client", "{who}"),
        before=_api_job,
        kind="api_key.created",
        undone="api_client.deleted",
    ),
    "enable-api-platform of the first version": Case(
        make=lambda: EnableApiPlatform(collections=["CRM API"], secrets_to="keys.jsonl", api_platform="v1"),
        flags=(
            *("enable-api-platform", "--collection", "CRM API", "--secrets-to", "keys.jsonl"),
            *("--api-platform", "v1"),
        ),
        before=_api_job,
        kind="access_profile.created",
        undone="access_profile.disabled",
    ),
    "enable-endpoints": Case(
        make=lambda: EnableEndpoints(folder="CRM"),
        flags=("enable-endpoints", "--folder", "CRM"),
        before=_api_job,
        kind="endpoint.enabled",
        each=3,
        undone="endpoint.disabled",
    ),
    "disable-endpoints": Case(
        make=lambda: DisableEndpoints(collections=["CRM API"]),
        flags=("disable-endpoints", "--collection", "CRM API"),
        before=lambda: _api_job() >> EnableEndpoints(folder="CRM"),
        kind="endpoint.disabled",
        each=3,
        undone="endpoint.enabled",
    ),
    "delete-customer": Case(
        make=DeleteCustomer,
        flags=("delete-customer", "--delete-everything-in-them"),
        kind="customer.deleted",
    ),
    "grant-manager": Case(
        make=lambda: GrantManager(manager="lee@partner.example", role="Integrator"),
        # few at a time: all together they would need three requests, and nobody could kill it in between
        flags=(
            *("grant-manager", "--manager", "lee@partner.example", "--role", "Integrator"),
            *("--concurrency", "5"),
        ),
        kind="manager.granted",
        undone="manager.revoked",
    ),
    "copy": Case(
        make=lambda: Copy("partner", folders=["CRM rollout"]),
        flags=("copy", "--from", "partner", "--folder", "CRM rollout"),
        kind="import.completed",
        undone="folder.deleted",
    ),
    "import-package of a manifest": Case(
        make=lambda: ImportPackage(manifest=MANIFEST, folder="CRM"),
        flags=("import-package", "--manifest", str(MANIFEST), "--folder", "CRM"),
        kind="import.completed",
    ),
}


def accounts(case: Case, count: int) -> list[Mapping[str, object]]:
    if case.new:
        new = range(count)
        return [{"external_id": f"N {n}/ü", "name": f"New {n}", "notification_email": f"n{n}@x.example"} for n in new]
    return [{"id": FIRST + n, "who": f"U-{n}", "plan": "oem_big"} for n in range(count)]
