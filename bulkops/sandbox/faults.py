"""What goes wrong, how often, and what that does to one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Self, TypeAlias

import attrs

from bulkops.close_match import did_you_mean
from bulkops.errors import ConfigError

BASE_LATENCY_S: Final = (0.004, 0.016)
"""Vendor seconds that every request takes at least, between these two by draw."""

_SLOW: Final = (0.3, 1.2)
"""A slow request takes a part of the server's timeout between these two."""

_GIVING_UP: Final = 0.9
"""A request that the server gives up acts at this part of the timeout, if at all: a client that counts the timeout
from the moment its request left must never see an effect after it."""


@attrs.frozen(kw_only=True)
class Faults:
    """Chances are between 0 and 1 and drawn anew for every request, unless said otherwise.

    `error`: 500, 502 or 503, some with an HTML page; `reset`: the connection is cut; both strike half before, half
    after the effect. `throttle`: a 429 that is not the quota's doing, without Retry-After. `slow`: a delay up to
    beyond the server's timeout. `malformed`: 200 with truncated JSON or HTML, after the effect.
    `import_failed`: per import. `unauthorizable`: exactly this part of the customers has credentials that are refused.
    `expired`: every token answers 401. `revoke_after`: number of API requests after which the token
    answers 401, until a new one is set.
    """

    error: float = 0.0
    reset: float = 0.0
    throttle: float = 0.0
    slow: float = 0.0
    malformed: float = 0.0
    import_failed: float = 0.0
    unauthorizable: float = 0.0
    expired: bool = False
    revoke_after: int | None = None

    def __attrs_post_init__(self) -> None:
        for name in CHANCES:
            _check_chance(name, getattr(self, name))
        if not isinstance(self.expired, bool):
            raise ConfigError(f"faults: expired is yes or no, not {self.expired!r}", remedy="use 0 or 1")
        after = self.revoke_after
        if after is not None and (type(after) is not int or after < 0):
            raise ConfigError(
                f"faults: revoke_after must be a whole number of requests, not {after!r}",
                remedy="e.g. revoke_after=100",
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `error=0.05,reset=0.02`; blank text means none. Raises: ConfigError."""
        values: dict[str, Any] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals:
                raise ConfigError(f"faults: {part!r} has no chance", remedy="write name=chance, e.g. error=0.05")
            if name in values:
                raise ConfigError(f"faults: {name!r} is given twice", remedy="give it once")
            values[name] = _number(name, value)
        return cls.from_mapping(values)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Self:
        """Faults by name; those left out are off. Raises: ConfigError."""
        known = [field.name for field in attrs.fields(cls)]
        for name in data:
            if name not in known:
                hint = did_you_mean(str(name), known) or f"known: {', '.join(known)}"
                raise ConfigError(f"faults: fault {name!r} does not exist", remedy=hint)
            if not isinstance(data[name], int | float | None):
                raise ConfigError(f"faults: {name} must be a number", remedy="e.g. error=0.05")
        values = dict(data)
        if type(values.get("expired")) in {int, float} and values["expired"] in {0, 1}:
            values["expired"] = bool(values["expired"])
        return cls(**values)

    def to_mapping(self) -> dict[str, Any]:
        """Plain JSON data, every fault named."""
        return attrs.asdict(self)


CHANCES: Final = ("error", "reset", "throttle", "slow", "malformed", "import_failed", "unauthorizable")


def _number(name: str, text: str) -> float | int:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(
            f"faults: {name}={text!r} is not a number", remedy="write name=chance, e.g. error=0.05"
        ) from error


def _check_chance(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ConfigError(f"faults: {name} must be a chance between 0 and 1, not {value!r}", remedy="e.g. 0.05")


End: TypeAlias = Literal["answer", "throttle", "reset", "error", "malformed", "timeout"]


@attrs.frozen
class Strike:
    """The fate of one request: wait, act (or not), wait, end so.

    `acts`: whether the request has its effect; `shape`: a draw that picks one of several ways to end so.
    """

    before_s: float
    acts: bool
    after_s: float
    end: End
    shape: float


def strike(faults: Faults, numbers: Sequence[float], *, server_timeout_s: float, scale: float) -> Strike:
    """What befalls a request, from eight draws. Durations are real seconds; `scale` shortens the base latency."""
    throttle, reset, error, malformed, slow, half, shape, latency = numbers
    low, high = BASE_LATENCY_S
    base_s = (low + (high - low) * latency) / scale
    if throttle < faults.throttle:
        return Strike(base_s, False, 0.0, "throttle", shape)
    ends: tuple[tuple[End, bool], ...] = (
        ("reset", reset < faults.reset),
        ("error", error < faults.error),
        ("malformed", malformed < faults.malformed),
    )
    end: End = next((end for end, strikes in ends if strikes), "answer")
    acts = end in {"answer", "malformed"} or half >= 0.5
    if slow < faults.slow:
        return _slow(end, acts, half, shape, server_timeout_s)
    return Strike(base_s, acts, 0.0, end, shape)


def _slow(end: End, acts: bool, half: float, shape: float, server_timeout_s: float) -> Strike:
    low, high = _SLOW
    part = low + (high - low) * shape
    first = half * 2 % 1 < 0.5  # a second coin from the same draw
    if part > 1:
        giving_up_s = _GIVING_UP * server_timeout_s
        return Strike(giving_up_s, acts and first, server_timeout_s - giving_up_s, "timeout", shape)
    delay_s = part * server_timeout_s
    return Strike(0.0, acts, delay_s, end, shape) if first else Strike(delay_s, acts, 0.0, end, shape)
