"""A rollout beside what somebody else has: customers that are there, folders in use, connections that are refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bulkops.errors import ConfigError, InputError
from bulkops.operations import AuthorizeConnections, Chain, ImportPackage, Rollout, StartRecipes, UpgradePlan
from bulkops.operations.restore import describe, restore
from bulkops.runs import Fleet, from_values, load_job
from tests.fleet import API_PACKAGE, CREDENTIALS, PACKAGE
from tests.here import FIRST, Here, failure, in_sandbox, outcomes

MANIFEST = 13
NEW: list[Mapping[str, object]] = [{"external_id": "N/1", "name": "New", "notification_email": "n@x.example"}]
ONE: list[Mapping[str, object]] = [{"id": FIRST}]


def rollout(package: Path | None = API_PACKAGE, **options: Any) -> Rollout:
    given: dict[str, Any] = {"folder": "API", "connections": CREDENTIALS, "secrets_to": "keys.jsonl"} | options
    return Rollout(package, **given)


@in_sandbox(customers=2)
async def test_new_and_old_customers_in_one_run(it: Here) -> None:
    rows = [*NEW, *ONE, {"external_id": "ORG-2"}, {"external_id": "N/2"}, {"id": 7}]
    foreseen = await Fleet(it.workato, journal=it.journal).plan(rollout(), from_values(rows))
    assert it.sandbox.effects() == []
    assert [row.changes[0] if row.changes else row.problem for row in foreseen.accounts] == [
        "create the customer",
        "create folder 'API'",
        "create folder 'API'",
        "column 'name' of the account file is empty",
        "the customer does not exist",
    ]
    new = await Fleet(it.workato, journal=it.journal).plan(rollout(), from_values(NEW))
    calls = ("imports.create", "recipes.start", "connections.update", "api_keys.create", "api_endpoints.enable")
    assert [new.requests[f"managed_users.{call}"] for call in calls] == [1, 4, 2, 1, 3]
    assert foreseen.accounts[1].changes[1:] == (
        "import 4 recipes",
        "authorize 'CRM'",
        "authorize 'Web shop'",
        "make API client 'Default client'",
        "make API key 'Default'",
        "start 4 recipes",
        "enable 3 endpoints",
    )
    report = await it.run(rollout(), rows)
    assert [str(row.outcome) for row in report.accounts] == ["changed"] * 3 + ["failed"] * 2
    assert report.accounts[3].failure_class == "column-missing"
    kinds = it.kinds()
    assert (kinds["customer.created"], kinds["api_key.created"], kinds["endpoint.enabled"]) == (1, 3, 9)
    undone = await it.undo(report)
    assert outcomes(undone) == {"changed": 3}
    details = {row.account: row.detail for row in undone.accounts}
    assert "; `bulkops delete-customer`" in details["EN/1"]["create-customer"]
    assert "create-customer" not in details[str(FIRST)]
    assert (
        "\n1 account: create-customer is left as it is: undo does not delete the customer\n"
        "    changed, account EN/1: undo does not delete customer " in str(undone)
    )


@in_sandbox(customers=1)
async def test_what_a_refused_credential_leaves_is_taken_up_again(it: Here) -> None:
    it.sandbox.set_faults("unauthorizable=1")
    report = await it.run(rollout(), ONE)
    failed, words = failure(report)
    assert failed == "connection-not-authorized"
    assert "connection 'CRM' cannot be authorized" in words
    assert it.kinds()["api_client.created"] == 0
    it.sandbox.set_faults(None)
    done = await Fleet(it.workato, journal=it.journal).retry(report.run_id)
    assert done is not None
    assert outcomes(done) == {"changed": 1}
    assert (it.kinds()["import.completed"], it.kinds()["endpoint.enabled"]) == (1, 3)


@in_sandbox(customers=1)
async def test_a_manifest_is_exported_once_and_the_run_is_found_again(it: Here) -> None:
    operation = rollout(None, manifest=MANIFEST)
    foreseen = await Fleet(it.workato, journal=it.journal).plan(operation, from_values(ONE))
    assert "enable the endpoints that come (how many is not known before the export)" in foreseen.accounts[0].changes
    report = await it.run(operation, ONE)
    assert outcomes(report) == {"changed": 1}, report.accounts
    assert it.kinds()["package.exported"] == 1
    assert outcomes(await it.undo(report)) == {"changed": 1}  # made again from the journal
    no_api = rollout(None, manifest=MANIFEST - 1)
    with pytest.raises(InputError, match="contains no API endpoint"):
        await no_api.prepare(it.workato, it.journal)


@in_sandbox(customers=1)
async def test_a_chain_takes_a_rollout_for_its_parts(it: Here) -> None:
    chain = rollout() >> UpgradePlan(plan_id="big")
    assert isinstance(chain, Chain)
    assert [part.name for part in chain.operations] == [
        *("create-customer", "import-package", "authorize-connections", "enable-api-platform", "start-recipes"),
        *("enable-endpoints", "upgrade-plan"),
    ]
    assert Chain((rollout(), UpgradePlan(plan_id="big"))) == chain
    assert restore(describe(chain)).digest == chain.digest
    again = restore(describe(rollout(restart_recipes=True, client="{name}")))
    assert again == rollout(restart_recipes=True, client="{name}")
    report = await it.run(chain, ONE)
    assert outcomes(report) == {"changed": 1}
    assert outcomes(await it.undo(report)) == {"changed": 1}
    assert [folder.name async for folder in it.workato.account(FIRST).folders.list()] == []
    assert (await it.workato.account(FIRST).customer.get()).plan_id == "oem_plan"


def test_mistakes_are_found_before_anything_is_sent(tmp_path: Path) -> None:
    for options, said in (
        ({"package": PACKAGE}, "contains no API endpoint .*`bulkops run` a job"),
        ({"package": None}, "no package or manifest given"),
        ({"folder": ""}, "the folder's name is empty"),
        ({"api_platform": "v3"}, "api_platform must be 'v2' or 'v1', not 'v3'"),
        ({"connections": tmp_path / "nothing.toml"}, "cannot read the credentials file"),
        ({"secrets_to": tmp_path / "no" / "keys"}, "cannot write"),
        ({"customer_name": "{"}, "braces without a column name"),
    ):
        with pytest.raises((ConfigError, InputError), match=said):
            rollout(**options)


def test_a_job_file_says_the_same(tmp_path: Path) -> None:
    job = tmp_path / "rollout.toml"
    job.write_text(
        f"""
[[operation]]
use = "rollout"
package = "{API_PACKAGE}"
folder = "API"
connections = "{CREDENTIALS}"
secrets_to = "keys.jsonl"
"""
    )
    assert load_job(str(job)).operation == rollout()
    job.write_text('[[operation]]\nuse = "rollout"\nfolder = "API"\n')
    with pytest.raises(ConfigError, match="secrets_to is missing"):
        load_job(str(job))


def imported(package: Path = API_PACKAGE) -> ImportPackage:
    return ImportPackage(package, folder="API")


@in_sandbox(customers=1)
async def test_undoing_an_import_spares_what_others_put_into_the_folder(it: Here) -> None:
    account = it.workato.account(FIRST)
    done = await it.run(imported(), ONE)
    await it.run(AuthorizeConnections(CREDENTIALS) >> StartRecipes(folder="API"), ONE)
    failed, words = failure(await it.undo(done))
    assert (failed, "recipes of folder 'API' are running: " in words) == ("recipes-running", True)
    async for recipe in account.recipes.list():
        await account.recipes.stop(recipe.id)
    (folder,) = await account.folders.list().collect()
    extra = await account.connections.create("Mine", provider="jira", folder_id=folder.id)
    failed, words = failure(await it.undo(done))
    assert failed == "cannot-undo"
    assert "has contents that the run did not import, or changed ones: 'Mine'" in words
    await account.connections.delete(extra.id)
    await it.run(imported(PACKAGE), ONE)  # another package into the same folder: that run can only leave it
    failed, words = failure(await it.undo(done))
    assert (failed, "'Nightly contact check'" in words) == ("cannot-undo", True)
    assert it.kinds()["folder.deleted"] == 0


@in_sandbox(customers=1)
async def test_an_import_into_a_folder_that_was_there_stays(it: Here) -> None:
    await it.workato.account(FIRST).folders.create("API")
    done = await it.run(imported(), ONE)
    assert failure(await it.undo(done)) == (
        "cannot-undo",
        "folder 'API' existed before the run, and overwritten contents cannot be restored; "
        "import the earlier package again",
    )
    chain = await it.run(rollout(), ONE)
    undone = await it.undo(chain)
    assert outcomes(undone) == {"changed": 1}
    assert it.kinds()["folder.deleted"] == 0
