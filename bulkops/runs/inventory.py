"""`Inventory`: the accounts of a run, from a file, a pipe or the API, counted and hashed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, TextIO, TypeAlias

import attrs
import msgspec

from bulkops.client import Workato
from bulkops.close_match import did_you_mean
from bulkops.errors import ConfigError, InputError, PlanError
from bulkops.journal import AccountRow, InventoryRow, Packed
from bulkops.models import Customer
from bulkops.operations import Operation
from bulkops.operations.fields import columns_by_key
from bulkops.outcome import Outcome
from bulkops.resources import Pages
from bulkops.runs.account_file import OTHER_COLUMNS, REMEDY, Record, id_columns, read_records
from bulkops.runs.names import Names, folded

_NAME_COLUMNS: Final = ("customer", "name")
"""Columns with an account's name for reports; the first one present counts."""
_ACCOUNT: Final = re.compile(r"[0-9]{1,19}|E.{1,499}", re.DOTALL)


def _packed(rows: Iterable[InventoryRow]) -> Packed[InventoryRow]:
    if isinstance(rows, Packed):
        return rows
    return Packed(_unpacked, ((row.seq, row.account, dict(row.params), row.name) for row in rows))


def _unpacked(data: Any) -> InventoryRow:
    seq, account, params, name = data
    return InventoryRow(seq=seq, account=account, params=params, name=name)


def _not_attempted(data: Any) -> AccountRow:
    seq, account, params, name = data
    return AccountRow(seq=seq, account=account, params=params, outcome=Outcome.NOT_ATTEMPTED, name=name or None)


@attrs.frozen
class Inventory:
    """The accounts of a run, in order, each once.

    `source`: where they come from, for people; `not_there`: accounts to leave out that the source does not have.
    """

    rows: Packed[InventoryRow] = attrs.field(converter=_packed)
    source: str
    not_there: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def hash(self) -> str:
        """Equal for the same accounts with the same parameters in the same order. Hex, 64 characters."""
        digest = hashlib.sha256()
        for row in self.rows:
            digest.update(msgspec.json.encode([row.account, dict(row.params)], order="deterministic"))
        return digest.hexdigest()

    @property
    def not_attempted(self) -> Sequence[AccountRow]:
        """The accounts as they stand in the journal when a run begins."""
        return self.rows.viewed(_not_attempted)


Accounts: TypeAlias = Inventory | Pages[Customer] | Iterable[str | int | Mapping[str, object]]
"""What `Fleet.run` takes for accounts."""


def from_values(values: Iterable[str | int | Mapping[str, object]], *, source: str = "accounts") -> Inventory:
    """An inventory of ids, E-ids or mappings with `id` or `external_id`. Raises: InputError, PlanError."""
    records = (value if isinstance(value, Mapping) else {"id": str(value)} for value in values)
    return _inventory(((f"entry {n}", record) for n, record in enumerate(records, start=1)), source)


def read_accounts(source: str | Path, *, stdin: TextIO | bytes | None = None) -> Inventory:
    """Read an account file: csv, json, jsonl or txt by its suffix; "-" reads stdin in whichever form it has.

    csv, json and jsonl have `id` or `external_id` (or `account`, as in a report, or `to`); other columns become
    parameters. txt has one id or E-id a line. If the file does not exist, numbers separated by commas are the accounts.
    `stdin`: in place of stdin; bytes: the content of stdin, or of the pipe that `source` names.
    Raises: InputError naming file and row; PlanError for an account that is there twice.
    """
    name, records = read_records(source, stdin)
    return _inventory(records, name)


async def select(
    workato: Workato,
    *,
    accounts: str | Inventory,
    exclude: str | Inventory | None = None,
    limit: int | None = None,
    where: Mapping[str, str] | None = None,
    known: Collection[str] = (),
) -> Inventory:
    """The accounts that --accounts, --exclude and --limit mean; "all" asks the API (`Pages.complete`).

    Args:
        accounts: "all", what `read_accounts` takes, or what it returned.
        exclude: what `read_accounts` takes, or what it returned.
        where: patterns by member (plan_id, name, external_id), such as {"name": "Acme*"}: of the customers, or of
            the account file's columns; all must match.
        known: accounts that are not new, by id or E-id. Without a new account the inventory is empty, which is not an
        error.
    Raises: InputError, PlanError; ApiError when the API cannot be asked.
    """
    unwanted = None if exclude is None else _read_if_named(exclude)
    left_out = {} if unwanted is None else {folded(row.account): row.account for row in unwanted.rows}
    if accounts == "all":
        customers = []
        names: set[str] = set()
        async for row in workato.customers.list().complete():
            if left_out:
                names |= {folded(str(row.id)), folded(f"E{row.external_id}")}
            if _matches(msgspec.structs.asdict(row), where):
                customers.append(row)
        named: Iterator[tuple[InventoryRow, str]] = (
            (InventoryRow(seq=0, account=str(row.id), name=row.name or ""), f"E{row.external_id or ''}")
            for row in customers
        )
        source = f"the customer list of {workato.settings.url}"
    else:
        found = _read_if_named(accounts)
        if unwanted is not None:
            _check_names(found, left_out, unwanted.source)
        names = {folded(row.account) for row in found.rows} if left_out else set()
        if where:
            found = attrs.evolve(found, rows=_numbered(row for row in found.rows if _matches(row.params, where)))
        _check_known(found, known)
        named = ((row, row.account) for row in found.rows)
        source = found.source
    wanted = (
        (row, other)
        for row, other in named
        if not (left_out and {folded(row.account), folded(other)} & left_out.keys())
    )
    first = next(wanted, None)
    if first is None:
        raise PlanError("no account is selected", remedy="check --accounts, --exclude and the job's where")
    rows = (row for row, other in chain([first], wanted) if row.account not in known and other not in known)
    not_there = [account for name, account in left_out.items() if name not in names]
    return Inventory(_numbered(islice(rows, limit)), source, not_there)


def _read_if_named(accounts: str | Inventory) -> Inventory:
    return accounts if isinstance(accounts, Inventory) else read_accounts(accounts)


def _check_known(found: Inventory, known: Collection[str]) -> None:
    """Raises: InputError when an account that looks new may be known under its other name; offline this is unknown."""
    if not known:
        return
    new = [row.account for row in found.rows if row.account not in known]
    listed = {row.account for row in found.rows}
    for account in known:
        if account not in listed and any(other.startswith("E") != account.startswith("E") for other in new):
            raise InputError(
                f"cannot find new accounts: {found.source} and the earlier runs use other ids ({new[0]}, {account})",
                remedy="name accounts as the earlier runs did, by id or by external id; or give --accounts all",
            )


def _check_names(found: Inventory, left_out: Mapping[str, str], exclude: str) -> None:
    """Raises: InputError when an account to leave out may be in the list under its other name; offline this is
    unknown.
    """
    listed = {folded(row.account): row.account for row in found.rows}
    for account in sorted(account for name, account in left_out.items() if name not in listed):
        if any(other.startswith("E") != account.startswith("E") for other in listed.values()):
            raise InputError(
                f"{exclude}: {account} is not in {found.source}, which uses the other kind of id",
                remedy="use the same kind of id in both files: ids, or external ids",
            )


def _numbered(rows: Iterable[InventoryRow]) -> Iterator[InventoryRow]:
    return (attrs.evolve(row, seq=seq) for seq, row in enumerate(rows))


def _matches(members: Mapping[str, object], where: Mapping[str, str] | None) -> bool:
    return all(fnmatchcase(str(members.get(key) or ""), pattern) for key, pattern in (where or {}).items())


def _inventory(records: Iterable[Record], source: str) -> Inventory:
    names = Names(source)
    inventory = Inventory(_read(records, source, names), source)
    if not len(inventory):
        raise InputError(f"{source} has no accounts", remedy=REMEDY)
    names.refuse_doubles()
    return inventory


def _read(records: Iterable[Record], source: str, names: Names) -> Iterator[InventoryRow]:
    """The row of each record; its names go to `names`."""
    for seq, (where, record) in enumerate(records):
        account = _account(record, f"{source}, {where}")
        params = {str(key): _param(value) for key, value in record.items() if key not in id_columns(record)}
        _check_text(account, *params, *params.values(), where=f"{source}, {where}")
        names.add(account, _param(record.get("external_id")).strip(), where)
        name = next(filter(None, (params.get(column) for column in _NAME_COLUMNS)), "")
        yield InventoryRow(seq=seq, account=account, params=params, name=name)


async def refuse_two_names(inventory: Inventory, workato: Workato) -> None:
    """Raises: PlanError when an account is in the list by its id and by its external id.

    Sends nothing unless some are named one way and some the other; then what listing the customers takes.
    """
    if len({row.account.startswith("E") for row in inventory.rows}) < 2:
        return
    names = {row.account for row in inventory.rows}
    async for customer in workato.customers.list():
        external = f"E{customer.external_id}"
        if str(customer.id) in names and external in names:
            raise PlanError(
                f"{inventory.source}: {customer.id} and {external} are the same customer", remedy="remove one of them"
            )


def _account(record: Mapping[str, object], where: str) -> str:
    other = next((name for name in OTHER_COLUMNS if name in id_columns(record)), "id")
    own_id = _param(record.get(other)).strip()
    external_id = _param(record.get("external_id")).strip()
    account = own_id or (f"E{external_id}" if external_id else "")
    if not account:
        raise InputError(f"{where}: id and external_id are both missing", remedy=REMEDY)
    if not _ACCOUNT.fullmatch(account):
        raise InputError(
            f"{where}: {account[:80]!r} is neither a numeric id nor E and an external id",
            remedy="write 4100231 or EORG-7, or put the external id into a column external_id",
        )
    return account if account.startswith("E") else str(int(account))  # 007 is the workspace 7


def _check_text(*texts: str, where: str) -> None:
    r"""Refuse lone surrogates, which JSON can express (`"\ud800"`) but no request can send. Raises: InputError."""
    for text in texts:
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise InputError(f"{where}: {text[:80]!a} is not valid text", remedy="correct the text")


def _param(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check_columns_of_all(operation: Operation) -> None:
    """Raises: InputError when the operation reads a column: the API's list of customers has none."""
    _require_columns(operation, (), "the customer list")


def check_columns(operation: Operation, inventory: Inventory) -> None:
    """Raises: InputError when the operation reads columns that no account has, with the parameters that name them."""
    missing, there = operation.columns(), set[str]()
    for row in inventory.rows if missing else ():
        there |= row.params.keys()
        if missing <= there:  # mostly the first row has them
            return
    _require_columns(operation, there, inventory.source)


def _require_columns(operation: Operation, there: Collection[str], source: str) -> None:
    missing = sorted(operation.columns().difference(there))
    if missing:
        names = ", ".join(map(repr, missing))
        readers = ", ".join(reader for part in operation.parts() for reader in _readers(part, missing))
        near = did_you_mean(missing[0], there)
        has = f"its columns are {', '.join(sorted(there))}" if there else "use an account file that has it"
        raise InputError(f"{source} has no column {names}, read by {readers}", remedy=f"{near} {has}".lstrip())


def _readers(operation: Operation, columns: Collection[str]) -> Iterator[str]:
    """The operation with the parameters that name one of the columns, if it reads any."""
    if not operation.columns().isdisjoint(columns):
        keys = [key for key, named in columns_by_key(operation).items() if not named.isdisjoint(columns)]
        yield f"{operation.name} ({', '.join(keys)})" if keys else operation.name


async def inventory_of(accounts: Accounts, workato: Workato) -> Inventory:
    if isinstance(accounts, Inventory):
        return accounts
    if isinstance(accounts, Pages):
        customers = [customer async for customer in accounts.complete()]
        found = from_values([customer.id for customer in customers], source=workato.settings.url)
        named = (attrs.evolve(row, name=one.name or "") for row, one in zip(found.rows, customers, strict=True))
        return attrs.evolve(found, rows=_numbered(named))
    if isinstance(accounts, str | bytes) or not isinstance(accounts, Iterable):
        what = f"the text {accounts!r}" if isinstance(accounts, str) else type(accounts).__name__
        raise ConfigError(
            f"accounts must be a list, not {what}",
            remedy="give a list of ids, workato.customers.list(), or bulkops.read_accounts(path)",
        )
    return from_values(accounts)
