"""`Subset`: the accounts of a run that a resume, retry or undo takes; the others stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Protocol, TypeAlias, TypeVar

import attrs

from bulkops.errors import ConfigError, InputError
from bulkops.journal import Journal
from bulkops.runs.inventory import from_values

Names: TypeAlias = Iterable[str | int]
"""Accounts by id or by E and external id."""


class _Row(Protocol):
    @property
    def account(self) -> str: ...


_AnyRow = TypeVar("_AnyRow", bound=_Row)


@attrs.frozen(kw_only=True)
class Subset:
    """Accounts by name, in the way the run names them. `accounts` None: all; `limit`: at most this number, in order."""

    accounts: frozenset[str] | None = None
    exclude: frozenset[str] = frozenset()
    limit: int | None = None

    @classmethod
    def of(cls, accounts: Names | None, exclude: Names | None, limit: int | None) -> Subset:
        """Raises: InputError, PlanError, ConfigError for values that select nothing."""
        if limit is not None and limit < 1:
            raise ConfigError(f"limit must be 1 or more, not {limit}", remedy="correct the limit")
        if isinstance(accounts, str) or isinstance(exclude, str):
            raise ConfigError("accounts and exclude must be lists of ids", remedy="write accounts=[4100231, 4100232]")
        return cls(
            accounts=None if accounts is None else _names(accounts, "accounts"),
            exclude=frozenset() if exclude is None else _names(exclude, "exclude"),
            limit=limit,
        )

    @property
    def is_all(self) -> bool:
        return self == ALL

    def of_rows(self, rows: Sequence[_AnyRow], *, run_id: str, inventory: Iterable[str]) -> list[_AnyRow]:
        """The rows that are meant, in their order. Raises: InputError for a name that the run does not have.

        `inventory`: the names of all accounts of the run.
        """
        known = set(inventory)
        wanted = known if self.accounts is None else _as_known(self.accounts, known)
        _refuse_unknown(wanted - known, run_id, known)
        left_out = _as_known(self.exclude, known)
        # A customer has an id and an external id, so a name of the other kind may mean an account of the run.
        unsure = {name for name in left_out - known if any(_is_external(name) != _is_external(one) for one in known)}
        _refuse_unknown(unsure, run_id, known)
        return [row for row in rows if row.account in wanted and row.account not in left_out][: self.limit]


ALL: Final = Subset()


async def pick(journal: Journal, run_id: str, rows: Sequence[_AnyRow], subset: Subset) -> list[_AnyRow]:
    """Those of a run's `rows` that `subset` means. Raises: InputError for an account that is not in the run."""
    if subset.is_all:
        return list(rows)
    return subset.of_rows(rows, run_id=run_id, inventory=[row.account for row in await journal.accounts(run_id)])


def _names(values: Names, source: str) -> frozenset[str]:
    return frozenset(row.account for row in from_values(values, source=source).rows)


def _is_external(name: str) -> bool:
    return name.startswith("E")


def _as_known(names: Collection[str], known: Collection[str]) -> set[str]:
    """`names`, spelled as the run spells them: external ids differ by case at most."""
    spelled = {name.casefold(): name for name in known}
    return {spelled.get(name.casefold(), name) for name in names}


def _refuse_unknown(names: Collection[str], run_id: str, known: Collection[str]) -> None:
    if names:
        first = min(names)
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise InputError(
            f"account {first}{more} is not in run {run_id}",
            remedy=f"use the ids of the run, such as {min(known, default='4100231')}",
        )
