"""Project builds and deployments: a build packs a project, a deployment puts it into TEST or PROD, each in its time.

The partner's own workspace has environments that nobody looks into; a customer's are workspaces of their own.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

from bulkops.sandbox.exports import MissingAssetError, assets_in, build_zip
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.handlers._crud import Row, Rows
from bulkops.sandbox.installing import RecipesRunningError, install
from bulkops.sandbox.recipes import AUTHOR
from bulkops.sandbox.request import NUMBER, ApiRequest, RefusedError, invalid, there
from bulkops.sandbox.workspace import Folder, Import, Workspace

ENVIRONMENTS: Final = ("test", "prod")
NOT_PROVISIONED: Final = "Environments not provisioned"
_BUILD_S: Final = 3.0
_DEPLOY_S: Final = 5.0
_BUILDS: Final = "project_build"
_DEPLOYMENTS: Final = "deployment"


@answers("[managed_users.]projects.build", row="Build")
def build_project(request: ApiRequest) -> Row:
    return _build_row(request, _build(request, _project(request)))


@answers("[managed_users.]project_builds.get", row="Build")
def get_build(request: ApiRequest) -> Row:
    return _build_row(request, _found(request, _BUILDS, "project_build_id"))


@answers("[managed_users.]project_builds.deploy", row="Deployment")
def deploy_build(request: ApiRequest) -> Row:
    """Raises: RefusedError 400 for a build that is not ready."""
    build = _found(request, _BUILDS, "project_build_id")
    environment = _environment(request)
    if _state(request, build) != "success":
        raise RefusedError(400, "The build is not ready")
    return _deployment_row(request, _deploy(request, build, environment))


@answers("[managed_users.]projects.deploy", row="Deployment")
def deploy_project(request: ApiRequest) -> Row:
    """Build and deploy in one."""
    project, environment = _project(request), _environment(request)
    return _deployment_row(request, _deploy(request, _build(request, project), environment))


@answers("[managed_users.]deployments.list", row="Deployment")
def list_deployments(request: ApiRequest) -> Rows:
    """The newest first. `folder_id` is written `f` and the number, as in a project's address."""
    _require_environments(request)
    rows = [_deployment_row(request, row) for row in request.workspace.shelf(_DEPLOYMENTS).values()]
    wanted = {name: request.query.get(name, "") for name in ("project_id", "environment_type", "state")}
    folder = request.query.get("folder_id", "").removeprefix("f")
    if folder:
        found = request.workspace.folders.get(int(folder)) if NUMBER.fullmatch(folder) else None
        wanted["project_id"] = str(there(found).project_id)
    is_in_time = request.period()
    return [
        row
        for row in reversed(rows)
        if all(text in ("", str(row[name])) for name, text in wanted.items()) and is_in_time(row["created_at"])
    ]


@answers("[managed_users.]deployments.get", row="Deployment")
def get_deployment(request: ApiRequest) -> Row:
    return _deployment_row(request, _deployment(request))


@answers("deployments.eligible_reviewers", row="GroupMember")
def list_reviewers(request: ApiRequest) -> Rows:
    _deployment(request)
    return [member.short() for member in request.workspace.members.values()]


@answers("deployments.assign_reviewers", row="Deployment")
def assign_reviewers(request: ApiRequest) -> Row:
    for id_ in request.given["reviewer_ids"]:
        there(request.workspace.members.get(id_))
    return _review(request, "reviewers_assigned", {"reviewer_ids": request.given["reviewer_ids"]})


@answers("deployments.update_review_comment", row="Deployment")
def comment_review(request: ApiRequest) -> Row:
    return _review(request, "commented", {"review_comment": request.given["comment"]})


def _step(state: str) -> Any:
    """A step of the review, whose rules no page shows: it is kept as the state of the review."""

    def handler(request: ApiRequest) -> Row:
        comment = {name: text for name, text in {"review_comment": request.given.get("comment")}.items() if text}
        return _review(request, state, {"review_state": state, **comment})

    return handler


for _verb, _becomes in {
    "submit_for_review": "submitted",
    "approve": "approved",
    "reject": "rejected",
    "reopen": "reopened",
    "deploy": "deployed",
}.items():
    answers(f"deployments.{_verb}", row="Deployment")(_step(_becomes))


def _review(request: ApiRequest, what: str, members: Mapping[str, Any]) -> Row:
    deployment = _deployment(request)
    if any(deployment.get(name) != value for name, value in members.items()):
        deployment |= members
        request.note(f"deployment.{what}", deployment["project"])
    return _deployment_row(request, deployment)


def _project(request: ApiRequest) -> Folder:
    """By the project's id, or `f` and that of its folder. Raises: RefusedError 404."""
    text, workspace = request.names["project_id"], request.workspace
    number = text.removeprefix("f")
    id_ = int(number) if NUMBER.fullmatch(number) else 0
    folder = workspace.folders.get(id_) if text.startswith("f") else workspace.projects().get(id_)
    return there(folder if folder is not None and folder.is_project else None)


def _environment(request: ApiRequest) -> str:
    """Clients put it into the query or into the body. Raises: RefusedError 400."""
    name = request.query.get("environment_type") or request.members().get("environment_type")
    if not name:
        raise invalid("environment_type", "can't be blank")
    _require_environments(request)
    return there(next((each for each in ENVIRONMENTS if each == name), None))


def _require_environments(request: ApiRequest) -> None:
    """Raises: RefusedError 400 (vendor facts, section 18)."""
    if request.customer is not None and not request.customer.environments:
        raise RefusedError(400, NOT_PROVISIONED)


def _build(request: ApiRequest, project: Folder) -> Row:
    workspace, clock = request.workspace, request.state.clock
    files = {asset.zip_name: asset.key for asset in assets_in(workspace, project)}
    made = {
        "id": workspace.new_id(_BUILDS),
        "project": project.name,
        "project_id": str(project.project_id),
        "description": request.given.get("description"),
        "include_test_cases": request.given.get("include_test_cases"),
        "created_at": clock.stamp(),
        "ready_at": clock.now() + clock.scaled(_BUILD_S),
    }
    try:
        made["data"] = build_zip(workspace, files)
    except MissingAssetError:
        made["failed"] = True
    workspace.shelf(_BUILDS)[str(made["id"])] = made
    request.note("project.built", project.name)
    return made


def _deploy(request: ApiRequest, build: Row, environment: str) -> Row:
    """It takes effect in its time, whether or not anybody looks."""
    workspace, clock = request.workspace, request.state.clock
    takes_s = clock.scaled(_DEPLOY_S) + max(0.0, build["ready_at"] - clock.now())
    made = {
        "id": workspace.new_id(_DEPLOYMENTS),
        "project": build["project"],
        "project_id": build["project_id"],
        "project_build_id": build["id"],
        "environment_type": environment,
        "description": request.given.get("description"),
        "created_at": clock.stamp(),
        "ready_at": clock.now() + takes_s,
    }
    workspace.shelf(_DEPLOYMENTS)[str(made["id"])] = made
    request.note("deployment.created", _key(made))
    if "failed" in build:
        made["failed"] = True
    elif request.customer is not None:
        target = request.customer.environments[environment].workspace
        made["waits"] = True
        request.state.importer.later(takes_s, lambda: _install(request, made, build, target))
    return made


def _install(request: ApiRequest, deployment: Row, build: Row, target: Workspace) -> None:
    """Put the build's content into the folder of the same name, over running recipes too."""
    deployment["waits"] = False
    state, customer = request.state, request.account
    if state.customers.find(str(customer.id)) is not customer:
        return  # deleted meanwhile
    folder = next((each for each in target.children(target.home.id) if each.name == build["project"]), None)
    folder = folder or target.add_folder(build["project"], target.home, now=state.clock.stamp())
    package = state.packages.parse(build["data"])
    job = Import(folder_id=folder.id, home_folder_id=folder.id, package=package, restart_recipes=True)
    try:
        install(target, job, now=state.clock.stamp(), note=functools.partial(state.ledger.note, target.owner))
    except RecipesRunningError:
        deployment["failed"] = True
    request.note("deployment.failed" if "failed" in deployment else "deployment.completed", _key(deployment))


def _key(deployment: Row) -> str:
    return f"{deployment['project']}/{deployment['environment_type']}"


def _state(request: ApiRequest, row: Row) -> str:
    if request.state.clock.now() < row["ready_at"] or row.get("waits"):
        return "pending"
    return "failed" if row.get("failed") else "success"


def _found(request: ApiRequest, shelf: str, name: str) -> Row:
    return there(request.workspace.shelf(shelf).get(request.names[name]))


def _deployment(request: ApiRequest) -> Row:
    return _found(request, _DEPLOYMENTS, "deployment_id")


def _shown(request: ApiRequest, row: Row, *names: str) -> Row:
    return {name: row.get(name) for name in ("id", "description", "project_id", "created_at", *names)} | {
        "updated_at": row["created_at"],
        "state": _state(request, row),
        "performed_by_name": AUTHOR,
    }


def _build_row(request: ApiRequest, row: Row) -> Row:
    """The file is in no store: the address only looks like one."""
    shown = _shown(request, row, "include_test_cases")
    ready = shown["state"] == "success"
    return {**shown, "download_url": f"{request.file_origin}/_files/builds/{row['id']}.zip" if ready else None}


def _deployment_row(request: ApiRequest, row: Row) -> Row:
    kept = [name for name in ("reviewer_ids", "review_comment", "review_state") if name in row]
    return _shown(request, row, "project_build_id", "environment_type", *kept)
