"""A vendor that repeats what it refuses, takes what it does not do, and finds gone what it deleted a moment ago."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import web

from bulkops.client import Workato
from bulkops.journal.sqlite.schema import FILE_NAME
from bulkops.operations import (
    CreateConnection,
    CreateFolder,
    DeployProject,
    DisableEndpoints,
    Each,
    Operation,
    SetProperties,
    StartRecipes,
)
from bulkops.report import Report
from bulkops.runs import Fleet, run, undo_of
from bulkops.settings import Tuning
from tests.fleet import CREDENTIALS, SECRETS

Answer = Callable[[web.Request], tuple[int, Any] | None]
"""Status and JSON; None: the connection ends without an answer."""

ROWS = [{"id": 7}]
TUNING = Tuning(
    unlimited=True,
    max_rate=None,
    server_timeout_s=0.01,
    backoff_base_s=0.001,
    backoff_cap_s=0.002,
    first_poll_s=0.005,
    import_deadline_s=0.3,
)


def played(
    tmp_path: Path,
    answer: Answer,
    made: Operation,
    *,
    undo: bool = False,
    paused: Callable[[], None] | None = None,
    verb: Literal["resume", "retry"] = "resume",
) -> list[Report]:
    """The reports of a run, and of its undoing; or of its resumption, or retry, after `paused`."""

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        said = answer(request)
        if said is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return web.json_response(said[1], status=said[0])

    async def scene() -> list[Report]:
        runner = web.ServerRunner(web.Server(handle))  # type: ignore[arg-type]  # it is given requests of the server
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        journal = tmp_path / "journal"
        try:
            async with Workato(token="token-of-the-test", host=url, tuning=TUNING) as workato:
                reports = [await run(made, accounts=ROWS, workato=workato, journal=journal)]
                if paused is not None:
                    paused()
                    resumed = await getattr(Fleet(workato, journal=journal), verb)()
                    assert resumed is not None
                    reports.append(resumed)
                if undo:
                    reverse, inventory = await undo_of(reports[0].run_id, journal=journal)
                    reports.append(await run(reverse, accounts=inventory, workato=workato, journal=journal))
                return reports
        finally:
            await runner.cleanup()

    return asyncio.run(scene())


SECRETIVE: dict[str, Callable[[], Operation]] = {
    "create-connection": lambda: CreateConnection(connection_name="CRM", from_file=CREDENTIALS),
    "set-properties": lambda: SetProperties({"crm.token": "{env:DEMO_CRM_KEY}"}),
    "each": lambda: Each(
        "managed_users.connections.create", params={"provider": "x", "name": "X", "input": "{env:IN_JSON}"}
    ),
}


@pytest.mark.parametrize("status", [400, 422, 500])
@pytest.mark.parametrize("name", SECRETIVE)
def test_what_is_repeated_of_a_credential_goes_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, name: str
) -> None:
    monkeypatch.setenv("IN_JSON", json.dumps({"host": "h", "keys": [SECRETS["DEMO_CRM_KEY"]]}))
    for variable, value in SECRETS.items():
        monkeypatch.setenv(variable, value)

    def answer(request: web.Request) -> tuple[int, Any]:
        if request.method == "GET":
            return 200, {"result": []}
        echoed = f"api_key {SECRETS['DEMO_CRM_KEY']} is wrong"  # and an excerpt ends in it
        echoed = echoed.ljust(290) + SECRETS["DEMO_CRM_KEY"]
        return status, {"message": echoed, "errors": {"input": [echoed]}}

    (report,) = played(tmp_path, answer, SECRETIVE[name]())
    (row,) = report.accounts
    assert row.outcome in {"failed", "unknown"}
    assert "api_key *** is wrong" in str(row.reason)
    said = str(report).encode() + b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRETS["DEMO_CRM_KEY"].encode() not in said


def test_accepted_is_not_set(tmp_path: Path) -> None:
    sent = []

    def answer(request: web.Request) -> tuple[int, Any]:
        if request.method == "POST":
            sent.append(request.path)
            return 200, {"result": {"success": True}}
        return 200, {"result": {"crm.key": "as before"}}

    (report,) = played(tmp_path, answer, SetProperties({"crm.key": "new"}))
    (row,) = report.accounts
    assert (row.outcome, row.failure_class, len(sent)) == ("failed", "property-not-set", 1)
    assert "property 'crm.key', but shows another value" in str(row.reason)


def test_a_recipe_that_stops_again_is_no_started_recipe(tmp_path: Path) -> None:
    started = []

    def answer(request: web.Request) -> tuple[int, Any]:
        if request.method == "PUT":
            started.append(request.path)
            return 200, {"success": True}
        if request.path.endswith("/projects"):
            return 200, {"result": [{"id": 11, "folder_id": 1, "name": "CRM"}]}
        if request.path.endswith("/folders"):
            return 200, {"result": []}
        recipe = {"id": 5, "name": "Nightly", "folder_id": 1, "running": False, "stop_cause": "trigger_errors_limit"}
        if request.path.endswith("/recipes"):
            return 200, {"result": {"items": [recipe]}}
        return 200, {"result": recipe | {"code": "{}"}}

    (report,) = played(tmp_path, answer, StartRecipes(folder="CRM"))
    (row,) = report.accounts
    assert (row.outcome, row.failure_class, len(started)) == ("failed", "recipe-stopped-again", 1), row
    assert "trigger_errors_limit" in str(row.reason)


def test_a_deletion_whose_answer_was_lost_is_done(tmp_path: Path) -> None:
    """The folder is gone when the request is sent again: by the first sending."""
    deleted = []

    def answer(request: web.Request) -> tuple[int, Any] | None:
        if request.method == "GET":
            return 200, {"result": []}
        if request.method == "POST":
            return 200, {"id": 31}
        deleted.append(request.path)
        return None if len(deleted) == 1 else (404, {"message": "Not found"})

    done, undone = played(tmp_path, answer, CreateFolder("CRM"), undo=True)
    assert [str(report.accounts[0].outcome) for report in (done, undone)] == ["changed", "changed"]
    assert len(deleted) == 2


def test_a_connection_with_credentials_that_nobody_tested_is_authorized(tmp_path: Path) -> None:
    """The create's answer does not say what became of the credentials: they are given once more."""
    asked = []

    def answer(request: web.Request) -> tuple[int, Any]:
        asked.append(request.method)
        if request.method == "GET":
            return 200, {"result": []}
        return 200, {"id": 5, "name": "CRM"} | ({"authorization_status": "success"} if request.method == "PUT" else {})

    file = tmp_path / "c.toml"
    file.write_text('[connections.CRM]\nprovider = "x"\ninput = { host = "h" }\n')
    (report,) = played(tmp_path, answer, CreateConnection(connection_name="CRM", from_file=file))
    assert str(report.accounts[0].outcome) == "changed"
    assert asked == ["GET", "GET", "POST", "PUT"]  # the first asks whose the token is


def deploying(request: web.Request, ends: str, sent: list[str]) -> tuple[int, Any]:
    """A project with one failed deployment, before which nothing was deployed; `ends`: how the next one ends."""
    path = request.path.removeprefix("/api/managed_users/7")
    new = {"id": 2, "state": ends, "created_at": "2026-03-11T09:15:00.000-07:00"}
    if request.method == "POST":
        sent.append(path)
        return 200, new | {"state": "pending"}
    return {
        "/projects": (200, {"result": [{"id": 11, "folder_id": 5, "name": "CRM"}]}),
        "/deployments/2": (200, {"data": new}),
        "/deployments": (200, {"items": [*([new] if sent else []), {"id": 1, "state": "failed"}]}),
        "/recipes": (200, {"result": []}),
    }.get(path, (404, {"message": "Not found"}))


@pytest.mark.parametrize(
    ("ends", "failure"),
    [
        ("failed", "deployment-failed"),
        ("failure", "deployment-failed"),
        ("rejected", "deployment-failed"),
        ("success", None),
        ("succeeded", None),
    ],
)
def test_a_deployment_that_fails(tmp_path: Path, ends: str, failure: str | None) -> None:
    seen: list[str] = []
    deploy = DeployProject(project="CRM", environment="prod")
    (report,) = played(tmp_path, lambda request: deploying(request, ends, seen), deploy)
    (row,) = report.accounts
    assert (row.outcome, row.failure_class) == ("failed" if failure else "changed", failure), row
    assert not failure or f"ended as {ends!r}" in str(row.reason), row
    assert seen == ["/projects/f5/deploy"]


@pytest.mark.parametrize("refuses", ["GET", "POST"])
def test_a_deployment_without_environments(tmp_path: Path, refuses: str) -> None:
    def answer(request: web.Request) -> tuple[int, Any]:
        if "deploy" in request.path and request.method == refuses:
            return 400, {"message": "Environments not provisioned"}
        return deploying(request, "success", [])

    (report,) = played(tmp_path, answer, DeployProject(project="CRM", environment="prod"))
    (row,) = report.accounts
    assert (row.outcome, row.failure_class) == ("failed", "no-environments"), row
    assert str(row.reason).startswith("the customer has no environments; create them")


@pytest.mark.parametrize(("ends", "outcome", "sent"), [("success", "unchanged", 1), ("failed", "failed", 2)])
def test_a_deployment_in_a_state_that_is_not_known_has_failed_at_the_deadline(
    tmp_path: Path, ends: str, outcome: str, sent: int
) -> None:
    """It may be final, and each resume would wait for it. Where it went on, a retry does not send it again."""
    seen: list[str] = []
    state = ["in_review"]
    deploy = DeployProject(project="CRM", environment="prod")

    def end() -> None:
        state[0] = ends

    first, second = played(
        tmp_path, lambda request: deploying(request, state[0], seen), deploy, paused=end, verb="retry"
    )
    (row,) = first.accounts
    assert (row.outcome, row.failure_class) == ("failed", "deployment-failed"), row
    assert "did not end: its state is 'in_review'" in str(row.reason)
    assert second.accounts[0].outcome == outcome, second.accounts[0]
    assert len(seen) == sent


@pytest.mark.parametrize("state", ["pending", "in_progress"])
def test_a_deployment_that_does_not_end_is_asked_for_again_and_not_sent_again(tmp_path: Path, state: str) -> None:
    seen: list[str] = []
    ends = [state]
    deploy = DeployProject(project="CRM", environment="prod")

    def end() -> None:
        ends[0] = "success"

    first, second = played(tmp_path, lambda request: deploying(request, ends[0], seen), deploy, paused=end)
    (row,) = first.accounts
    assert (row.outcome, row.cause) == ("unknown", "the deployment did not end in time"), row
    assert state in str(row.reason)
    assert second.accounts[0].outcome == "changed", second.accounts[0]
    assert seen == ["/projects/f5/deploy"]


@pytest.mark.parametrize("acts", [True, False])
def test_a_deployment_whose_answer_was_lost_is_told_from_those_before(tmp_path: Path, acts: bool) -> None:
    """Where the lost request did nothing, it is sent again."""
    posted: list[str] = []
    begun: list[str] = []

    def answer(request: web.Request) -> tuple[int, Any] | None:
        if request.method == "POST":
            posted.append(request.path)
        is_lost = request.method == "POST" and len(posted) == 1
        answered = (0, None) if is_lost and not acts else deploying(request, "success", begun)
        return None if is_lost else answered

    (report,) = played(tmp_path, answer, DeployProject(project="CRM", environment="test"))
    assert report.accounts[0].outcome == "changed", report.accounts[0]
    assert (len(posted), len(begun)) == (1 if acts else 2, 1)


def test_a_deployment_of_unknown_outcome_is_not_guessed_without_those_before(tmp_path: Path) -> None:
    """An older version did not record them: an old deployment may be the newest that there is."""
    posted: list[str] = []
    is_down = [True]

    def answer(request: web.Request) -> tuple[int, Any] | None:
        if request.method == "POST":
            posted.append(request.path)
            return None
        if posted and request.path.endswith("/deployments") and is_down[0]:
            return 400, {"message": "not now"}
        return deploying(request, "success", [])

    def forget() -> None:
        is_down[0] = False
        with closing(sqlite3.connect(tmp_path / "journal" / FILE_NAME)) as journal, journal:
            assert journal.execute("UPDATE step_rows SET data = NULL WHERE state = 'intent'").rowcount == 1

    deploy = DeployProject(project="CRM", environment="test")
    (row,) = played(tmp_path, answer, deploy, paused=forget)[-1].accounts
    assert (row.outcome, row.cause) == ("unknown", "outcome of step 'deploy' is unknown"), row
    assert "the deployments of project 'CRM'" in str(row.reason)
    assert len(posted) == 1


@pytest.mark.parametrize("said", [("11", "12"), ("11", None), ("5", "6")])
def test_collections_that_do_not_say_their_project_are_found_by_their_recipes(
    tmp_path: Path, said: tuple[str, str | None]
) -> None:
    """Older answers do not say it, and another id may be meant by it. Else no recipe is asked for."""
    disabled: list[str] = []
    asked: list[str] = []

    def answer(request: web.Request) -> tuple[int, Any]:
        path = request.path.removeprefix("/api/managed_users/7")
        if request.method == "PUT":
            disabled.append(path)
            return 200, {"success": True}
        asked.append(path)
        rows: dict[str, list[dict[str, Any]]] = {
            "/projects": [{"id": 11, "folder_id": 5, "name": "API"}, {"id": 12, "folder_id": 6, "name": "More"}],
            "/api_collections": [
                {"id": id_, "name": f"Orders {id_}"} | ({} if project is None else {"project_id": project})
                for id_, project in enumerate(said, start=1)
            ],
            "/api_endpoints": [
                {"id": id_, "api_collection_id": id_, "flow_id": 30 + id_, "name": "N", "active": not disabled}
                for id_ in (1, 2)
            ],
            "/recipes": [{"id": 30 + id_, "name": "R", "folder_id": 4 + id_, "running": True} for id_ in (1, 2)],
        }
        return 200, {"result": rows.get(path, [])}

    (report,) = played(tmp_path, answer, DisableEndpoints(folder="API"))
    assert report.accounts[0].outcome == "changed", report.accounts[0]
    assert disabled == ["/api_endpoints/1/disable"]
    assert ("/recipes" in asked) is (said != ("11", "12"))
