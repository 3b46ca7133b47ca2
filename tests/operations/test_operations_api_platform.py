"""Who may call an account's API: secrets that are shown once, names that mean several, versions that are gone."""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest

from bulkops.cli.app import main
from bulkops.errors import ConfigError, InputError
from bulkops.operations import CreateFolder, DisableEndpoints, EnableApiPlatform, EnableEndpoints, StartRecipes
from bulkops.operations.restore import describe, restore
from bulkops.report import render
from bulkops.runs import Fleet, from_values, load_job, run
from bulkops.sandbox.assumptions import Assumptions
from bulkops.secret import Secret
from tests.fleet import API_PACKAGE
from tests.here import FIRST, Here, failure, in_sandbox, main_job, outcomes

ONE: list[Mapping[str, object]] = [{"id": FIRST, "company": "Acme"}]
both_versions = pytest.mark.parametrize("version", ["v2", "v1"])


def enabled(**options: Any) -> EnableApiPlatform:
    return EnableApiPlatform(**{"folder": "API", "secrets_to": "keys.jsonl"} | options)


def lines(path: str = "keys.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="ascii").splitlines()]


def lose(left: str, path: str = "keys.jsonl") -> None:
    """Put something else into the file."""
    Path(path).write_text(left, encoding="ascii")


def secret_of(line: Mapping[str, Any]) -> str:
    return str(line.get("auth_token") or line.get("secret"))


async def call(it: Here, account: str | int, secret: str) -> int:
    """What a caller meets at the endpoint "Find contact"."""
    endpoints = it.workato.account(account).api_endpoints.list()
    (url,) = [str(endpoint.url) async for endpoint in endpoints if endpoint.path == "contacts"]
    async with aiohttp.ClientSession() as http, http.get(url, headers={"API-TOKEN": secret}) as reply:
        return reply.status


@both_versions
@in_sandbox(customers=1)
async def test_the_secret_in_the_file_opens_the_endpoints_and_is_nowhere_else(it: Here, version: str) -> None:
    job = main_job(API_PACKAGE, folder="API") >> enabled(api_platform=version, client="{company} portal", key="Router")
    report = await it.run(job >> EnableEndpoints(folder="API"), ONE)
    assert outcomes(report) == {"changed": 1}, report.accounts
    (line,) = lines()
    assert (line["account"], line["client"], line["key"]) == (str(FIRST), "Acme portal", "Router")
    assert stat.S_IMODE(os.stat("keys.jsonl").st_mode) == 0o600
    secret = secret_of(line)
    assert await call(it, FIRST, secret) == 200
    told = "".join(render(report, form) for form in ("text", "json", "csv", "jsonl", "html"))
    kept = b"".join(path.read_bytes() for path in it.journal.rglob("*") if path.is_file())
    assert secret not in told
    assert secret.encode() not in kept
    again = await it.run(enabled(api_platform=version, client="{company} portal", key="Router"), ONE)
    assert outcomes(again) == {"unchanged": 1}
    assert lines() == [line]
    assert outcomes(await it.undo(report)) == {"changed": 1}
    assert await it.workato.account(FIRST).api_clients.list().collect() == [] or version == "v1"


@both_versions
@in_sandbox(customers=2)
async def test_a_key_whose_secrets_file_is_lost_gets_a_new_one_by_the_command_of_the_report(
    it: Here, tmp_path: Path, version: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[Mapping[str, object]] = [{"external_id": "ORG-1"}, {"external_id": "ORG-2"}]
    job = main_job(API_PACKAGE, folder="API") >> enabled(api_platform=version) >> EnableEndpoints(folder="API")
    assert outcomes(await it.run(job, rows)) == {"changed": 2}
    kept = await it.run(enabled(api_platform=version), rows)
    assert (outcomes(kept), kept.remarks) == ({"unchanged": 2}, [])
    lost = {line["account"]: secret_of(line) for line in lines()}
    lose("{}\n3\nnot JSON\n")
    again = await it.run(enabled(api_platform=version), rows)
    assert outcomes(again) == {"unchanged": 2}
    text = str(again)
    assert "\n2 accounts: " in text
    assert f"its secret is not in {tmp_path / 'keys.jsonl'}; where that is lost, this call shows a new one" in text
    (command,) = re.findall(r"    unchanged, for example EORG-1: (.*)", text)
    monkeypatch.setenv("WORKATO_HOST", it.sandbox.url)
    monkeypatch.setenv("WORKATO_API_TOKEN", it.sandbox.token)
    capsys.readouterr()
    assert command.startswith("bulkops call ")
    assert await anyio.to_thread.run_sync(main, [*shlex.split(command)[1:], "--yes"]) == 0, capsys.readouterr().err
    shown = json.loads(capsys.readouterr().out)
    assert (await call(it, "EORG-1", secret_of(shown)), await call(it, "EORG-1", lost["EORG-1"])) == (200, 401)


@both_versions
@in_sandbox(customers=25)
async def test_after_lost_replies_the_last_line_of_each_account_is_the_one_that_works(it: Here, version: str) -> None:
    rows: list[Mapping[str, object]] = [{"id": FIRST + n} for n in range(25)]
    assert outcomes(await it.run(main_job(API_PACKAGE, folder="API"), rows)) == {"changed": 25}
    it.sandbox.set_faults("error=0.12,reset=0.1,malformed=0.05")
    report = await run(enabled(api_platform=version), accounts=rows, workato=it.workato, journal=it.journal)
    report = await it.until_changed(report, times=8)
    assert outcomes(report) == {"changed": 25}, [row.reason for row in report.accounts if row.reason]
    it.sandbox.set_faults(None)
    kinds = it.kinds()
    made, renewed = ("api_key" if version == "v2" else "access_profile") + ".created", "refreshed"
    assert kinds[made] == kinds["api_client.created"] == 25
    assert sum(count for kind, count in kinds.items() if kind.endswith(renewed)) > 0  # or the test shows nothing
    assert outcomes(await it.run(EnableEndpoints(folder="API"), rows)) == {"changed": 25}
    newest = {line["account"]: secret_of(line) for line in lines()}
    assert len(newest) == 25
    assert [await call(it, account, secret) for account, secret in newest.items()] == [200] * 25


@in_sandbox(customers=1)
async def test_a_function_takes_the_secrets_and_one_that_fails_is_asked_again(it: Here) -> None:
    kept: list[tuple[str, Mapping[str, Any]]] = []
    broken = [True]

    async def keep(account: str, shown: Mapping[str, Any]) -> None:
        if broken[0]:
            raise RuntimeError(f"the vault refuses {shown['auth_token'].reveal()}")
        kept.append((account, shown))

    await it.run(main_job(API_PACKAGE, folder="API"), ONE)
    operation = enabled(secrets_to=keep)
    report = await it.run(operation, ONE)
    (row,) = report.accounts
    assert (row.outcome, row.cause) == ("unknown", "a key was created, but its secret cannot be stored")
    assert "RuntimeError" in str(row.reason)
    assert "vault" not in str(row.reason)  # what the function says may hold the secret
    broken[0] = False
    with pytest.raises(ConfigError, match="a function of a script, which cannot be found by name"):
        await Fleet(it.workato, journal=it.journal).resume(report.run_id)
    done = await Fleet(it.workato, journal=it.journal).resume(report.run_id, operation=operation)
    assert done is not None
    assert outcomes(done) == {"changed": 1}
    ((account, shown),) = kept
    assert account == str(FIRST)
    assert isinstance(shown["auth_token"], Secret)
    await it.run(EnableEndpoints(folder="API"), ONE)
    assert await call(it, FIRST, shown["auth_token"].reveal()) == 200
    assert it.kinds()["api_key.created"] == 1


@both_versions
@in_sandbox(customers=1)
async def test_a_later_collection_is_opened_to_the_client_that_is_there(it: Here, version: str) -> None:
    await it.run(main_job(API_PACKAGE, folder="API") >> enabled(api_platform=version), ONE)
    await it.run(main_job(API_PACKAGE, folder="More"), ONE)
    more = enabled(folder="More", api_platform=version)
    foreseen = await Fleet(it.workato, journal=it.journal).plan(more, from_values(ONE))
    assert [row.changes for row in foreseen.accounts] == [("open 1 API collection to 'Default client'",)]
    done = await it.run(more, ONE)
    assert outcomes(done) == {"changed": 1}
    assert len(lines()) == 1
    account = it.workato.account(FIRST)
    both = {collection.id async for collection in account.api_collections.list()}

    async def opened() -> set[int]:
        if version == "v1":
            return {id_ async for row in account.api_access_profiles.list() for id_ in row.api_collection_ids}
        return {row.id async for client in account.api_clients.list() for row in client.api_collections}

    assert await opened() == both
    assert len(both) == 2
    assert outcomes(await it.run(more, ONE)) == {"unchanged": 1}
    undone = await it.undo(done)
    assert outcomes(undone) == {"changed": 1}
    assert undone.remarks == []  # neither a client nor a key was made
    assert len(await opened()) == 1
    assert outcomes(await it.undo(done)) == {"unchanged": 1}


@in_sandbox(customers=1)
async def test_several_of_one_name_and_none(it: Here) -> None:
    account = it.workato.account(FIRST)
    assert failure(await it.run(enabled(), ONE)) == (
        "folder-missing",
        "no folder is named 'API'; import into it first",
    )
    await account.folders.create("API")
    assert failure(await it.run(enabled(), ONE)) == (
        "collection-missing",
        "folder 'API' has no API collection; import its package first",
    )
    named = enabled(folder=None, collections=["CRM API"])
    assert failure(await it.run(named, ONE)) == (
        "collection-missing",
        "no API collection is named 'CRM API'; import its package, or correct the name",
    )
    await it.run(main_job(API_PACKAGE, folder="API"), ONE)
    (collection,) = await account.api_collections.list().collect()
    for _ in range(2):
        await account.api_clients.create("Default client", api_collection_ids=[collection.id])
    failed, words = failure(await it.run(enabled(), ONE))
    assert (failed, "2 API clients are named 'Default client'" in words) == ("api-client-ambiguous", True)
    one = await account.api_clients.create("One", api_collection_ids=[collection.id])
    for _ in range(2):
        await account.api_keys.create(one.id, "Default")
    assert failure(await it.run(enabled(client="One"), ONE))[0] == "api-client-ambiguous"
    await account.api_collections.create("CRM API")
    failed, words = failure(await it.run(named, ONE))
    assert (failed, "2 API collections are named 'CRM API'" in words) == ("collection-ambiguous", True)
    assert os.listdir() == ["journal"]


@in_sandbox(customers=1, assumptions=Assumptions(v1_api_clients="410"))
async def test_a_version_that_is_switched_off_is_said_so(it: Here) -> None:
    await it.run(main_job(API_PACKAGE, folder="API"), ONE)
    failed, words = failure(await it.run(enabled(api_platform="v1"), ONE))
    assert failed == "api-platform-missing"
    assert "use --api-platform v2" in words
    assert it.kinds()["api_client.created"] == 0
    assert outcomes(await it.run(enabled(), ONE)) == {"changed": 1}


@in_sandbox(customers=1)
async def test_endpoints_whose_recipes_stand_still_are_named_and_the_others_enabled(it: Here) -> None:
    await it.run(main_job(API_PACKAGE, folder="API"), ONE)
    account = it.workato.account(FIRST)
    (stopped,) = [recipe async for recipe in account.recipes.list() if recipe.name == "Find order"]
    await account.recipes.stop(stopped.id)
    foreseen = await Fleet(it.workato, journal=it.journal).plan(EnableEndpoints(folder="API"), from_values(ONE))
    report = await it.run(EnableEndpoints(folder="API"), ONE)
    assert [row.problem for row in foreseen.accounts] == [report.accounts[0].cause]
    assert failure(report) == (
        "endpoint-without-recipe",
        "endpoint 'Find order' cannot be enabled: its recipe 'Find order' does not run; start-recipes first, then "
        "`bulkops retry`",
    )
    assert it.kinds()["endpoint.enabled"] == 2
    await account.recipes.start(stopped.id)
    done = await Fleet(it.workato, journal=it.journal).retry(report.run_id)
    assert done is not None
    assert outcomes(done) == {"changed": 1}
    assert it.kinds()["endpoint.enabled"] == 3
    await account.recipes.stop(stopped.id)
    disabled = await it.run(DisableEndpoints(folder="API"), ONE)
    assert outcomes(disabled) == {"changed": 1}
    assert failure(await it.undo(disabled))[0] == "endpoint-without-recipe"
    await account.recipes.start(stopped.id)
    assert outcomes(await it.undo(disabled)) == {"changed": 1}


@in_sandbox(customers=1)
async def test_an_endpoint_that_was_disabled_since_is_enabled_again_by_a_retry(it: Here) -> None:
    await it.run(main_job(API_PACKAGE, folder="API"), ONE)
    account = it.workato.account(FIRST)
    (stopped,) = [recipe async for recipe in account.recipes.list() if recipe.name == "Find order"]
    await account.recipes.stop(stopped.id)
    report = await it.run(EnableEndpoints(folder="API"), ONE)
    assert outcomes(report) == {"failed": 1}
    await account.recipes.start(stopped.id)
    (enabled, *_) = [endpoint async for endpoint in account.api_endpoints.list() if endpoint.active]
    await account.api_endpoints.disable(enabled.id)
    done = await Fleet(it.workato, journal=it.journal).retry(report.run_id)
    assert done is not None
    assert outcomes(done) == {"changed": 1}, done.accounts[0]
    assert all([endpoint.active async for endpoint in account.api_endpoints.list()])
    assert it.kinds()["endpoint.enabled"] == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"folder": None}, "no folder or collections given"),
        ({"collections": ["A"]}, "folder and collections exclude each other"),
        ({"folder": " "}, "the folder's name is empty"),
        ({"folder": None, "collections": [7]}, "must be a list of names"),
        ({"folder": None, "collections": [""]}, "must be a list of names"),
        ({"api_platform": "v3"}, "api_platform must be 'v2' or 'v1', not 'v3'"),
        ({"client": ""}, "client is empty"),
        ({"key": "{"}, "braces without a column name"),
        ({"secrets_to": "nowhere/keys.jsonl"}, "cannot write"),
        ({"secrets_to": "."}, "cannot write"),
        ({"secrets_to": "k" * 300}, "cannot write .*: File name too long"),
    ],
)
def test_mistakes_are_found_before_anything_is_sent(options: dict[str, Any], said: str) -> None:
    with pytest.raises((ConfigError, InputError), match=said):
        enabled(**options)


@pytest.mark.parametrize("kind", [EnableEndpoints, DisableEndpoints])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "no folder or collections given"),
        ({"folder": "API", "collections": ["A"]}, "folder and collections exclude each other"),
    ],
)
def test_a_switch_of_endpoints_takes_either_a_folder_or_collections(
    kind: Any, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        kind(**options)


@in_sandbox(customers=1)
async def test_a_file_that_others_may_read_gets_no_secrets(it: Here, tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    path.write_text("")
    path.chmod(0o640)
    with pytest.raises(ConfigError, match=r"other users can read .*keys\.jsonl.*chmod 600"):
        enabled()
    path.chmod(0o600)
    operation = enabled()
    assert restore(describe(operation)) == operation
    moved = enabled(secrets_to="elsewhere.jsonl")
    assert operation.digest == moved.digest
    assert operation.digest != enabled(key="Other").digest
    (note,) = (main_job(API_PACKAGE, folder="API") >> operation >> moved).notes()[:1]
    assert note == (
        f"the secrets of new keys go only to {path}, and the vendor shows each once; "
        "a second run names the command that replaces a lost one"
    )
    await it.run(main_job(API_PACKAGE, folder="API"), ONE)
    path.unlink()
    path.symlink_to(tmp_path / "other")  # put there since the check
    report = await it.run(operation, ONE)
    assert outcomes(report) == {"unknown": 1}
    assert not (tmp_path / "other").exists()
    path.unlink()
    path.touch(mode=0o644)
    resumed = await Fleet(it.workato, journal=it.journal).resume(report.run_id, operation=operation)
    assert resumed is not None
    report = resumed
    assert outcomes(report) == {"unknown": 1}
    assert path.read_text() == ""


def test_a_job_file_names_collections_in_a_list(tmp_path: Path) -> None:
    job = tmp_path / "job.toml"
    job.write_text('[[operation]]\nuse = "disable-endpoints"\ncollections = ["CRM API", "Orders"]\n')
    assert load_job(str(job)).operation == DisableEndpoints(collections=("CRM API", "Orders"))
    job.write_text('[[operation]]\nuse = "enable-api-platform"\nfolder = "API"\nsecrets_to = "keys.jsonl"\n')
    operation = load_job(str(job)).operation
    assert operation.parameters()["secrets_to"] == str(tmp_path / "keys.jsonl")
    job.write_text('[[operation]]\nuse = "disable-endpoints"\ncollections = "CRM API"\n')
    with pytest.raises(ConfigError, match=r"line 3, column 1: .*collections: 'CRM API' is not a list of texts"):
        load_job(str(job))
    job.write_text('[[operation]]\nuse = "disable-endpoints"\ncollections = [7]\n')
    with pytest.raises(ConfigError, match="must be a list of names"):
        load_job(str(job))


@in_sandbox(customers=1)
async def test_a_key_that_somebody_disabled_is_enabled_again(it: Here) -> None:
    made = enabled(client="Portal", key="Router")
    assert outcomes(await it.run(main_job(API_PACKAGE, folder="API") >> made, ONE)) == {"changed": 1}
    account = it.workato.account(FIRST)
    (client,) = await account.api_clients.list().collect()
    (key,) = await account.api_keys.list(client.id).collect()
    await account.api_keys.disable(client.id, key.id)
    foreseen = await Fleet(it.workato, journal=it.journal).plan(made, from_values(ONE))
    assert foreseen.groups == [(1, "enable API key 'Router'")]
    assert outcomes(await it.run(made, ONE)) == {"changed": 1}
    assert [row.active for row in await account.api_keys.list(client.id).collect()] == [True]
    assert len(lines()) == 1


@in_sandbox(customers=1)
async def test_a_client_and_a_key_that_are_gone_are_made_again_by_a_retry(it: Here) -> None:
    job = main_job(API_PACKAGE, folder="API") >> enabled(client="Portal", key="Router")
    done = await it.run(job >> StartRecipes(folder="none yet"), ONE)
    assert outcomes(done) == {"failed": 1}
    account = it.workato.account(FIRST)
    (client,) = await account.api_clients.list().collect()
    (key,) = await account.api_keys.list(client.id).collect()
    await account.api_keys.delete(client.id, key.id)
    await Fleet(it.workato, journal=it.journal).retry(done.run_id)
    assert [row.name for row in await account.api_keys.list(client.id).collect()] == ["Router"]
    await account.api_clients.delete(client.id)
    await Fleet(it.workato, journal=it.journal).retry(done.run_id)
    (client,) = await account.api_clients.list().collect()
    assert [row.name for row in await account.api_keys.list(client.id).collect()] == ["Router"]
    assert len(lines()) == 3


@both_versions
@in_sandbox(customers=1)
async def test_undoing_a_key_spares_the_other_keys_of_its_client(it: Here, version: str) -> None:
    await it.run(main_job(API_PACKAGE, folder="API") >> enabled(api_platform=version, key="Other"), ONE)
    account = it.workato.account(FIRST)
    router = enabled(api_platform=version, key="Router")

    async def active() -> list[str]:
        if version == "v1":
            return sorted([row.name async for row in account.api_access_profiles.list() if row.active])
        (client,) = await account.api_clients.list().collect()
        return sorted([row.name async for row in account.api_keys.list(client.id)])

    done = await it.run(router, ONE)
    assert outcomes(done) == {"changed": 1}
    assert await active() == ["Other", "Router"]
    assert outcomes(await it.run(router, ONE)) == {"unchanged": 1}
    undone = await it.undo(done)
    assert outcomes(undone) == {"changed": 1}
    assert await active() == ["Other"]
    stays = ["the API deletes no client and no access profile: both stay, and let nobody in"]
    assert [remark.words for remark in undone.remarks] == (stays if version == "v1" else [])
    assert outcomes(await it.undo(done)) == {"unchanged": 1}


@in_sandbox(customers=1)
async def test_a_plan_imports_a_collection_whose_name_another_project_has(it: Here) -> None:
    assert outcomes(await it.run(main_job(API_PACKAGE, folder="Other") >> CreateFolder("API"), ONE)) == {"changed": 1}
    job = main_job(API_PACKAGE, folder="API") >> EnableEndpoints(folder="API")
    (planned,) = (await Fleet(it.workato, journal=it.journal).plan(job, from_values(ONE))).accounts
    assert planned.problem is None, planned
    assert any("endpoint" in change for change in planned.changes), planned
