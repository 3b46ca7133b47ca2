"""A folder or connection that is not there is named with the nearest one that is: most are misspelt."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkops.operations import AuthorizeConnections, ImportPackage, StartRecipes, StopRecipes
from tests.fleet import PACKAGE
from tests.here import FIRST, Here, in_sandbox

ONE = [{"id": FIRST}]


@in_sandbox(customers=1)
async def test_the_nearest_name_is_in_the_failures_words(
    it: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrong.toml").write_text('[connections."Web shpo".input]\napi_key = "k"\n')
    await it.run(ImportPackage(PACKAGE, folder="Sales CRM"), ONE)
    for operation, words in (
        (
            StartRecipes(folder="sales crn"),
            "no folder is named 'sales crn'; did you mean 'Sales CRM'? that takes a new run",
        ),
        (
            StopRecipes(folder="SalesCRM"),
            "no folder is named 'SalesCRM'; did you mean 'Sales CRM'? that takes a new run",
        ),
        (StartRecipes(folder="Warehouse"), "no folder is named 'Warehouse'; import into it first"),
        (
            ImportPackage(PACKAGE, folder="New", home_assets_folder="Sales CMR"),
            "no folder is named 'Sales CMR'; did you mean 'Sales CRM'? that takes a new run; else create it first",
        ),
        (
            ImportPackage(PACKAGE, folder="/Sales CRM"),
            "no folder is named '/Sales CRM'; did you mean 'Sales CRM'? that takes a new run; else give the name",
        ),
        (
            ImportPackage(PACKAGE, folder="Home/Orders"),
            "no folder is named 'Home/Orders'; give the name of a folder directly under Home, not a path",
        ),
        (
            AuthorizeConnections(tmp_path / "wrong.toml"),
            "no connection is named 'Web shpo'; did you mean 'Web shop'? that takes a new run; else import its package",
        ),
    ):
        (row,) = (await it.run(operation, ONE)).accounts
        assert str(row.reason).startswith(words), row
        assert row.cause == words.partition(";")[0], "equal for all accounts, whatever is near in each"
