"""For every noun of the catalogue: what is created is listed and read, a change shows in both, what is deleted is gone.

The nouns are not named here: each call that makes something is one, with whichever of the others it has.
"""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from bulkops.catalogue import CALLS, Call
from tests.sandbox.kit import Vendor
from tests.sandbox.walking import Walker, key_of

ANSWERS_OTHERWISE = {
    "managed_users.member.create": "the older call answers with the customer",
    "managed_users.member_invitations.create": "says no more than that it was done",
    "member_invitations.create": "says no more than that it was done",
    "managed_users.environments.create": "answers with the customer, once",
    "managed_users.imports.create": "a package on its way: it is not listed, nor changed",
    "managed_users.exports.create": "a package on its way: it is not listed, nor changed",
    "managed_users.api_access_profiles.create_nested": "the other address of a call that is here",
    "connections.runtime_user_connections.create": "a connection like others: the list of those has it",
}
"""Not a noun's own: tests of their own see what follows from them."""


def makers() -> list[Call]:
    """What makes a thing: a create, or a copy where there is no create."""
    creates = [call for call in CALLS.values() if ".create" in call.id and call.id not in ANSWERS_OTHERWISE]
    nouns = {_noun(call) for call in creates}
    return creates + [call for call in CALLS.values() if call.id.endswith(".copy") and _noun(call) not in nouns]


def _noun(call: Call) -> str:
    return call.id.rpartition(".")[0]


@attrs.define
class Life:
    """One thing of a noun; `holder`: path parameters of what it is in; `id_name`: what the path calls it."""

    walker: Walker
    noun: str
    id: Any
    id_name: str
    holder: dict[str, Any]

    def call(self, verb: str) -> Call | None:
        return CALLS.get(f"{self.noun}.{verb}")

    async def ask(self, verb: str, **given: Any) -> Any:
        call = CALLS[f"{self.noun}.{verb}"]
        names = {each.name for each in call.parameters if each.place == "path"}
        own = {self.id_name: self.id} if self.id_name in names else {}
        return await self.walker.ask(call.id, **{**given, **self.holder, **own})

    async def listed(self) -> dict[str, Any] | None:
        """Its row, on whichever page; None when there is none."""
        call = CALLS[f"{self.noun}.list"]
        most = {"per_page": 100} if any(each.name == "per_page" for each in call.parameters) else {}
        where = {"parent_id": self.holder["parent_id"]} if "parent_id" in self.holder else {}
        rows = self.walker.rows(await self.ask("list", **most, **where))
        return next((row for row in rows if _id(row) == self.id), None)


def _id(row: dict[str, Any]) -> Any:
    return row.get("new_flow_id") or key_of(row)


def _id_name(noun: str) -> str:
    """The last parameter of the path by which the noun is read, changed or deleted."""
    for verb in ("get", "update", "delete", "start", "connect", "export"):
        call = CALLS.get(f"{noun}.{verb}")
        names = [each.name for each in call.parameters if each.place == "path"] if call else []
        if names:
            return names[-1]
    return "id"


def _shows(row: dict[str, Any] | None, changed: dict[str, Any]) -> bool:
    return row is not None and all(row.get(name) == value for name, value in changed.items())


async def _made(walker: Walker, maker: Call) -> Life:
    given = await walker.parameters(maker)
    (row,) = walker.rows(await walker.ask(maker.id, **given))
    names = [each.name for each in maker.parameters if each.place == "path"]
    holder = {} if maker.id.endswith(".copy") else {name: given[name] for name in names}
    return Life(walker, _noun(maker), _id(row), _id_name(_noun(maker)), holder)


async def _change(life: Life) -> dict[str, Any]:
    """What an update set, by the names that rows have; empty where it sets nothing that they show."""
    update = life.call("update")
    if update is None:
        return {}
    given = await life.walker.parameters(update)
    if life.noun.endswith(".rows"):  # a row of a table: columns by what they are called, shown by where they are
        assert (await life.ask("update", **given | {"data": {"code": "FR"}})).status == 200, update.id
        return {"data": {"col1": "FR"}}
    for each in update.parameters:
        plain = each.name.rpartition("[")[2].rstrip("]")
        if each.place == "body" and plain in ("name", "title"):
            given[each.name] = f"Changed {life.id}"
            assert (await life.ask("update", **given)).status == 200, update.id
            return {plain: f"Changed {life.id}"}
    assert (await life.ask("update", **given)).status == 200, update.id
    return {}


async def _lived(life: Life) -> None:
    has_list, has_get, has_delete = (life.call(verb) is not None for verb in ("list", "get", "delete"))
    assert has_list or has_get, life.noun
    changed: dict[str, Any] = {}
    for _ in range(2):  # as it was made, and as it was changed
        assert not has_list or _shows(await life.listed(), changed), (life.noun, changed)
        if has_get:
            (row,) = life.walker.rows(await life.ask("get"))
            assert _shows(row, changed), (life.noun, changed, row)
        changed |= await _change(life)
    if has_delete:
        assert (await life.ask("delete")).status == 200, life.noun
    elif life.call("batch_delete") is not None:
        assert (await life.ask("batch_delete", ids=[life.id])).status == 200
    else:
        return
    assert not has_list or await life.listed() is None, life.noun
    for verb in ("get", "update", "delete"):
        if (call := life.call(verb)) is not None:
            given = {} if verb != "update" else await life.walker.parameters(call)
            assert (await life.ask(verb, **given)).status == 404, call.id


@pytest.mark.parametrize("scope", ["customer", "partner"])
async def test_what_is_created_is_listed_read_changed_and_gone(it: Vendor, scope: str) -> None:
    walker = Walker(it)
    await walker.furnish()
    seen = set()
    for maker in makers():
        if maker.names_account == (scope == "customer"):
            before = len(it.sandbox.effects())
            life = await _made(walker, maker)
            if maker.id == "managed_users.create":
                life.walker = Walker(it, account=str(life.id))
            await _lived(life)
            of_customer = scope == "customer" or life.noun == "managed_users"
            account = int(life.walker.account) if of_customer else None
            assert account in [effect["account"] for effect in it.sandbox.effects()[before:]], life.noun
            seen.add(life.noun)
    assert len(seen) == {"customer": 25, "partner": 35}[scope], sorted(seen)
