"""What changed between two audits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

import attrs

from bulkops.audit.access import Access

_Key: TypeAlias = tuple[str, str, str, str, str]


@attrs.frozen
class Change:
    """One difference. `now`: the row; of a removed one as it was. `before`: the earlier role of a changed one."""

    kind: Literal["added", "removed", "changed"]
    now: Access
    before: str = ""


def changes(before: Iterable[Access], now: Iterable[Access]) -> Iterator[Change]:
    """The changes, by account and person. Names of people and customers are not compared, only access."""
    old, new = ({_key(row): row for row in rows} for rows in (before, now))
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            yield Change("added", new[key])
        elif key not in new:
            yield Change("removed", old[key])
        elif old[key].role != new[key].role:
            yield Change("changed", new[key], before=old[key].role)


def _key(row: Access) -> _Key:
    return row.account, row.person, row.way, row.through, row.environment
