"""What the flags say that several commands share, as values; what a job file says fills the gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs
import click

from bulkops.cli.click_types import Off, OrOff, PositiveNumber
from bulkops.errors import ConfigError
from bulkops.secret import Secret
from bulkops.settings import Tuning

if TYPE_CHECKING:
    from bulkops.runs import Policy

OR_OFF: Final = {"breaker": OrOff(click.IntRange(1)), "max_rate": OrOff(PositiveNumber())}
"""How the texts of these become values, on the command line and in job files."""


@attrs.frozen(kw_only=True)
class Selection:
    """Which accounts: `accounts` is "all", "-" or a path; None where a job file may say it."""

    accounts: str | None
    exclude: str | None
    limit: int | None
    plan: str | None
    only_new: bool | None
    where: Mapping[str, str] | None = attrs.field(default=None, metadata={"job only": True})

    def filled(self, job: Mapping[str, Any]) -> Selection:
        """What the flags say, and what a job file says where they say nothing."""
        return _filled(self, job)


@attrs.frozen(kw_only=True)
class PolicyFlags:
    """The policy as far as flags say it; None: not given, and the run's own or the default counts."""

    concurrency: int | None
    max_failures: str | None
    strict_failures: bool | None
    on_halt: str | None
    breaker: int | Off | None
    waves: str | None
    soak: str | None
    approve: bool | None
    if_running: str | None
    client_file: str | None
    max_rate: float | Off | None

    def over(self, policy: Policy) -> Policy:
        """`policy` with what the flags say. Raises: ConfigError naming what does not fit."""
        given: dict[str, Any] = {
            "concurrency": self.concurrency,
            "max_failures": self.max_failures,
            "strict_failures": self.strict_failures,
            "on_halt": self.on_halt,
            "breaker": self.breaker,
            "waves": self.waves,
            "soak_s": self.soak,
            "approve": self.approve,
            "if_running": self.if_running,
        }
        return attrs.evolve(policy, **_as_values(given))

    def filled(self, job: Mapping[str, Any]) -> PolicyFlags:
        """What the flags say, and what a job file says where they say nothing. Raises: ConfigError."""
        values = dict(job)
        for key, kind in OR_OFF.items():
            if key in values:
                try:
                    values[key] = kind.convert(values[key], None, None)
                except click.BadParameter as error:
                    raise ConfigError(f"[policy] {key}: {error.message}", remedy="correct the job file") from error
        return _filled(self, values)

    def tune(self, tuning: Tuning) -> Tuning:
        """`tuning` replaced by the client file, if one is given, with the rate of the flag. Raises: ConfigError."""
        tuning = Tuning.from_file(self.client_file) if self.client_file is not None else tuning
        return attrs.evolve(tuning, **_as_values({"max_rate": self.max_rate}))


_Flags = TypeVar("_Flags", Selection, PolicyFlags)


def _filled(flags: _Flags, job: Mapping[str, Any]) -> _Flags:
    return attrs.evolve(flags, **{key: value for key, value in job.items() if getattr(flags, key) is None})


def _as_values(given: dict[str, Any]) -> dict[str, Any]:
    """Without what was not given; "off" becomes the library's None."""
    return {key: None if isinstance(value, Off) else value for key, value in given.items() if value is not None}


@attrs.frozen(kw_only=True)
class Output:
    """Where a run is written down, and what is told about it."""

    journal: str
    yes: bool
    json: bool
    quiet: bool
    on_finish: str | None = None
    webhook: Secret | None = None
