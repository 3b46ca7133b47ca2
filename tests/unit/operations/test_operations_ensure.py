"""`Ensure`: plan, figures, run, probe and undo of one thing as it should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs

from bulkops import Context, Ensure, Operation, StepRow, TaskFailed
from bulkops.errors import TaskUnknown
from bulkops.operations import CreateFolder
from bulkops.operations.foreseen import Foreseen
from bulkops.operations.undo import UndoRun
from bulkops.runs import Fleet, from_values
from tests.here import FIRST, Here, failure, here, in_sandbox, outcomes

LIST, UPDATE = "managed_users.members.list", "managed_users.members.update"
ONE: list[Mapping[str, object]] = [{"id": FIRST}]


@attrs.frozen(kw_only=True)
class EnsureRole(Ensure[dict[str, Any]]):
    """Ana has a role. `loses`: whether the reply of the change is lost."""

    repeatable: ClassVar[bool] = True
    missing: ClassVar[dict[str, Any]] = {"id": 1, "role": None}
    role: str
    loses: bool = False

    async def find(self, ctx: Context) -> dict[str, Any] | None:
        async for member in ctx.account.members.list():
            if member.name == "Ana":
                return {"id": member.id, "role": member.env_roles().get("dev")}
        return None

    def mismatch(self, found: dict[str, Any] | None) -> Sequence[str]:
        if found is None:
            raise TaskFailed("Ana is not a member")
        return () if found["role"] == self.role else (f"make Ana {self.role}",)

    async def update(self, ctx: Context, found: dict[str, Any]) -> Any:
        await ctx.account.members.update(found["id"], role_name=self.role)
        if self.loses:
            raise TaskUnknown("the reply is lost")
        return {}

    def facts(self, found: dict[str, Any] | None) -> Any:
        return found


@attrs.frozen
class Promote(Operation):
    name: ClassVar[str] = "promote"
    only_requests: ClassVar[bool] = True
    role: str = "Admin"
    loses: bool = False

    async def apply(self, ctx: Context) -> None:
        await EnsureRole(step="set role", role=self.role, loses=self.loses).apply(ctx)

    async def undo(self, ctx: Context, done: Mapping[str, StepRow]) -> None:
        await EnsureRole(step="undo set role", role=done["set role"].data["role"]).apply(ctx)


async def add_ana(it: Here) -> None:
    await it.workato.account(FIRST).members.add(name="Ana", role_name="Operator")


async def role_of_ana(it: Here) -> str | None:
    (ana,) = await it.workato.account(FIRST).members.list().collect()
    return ana.env_roles().get("dev")


@in_sandbox(customers=1)
async def test_a_plan_counts_the_requests_of_one_thing_as_it_should_be(it: Here) -> None:
    assert Promote().cost(Foreseen()) == {LIST: 1, UPDATE: 1}
    assert Promote().look_cost(Foreseen()) == {LIST: 1}
    await add_ana(it)
    fleet = Fleet(it.workato, journal=it.journal)
    foreseen = await fleet.plan(Promote(), from_values(ONE))
    assert foreseen.accounts[0].changes == ("make Ana Admin",)
    assert (foreseen.requests[LIST], foreseen.requests[UPDATE]) == (1, 1)
    assert it.kinds()["member.changed"] == 0
    assert outcomes(await it.run(Promote(), ONE)) == {"changed": 1}
    again = await fleet.plan(Promote(), from_values(ONE))
    assert (again.accounts[0].changes, UPDATE in again.requests) == ((), False)


@in_sandbox(customers=1)
async def test_a_lost_change_of_one_thing_is_looked_for(it: Here) -> None:
    await add_ana(it)
    lost = await it.run(Promote(loses=True), ONE)
    assert outcomes(lost) == {"changed": 1}, lost.accounts
    assert await role_of_ana(it) == "Admin"


@in_sandbox(customers=1)
async def test_a_change_that_an_earlier_process_began_is_made_once(it: Here) -> None:
    @attrs.frozen
    class Killed(Promote):
        @property
        def digest(self) -> str:
            return Promote().digest

        async def apply(self, ctx: Context) -> None:
            async def nothing_sent() -> None:
                raise TaskUnknown("nobody saw the reply")

            await ctx.step("set role", nothing_sent, data={"role": "Operator"})

    await add_ana(it)
    killed = await it.run(Killed(), ONE)
    assert outcomes(killed) == {"unknown": 1}
    done = await Fleet(it.workato, journal=it.journal).resume(killed.run_id, operation=Promote())
    assert done is not None
    assert outcomes(done) == {"changed": 1}, done.accounts
    assert await role_of_ana(it) == "Admin"


@in_sandbox(customers=1)
async def test_one_thing_goes_back_to_what_it_was(it: Here) -> None:
    assert failure(await it.run(Promote(), ONE))[1] == "Ana is not a member"
    await add_ana(it)
    done = await it.run(Promote(), ONE)
    assert outcomes(await it.run(UndoRun(Promote(), run_id=done.run_id), ONE)) == {"changed": 1}
    assert await role_of_ana(it) == "Operator"


def test_a_plan_begins_no_step_of_a_class_that_may_do_more_than_send_requests(tmp_path: Path) -> None:
    begun: list[str] = []

    @attrs.frozen
    class Tell(Operation):
        name: ClassVar[str] = "tell"

        async def apply(self, ctx: Context) -> None:
            async def mail() -> None:
                begun.append("mail")

            await ctx.step("mail", mail)

    async def scenario(it: Here) -> None:
        for made, changes in ((Tell(), ["mail"]), (TellAfterwards("A"), ["create folder 'A'", "mail"])):
            foreseen = await Fleet(it.workato, journal=it.journal).plan(made, from_values(ONE))
            assert (list(foreseen.accounts[0].changes), begun) == (changes, [])

    @attrs.frozen
    class TellAfterwards(CreateFolder):
        async def apply(self, ctx: Context) -> None:
            await super().apply(ctx)
            await Tell().apply(ctx)

    assert Tell().cost(Foreseen()) == {}
    assert CreateFolder("A").cost(Foreseen()) != {}
    assert TellAfterwards("A").cost(Foreseen()) == {}
    here(tmp_path, scenario, customers=1)
