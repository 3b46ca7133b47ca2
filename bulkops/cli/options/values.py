"""Values of the options that several commands share; a job file fills the gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from bulkops.parameters import values_for
from bulkops.secret import Secret
from bulkops.settings import Tuning

if TYPE_CHECKING:
    from bulkops.journal import Location
    from bulkops.runs import Policy


@attrs.frozen
class PolicyFlags:
    """Policy flags by key; absent ones fall back to the run's policy or the default."""

    given: Mapping[str, Any]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> PolicyFlags:
        """Without the flags that were not given, which are None."""
        return cls({key: value for key, value in given.items() if value is not None})

    def over(self, policy: Policy) -> Policy:
        """`policy` with what the flags say. Raises: ConfigError naming what does not fit."""
        return attrs.evolve(policy, **values_for(type(policy), self.given))

    def filled(self, job: Mapping[str, Any]) -> PolicyFlags:
        """The flags, with values of the job file for absent ones."""
        return PolicyFlags({**job, **self.given})

    def without(self, key: str) -> PolicyFlags:
        return PolicyFlags.of({**self.given, key: None})

    def tune(self, tuning: Tuning | None = None) -> Tuning:
        """The client file if one is given, else `tuning`, else what `Tuning.beside` finds; with the rate of the flag.

        Raises: ConfigError.
        """
        client_file = self.given.get("client_file")
        if client_file is not None or tuning is None:
            tuning = Tuning.beside(client_file)
        return attrs.evolve(tuning, **values_for(Tuning, self.given))


@attrs.frozen(kw_only=True)
class Output:
    """Journal, progress output and notifications of a run."""

    journal: Location
    yes: bool
    json: bool
    quiet: bool
    on_finish: str | None = None
    webhook: Secret | None = None
    detach: bool = False
