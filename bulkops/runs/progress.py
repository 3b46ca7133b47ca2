"""`Progress`: progress and expected end of a run, from its events and the current quotas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from bulkops.events import AccountEnded, AccountStarted, AttemptEnded, Event, WaveChanged
from bulkops.forecast import (
    IMPORT,
    InFlightAccount,
    RunShape,
    Stage,
    blended,
    foresee,
    guessed_latency_s,
    names_of,
    opening,
    stages_of,
    way,
)
from bulkops.operations import Operation
from bulkops.operations.foreseen import Foreseen
from bulkops.pacing import QuotaSnapshot
from bulkops.runs.policy import Policy
from bulkops.session import ApiSession


@attrs.frozen(kw_only=True)
class Eta:
    """`seconds` to the end of the run; `bound_by`: the quota that decides it, "max_rate", or None for the accounts' own
    time."""

    seconds: float
    bound_by: str | None

    def after(self, passed_s: float) -> Eta:
        """The same end, seen so much later."""
        return attrs.evolve(self, seconds=max(0.0, self.seconds - passed_s))


class Progress:
    """An observer of one run that foresees its end. Counts a few numbers for each account in flight, and no more.

    The cost of an account is the average of the ended ones, blended with the operation's own figure. Without either,
    it forecasts nothing.
    """

    def __init__(
        self, operation: Operation, session: ApiSession, policy: Policy, *, total: int, settled: int = 0
    ) -> None:
        """`settled`: accounts of a resumed run that stay as they are."""
        self._operation = operation
        self._session = session
        self._policy = policy
        self._left = total - settled
        self._later = [wave.size for wave in policy.cut(total)][1:]
        self._sent: dict[str, dict[str, int]] = {}
        self._totals: dict[str, int] = {}
        self._ended = 0
        self._latencies: dict[str, list[float]] = {}
        """By call: how many were answered, and their latencies' sum."""
        self._total = total
        self._wave_ended_at: float | None = None

    def observe(self, event: Event) -> None:
        """Hot path: a microsecond for each attempt."""
        if isinstance(event, AttemptEnded):
            call = event.call
            if event.status is not None:
                seen = self._latencies.get(call)
                if seen is None:
                    seen = self._latencies[call] = [0.0, 0.0]
                seen[0] += 1
                seen[1] += event.latency_s
            sent = self._sent.get(event.account)  # type: ignore[arg-type]  # None is never in it
            if sent is not None:
                sent[call] = sent.get(call, 0) + 1
        elif isinstance(event, AccountStarted):
            self._sent[event.account] = {}
            self._left -= 1
            self._wave_ended_at = None
        elif isinstance(event, AccountEnded):
            self._account_ended(event.account)
        elif isinstance(event, WaveChanged) and event.state == "started":
            self._later = [wave.size for wave in self._policy.cut(self._total)][event.number :]

    def _account_ended(self, account: str) -> None:
        sent = self._sent.pop(account, None)
        if sent is None:  # it ended without a start
            self._left -= 1
            return
        if not self._sent:  # the wave's last, unless another starts
            self._wave_ended_at = self._session.pacer.now()
        self._ended += 1
        for call, count in sent.items():
            self._totals[call] = self._totals.get(call, 0) + count

    def question(self) -> Callable[[], Eta] | None:
        """When the run will end if it goes on like this, to be called in another thread; None while nothing is known.

        The answer takes tens of milliseconds, and has all its inputs.
        """
        each = self._each()
        if not each:
            return None
        rows = way(self._operation, each)
        stages = stages_of(rows, {call: self._latency_s(call) for call, _ in rows})
        pace, standings, begun = self._pace(), self._standings(stages), self._begun(rows, stages)
        tuning = self._session.settings.tuning

        def answer() -> Eta:
            played = foresee(stages, pace=pace, standings=standings, tuning=tuning, begun=begun)
            return Eta(seconds=played.seconds, bound_by=played.bound_by)

        return answer

    def _each(self) -> dict[str, float]:
        """Requests of each call that an account takes."""
        return blended(self._operation.cost(Foreseen()), self._totals, self._ended)

    def _latency_s(self, call: str) -> float:
        """Of a call on average; of one that was not sent yet, that of all."""
        seen = [self._latencies[call]] if call in self._latencies else list(self._latencies.values())
        count, sum_s = sum(one[0] for one in seen), sum(one[1] for one in seen)
        return sum_s / count if count else guessed_latency_s(self._session.settings.tuning)

    def _pace(self) -> RunShape:
        later: list[int] = []
        behind = max(0, self._left)
        for size in reversed(self._later):
            later.insert(0, min(size, behind))
            behind -= later[0]
        since = self._wave_ended_at if behind == 0 else None
        return RunShape(
            waves=[behind, *later],
            concurrency=self._policy.concurrency,
            soak_s=self._policy.soak_s,
            soaked_s=0.0 if since is None else self._session.pacer.now() - since,
        )

    def _standings(self, stages: Sequence[Stage]) -> dict[str, QuotaSnapshot]:
        fresh = opening(self._session.quotas, names_of(stages), self._session.settings.tuning)
        now = self._session.pacer.standings()
        return {name: now.get(name, standing) for name, standing in fresh.items()}

    def _begun(self, rows: Sequence[tuple[str, float]], stages: Sequence[Stage]) -> list[InFlightAccount]:
        begun = [_rest(sent, rows, stages) for sent in self._sent.values()]
        return sorted((one for one in begun if sum(one.counts) >= 1), key=lambda one: -one.progress)


def _rest(sent: Mapping[str, int], rows: Sequence[tuple[str, float]], stages: Sequence[Stage]) -> InFlightAccount:
    """The remaining requests of an account: those after the furthest one that it has sent."""
    left = [stage.count for stage in stages]
    furthest = -1
    spent: dict[str, float] = dict(sent)
    for place, (call, _) in enumerate(rows):
        done = min(spent.get(call, 0.0), left[place])
        if done:
            spent[call] -= done
            left[place] -= done
            furthest = place
    if furthest >= 0 and rows[furthest][0] == IMPORT:  # it is being imported
        left[furthest] = 1.0
    return InFlightAccount(counts=[0.0] * furthest + left[max(0, furthest) :], progress=sum(sent.values()))
