"""One package in two folders of an account: which connection of a name is meant."""

from __future__ import annotations

import pytest

from bulkops.operations import AuthorizeConnections, ImportPackage
from bulkops.runs import Fleet, from_values
from tests.fleet import CREDENTIALS, PACKAGE
from tests.here import FIRST, Here, failure, in_sandbox, main_job, outcomes

ONE = [{"id": FIRST}]

pytestmark = pytest.mark.usefixtures("surroundings")


def authorized(it: Here) -> int:
    return it.kinds()["connection.authorized"]


@in_sandbox(customers=1)
async def test_a_job_authorizes_the_connections_of_the_folder_that_it_imports_into(it: Here) -> None:
    async def planned() -> str:
        return (await Fleet(it.workato, journal=it.journal).plan(main_job(), from_values(ONE))).groups[0][1]

    await it.run(ImportPackage(PACKAGE, folder="Night"), ONE)
    assert "authorize 'CRM', authorize 'Web shop'" in await planned()
    assert outcomes(await it.run(main_job(), ONE)) == {"changed": 1}
    assert authorized(it) == 2
    assert await planned() == "unchanged"
    assert outcomes(await it.run(main_job(), ONE)) == {"unchanged": 1}
    assert outcomes(await it.run(main_job(folder="Night"), ONE)) == {"changed": 1}
    assert authorized(it) == 4


@in_sandbox(customers=1)
async def test_a_plan_authorizes_a_connection_once(it: Here) -> None:
    await it.run(ImportPackage(PACKAGE, folder="CRM"), ONE)
    again = AuthorizeConnections(CREDENTIALS) >> AuthorizeConnections(CREDENTIALS)
    foreseen = await Fleet(it.workato, journal=it.journal).plan(again, from_values(ONE))
    assert foreseen.groups == [(1, "authorize 'CRM', authorize 'Web shop'")]


@in_sandbox(customers=1)
async def test_an_operation_alone_wants_the_folder_when_a_name_is_there_twice(it: Here) -> None:
    for folder in ("CRM", "Night"):
        await it.run(ImportPackage(PACKAGE, folder=folder), ONE)
    failed, words = failure(await it.run(AuthorizeConnections(CREDENTIALS), ONE))
    assert (failed, "2 connections are named 'CRM'" in words) == ("connection-ambiguous", True)
    of_night = AuthorizeConnections(CREDENTIALS, folder="Night")
    foreseen = await Fleet(it.workato, journal=it.journal).plan(of_night, from_values(ONE))
    assert foreseen.groups == [(1, "authorize 'CRM', authorize 'Web shop'")]
    done = await it.run(of_night, ONE)
    assert (outcomes(done), authorized(it)) == ({"changed": 1}, 2)
    assert outcomes(await it.run(of_night, ONE)) == {"unchanged": 1}
    assert outcomes(await it.undo(done)) == {"changed": 1}
    failed, words = failure(await it.run(AuthorizeConnections(CREDENTIALS, folder="Nigth"), ONE))
    assert (failed, "Nigth" in words) == ("folder-missing", True)
