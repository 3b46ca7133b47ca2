"""What operations say they cost, before anything is sent."""

from __future__ import annotations

from bulkops.operations import CreateFolder, DisableEndpoints, ImportPackage, Package, StartRecipes, StopRecipes
from bulkops.operations.foreseen import FolderContents, Foreseen
from tests.fleet import PACKAGE

PROJECTS, FOLDERS = "managed_users.projects.list", "managed_users.folders.list"
RECIPES = "managed_users.recipes.list"
CRM = FolderContents.of(Package.load(PACKAGE))


def test_a_chain_lists_the_folders_under_home_once_and_once_more_for_each_that_it_makes() -> None:
    again = ImportPackage(PACKAGE, folder="CRM") >> StartRecipes(folder="CRM")
    assert again.cost(Foreseen())[PROJECTS] == 1
    assert FOLDERS not in again.cost(Foreseen())  # the only request of that quota is for a folder that is missing
    assert again.look_cost(Foreseen()) == {PROJECTS: 1, RECIPES: 2}
    two = CreateFolder("Other") >> again
    assert two.cost(Foreseen())[PROJECTS] == 2
    assert two.look_cost(Foreseen())[PROJECTS] == 1


def test_recipes_behind_an_import_are_counted_as_the_package_has_them() -> None:
    cost = (ImportPackage(PACKAGE, folder="CRM") >> StartRecipes(folder="CRM")).cost(Foreseen())
    assert (cost["managed_users.recipes.start"], cost["managed_users.recipes.get"], cost[RECIPES]) == (3, 2, 3)


def test_recipes_of_a_folder_that_the_journal_knows_are_counted() -> None:
    foreseen = Foreseen({"CRM": CRM})
    cost = StopRecipes(folder="CRM").cost(foreseen)
    assert (cost["managed_users.recipes.stop"], cost["managed_users.recipes.get"], cost[FOLDERS]) == (3, 2, 1)
    assert foreseen.more == {}


def test_what_nothing_is_known_of_is_said_for_each() -> None:
    foreseen = Foreseen({"CRM": CRM})
    (StopRecipes(folder="Other") >> DisableEndpoints(collections=["A"])).cost(foreseen)
    assert foreseen.more == {"sub-folder": 1, "further recipe to stop": 2, "further endpoint to disable": 1}


def test_a_folder_that_may_exist_is_looked_into() -> None:
    imported = ImportPackage(PACKAGE, folder="CRM")
    assert imported.cost(Foreseen(worst_case=True))[FOLDERS] == 1
    assert FOLDERS not in imported.cost(Foreseen())


def test_another_folder_with_sub_folders_makes_them_be_asked_for() -> None:
    job = ImportPackage(PACKAGE, folder="Night") >> StartRecipes(folder="Night")
    assert job.look_cost(Foreseen({"CRM": CRM}))[FOLDERS] == 2
    assert FOLDERS not in job.look_cost(Foreseen())
