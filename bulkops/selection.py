"""`Selection`: the accounts of a run, from flags and the table [selection] of a job file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from bulkops.parameters import parameter

WHERE_KEYS: Final = ("plan_id", "name", "external_id")


@attrs.frozen(kw_only=True)
class Selection:
    """Selection of accounts; None: not given. `plan`: a saved plan; `where`: patterns by member (`WHERE_KEYS`)."""

    accounts: str | None = attrs.field(
        default=None,
        metadata=parameter(
            "Accounts: a csv, json, jsonl or txt file of ids or external ids, numbers such as 4100231,4100232, "
            "- for stdin (one id per line), or the word all.",
            metavar="FILE|IDS|-|all",
            file=True,
        ),
    )
    exclude: str | None = attrs.field(
        default=None, metadata=parameter("File with accounts to leave out.", metavar="FILE", file=True)
    )
    limit: int | None = attrs.field(default=None, metadata=parameter("Only the first N accounts.", metavar="N"))
    only_new: bool | None = attrs.field(
        default=None,
        metadata=parameter("Only accounts that no earlier run of the same operation in this journal has."),
    )
    plan: str | None = attrs.field(
        default=None,
        metadata=parameter(
            "Saved plan to follow: accounts that have changed since then are skipped.",
            key="",
            flag="--from-plan",
            metavar="FILE",
            file=True,
        ),
    )
    where: Mapping[str, str] | None = attrs.field(
        default=None, metadata=parameter("Only customers with these values.", flag="")
    )

    def filled(self, job: Mapping[str, Any]) -> Selection:
        """The flags, with values of the job file for absent ones."""
        return attrs.evolve(self, **{key: value for key, value in job.items() if getattr(self, key) is None})
