"""Folders, connections and properties where they meet what somebody else did, and what a user has to be told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bulkops.errors import BulkopsError, ConfigError, InputError
from bulkops.operations import (
    AuthorizeConnections,
    CreateConnection,
    CreateFolder,
    ImportPackage,
    Operation,
    SetProperties,
    StartRecipes,
)
from bulkops.report import Report
from bulkops.runs import Fleet, from_values
from tests.fleet import CREDENTIALS, PACKAGE
from tests.here import FIRST, Here, in_sandbox, main_job, outcomes

ONE: list[Mapping[str, object]] = [{"id": FIRST}]
TWO: list[Mapping[str, object]] = [{"id": FIRST, "region": "NORTH"}, {"id": FIRST + 1, "region": "SOUTH"}]


def failure(report: Report, place: int = 0) -> tuple[str, str]:
    row = report.accounts[place]
    return str(row.failure_class), str(row.reason)


async def changes(it: Here, made: Operation, rows: list[Mapping[str, object]] = ONE) -> list[tuple[str, ...] | str]:
    """What a plan foresees for each account, or why it cannot; it has no effect."""
    before = it.sandbox.effects()
    foreseen = await Fleet(it.workato, journal=it.journal).plan(made, from_values(rows))
    assert it.sandbox.effects() == before
    return [row.problem or row.changes for row in foreseen.accounts]


def written(it: Here) -> bytes:
    return b"".join(path.read_bytes() for path in it.journal.rglob("*") if path.is_file())


@in_sandbox(customers=1)
async def test_only_the_folders_that_are_missing_are_made(it: Here) -> None:
    folders = it.workato.account(FIRST).folders
    crm = await folders.create("CRM")
    assert await changes(it, CreateFolder("CRM/In/Old")) == [("create folder 'CRM/In'", "create folder 'CRM/In/Old'")]
    done = await it.run(CreateFolder("CRM / In/Old"), ONE)
    assert outcomes(done) == {"changed": 1}
    (inner,) = await folders.list(parent_id=crm.id).collect()
    (old,) = await folders.list(parent_id=inner.id).collect()
    assert done.accounts[0].detail == {"folder": {"id": old.id}}
    assert await changes(it, CreateFolder("CRM/In")) == [()]
    assert outcomes(await it.undo(done)) == {"changed": 1}
    assert await folders.list().collect() == [crm]


@in_sandbox(customers=1)
async def test_a_folder_in_use_by_then_is_not_deleted(it: Here) -> None:
    account = it.workato.account(FIRST)
    done = await it.run(CreateFolder("CRM/Orders"), ONE)
    (crm,) = await account.folders.list().collect()
    mine = await account.connections.create("Mine", provider="rest", folder_id=crm.id)
    undone = await it.undo(done)
    failed, words = failure(undone)
    assert (failed, "'CRM' cannot be deleted: Cannot destroy folder" in words) == ("folder-not-empty", True)
    assert "empty it" in words
    assert await account.folders.list(parent_id=crm.id).collect() == []  # the inner one was empty, and is gone
    await account.connections.delete(mine.id)
    assert outcomes(await it.undo(done)) == {"changed": 1}
    assert outcomes(await it.undo(done)) == {"unchanged": 1}
    assert it.kinds()["folder.deleted"] == 2


@in_sandbox(customers=1)
async def test_two_folders_of_one_name_are_for_a_person_to_tell_apart(it: Here) -> None:
    for _ in range(2):
        await it.workato.account(FIRST).folders.create("CRM")
    failed, words = failure(await it.run(CreateFolder("CRM/Orders"), ONE))
    assert (failed, "2 folders are named 'CRM'" in words) == ("folder-ambiguous", True)
    assert it.kinds()["folder.created"] == 2


@in_sandbox(customers=1)
async def test_a_chain_is_planned_as_if_each_part_were_done(it: Here) -> None:
    chain = (
        CreateFolder("CRM")
        >> CreateFolder("CRM/Sub")
        >> CreateConnection(connection_name="Own", provider="rest", folder="CRM")
        >> CreateConnection(connection_name="CRM", provider="salesforce")
        >> SetProperties({"a": "1"}, project="CRM")
        >> ImportPackage(PACKAGE, folder="CRM")
        >> AuthorizeConnections(CREDENTIALS)
        >> StartRecipes(folder="CRM")
    )
    assert await changes(it, chain) == [
        (
            "create folder 'CRM'",
            "create folder 'CRM/Sub'",
            "create rest connection 'Own' as a shell",
            "create salesforce connection 'CRM' as a shell",
            "set property 'a'",
            "import 3 recipes",
            "authorize 'CRM'",
            "authorize 'Web shop'",
            "start 3 recipes",
        )
    ]


@pytest.mark.parametrize("from_file", [None, CREDENTIALS])
@in_sandbox(customers=1)
async def test_what_a_package_brings_is_not_planned_to_be_created(it: Here, from_file: Path | None) -> None:
    made = CreateConnection(connection_name="CRM", provider="salesforce", from_file=from_file)
    chain = ImportPackage(PACKAGE, folder="CRM") >> made
    (foreseen,) = await changes(it, chain)
    assert foreseen[2:] == (() if from_file is None else ("authorize 'CRM'",))
    assert outcomes(await it.run(chain, ONE)) == {"changed": 1}
    assert it.kinds()["connection.created"] == 0
    assert it.kinds()["connection.authorized"] == (from_file is not None)


@in_sandbox(customers=1)
async def test_refused_credentials_leave_one_connection_that_a_retry_authorizes(it: Here) -> None:
    made = CreateConnection(connection_name="CRM", from_file=CREDENTIALS)
    it.sandbox.set_faults("unauthorizable=1")
    report = await it.run(made, ONE)
    failed, words = failure(report)
    assert (failed, "'CRM' cannot be authorized" in words) == ("connection-not-authorized", True)
    assert await changes(it, made) == [("authorize 'CRM'",)]
    again = await Fleet(it.workato, journal=it.journal).retry(report.run_id)
    assert again is not None
    assert failure(again)[0] == failed
    it.sandbox.set_faults("")
    again = await Fleet(it.workato, journal=it.journal).retry(report.run_id)
    assert again is not None
    assert outcomes(again) == {"changed": 1}, again.accounts
    (connection,) = await it.workato.account(FIRST).connections.list().collect()
    assert connection.is_authorized
    assert it.kinds() == {"connection.created": 1, "connection.authorized": 1}


@in_sandbox(customers=1)
async def test_a_shell_that_is_there_is_authorized_and_stays_when_undone(it: Here) -> None:
    connections = it.workato.account(FIRST).connections
    await connections.create("CRM", provider="salesforce")
    assert outcomes(await it.run(CreateConnection(connection_name="CRM", provider="salesforce"), ONE)) == {
        "unchanged": 1
    }
    done = await it.run(CreateConnection(connection_name="CRM", from_file=CREDENTIALS), ONE)
    assert outcomes(done) == {"changed": 1}
    undone = await it.undo(done)
    assert outcomes(undone) == {"unchanged": 1}
    assert "left as it is" in undone.accounts[0].detail["create-connection"]
    assert [each.is_authorized for each in await connections.list().collect()] == [True]


@in_sandbox(customers=1)
async def test_which_connection_is_meant(it: Here) -> None:
    account = it.workato.account(FIRST)
    folder = await account.folders.create("A")
    await account.folders.create("B")
    await account.connections.create("CRM", provider="salesforce", folder_id=folder.id, external_id="x")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"provider": "salesforce"}, "unchanged"),
        ({"provider": "salesforce", "folder": "A"}, "unchanged"),
        ({"provider": "jira", "external_id": "x"}, "connection-other-provider"),
        ({"provider": "salesforce", "folder": "C"}, "folder-missing"),
        ({"provider": "jira"}, "changed"),  # of that name, and of another provider
        ({"provider": "salesforce", "folder": "B"}, "changed"),  # of that name, elsewhere
        ({"provider": "salesforce"}, "connection-ambiguous"),  # by now
        ({"provider": "salesforce", "external_id": "x"}, "unchanged"),
        ({"provider": "salesforce", "external_id": "y"}, "changed"),
    ]
    for given, ending in cases:
        row = (await it.run(CreateConnection(connection_name="CRM", **given), ONE)).accounts[0]
        assert (row.failure_class or str(row.outcome)) == ending, (given, row)


@in_sandbox(customers=1)
async def test_a_connection_in_use_is_not_deleted(it: Here) -> None:
    made = CreateConnection(connection_name="CRM", from_file=CREDENTIALS, folder="CRM")
    await it.run(CreateFolder("CRM"), ONE)
    done = await it.run(made, ONE)
    started = await it.run(main_job(), ONE)
    assert outcomes(started) == {"changed": 1}, started.accounts
    failed, words = failure(await it.undo(done))
    assert (failed, "used by active recipes" in words, "stop the recipes" in words) == (
        "connection-in-use",
        True,
        True,
    )
    await it.undo(started)
    assert outcomes(await it.undo(done)) == {"changed": 1}
    assert {each.name for each in await it.workato.account(FIRST).connections.list().collect()} == {"Web shop"}


@in_sandbox(customers=2)
async def test_each_account_has_a_credential_of_its_own(
    it: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "NORTH.pin").write_text("canary-pin\n")
    file = tmp_path / "own.toml"
    file.write_text(
        '[connections.CRM]\nprovider = "salesforce"\n[connections.CRM.input]\n'
        'api_key = { env = "CRM_KEY_{region}" }\npin = { file = "{region}.pin" }\n'
    )
    monkeypatch.setenv("CRM_KEY_NORTH", "canary-north")
    made = CreateConnection(connection_name="CRM", from_file=file)
    assert made.columns() == {"region"}
    words = "environment variable CRM_KEY_SOUTH is not set, which connection 'CRM' needs"
    foreseen = await changes(it, made, TWO)
    assert foreseen[0] == ("create salesforce connection 'CRM' with its credentials",)
    assert "connection 'CRM' lacks a credential of this account" in foreseen[1]
    report = await it.run(made, TWO)
    assert outcomes(report) == {"changed": 1, "failed": 1}
    assert failure(report, 1)[0] == "credential-missing"
    assert words in failure(report, 1)[1]
    monkeypatch.setenv("CRM_KEY_SOUTH", "canary-south")
    again = await Fleet(it.workato, journal=it.journal).retry(report.run_id)
    assert again is not None
    assert "cannot read SOUTH.pin: No such file" in failure(again, 1)[1]
    assert it.kinds() == {"connection.created": 1, "connection.authorized": 1}
    said = written(it) + str(report.accounts).encode() + str(again.accounts).encode() + repr(made).encode()
    assert b"canary" not in said


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"connection_name": "CRM"}, "give a provider"),
        ({"connection_name": "CRM", "provider": " "}, "provider is empty"),
        (
            {"connection_name": "Nothing", "from_file": CREDENTIALS},
            "no table for connection 'Nothing', only for 'CRM'",
        ),
        ({"connection_name": "CRM", "provider": "jira", "from_file": CREDENTIALS}, "'salesforce' in the credentials"),
        ({"connection_name": "CRM", "from_file": "no.toml"}, "cannot read the credentials file"),
    ],
)
def test_a_connection_that_nobody_could_make(given: dict[str, Any], words: str) -> None:
    with pytest.raises((ConfigError, InputError)) as caught:
        CreateConnection(**given)
    assert words in str(caught.value)


@in_sandbox(customers=1)
async def test_only_what_differs_is_set_and_put_back(it: Here) -> None:
    properties = it.workato.account(FIRST).properties
    await properties.upsert({"a.one": "1", "a.two": "2", "b": "3"})
    count = it.kinds()["property.set"]
    made = SetProperties({"a.one": "1", "a.two": "two", "a.three": "{account}"})
    assert await changes(it, made) == [("set property 'a.two'", "set property 'a.three'")]
    done = await it.run(made, ONE)
    assert outcomes(done) == {"changed": 1}
    assert await properties.get("a.") == {"a.one": "1", "a.two": "two", "a.three": str(FIRST)}
    assert it.kinds()["property.set"] == count + 2
    failed, words = failure(await it.undo(done))
    assert failed == "cannot-undo"
    assert "property 'a.three' did not exist before the run: the API cannot delete a property" in words
    assert (await properties.get("a.two")) == {"a.two": "2"}  # what can be put back is


@in_sandbox(customers=1)
async def test_a_property_whose_name_begins_another_is_set_with_it(it: Here) -> None:
    made = SetProperties({"crm": "on", "crm.tier": "gold"})
    assert outcomes(await it.run(made, ONE)) == {"changed": 1}
    assert await it.workato.account(FIRST).properties.get("crm") == {"crm": "on", "crm.tier": "gold"}
    assert outcomes(await it.run(made, ONE)) == {"unchanged": 1}


@in_sandbox(customers=1)
async def test_a_property_that_somebody_set_since_is_not_put_back(it: Here) -> None:
    properties = it.workato.account(FIRST).properties
    await properties.upsert({"x": "1", "y": "1"})
    done = await it.run(SetProperties({"x": "2", "y": "2"}), ONE)
    await properties.upsert({"y": "3"})
    failed, words = failure(await it.undo(done))
    assert (failed, "property 'y' was changed since the run" in words) == ("property-changed-since", True)
    assert (await properties.get("x") | await properties.get("y")) == {"x": "1", "y": "3"}
    await properties.upsert({"y": "1"})
    assert outcomes(await it.undo(done)) == {"unchanged": 1}


@in_sandbox(customers=1)
async def test_secret_values_are_written_down_nowhere(it: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "canary-new-value")
    properties = it.workato.account(FIRST).properties
    await properties.upsert({"shop.token": "canary-old-value"})
    made = SetProperties({"shop.token": "{env:SHOP_TOKEN}"})
    done = await it.run(made, ONE)
    assert outcomes(done) == {"changed": 1}
    assert await properties.get("shop") == {"shop.token": "canary-new-value"}
    undone = await it.undo(done)
    assert "looked secret and was not written down" in failure(undone)[1]
    assert b"canary" not in written(it) + str(done.accounts).encode() + repr(made).encode()


@in_sandbox(customers=2)
async def test_properties_of_a_project(it: Here) -> None:
    made = SetProperties({"a": "1"}, project="{region}")
    failed, words = failure(await it.run(made, TWO))
    assert (failed, "no project is named 'NORTH'; create it first" in words) == ("project-missing", True)
    done = await it.run(CreateFolder("{region}") >> made, TWO)
    assert outcomes(done) == {"changed": 2}
    account = it.workato.account(FIRST + 1)
    (project,) = await account.projects.list().collect()
    assert await account.properties.get(project_id=project.id) == {"a": "1"}
    assert await account.properties.get() == {}
    assert outcomes(await it.run(made, TWO)) == {"unchanged": 2}


@in_sandbox(customers=2)
async def test_a_value_too_long_fails_its_account_before_anything_is_sent(it: Here) -> None:
    rows: list[Mapping[str, object]] = [{"id": FIRST, "v": "x" * 1025}, {"id": FIRST + 1, "v": "é" * 1024}]
    report = await it.run(SetProperties({"a": "{v}", "Z": "{v}"}), rows)
    assert outcomes(report) == {"changed": 1, "failed": 1}
    assert failure(report) == (
        "value-too-long",
        "the value of property 'a' has 1025 characters; shorten it to 1024 characters",
    )
    # names without a common beginning: a look for each beginning, before and after, for the vendor wants a prefix
    assert it.sandbox.requests()["quotas"]["embedded.properties.list"]["requests"] == 4


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({}, "no property given"),
        ({" ": "x"}, "1 to 100 characters"),
        ({"n" * 101: "x"}, "has 101 characters"),
        ({"a": 5}, "not text"),
        ({"api_token": "clear"}, "looks secret"),
        ({"crm.api-key": "{column}"}, "kept in the journal"),
        ({"a": "{env:NOT_SET_ANYWHERE}"}, "environment variable NOT_SET_ANYWHERE is not set"),
    ],
)
def test_properties_that_nobody_could_set(properties: dict[str, Any], words: str) -> None:
    with pytest.raises(BulkopsError, match=words):
        SetProperties(properties)


@pytest.mark.parametrize("path", ["", " ", "/", "A//B", "/A", "A/", "A/{", "A/}/B"])
def test_paths_that_are_none(path: str) -> None:
    with pytest.raises(ConfigError):
        CreateFolder(path)
