"""Accounts of earlier runs of the same operation, for --only-new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
import msgspec

from bulkops.journal import AnyLocation, Journal, Location, RunRecord, parts_of
from bulkops.operations import Copy, Operation
from bulkops.operations.restore import describe
from bulkops.outcome import RESUMABLE, Outcome


@attrs.frozen(kw_only=True)
class PreviousRuns:
    """The accounts of earlier runs of one operation on one host, with the outcome of each in the newest run. `newest`:
    id of the newest run; None: no earlier run.
    """

    newest: str | None = None
    outcomes: Mapping[str, Outcome] = attrs.field(factory=dict)

    @property
    def undone(self) -> int:
        """How many of them wait for `resume` or `retry`."""
        return sum(outcome in RESUMABLE or outcome is Outcome.FAILED for outcome in self.outcomes.values())


@attrs.frozen
class Unfinished:
    """A run that left accounts to resume. `left`: how many, by outcome."""

    run_id: str
    left: Mapping[Outcome, int]


async def earlier_runs(operation: Operation, *, host: str, workspace: str | None, journal: AnyLocation) -> PreviousRuns:
    """What the journal knows of runs of this operation: the same parameters and the same contents of its files.

    `workspace`: of the token; runs of another workspace do not count. None: not known, and runs of all count.
    What comes from a manifest or an account is exported anew for each run, so there the source counts, not its
    contents.
    Raises: JournalError.
    """
    if not Location.of(journal).exists():
        return PreviousRuns()
    async with Journal.open(journal, read_only=True) as opened:
        same = same_runs(operation, await opened.list_runs(), host=host, workspace=workspace)
        if not same:
            return PreviousRuns()
        outcomes = await opened.latest_outcomes([record.run_id for record in same])
        return PreviousRuns(newest=same[0].run_id, outcomes=outcomes)


async def unfinished_run(operation: Operation, *, host: str, journal: AnyLocation) -> Unfinished | None:
    """The newest run of this operation on this host, if it left accounts that `resume` takes up; None while a process
    works on it. Raises: JournalError."""
    if not Location.of(journal).exists():
        return None
    async with Journal.open(journal, read_only=True) as opened:
        newest = next(iter(same_runs(operation, await opened.list_runs(), host=host, workspace=None)), None)
        if newest is None or await opened.is_locked(newest.run_id):
            return None
        counts = await opened.counts(newest.run_id)
    left = {outcome: counts[outcome] for outcome in Outcome if outcome in RESUMABLE and counts[outcome]}
    return Unfinished(newest.run_id, left) if left else None


_OF_ONE_EXPORT: Final = frozenset({"package", "sha256", "contents", "content"})
"""Parameters that an export before the run gives, another one each time."""


def same_runs(
    operation: Operation, records: Iterable[RunRecord], *, host: str, workspace: str | None
) -> list[RunRecord]:
    """Those of the runs that are of this operation, in their order. Args: as of `earlier_runs`."""
    wanted = _kind(describe(operation))
    here = [one for one in records if one.host == host and (workspace is None or one.workspace in {None, workspace})]
    return [record for record in here if _kind(record.operation) == wanted]


def _kind(described: Mapping[str, Any]) -> object:
    """A key that is equal for equal operations."""
    parts = parts_of(described)
    if parts is not None:
        return [_kind(part) for part in parts]
    name, parameters = described["name"], described["parameters"]
    if parameters.get("manifest") is not None or name == Copy.name:
        own = {key: value for key, value in parameters.items() if key not in _OF_ONE_EXPORT}
        return name, msgspec.json.encode(own, order="deterministic")  # a tuple comes back from the journal as a list
    return name, described["digest"]
