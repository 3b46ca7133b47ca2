"""`Comparison`: two reports side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

import attrs

from bulkops.errors import ConfigError
from bulkops.journal import AccountRow, Journal, RunState
from bulkops.outcome import TROUBLED, Outcome
from bulkops.report.failure_clusters import Cluster, cluster, fingerprint
from bulkops.report.loading import load_report
from bulkops.report.model import Report
from bulkops.report.quota_usage import Traffic, read_traffic
from bulkops.report.run_settings import flat, operations

Pair: TypeAlias = tuple[AccountRow, AccountRow]
"""An account in A and in B."""


@attrs.frozen
class Comparison:
    """Run A and run B, which may have different accounts, operations or hosts. An account is the same if its name is:
    the id or external id in the list of accounts. Accounts that have not ended yet are not compared: `open_a`, `open_b`
    count them.
    """

    a: Report
    b: Report

    @cached_property
    def both(self) -> list[Pair]:
        """Accounts that ended in both, in B's order."""
        before = {row.account: row for row in _ended(self.a)}
        return [(before[row.account], row) for row in _ended(self.b) if row.account in before]

    @property
    def moved(self) -> list[Pair]:
        """Those of `both` that ended differently."""
        return [(a, b) for a, b in self.both if a.outcome is not b.outcome]

    @cached_property
    def moves(self) -> dict[tuple[Outcome, Outcome], list[Pair]]:
        """`moved` by outcome in A and in B, the most accounts first."""
        found: dict[tuple[Outcome, Outcome], list[Pair]] = {}
        for a, b in self.moved:
            found.setdefault((a.outcome, b.outcome), []).append((a, b))
        return dict(sorted(found.items(), key=lambda item: -len(item[1])))

    @cached_property
    def only_a(self) -> list[AccountRow]:
        """Accounts that are only in A, in A's order."""
        return _without(self.a, self.b)

    @cached_property
    def only_b(self) -> list[AccountRow]:
        return _without(self.b, self.a)

    @property
    def open_a(self) -> int:
        return self.a.inventory - len(_ended(self.a))

    @property
    def open_b(self) -> int:
        return self.b.inventory - len(_ended(self.b))

    @cached_property
    def new(self) -> list[Cluster]:
        """Failed or unknown in B, and not in A."""
        before = {a.account for a, _ in self.both if a.outcome in TROUBLED}
        compared = {b.account for _, b in self.both} | {row.account for row in self.only_b}
        fresh = compared - before
        return _troubles(row for row in self.b.accounts if row.account in fresh)

    @cached_property
    def gone(self) -> list[Cluster]:
        """Failed or unknown in A, and no longer in B; with the causes of A."""
        return _troubles(a for a, b in self.both if b.outcome not in TROUBLED)

    @cached_property
    def still(self) -> list[Cluster]:
        """Failed or unknown in both; with the causes of B."""
        return _troubles(b for a, b in self.both if a.outcome in TROUBLED)

    @cached_property
    def recast(self) -> set[int]:
        """Of `still`: places in B of accounts with another cause in A."""
        return {
            b.seq
            for a, b in self.both
            if {a.outcome, b.outcome} <= TROUBLED and fingerprint(a)[1:] != fingerprint(b)[1:]
        }

    @property
    def has_new_failures(self) -> bool:
        return bool(self.new)

    @property
    def differs(self) -> bool:
        """Whether any account ended differently, for another cause, or is in one run only; or has not ended yet."""
        return bool(self.moves or self.recast or self.only_a or self.only_b or self.open_a or self.open_b)

    @cached_property
    def asked(self) -> list[tuple[str, str | None, str | None]]:
        """Different settings of the runs: name, value in A, value in B; None if a run does not have it."""
        a, b = _asked(self.a), _asked(self.b)
        return [(name, a.get(name), b.get(name)) for name in {**a, **b} if a.get(name) != b.get(name)]

    @cached_property
    def traffic(self) -> dict[str, tuple[Traffic | None, Traffic | None]]:
        """By quota what A and what B sent, the fullest of B first."""
        a, b = _traffic(self.a), _traffic(self.b)
        return {quota: (a.get(quota), b.get(quota)) for quota in {**b, **a}}


async def load_comparison(journal: Journal, run_a: str, run_b: str | None = None) -> Comparison:
    """Two runs of a journal, each by its id or the start of it; `run_b` None: the newest one.

    Raises: JournalError when there is no such run; ConfigError when both are the same.
    """
    first, second = await journal.get_run(run_a), await journal.get_run(run_b)
    if first.run_id == second.run_id:
        why = ", which is the newest one," if run_b is None else ""
        raise ConfigError(
            f"cannot compare run {first.run_id}{why} with itself",
            remedy="give another run; `bulkops runs` lists the runs",
        )
    a, b = [await load_report(journal, one.run_id, detailed=True) for one in (first, second)]
    return Comparison(a, b)


def _ended(report: Report) -> Sequence[AccountRow]:
    """Accounts with an outcome; in a run that is over, all of them."""
    if report.state is not RunState.RUNNING:
        return report.accounts
    return [row for row in report.accounts if row.ended_at is not None]


def _without(report: Report, other: Report) -> list[AccountRow]:
    names = {row.account for row in other.accounts}
    return [row for row in _ended(report) if row.account not in names]


def _troubles(rows: Iterable[AccountRow]) -> list[Cluster]:
    return cluster(row for row in rows if row.outcome in TROUBLED)


def _traffic(report: Report) -> Mapping[str, Traffic]:
    events = report.details.events if report.details is not None else []
    return {one.quota: one for one in read_traffic(events)}


def _asked(report: Report) -> dict[str, str]:
    return dict(_settings(report))


def _settings(report: Report) -> Iterator[tuple[str, str]]:
    yield "host", report.host
    yield "workspace", report.workspace or "not known"
    if report.details is None:
        return
    record = report.details.record
    parts = list(operations(record.operation))
    yield "operation", ", ".join(name for name, _ in parts)
    for name, values in parts:
        yield from ((f"{name}: {key}" if len(parts) > 1 else key, value) for key, value in values)
    yield from flat(record.policy)
    yield from flat({name: value for name, value in record.tuning.items() if name != "quotas"})
