"""Accounts grouped by the cause of their failure."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from bulkops.journal import REMARKS, AccountRow
from bulkops.outcome import TROUBLED, Outcome

_CONSIDERED: Final = 500
"""Characters of a cause that are compared, so that even a page of HTML forms a cluster."""

_WORD: Final = re.compile(r"[\w-]+")
_QUOTED: Final = re.compile(r"""(?P<quote>['"])(?P<id>[\w-]+)(?P=quote)""")
_VARIABLE: Final = re.compile(
    r"(?<![\w-])(?:"
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # a UUID
    r"|(?=[0-9a-fA-F]*[0-9])[0-9a-fA-F]{12,}"  # a hash or request id
    r"|0x[0-9a-f]+"  # the address of a Python object
    r"|[0-9]{5,}"  # an id; statuses, versions and small counts are shorter and mean something
    r")(?![\w-])"
)

_DONE: Final = frozenset({Outcome.CHANGED, Outcome.UNCHANGED})


@attrs.frozen(kw_only=True)
class Cluster:
    """Accounts that ended alike for the same cause.

    `cause`: in the words of the accounts when all say the same, else with `<id>` where they differ;
    `seqs`: their places in the inventory; `example`: the first of them.
    """

    outcome: Outcome
    cause: str
    failure_class: str | None
    seqs: Sequence[int] = attrs.field(repr=False)
    example: AccountRow = attrs.field(repr=lambda row: row.account)  # its parameters may hold secrets

    @property
    def count(self) -> int:
        return len(self.seqs)


@attrs.frozen(kw_only=True)
class Remark:
    """A note about accounts that are done. `here`: what it means for the example, if that differs."""

    words: str
    count: int
    example: AccountRow = attrs.field(repr=lambda row: row.account)
    here: str | None


def remarks(rows: Iterable[AccountRow]) -> list[Remark]:
    """Remarks on the accounts that were changed or found as they should be, largest first."""
    groups: dict[str, list[tuple[AccountRow, str | None]]] = {}
    for row in rows:
        told = row.detail.get(REMARKS) if row.outcome in _DONE else None
        for one in told if isinstance(told, list) else ():
            if isinstance(one, dict) and isinstance(one.get("words"), str):
                groups.setdefault(one["words"], []).append((row, one.get("here")))
    made = [
        Remark(words=words, count=len(members), example=members[0][0], here=members[0][1])
        for words, members in groups.items()
    ]
    return sorted(made, key=lambda one: (-one.count, one.example.seq))


def cluster(rows: Iterable[AccountRow], *, run_reason: str | None = None) -> list[Cluster]:
    """Clusters of all accounts that were not done: failed and unknown first, then the others, largest first.

    `run_reason`: why the run ended; it is the cause of accounts that were never started.
    """
    groups: dict[tuple[Outcome, str | None, str], _Group] = {}
    for row in rows:
        if row.outcome not in _DONE:
            words = _words(row, run_reason)
            group = groups.setdefault(fingerprint(row, run_reason), _Group(row, words))
            group.seqs.append(row.seq)
            group.says_the_same = group.says_the_same and words == group.words
    clusters = [
        Cluster(
            outcome=outcome,
            cause=group.words if group.says_the_same else cause,
            failure_class=failure_class,
            seqs=group.seqs,
            example=group.example,
        )
        for (outcome, failure_class, cause), group in groups.items()
    ]
    return sorted(clusters, key=lambda one: (one.outcome not in TROUBLED, -one.count, one.example.seq))


@attrs.define
class _Group:
    """A cluster while its accounts are found."""

    example: AccountRow
    words: str
    says_the_same: bool = True
    seqs: array[int] = attrs.field(factory=lambda: array("q"))


def fingerprint(row: AccountRow, run_reason: str | None = None) -> tuple[Outcome, str | None, str]:
    """Key of a cluster: outcome, failure class, normalized cause."""
    return row.outcome, row.failure_class, normalized(_words(row, run_reason), row.account)


def normalized(cause: str, account: str) -> str:
    """`cause` without what differs between accounts: the account's own id, long numbers, UUIDs, quoted ids.

    >>> normalized("recipe 4135412 of 'EA2300': connection 'SF Dev 2' is missing", "EA2300")
    "recipe <id> of '<id>': connection 'SF Dev 2' is missing"
    """
    text = cause[:_CONSIDERED]
    if account in text:
        text = _WORD.sub(lambda word: "<id>" if word[0] == account else word[0], text)
    text = _QUOTED.sub(_unquoted, text)
    return _VARIABLE.sub("<id>", text)


def _unquoted(quoted: re.Match[str]) -> str:
    """A quoted word that is mostly digits is an id; "Salesforce2" is a name and stays."""
    word = quoted["id"]
    digits = sum(char.isdigit() for char in word)
    return f"{quoted['quote']}<id>{quoted['quote']}" if digits * 2 > len(word) else quoted[0]


def _words(row: AccountRow, run_reason: str | None) -> str:
    if row.outcome in TROUBLED:
        return row.cause or row.reason or "no cause recorded"
    return row.reason or row.cause or run_reason or "no reason recorded"
