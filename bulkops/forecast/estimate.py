"""Expected end of a run: some accounts are simulated, the rest extrapolated from their pace."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

import attrs

from bulkops.catalogue import CALLS
from bulkops.forecast.simulated_account import SLOW_S, InFlightAccount, Stage
from bulkops.forecast.simulation import SMOOTHER, Simulation
from bulkops.operations import Operation
from bulkops.operations.foreseen import Foreseen
from bulkops.pacing import Limits, QuotaSnapshot, window_length_s
from bulkops.rate_limit import Limit
from bulkops.settings import Tuning

IMPORT: Final = "managed_users.imports.create"
POLL: Final = "managed_users.imports.get"
_POLLED: Final = (IMPORT, "managed_users.exports.create", "managed_users.projects.deploy")
"""Calls whose effects are polled."""

GUESSED_LATENCY_S: Final = 0.1
"""Of a request to the vendor, before one was seen."""

_TYPICAL_IMPORT: Final = 4.0
"""Average duration of an import, in delays of a first poll."""
SLOW_IMPORT: Final = SLOW_S / 2
"""Duration of a slow import, in delays of a first poll."""
_POLLS_SPREAD: Final = 4.0
"""Standard deviation of the polls of one import, above the average, with a margin: those of many add up as squares.
Deployments vary less."""
_POLLS_OF_A_SLOW_ONE: Final = 10
"""Polls of a slow import beyond the average: of a few imports it may be one of them."""
_TRUSTED: Final = 5.0
"""Weight of the operation's own figures, in measured accounts."""
_PLAYED_WINDOWS: Final = 4
_LEAST_PLAYED: Final = 100


@attrs.frozen(kw_only=True)
class Forecast:
    """`seconds` until the end, bound by `quota` (None: by the accounts' own time); `requests` of each call, retries
    apart. `polls` among them: as many as imports of the assumed durations take."""

    seconds: float
    quota: str | None
    requests: Mapping[str, float]

    @property
    def expected(self) -> int:
        return math.ceil(sum(self.requests.values()) - 1e-9)  # shared requests count too

    @property
    def at_most(self) -> int:
        """A bound: `expected`, and as many polls more as luck may cost with the durations of what is polled."""
        polled = sum(self.requests.get(call, 0.0) for call in _POLLED)
        spread = _POLLS_SPREAD * math.sqrt(polled) + _POLLS_OF_A_SLOW_ONE if polled else 0.0
        return self.expected + math.ceil(spread)


def guessed_latency_s(tuning: Tuning) -> float:
    """Seconds that a request takes, before one was seen, in the time scale of the client file: a sandbox that is faster
    than the vendor shortens the first poll alike."""
    return GUESSED_LATENCY_S * tuning.first_poll_s / Tuning().first_poll_s


@attrs.frozen(kw_only=True)
class RunShape:
    """Limits on how fast accounts start. `concurrency`, `soak_s`: the policy's; `waves`: sizes of those to come.

    `soaked_s`: of the soak after the first of them, what has passed already.
    """

    waves: Sequence[int]
    concurrency: int
    soak_s: float = 0.0
    soaked_s: float = 0.0


def by_quota(requests: Mapping[str, float]) -> dict[str, float]:
    """Requests of each quota, from requests of each call by catalogue id."""
    total: dict[str, float] = {}
    for call, count in requests.items():
        if count:
            total[CALLS[call].quota] = total.get(CALLS[call].quota, 0.0) + count
    return total


def blended(said: Mapping[str, float], sent: Mapping[str, float], ended: int) -> dict[str, float]:
    """Requests of an account, by call or quota: as its operation has `said`, and as `ended` ones have `sent` in all."""
    weight = ended + (_TRUSTED if said else 0.0)
    keys = dict.fromkeys([*said, *sent])
    return {key: (said.get(key, 0.0) * _TRUSTED + sent.get(key, 0.0)) / weight for key in keys}


def way(operation: Operation, requests: Mapping[str, float]) -> list[tuple[str, float]]:
    """An account's requests in about their order: (call, count), from `requests` of each call in all.

    The order is that of the operation's parts and their costs; a call that occurs in several has its share in each.
    """
    foreseen = Foreseen()
    rows = [row for part in operation.parts() for row in part.cost(foreseen).items() if row[1]]
    known: dict[str, float] = {}
    for call, count in rows:
        known[call] = known.get(call, 0.0) + count
    ordered = [(call, requests.get(call, 0.0) * count / known[call]) for call, count in rows]
    return [*ordered, *((call, count) for call, count in requests.items() if call not in known)]


def stages_of(calls: Iterable[tuple[str, float]], latency_s: float | Mapping[str, float]) -> list[Stage]:
    """Stages for the simulation, one for each of `calls`; polls are part of the import before them.

    `latency_s`: of any request, or by call.
    """

    def one_s(call: str) -> float:
        return latency_s[call] if isinstance(latency_s, Mapping) else latency_s

    rows = list(calls)
    polled = any(call == IMPORT for call, _ in rows)
    return [
        Stage(
            quota=CALLS[call].quota,
            count=0.0 if polled and call == POLL else count,
            latency_s=one_s(call),
            imports=call == IMPORT,
            poll_quota=CALLS[POLL].quota if call == IMPORT else "",
        )
        for call, count in rows
    ]


def opening(quotas: Mapping[str, Sequence[Limit]], names: Iterable[str], tuning: Tuning) -> dict[str, QuotaSnapshot]:
    """The quotas of these names as a new run finds them."""
    limits = Limits(quotas, tuning.share, tuning.unlimited)
    return {name: QuotaSnapshot(limits=sorted(limits.shared(name), key=lambda limit: limit.window_s)) for name in names}


def names_of(stages: Sequence[Stage]) -> list[str]:
    """Quotas that the stages use."""
    named = chain.from_iterable((stage.quota, stage.poll_quota) for stage in stages)
    return list(dict.fromkeys(filter(None, named)))


def forecast(
    requests: Mapping[str, float],
    *,
    operation: Operation,
    pace: RunShape,
    quotas: Mapping[str, Sequence[Limit]],
    tuning: Tuning,
    latency_s: float,
) -> Forecast:
    """How long `requests` (by call id, of all accounts) take from a fresh start. Args: latency_s: of one request."""
    accounts = max(1, sum(pace.waves))
    each = {call: count / accounts for call, count in requests.items() if count}
    stages = stages_of(way(operation, each), latency_s)
    standings = opening(quotas, names_of(stages), tuning)
    played = foresee(stages, pace=pace, standings=standings, tuning=tuning)
    polls = {POLL: played.polls} if requests.get(IMPORT) else {}
    return Forecast(seconds=played.seconds, quota=played.bound_by, requests={**requests, **polls})


@attrs.frozen(kw_only=True)
class Played:
    """`seconds` to the end; `bound_by`: a quota, SMOOTHER, or None for the accounts' own time; `polls`: of imports."""

    seconds: float
    bound_by: str | None
    polls: float


def foresee(
    stages: Sequence[Stage],
    *,
    pace: RunShape,
    standings: Mapping[str, QuotaSnapshot],
    tuning: Tuning,
    begun: Sequence[InFlightAccount] = (),
) -> Played:
    """Everything that the end of the run depends on.

    Few accounts are simulated one by one. Of many, only those at the beginning and the end are; each account between
    takes the time set by the tightest of quotas, rate limiter and workers.
    """
    narrowest = _narrowest(stages, pace, standings, tuning)
    at_its_pace = sum(1 for one in begun if one.progress) >= pace.concurrency // 2
    played = [narrowest.played(size, 0 if at_its_pace else pace.concurrency) for size in pace.waves]
    ended = Simulation(
        stages,
        standings=standings,
        waves=played,
        concurrency=pace.concurrency,
        rate_per_s=tuning.max_rate,
        first_poll_s=tuning.first_poll_s,
        soak_s=pace.soak_s,
        soaked_s=pace.soaked_s,
        begun=begun,
    ).play()
    each_s = narrowest.per_account_s if narrowest.name else ended.own_s / pace.concurrency
    left_out_s = (sum(pace.waves) - sum(played)) * each_s
    seconds = ended.seconds + left_out_s
    waits = ended.waits
    if narrowest.name:
        waits[narrowest.name] = waits.get(narrowest.name, 0.0) + left_out_s
    bound_by: str | None = max(waits, key=waits.__getitem__, default=None)
    if bound_by is not None and waits[bound_by] <= seconds - sum(waits.values()):
        bound_by = None
    for name, standing in standings.items():
        each = math.fsum(stage.count for stage in stages if stage.quota == name)
        for limit in standing.limits[1:]:
            full = math.ceil(sum(pace.waves) * each / limit.requests) - 1
            rest_s = (sum(pace.waves) - full * limit.requests / each) * each_s if full > 0 else 0.0
            least_s = full * window_length_s(limit.window_s) + rest_s + ended.tails_s.get(name, 0.0)
            if least_s > seconds:
                seconds, bound_by = least_s, name
    return Played(seconds=seconds, bound_by=bound_by, polls=ended.polls * sum(pace.waves) / max(1, sum(played)))


@attrs.frozen(kw_only=True)
class _Narrowest:
    """`per_account_s`: added by each further account; `together`: accounts at a time (those of one window)."""

    name: str | None
    per_account_s: float
    together: float

    def played(self, size: int, concurrency: int) -> int:
        """How many of a wave's accounts to play: enough to reach the pace, and the rest in full windows."""
        enough = max(_LEAST_PLAYED, 2 * concurrency, math.ceil(_PLAYED_WINDOWS * self.together))
        return size - round(max(0, int((size - enough) / self.together)) * self.together)


def _narrowest(
    stages: Sequence[Stage], pace: RunShape, standings: Mapping[str, QuotaSnapshot], tuning: Tuning
) -> _Narrowest:
    own_s = sum(stage.count * stage.latency_s for stage in stages)
    own_s += sum(stage.count for stage in stages if stage.imports) * tuning.first_poll_s * _TYPICAL_IMPORT
    found = _Narrowest(name=None, per_account_s=own_s / pace.concurrency, together=1.0)
    requests: dict[str, float] = {}
    latency_s: dict[str, float] = {}
    for stage in stages:
        for name in filter(None, (stage.quota, stage.poll_quota)):
            requests[name] = requests.get(name, 0.0) + stage.count
            latency_s[name] = max(latency_s.get(name, 0.0), stage.latency_s)
    for name, count in requests.items():
        if count and standings[name].limits:
            limit = standings[name].limits[0]
            one_s = (window_length_s(limit.window_s) + latency_s[name]) * count / limit.requests
            if one_s > found.per_account_s:
                found = _Narrowest(name=name, per_account_s=one_s, together=limit.requests / count)
    if tuning.max_rate is not None and sum(requests.values()) / tuning.max_rate > found.per_account_s:
        found = _Narrowest(name=SMOOTHER, per_account_s=sum(requests.values()) / tuning.max_rate, together=1.0)
    return found
