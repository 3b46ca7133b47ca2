"""How many at once, and when to stop: what a run's flags may change on every start."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import attrs

from bulkops.errors import ConfigError
from bulkops.executor import Breaker, FailureLimit, Verdict

MAX_CONCURRENCY = 10_000


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


def _check_concurrency(_: object, __: object, value: int) -> None:
    if not 1 <= value <= MAX_CONCURRENCY:
        raise ConfigError(
            f"concurrency {value} is outside 1 to {MAX_CONCURRENCY}",
            remedy="the default of 200 suits most runs",
        )


def _check_breaker(_: object, __: object, value: int | None) -> None:
    if value is not None and value < 1:
        raise ConfigError(f"a breaker of {value} accounts makes no sense", remedy="give 1 or more, or switch it off")


@attrs.frozen(kw_only=True)
class Policy:
    """`concurrency`: accounts started and not finished, imports in progress included.

    `max_failures`: accounts that may end failed or unknown: a count for the whole run, or "P%" of the inventory;
    None: no limit. `breaker`: so many accounts in a row that end with one and the same cause halt the run; None: off.
    """

    concurrency: int = attrs.field(default=200, validator=_check_concurrency)
    max_failures: int | str | None = attrs.field(default=None, converter=_parse_max_failures)
    breaker: int | None = attrs.field(default=20, validator=_check_breaker)

    def to_mapping(self) -> dict[str, Any]:
        return attrs.asdict(self)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Policy:
        return cls(**data)

    def allowed_failures(self, inventory_count: int) -> int | None:
        """`max_failures` as a count, percentages rounded down; None: no limit."""
        if isinstance(self.max_failures, str):
            return math.floor(float(self.max_failures.rstrip("%")) * inventory_count / 100)
        return self.max_failures

    def verdicts(self, inventory_count: int, *, failed_before: int = 0) -> list[Verdict]:
        """The rules that may stop a run; `failed_before`: troubled accounts of earlier processes that count."""
        rules: list[Verdict] = []
        allowed = self.allowed_failures(inventory_count)
        if allowed is not None:
            rules.append(FailureLimit(allowed, already=failed_before))
        if self.breaker is not None:
            rules.append(Breaker(self.breaker))
        return rules


def overshoot(policy: Policy, inventory_count: int) -> int:
    """Accounts that may still fail beyond `max_failures` in the worst case: all that are in flight when it is hit."""
    allowed = policy.allowed_failures(inventory_count)
    return 0 if allowed is None else min(policy.concurrency, max(0, inventory_count - allowed))
