"""export-package: out of each account into a directory, and out of the partner's workspace into one file."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bulkops.errors import ConfigError, InputError
from bulkops.operations import ExportPackage, ImportPackage, export_to_file
from bulkops.runs import Fleet, from_values, run, undo_of
from tests.fleet import PACKAGE, PACKAGE_2, fleet, kill, wait_until
from tests.here import FIRST, Here, in_sandbox, outcomes

MANIFEST = 12


def rows(count: int) -> list[Mapping[str, object]]:
    return [{"id": FIRST + n} for n in range(count)]


def contents(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def files(directory: Path) -> dict[str, str]:
    """Name to sha256; drafts would be seen too."""
    there = (path for path in directory.iterdir() if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in there}


async def imported(it: Here, count: int, package: Path = PACKAGE) -> None:
    made = ImportPackage(package, folder="CRM", restart_recipes=True)
    assert outcomes(await it.run(made, rows(count))) == {"changed": count}


@in_sandbox()
async def test_alone_again_and_undone(it: Here, tmp_path: Path) -> None:
    customers = 20
    into = tmp_path / "deep" / "packages"
    await imported(it, customers)
    made = ExportPackage(folder="CRM", into=into)
    done = await it.run(made, rows(customers))
    assert outcomes(done) == {"changed": customers}, done.accounts[0]
    there = files(into)
    assert there == {f"{row.account}.zip": row.detail["package"]["sha256"] for row in done.accounts}
    assert len(there) == customers
    one = into / f"{FIRST}.zip"
    assert contents(one) == contents(PACKAGE)
    assert os.stat(one).st_mode & 0o777 == 0o600
    assert it.kinds()["manifest.created"] == customers
    await Fleet(it.workato, journal=it.journal).plan(*await undo_of(done.run_id, journal=it.journal))  # forgets nothing
    again = await it.run(made, rows(customers))  # the same manifests, and files that hold the same
    assert outcomes(again) == {"unchanged": customers}
    assert (files(into), it.kinds()["manifest.created"]) == (there, customers)
    undone = await it.undo(done)
    assert outcomes(undone) == {"changed": customers}
    assert it.kinds()["manifest.deleted"] == customers
    assert outcomes(await it.undo(done)) == {"unchanged": customers}
    assert (files(into), it.kinds()["manifest.deleted"]) == (there, customers)
    assert outcomes(await it.run(made, rows(customers))) == {"changed": customers}  # a manifest once more


@in_sandbox(customers=3)
async def test_a_file_that_holds_something_else_is_replaced_only_when_asked(it: Here, tmp_path: Path) -> None:
    into = tmp_path / "packages"
    await imported(it, 3)
    await it.run(ExportPackage(folder="CRM", into=into), rows(3))
    before = files(into)
    await imported(it, 1, PACKAGE_2)
    (into / f"{FIRST + 1}.zip").write_text("somebody's notes")
    refused = await it.run(ExportPackage(folder="CRM", into=into), rows(3))
    assert outcomes(refused) == {"failed": 2, "unchanged": 1}
    assert "exists with other contents" in str(refused.accounts[0].reason)
    assert "--overwrite" in str(refused.accounts[0].reason)
    assert {row.failure_class for row in refused.accounts} == {"file-exists", None}
    assert (into / f"{FIRST + 1}.zip").read_text() == "somebody's notes"
    assert files(into)[f"{FIRST}.zip"] == before[f"{FIRST}.zip"]
    done = await it.run(ExportPackage(folder="CRM", into=into, overwrite=True), rows(3))
    assert outcomes(done) == {"changed": 2, "unchanged": 1}
    assert contents(into / f"{FIRST}.zip").keys() == contents(PACKAGE_2).keys()
    assert files(into)[f"{FIRST + 1}.zip"] == before[f"{FIRST + 1}.zip"]


@in_sandbox(customers=2)
async def test_failures_in_words(it: Here, tmp_path: Path) -> None:
    nowhere = await it.run(ExportPackage(folder="CMR", into=tmp_path / "p"), rows(2))
    assert outcomes(nowhere) == {"failed": 2}
    assert "no folder is named 'CMR'" in str(nowhere.accounts[0].reason)
    await imported(it, 2)
    account = it.workato.account(FIRST)
    made = ExportPackage(folder="CRM/Functions", into=tmp_path / "p")
    assert outcomes(await it.run(made, rows(1))) == {"changed": 1}
    assert list(contents(tmp_path / "p" / f"{FIRST}.zip")) == ["upsert_crm_contact.recipe.json"]
    (manifest_id,) = [e["key"] for e in it.sandbox.effects() if e["kind"] == "package.exported"]
    await account.export_manifests.delete(int(manifest_id))  # behind the journal's back
    again = await it.run(made, rows(1))
    assert outcomes(again) == {"changed": 1}  # with a new manifest
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot create the directory"):
        await it.run(ExportPackage(folder="CRM", into=tmp_path / "file" / "x"), rows(1))
    with pytest.raises(InputError, match="the folder's name is empty"):
        ExportPackage(folder=" ", into=tmp_path)


@in_sandbox(customers=0)
async def test_names_of_accounts_lead_nowhere_else(it: Here, tmp_path: Path) -> None:
    into = tmp_path / "packages"
    names = ["../../a b", "x" * 200, "ü/é", ".hidden"]
    given: list[Mapping[str, object]] = [{"external_id": name} for name in names]
    for name in names:
        await it.workato.customers.create(name="N", external_id=name, notification_email="n@x.example")
    await it.run(ImportPackage(PACKAGE, folder="CRM"), given)
    done = await it.run(ExportPackage(folder="CRM", into=into), given)
    assert outcomes(done) == {"changed": len(names)}
    there = sorted(path.name for path in into.iterdir())
    assert len(there) == len(names)
    assert "E..%2F..%2Fa%20b.zip" in there
    assert not files(tmp_path).keys() & set(there)


@in_sandbox(customers=20)
async def test_faults_do_nothing_twice(it: Here, tmp_path: Path) -> None:
    into = tmp_path / "packages"
    await imported(it, 20)
    first = {(effect["account"], effect["kind"], effect["key"]) for effect in it.sandbox.effects()}
    it.sandbox.set_faults("error=0.05,reset=0.02")
    report = await it.until_changed(await it.run(ExportPackage(folder="CRM", into=into), rows(20)), times=5)
    assert outcomes(report) == {"changed": 20}, [row for row in report.accounts if row.reason][:2]
    # manifests cannot be listed: a lost reply leaves a second one, and both calls may be sent again
    harmless = {"manifest.created", "package.exported"}
    assert [key for key in it.twice() if key not in first and key[1] not in harmless] == []
    assert len(files(into)) == 20


@pytest.mark.slow
def test_killed_and_resumed(tmp_path: Path) -> None:
    customers, at_a_time = 60, 10
    into = tmp_path / "packages"
    with fleet(tmp_path, customers=customers, time_scale=250) as vendor:
        imports = vendor.cli("import-package", str(PACKAGE), "--folder", "CRM", "--accounts", "all", *vendor.policy)
        assert imports.code == 0, imports.err
        flags = ("export-package", "--folder", "CRM", "--into", "packages", "--accounts", "all")
        process = vendor.start(*flags, *vendor.policy, "--concurrency", str(at_a_time))
        wait_until(process, lambda: len(list(into.glob("4*.zip"))), customers // 3, every_s=0.005)
        kill(process)
        written = {path.name: path.stat().st_mtime_ns for path in into.glob("4*.zip")}
        assert len(written) < customers
        done = vendor.cli("resume", *vendor.policy, "--json")
        assert (done.code, done.outcomes) == (0, {"changed": customers}), done.err
        said = {f"{row['account']}.zip": row["detail"]["package"]["sha256"] for row in done.report["accounts"]}
        there = {name: sha256 for name, sha256 in files(into).items() if name.startswith("4")}
        assert there == said  # a draft of the killed process has another name
        assert contents(into / f"{FIRST}.zip") == contents(PACKAGE)
        rewritten = [name for name, at in written.items() if (into / name).stat().st_mtime_ns != at]
        assert len(rewritten) <= at_a_time  # those whose step was not in the journal yet
        for kind in ("manifest.created", "package.exported"):
            assert customers <= vendor.kinds()[kind] <= customers + at_a_time


@in_sandbox(customers=5)
async def test_a_plan_sends_no_write(it: Here, tmp_path: Path) -> None:
    into = tmp_path / "packages"
    await imported(it, 5)
    effects, made = it.sandbox.effects(), ExportPackage(folder="CRM", into=into)
    foreseen = await Fleet(it.workato, journal=tmp_path / "other").plan(made, from_values(rows(5)))
    assert (it.sandbox.effects(), into.exists()) == (effects, False)
    assert foreseen.groups == [(5, "export folder 'CRM'")]
    assert foreseen.requests["managed_users.exports.create"] == 5
    await it.run(made, rows(5))
    later = await Fleet(it.workato, journal=it.journal).plan(made, from_values(rows(5)))
    assert later.groups == [(5, "export folder 'CRM'; its file is there: kept if it holds the same")]
    missing = await Fleet(it.workato, journal=it.journal).plan(
        ExportPackage(folder="Nix", into=into), from_values(rows(5))
    )
    assert missing.groups == [(5, "no folder is named 'Nix'")]
    chain = ImportPackage(PACKAGE_2, folder="New") >> ExportPackage(folder="New", into=into)
    both = await Fleet(it.workato, journal=it.journal).plan(chain, from_values(rows(1)))
    assert both.groups[0][1].endswith("export folder 'New'; its file is there: kept if it holds the same")


@in_sandbox(customers=0)
async def test_out_of_the_partners_workspace(it: Here, tmp_path: Path) -> None:
    path = tmp_path / "crm.zip"
    done = await export_to_file(it.workato, path, manifest=MANIFEST)
    assert (done.written, len(done.package.recipes), done.path) == (True, 3, path)
    assert contents(path) == contents(PACKAGE)
    assert os.stat(path).st_mode & 0o777 == 0o600
    again = await export_to_file(it.workato, path, folder="CRM rollout")
    assert (again.written, again.package.sha256) == (False, done.package.sha256)
    assert it.kinds() == {"package.exported": 2, "manifest.created": 1, "manifest.deleted": 1}
    with pytest.raises(InputError, match="exists with other contents"):
        await export_to_file(it.workato, path, folder="CRM rollout/Functions")
    changed = await export_to_file(it.workato, path, folder="CRM rollout/Functions", overwrite=True)
    assert (changed.written, len(changed.package.recipes)) == (True, 1)
    for wrong, words in (
        ({"manifest": 99}, "export manifest 99 does not exist"),
        ({"folder": "CRM/Nix"}, "no folder is named 'CRM/Nix' in the partner's workspace"),
    ):
        with pytest.raises(InputError, match=words):
            await export_to_file(it.workato, tmp_path / "x.zip", **wrong)
    with pytest.raises(InputError, match="is a directory"):
        await export_to_file(it.workato, tmp_path, manifest=MANIFEST)
    with pytest.raises(InputError, match="cannot write into"):
        await export_to_file(it.workato, tmp_path / "no" / "x.zip", manifest=MANIFEST)
    with pytest.raises(ConfigError, match="nothing to export"):
        await export_to_file(it.workato, path)


@in_sandbox(customers=0)
async def test_an_export_whose_recipe_is_gone_fails_in_words(it: Here, tmp_path: Path) -> None:
    gone = next(recipe for recipe in await it.workato.recipes.list().collect() if not recipe.running)
    await it.workato.recipes.delete(gone.id)
    with pytest.raises(InputError, match=f"export of manifest 12 failed: .* recipe {gone.id} does not exist any more"):
        await export_to_file(it.workato, tmp_path / "crm.zip", manifest=MANIFEST)
    assert not (tmp_path / "crm.zip").exists()


@in_sandbox(customers=2)
async def test_a_run_in_the_library(it: Here, tmp_path: Path) -> None:
    """What was exported from one account goes into another."""
    await imported(it, 1)
    made = ExportPackage(folder="CRM", into=tmp_path)
    await run(made, accounts=[FIRST], workato=it.workato, journal=it.journal)
    copied = ImportPackage(tmp_path / f"{FIRST}.zip", folder="Copy")
    report = await run(copied, accounts=[FIRST + 1], workato=it.workato, journal=it.journal)
    assert outcomes(report) == {"changed": 1}
    assert len(await it.workato.account(FIRST + 1).recipes.list().collect()) == 3
