"""A package with a connector of the partner's own: said before the start, and imported only where it is shared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bulkops.operations import ImportPackage, Rollout
from bulkops.runs import Fleet
from tests.fleet import API_PACKAGE, PACKAGE
from tests.here import FIRST, Here, failure, in_sandbox, outcomes
from tests.sandbox.kit import package, recipe

CONNECTOR = 562_501
NAME = "example_connector_1"


def with_connector(place: Path) -> Path:
    used = recipe("Sync", connection=None)
    used["config"].append({"keyword": "application", "provider": NAME, "account_id": None})
    place.write_bytes(package({"sync.recipe.json": used}))
    return place


def test_what_a_package_needs_is_said_before_the_start(tmp_path: Path) -> None:
    (note,) = ImportPackage(with_connector(tmp_path / "custom.zip"), folder="CRM").notes()
    assert note == (
        "the package uses example_connector_1: customers need that connector first "
        "(`bulkops share-connector example_connector_1`)"
    )
    assert ImportPackage(PACKAGE, folder="CRM").notes() == ()
    rollout = Rollout(API_PACKAGE, folder="API", secrets_to="keys.jsonl")
    assert not any("connector" in each for each in rollout.notes())


@in_sandbox(customers=1)
async def test_a_package_is_imported_once_its_connector_is_shared(it: Here, tmp_path: Path) -> None:
    rows: list[Mapping[str, object]] = [{"id": FIRST}]
    made = ImportPackage(with_connector(tmp_path / "custom.zip"), folder="CRM")
    await it.workato.call("custom_connectors.suppress_oem_version", connector_id=CONNECTOR)
    report = await it.run(made, rows)
    failure_class, words = failure(report)
    assert (failure_class, NAME in words) == ("import-failed", True), words
    await it.workato.call("custom_connectors.oem_share", connector_id=CONNECTOR, version=2)
    again = await Fleet(it.workato, journal=it.journal).retry(report.run_id)
    assert again is not None
    assert outcomes(again) == {"changed": 1}
