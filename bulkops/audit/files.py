"""An audit as a file: text, CSV, JSON lines (which can be read again) and an HTML page."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import attrs

from bulkops.audit.access import PARTNER, PARTS, Access, Way
from bulkops.errors import ConfigError, InputError
from bulkops.report.html.kit import page_environment, styled
from bulkops.report.safe_text import inline, spreadsheet_cell
from bulkops.report.text import counted

Format: TypeAlias = Literal["text", "csv", "jsonl", "html"]
FORMATS: Final = ("text", "csv", "jsonl", "html")

_COLUMNS: Final = tuple(field.name for field in attrs.fields(Access))
_MOST_PLACES: Final = 10
_WRITE_IT: Final = "write it with: bulkops audit access -o FILE.jsonl"
_MANY: Final = 2
"""Accounts. Who has access to fewer is not in the list of people in several accounts."""


@attrs.frozen(kw_only=True)
class Audit:
    """`host`: base URL; `at`: when it was read, ISO 8601 in UTC; `accounts`: how many were asked for.

    `failed`: why an account could not be read, by account; `unread`: what could not be read in others; `members_only`:
    no groups and no projects were asked for.
    """

    host: str
    at: str
    accounts: int
    rows: tuple[Access, ...]
    failed: Mapping[str, str] = attrs.field(factory=dict)
    unread: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    members_only: bool = False

    def ways_unread(self, account: str) -> frozenset[Way]:
        """Ways of access of which the audit does not know whether the account has them."""
        if account in self.failed:
            return frozenset({"member", "group", "project"})
        if self.members_only:
            return frozenset({"group", "project"})
        words = {what.partition(":")[0] for what in self.unread.get(account, ())}
        return frozenset(way for name, way in PARTS.items() if name in words)

    @property
    def people(self) -> dict[str, list[Access]]:
        """The rows of each person, in alphabetical order."""
        found: defaultdict[str, list[Access]] = defaultdict(list)
        for row in self.rows:
            found[row.person].append(row)
        return dict(sorted(found.items()))

    @property
    def people_counted(self) -> str:
        """`1 person`, `41 people`."""
        return f"{len(self.people)} {'person' if len(self.people) == 1 else 'people'}"

    @property
    def staff(self) -> list[str]:
        """People of the partner."""
        return [person for person, rows in self.people.items() if any(row.is_staff for row in rows)]

    @property
    def in_several(self) -> list[tuple[str, int]]:
        """People with access to several accounts, with their number, the most first."""
        counts = {person: len({row.account for row in rows} - {PARTNER}) for person, rows in self.people.items()}
        return sorted(
            ((who, count) for who, count in counts.items() if count >= _MANY), key=lambda each: (-each[1], each[0])
        )


def render_audit(audit: Audit, form: Format) -> str:
    """The audit as text that ends with a newline. Raises: ConfigError when jinja2 is not installed (HTML)."""
    match form:
        case "csv":
            return _csv(audit)
        case "jsonl":
            return _jsonl(audit)
        case "html":
            return _html(audit)
        case _:
            return _text(audit)


def _text(audit: Audit) -> str:
    lines = [
        f"{counted(audit.accounts)} at {audit.host}, {audit.at}",
        f"{audit.people_counted}, {len(audit.staff)} of them of the partner",
        "",
    ]
    for row in audit.rows:
        where = row.account if not row.workspace else f"{row.account} ({inline(row.workspace)})"
        what = ", ".join(filter(None, (row.way, inline(row.through), inline(row.role), row.environment)))
        lines.append(f"{where}: {inline(row.person)}: {what}{' (partner)' if row.is_staff else ''}")
    for person, count in audit.in_several:
        lines.append(f"in {count} accounts: {inline(person)}")
    lines += [f"not read: {account}: {inline(why)}" for account, why in sorted(audit.failed.items())]
    lines += [f"partly read: {account}: {inline('; '.join(what))}" for account, what in sorted(audit.unread.items())]
    return "\n".join(lines) + "\n"


def _csv(audit: Audit) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in audit.rows:
        writer.writerow(spreadsheet_cell(_cell(getattr(row, name))) for name in _COLUMNS)
    return out.getvalue()


def _cell(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _jsonl(audit: Audit) -> str:
    """The first line is about the audit, each other a row."""
    head = {name: getattr(audit, name) for name in ("host", "at", "accounts", "failed", "unread", "members_only")}
    return "".join(
        json.dumps(row, ensure_ascii=False) + "\n" for row in ({"audit": head}, *map(attrs.asdict, audit.rows))
    )


def read_audit(path: str | Path) -> Audit:
    """An audit that was written as JSON lines. Raises: ConfigError; InputError naming the line."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigError(f"cannot read the audit {path}: {reason}", remedy="check the path") from error
    rows: list[Any] = []
    for number, line in enumerate(lines, start=1):
        try:
            data = json.loads(line)
            rows.append(data["audit"] if number == 1 else Access(**data))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InputError(
                f"{path}, line {number}: not a line of an audit",
                remedy=_WRITE_IT,
            ) from error
    if not rows or not isinstance(rows[0], dict):
        raise InputError(f"{path} is empty", remedy=_WRITE_IT)
    head = rows[0]
    try:
        return Audit(
            host=str(head["host"]),
            at=str(head["at"]),
            accounts=int(head["accounts"]),
            rows=tuple(rows[1:]),
            failed=dict(head["failed"]),
            unread={account: tuple(what) for account, what in head["unread"].items()},
            members_only=bool(head.get("members_only", False)),  # files of earlier versions do not have it
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}, line 1: not the first line of an audit", remedy=_WRITE_IT) from error


def _html(audit: Audit) -> str:
    people = audit.people
    accounts: defaultdict[str, list[Access]] = defaultdict(list)
    for row in audit.rows:
        accounts[row.account].append(row)
    template = page_environment("bulkops.audit").get_template("access.html.j2")
    return template.render(
        audit=audit, people=people, accounts=dict(accounts), partner=PARTNER, places=_places, **styled()
    )


def _places(rows: Iterable[Access]) -> str:
    """The accounts of these rows, in words."""
    places = sorted({row.account for row in rows} - {PARTNER})
    if any(row.account == PARTNER and row.way == "customer manager" for row in rows):
        return "every account"
    if not places:
        return "the partner's own workspace"
    return ", ".join(places[:_MOST_PLACES]) + (
        f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
    )
