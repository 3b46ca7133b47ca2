"""Members, plans and exports on a real socket: what is asked, and what it becomes."""

from __future__ import annotations

from typing import Any

import pytest

from bulkops.client import Account, Workato
from bulkops.errors import DecodeError, InputError, NotFound, OutcomeUnknown, WouldChange
from bulkops.models import Customer, Member, MemberRole
from tests.session.kit import answering, asked

MEMBER = {
    "id": "880012",
    "grant_type": "team",
    "role_name": "Admin",
    "roles": [{"environment_type": "dev", "role_name": "Admin"}, {"environment_type": "prod", "name": "Operator"}],
    "external_id": "U-55",
    "name": "Ana Ruiz",
    "email": None,
    "time_zone": "Pacific Time (US & Canada)",
    "created_at": "2024-03-11T09:15:00.000-07:00",
    "new_member": {"of": "tomorrow"},
}


@pytest.mark.parametrize(
    "wrap", [lambda rows: rows, lambda rows: {"result": rows}, lambda rows: {"data": rows, "total": len(rows)}]
)
async def test_members_are_listed_in_one_request(server: Any, account: Account, wrap: Any) -> None:
    answering(server, wrap([MEMBER | {"id": n} for n in range(150)]))
    members = await account.members.list().collect()
    assert len(members) == 150
    assert asked(server) == ("GET", "/api/managed_users/EA%2F1/members", None)
    assert len(server.seen) == 1
    assert members[0].env_roles() == {"dev": "Admin", "prod": "Operator"}


async def test_a_member_is_read_whatever_is_left_out(server: Any, account: Account) -> None:
    answering(server, MEMBER)
    assert (await account.members.get(880012)).roles[1] == MemberRole(environment_type="prod", name="Operator")
    answering(server, {"id": 880012, "role_name": "Admin", "name": "Ana Ruiz", "email": None})
    member = await account.members.get(880012)
    assert member == Member(id=880012, name="Ana Ruiz", role_name="Admin")
    assert member.env_roles() == {"dev": "Admin"}
    assert Member(id=1).env_roles() == {}
    answering(server, {"name": "Ana"})
    with pytest.raises(DecodeError, match="id"):
        await account.members.get(1)


async def test_adding_sends_what_is_given(server: Any, account: Account) -> None:
    answering(server, MEMBER)
    await account.members.add(name="Ana", role_name="Admin", external_id="U-55", email=None)
    body = {"name": "Ana", "role_name": "Admin", "external_id": "U-55"}
    assert asked(server) == ("POST", "/api/managed_users/EA%2F1/members", body)
    await account.members.add(name="Ana", env_roles={"dev": "Admin", "prod": "Operator"}, time_zone="UTC")
    assert asked(server)[2] == {
        "name": "Ana",
        "time_zone": "UTC",
        "env_roles": [{"environment_type": "dev", "name": "Admin"}, {"environment_type": "prod", "name": "Operator"}],
    }


async def test_a_lost_addition_is_not_sent_again_a_lost_removal_is(server: Any, account: Account) -> None:
    async def handler(_: Any, out: Any) -> None:
        if len(server.seen) in {1, 2}:
            out.reset()
        else:
            await out.json(404, {"message": "Not found"})

    server.handler = handler
    with pytest.raises(OutcomeUnknown):
        await account.members.add(name="Ana", role_name="Admin")
    assert len(server.seen) == 1
    with pytest.raises(NotFound) as gone:
        await account.members.remove(1)
    assert (len(server.seen), gone.value.attempt) == (3, 2)


async def test_the_customer_of_an_account(server: Any, account: Account, workato: Workato) -> None:
    answering(server, {"id": 7, "plan_id": "p"})
    assert (await account.customer.get()).plan_id == "p"
    assert asked(server) == ("GET", "/api/managed_users/EA%2F1", None)
    assert await account.customer.update(plan_id="q", name=None) == Customer(id=7, plan_id="p")
    assert asked(server) == ("PUT", "/api/managed_users/EA%2F1", {"plan_id": "q", "name": None})
    await account.customer.upgrade(plan_id="q")
    assert asked(server) == ("PUT", "/api/managed_users/EA%2F1/upgrade", {"plan_id": "q"})
    await workato.customers.upgrade(7)
    assert asked(server) == ("PUT", "/api/managed_users/7/upgrade", {})
    await account.customer.downgrade()
    assert asked(server) == ("PUT", "/api/managed_users/EA%2F1/downgrade", None)
    await account.customer.create(name="Acme", notification_email="a@x.example")
    body = {"name": "Acme", "external_id": "A/1", "notification_email": "a@x.example"}
    assert asked(server) == ("POST", "/api/managed_users", body)


async def test_nobody_chooses_the_vendors_number(server: Any, workato: Workato) -> None:
    with pytest.raises(InputError, match="only the vendor assigns numbers"):
        await workato.account(7).customer.create(name="Acme")
    assert server.seen == []


async def test_an_account_that_is_not_there_is_not_found(server: Any, account: Account) -> None:
    answering(server, {"message": "Not found"}, 404)
    assert await account.customer.find() is None
    with pytest.raises(NotFound):
        await account.customer.get()


async def test_a_client_that_only_reads_changes_nothing(server: Any, workato: Workato) -> None:
    reader = workato.with_options(read_only=True)
    account = reader.account(1)
    for changing in (
        reader.packages.export(12),
        account.members.add(name="Ana"),
        account.members.remove(1),
        account.members.add_by_old_route(name="Ana", oauth_id="o"),
        account.members.remove_by_old_route(1),
        account.customer.update(plan_id="p"),
        account.customer.upgrade(),
        account.customer.downgrade(),
        reader.account("EA").customer.create(name="Acme"),
    ):
        with pytest.raises(WouldChange):
            await changing
    assert server.seen == []
