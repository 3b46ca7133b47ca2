"""`Policy`: concurrency, limits and waves, which flags may change on every start of a run."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import attrs

from bulkops.errors import ConfigError
from bulkops.parameters import Parameter, check_choices, parameter, parameters_of
from bulkops.runs.waves import Wave, Waves
from bulkops.settings import ClientFile, Tuning

MAX_CONCURRENCY = 10_000
MAX_SOAK_S = 7 * 24 * 3600


def _parse_max_failures(value: int | str | None) -> int | str | None:
    """A count, or a percentage as text ("2%", "0.5%"). Raises: ConfigError."""
    remedy = "give a count such as 10 or a percentage such as 2%"
    if value is None:
        return None
    text = str(value).strip()
    if re.fullmatch(r"\d+", text):
        return int(text)
    percentage = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*%", text)
    if percentage is None:
        raise ConfigError(f"max_failures {text!r} is neither a count nor a percentage", remedy=remedy)
    if not 0 <= float(percentage[1]) <= 100:
        raise ConfigError(f"max_failures {text!r} is outside 0% to 100%", remedy=remedy)
    return f"{percentage[1]}%"


def _check_concurrency(_: object, __: object, value: object) -> None:
    if not (isinstance(value, int) and 1 <= value <= MAX_CONCURRENCY):
        raise ConfigError(
            f"concurrency must be 1 to {MAX_CONCURRENCY}, not {value!r}",
            remedy="the default of 200 suits most runs",
        )


def _check_breaker(_: object, __: object, value: object) -> None:
    if value is not None and not (isinstance(value, int) and value >= 1):
        raise ConfigError(
            f"breaker must be 1 or more, not {value!r}", remedy="correct the number, or switch the breaker off"
        )


def _parse_waves(value: int | str | None) -> str | None:
    return None if value is None else str(value)


def _check_waves(_: object, __: object, value: str | None) -> None:
    if value is not None:
        try:
            Waves.parse(value)
        except ValueError as error:
            raise ConfigError(str(error), remedy="write sizes such as 1,5%,rest") from error


def parse_duration(value: float | str, key: str = "soak") -> float:
    """Seconds, or text such as "90s", "10m", "1.5h". `key`: for the error. Raises: ConfigError."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", str(value).strip())
        if found is None:
            raise ConfigError(f"{key} {value!r} is not a duration", remedy="write 90s, 10m or 1h")
        seconds = float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]
    if not 0 <= seconds <= MAX_SOAK_S:
        raise ConfigError(f"{key} must be 0 to {MAX_SOAK_S} s, not {seconds:g} s", remedy="write 90s, 10m or 1h")
    return seconds


@attrs.frozen(kw_only=True)
class Policy:
    """Concurrency, limits and waves of a run.

    `max_failures`: a count is for the whole run, "P%" for the current wave. `soak_s`: seconds; text such as "10m" is
    read too.
    """

    concurrency: int = attrs.field(
        default=200,
        validator=_check_concurrency,
        metadata=parameter("Most accounts in progress at once; fewer start where the quotas serve fewer.", metavar="N"),
    )
    max_failures: int | str | None = attrs.field(
        default=None,
        converter=_parse_max_failures,
        metadata=parameter(
            "Halt when more accounts than this are failed or unknown.", metavar="N|P%", unset="no limit"
        ),
    )
    strict_failures: bool = attrs.field(
        default=False,
        metadata=parameter(
            "Never exceed --max-failures: at most as many accounts in progress as failures still allowed, plus one."
        ),
    )
    on_halt: Literal["finish", "stop"] = attrs.field(
        default="finish",
        metadata=parameter(
            "At a halt, accounts that have begun an effect finish, or stop between the operations of their chain.",
            choices=("finish", "stop"),
        ),
    )
    breaker: int | None = attrs.field(
        default=20,
        validator=_check_breaker,
        metadata=parameter("Halt when this many accounts in a row end with the same error.", metavar="N|off", off=True),
    )
    waves: str | None = attrs.field(
        default=None,
        converter=_parse_waves,
        validator=_check_waves,
        metadata=parameter(
            "Wave sizes such as 1,5%,rest: a gate after each wave decides on the next.", metavar="SIZES", unset="rest"
        ),
    )
    soak_s: float = attrs.field(
        default=0.0,
        converter=parse_duration,
        metadata=parameter("Waiting time after each wave, such as 10m.", key="soak", metavar="TIME", duration=True),
    )
    approve: bool = attrs.field(
        default=False,
        metadata=parameter("Ask before each wave but the first. Without a terminal the run pauses (exit code 5)."),
    )
    if_running: Literal["fail", "wait", "share"] = attrs.field(
        default="fail",
        metadata=parameter(
            "If another run uses the same credential: fail, wait for it, or share the quotas.",
            choices=("fail", "wait", "share"),
        ),
    )

    def __attrs_post_init__(self) -> None:
        check_choices(self)
        if self.strict_failures and self.max_failures is None:
            raise ConfigError("strict_failures needs max_failures", remedy="set max_failures too")

    def to_mapping(self) -> dict[str, Any]:
        return attrs.asdict(self)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Policy:
        return cls(**data)

    def cut(self, inventory_count: int) -> list[Wave]:
        """The waves of an inventory; by default a single one."""
        return Waves.parse(self.waves or "rest").over(inventory_count)

    def allowed_failures(self, wave_size: int) -> int | None:
        """`max_failures` as a count, percentages rounded down; None: no limit."""
        if isinstance(self.max_failures, str):
            return math.floor(float(self.max_failures.rstrip("%")) * wave_size / 100)
        return self.max_failures

    @property
    def counts_by_wave(self) -> bool:
        """Whether `max_failures` starts anew with each wave."""
        return isinstance(self.max_failures, str)


POLICY_PARAMETERS: Final[tuple[Parameter, ...]] = tuple(
    one for cls in (Policy, ClientFile, Tuning) for one in parameters_of(cls)
)
"""Parameters of the flags and of the table [policy] in a job file."""


def overshoot(policy: Policy, inventory_count: int, *, most_open: int) -> int:
    """Accounts that may still fail beyond `max_failures` in the worst case: all that are in progress at the halt.

    `most_open`: as `most_admitted` says. No more than the largest wave has beyond its limit can fail.
    """
    if policy.max_failures is None or policy.strict_failures:
        return 0
    beyond = (wave.size - (policy.allowed_failures(wave.size) or 0) for wave in policy.cut(inventory_count))
    return min(policy.concurrency, most_open, max(0, *beyond, 0))
