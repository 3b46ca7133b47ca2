"""Which accounts a run takes: what flags and the table [selection] of a job file say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from bulkops.parameters import parameter

WHERE_KEYS: Final = ("plan_id", "name", "external_id")


@attrs.frozen(kw_only=True)
class Selection:
    """None: not given. `plan`: a saved plan; `where`: what a customer must have, by name (`WHERE_KEYS`)."""

    accounts: str | None = attrs.field(
        default=None,
        metadata=parameter(
            "Which accounts: a csv, json, jsonl or txt file of ids or external ids, numbers such as 4100231,4100232, "
            "- for stdin (one id a line), or the word all.",
            metavar="FILE|IDS|-|all",
            file=True,
        ),
    )
    exclude: str | None = attrs.field(
        default=None, metadata=parameter("Leave out the accounts of this file.", metavar="FILE", file=True)
    )
    limit: int | None = attrs.field(default=None, metadata=parameter("Only the first N accounts.", metavar="N"))
    only_new: bool | None = attrs.field(
        default=None,
        metadata=parameter("Leave out the accounts of earlier runs of the same operation in this journal."),
    )
    plan: str | None = attrs.field(
        default=None,
        metadata=parameter(
            "Do only what this saved plan foresaw; accounts that drifted since are skipped.",
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
        """What the flags say, and what a job file says where they say nothing."""
        return attrs.evolve(self, **{key: value for key, value in job.items() if getattr(self, key) is None})
