"""What changed between two audits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import attrs

from bulkops.audit.access import Access
from bulkops.audit.files import Audit

_Key: TypeAlias = tuple[str, str, str, str, str]


@attrs.frozen
class Change:
    """One difference. `now`: the row; of a removed one as it was. `before`: the earlier role of a changed one."""

    kind: Literal["added", "removed", "changed"]
    now: Access
    before: str = ""


def changes(before: Audit, now: Audit) -> Iterator[Change]:
    """The changes, by account and person, of what both audits have read. Names of people and customers are not
    compared, only access.
    """
    old, new = ({_key(row): row for row in audit.rows} for audit in (before, now))
    for key in sorted(old.keys() | new.keys()):
        row = new.get(key) or old[key]
        if row.way in before.ways_unread(row.account) | now.ways_unread(row.account):
            continue
        if key not in old:
            yield Change("added", row)
        elif key not in new:
            yield Change("removed", row)
        elif old[key].role != row.role:
            yield Change("changed", row, before=old[key].role)


def read_by_one(before: Audit, now: Audit) -> list[str]:
    """Accounts of which only one of the audits could read something."""
    troubled = {account for audit in (before, now) for account in (*audit.failed, *audit.unread)}
    return sorted(account for account in troubled if before.ways_unread(account) != now.ways_unread(account))


def read_by_none(before: Audit, now: Audit) -> list[str]:
    """Accounts of which both audits tried to read something that neither could read."""
    troubled = {*before.failed, *before.unread} & {*now.failed, *now.unread}
    return sorted(account for account in troubled if before.ways_unread(account) & now.ways_unread(account))


def _key(row: Access) -> _Key:
    return row.account, row.person, row.way, row.through, row.environment
