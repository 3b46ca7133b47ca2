"""What operations say they cost, before anything is sent."""

from __future__ import annotations

from bulkops.operations import ImportPackage, StartRecipes, StopRecipes
from tests.fleet import PACKAGE


def test_a_chain_looks_at_the_folders_under_home_once():
    chain = StopRecipes(folder="CRM") >> ImportPackage(PACKAGE, folder="CRM") >> StartRecipes(folder="CRM")
    assert [part.cost()["managed_users.folders.list"] for part in chain.operations] == [1, 1, 1]
    assert chain.cost()["managed_users.folders.list"] == 1
    assert chain.cost()["managed_users.recipes.list"] == sum(
        part.cost()["managed_users.recipes.list"] for part in chain.operations
    )
