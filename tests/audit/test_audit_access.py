"""What an audit reads from the API, and what its files say."""

from __future__ import annotations

import asyncio
import csv
import io
from pathlib import Path
from typing import Any

import pytest

from bulkops.audit import (
    PARTNER,
    Access,
    AccountAccess,
    Audit,
    access_of_account,
    access_of_partner,
    changes,
    read_audit,
    read_by_none,
    read_by_one,
    render_audit,
)
from bulkops.errors import ConfigError, Forbidden, InputError, NotFound
from tests.here import FIRST, Here, beside

pytestmark = pytest.mark.usefixtures("surroundings")

KIM = {"name": "Kim Lee", "email": "kim@customer.example", "external_id": "U-7"}


async def _furnish(it: Here) -> None:
    """An account with a member, a group with a grant, and a grant of the member's own; a manager of the partner."""
    account = it.workato.account(FIRST)
    member = await account.members.add(**KIM, env_roles={"dev": "Admin", "prod": "Operator"})
    group = await it.workato.call("managed_users.user_groups.create", account=FIRST, body={"name": "Support"})
    group_id = group.get("data", group)["id"]
    await it.workato.call(
        "managed_users.user_groups.members.add", account=FIRST, group_id=group_id, body={"member_ids": [member.id]}
    )
    managers = it.workato.customer_managers
    await managers.create(team_collaborator_id=4400, role_id=310, workspaces=[FIRST])


def _read(home: Path, *, members_only: bool = False) -> tuple[AccountAccess, AccountAccess]:
    found: list[AccountAccess] = []

    async def scene() -> None:
        async with beside(home, customers=2, time_scale=2000) as it:
            await _furnish(it)
            before = len(it.sandbox.effects())
            readonly = it.workato.with_options(read_only=True)
            found.append(await access_of_account(readonly.account(FIRST), workspace="Acme", members_only=members_only))
            found.append(await access_of_partner(readonly))
            assert len(it.sandbox.effects()) == before

    asyncio.run(scene())
    return found[0], found[1]


def test_roles_groups_and_managers_are_read(tmp_path: Path) -> None:
    account, partner = _read(tmp_path)
    assert account.unread == ()
    assert {(row.way, row.role, row.environment) for row in account.rows if row.way == "member"} == {
        ("member", "Admin", "dev"),
        ("member", "Operator", "prod"),
    }
    assert {row.through for row in account.rows if row.way == "group"} == {"All collaborators", "Support"}
    assert {(row.person, row.name, row.external_id, row.is_staff) for row in account.rows} == {
        ("kim@customer.example", "Kim Lee", "U-7", False)
    }
    managers = [row for row in partner.rows if row.way == "customer manager"]
    assert [(row.account, row.is_staff) for row in managers] == [(str(FIRST), True)]
    assert all(row.is_staff for row in partner.rows)


def test_members_alone_take_one_request(tmp_path: Path) -> None:
    account, _ = _read(tmp_path, members_only=True)
    assert {row.way for row in account.rows} == {"member"}


def test_what_may_not_be_read_is_said_and_the_rest_is_there(tmp_path: Path) -> None:
    async def scene() -> None:
        async with beside(tmp_path, customers=1, time_scale=2000) as it:
            await it.workato.account(FIRST).members.add(**KIM, env_roles={"dev": "Admin"})
            it.sandbox.deny("managed_users.user_groups.*")
            found = await access_of_account(it.workato.account(FIRST))
            assert [row.way for row in found.rows] == ["member"]
            (unread,) = found.unread
            assert unread.startswith("groups: ")
            it.sandbox.deny("managed_users.members.*")
            with pytest.raises(Forbidden):
                await access_of_account(it.workato.account(FIRST))
            it.sandbox.deny()
            with pytest.raises(NotFound):
                await access_of_account(it.workato.account(1))

    asyncio.run(scene())


ROWS = (
    Access(account="7", workspace="Acme", person="kim@a.example", way="member", role="Admin", environment="dev"),
    Access(account="7", workspace="Acme", person="=cmd()", way="group", through="<b>Support</b>"),
    Access(account="8", person="kim@a.example", way="member", role="Analyst", environment="dev"),
    Access(account=PARTNER, workspace="every account", person="lee@p.example", way="customer manager", is_staff=True),
)
AUDIT = Audit(host="https://h", at="2026-11-30T10:00:00+00:00", accounts=3, rows=ROWS, failed={"9": "no\nsuch"})


def test_an_audit_of_several_accounts_sums_people_up() -> None:
    assert AUDIT.staff == ["lee@p.example"]
    assert AUDIT.in_several == [("kim@a.example", 2)]
    text = render_audit(AUDIT, "text")
    assert "3 people, 1 of them of the partner" in text
    assert "in 2 accounts: kim@a.example" in text
    assert "not read: 9: no such" in text


def test_json_lines_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(render_audit(AUDIT, "jsonl"), encoding="utf-8")
    assert read_audit(path) == AUDIT
    earlier = path.read_text(encoding="utf-8").replace(', "members_only": false', "")
    assert "members_only" not in earlier
    path.write_text(earlier, encoding="utf-8")
    assert read_audit(path) == AUDIT


def test_a_spreadsheet_evaluates_no_cell_and_a_page_no_name() -> None:
    rows = list(csv.reader(io.StringIO(render_audit(AUDIT, "csv"))))
    assert rows[0][0] == "account"
    assert rows[2][2] == "'=cmd()"
    page = render_audit(AUDIT, "html")
    assert "<b>Support</b>" not in page
    assert "&lt;b&gt;Support&lt;/b&gt;" in page
    assert "lee@p.example: every account" in page
    assert "default-src 'none'; style-src 'sha256-" in page


def _audit(*rows: Access, **known: Any) -> Audit:
    return Audit(host="http://h", at="t", accounts=2, rows=rows, **known)


def test_changes_are_added_removed_and_other_roles() -> None:
    promoted = Access(account="7", person="kim@a.example", way="member", role="Operator", environment="dev")
    found = list(changes(_audit(*ROWS), _audit(promoted, *ROWS[1:3])))
    assert [(change.kind, change.now.person, change.before) for change in found] == [
        ("changed", "kim@a.example", "Admin"),
        ("removed", "lee@p.example", ""),
    ]
    assert [change.kind for change in changes(_audit(), _audit(*ROWS))] == ["added"] * 4
    assert list(changes(_audit(*ROWS), _audit(*ROWS))) == []


@pytest.mark.parametrize(
    ("known", "left", "unknown"),
    [
        ({"failed": {"7": "500"}}, {"8"}, ["7"]),
        ({"unread": {"7": ("groups: 403",)}}, {"7 member", "7 project", "8"}, ["7"]),
        ({"unread": {"7": ("groups: 403", "projects: 403")}}, {"7 member", "8"}, ["7"]),
        ({"members_only": True}, {"7 member", "8"}, []),
    ],
)
def test_what_only_one_audit_has_read_is_no_change(known: Any, left: set[str], unknown: list[str]) -> None:
    """An account that could not be read lost all of its people, as it seemed."""
    seven = [Access(account="7", person="kim", way=way) for way in ("member", "group", "project")]
    old, new = _audit(*seven, Access(account="8", person="lee", way="member")), _audit(**known)
    for before, now, kind in ((old, new, "removed"), (new, old, "added")):
        found = list(changes(before, now))
        assert {change.kind for change in found} == {kind}
        rows = {(change.now.account, change.now.way) for change in found}
        assert {account if account == "8" else f"{account} {way}" for account, way in rows} == left
        assert read_by_one(before, now) == unknown
        assert read_by_none(before, now) == []
    assert (list(changes(new, new)), read_by_one(new, new)) == ([], [])
    assert read_by_none(new, new) == unknown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("{", "line 1: not a line of an audit"),
        ('{"audit": 3}', "is empty"),
        ('{"audit": {"host": "h"}}', "line 1: not the first line of an audit"),
        (
            '{"audit": {"host": "h", "at": "t", "accounts": 1, "failed": {}, "unread": {}, "members_only": false}}\n'
            '{"who": 1}',
            "line 2: not a line",
        ),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_audit(path)
    with pytest.raises(ConfigError, match="cannot read the audit"):
        read_audit(tmp_path / "nowhere.jsonl")
