"""Requests an account that each operation sends to the sandbox, beside the fewest that the API allows.

A first run and a re-run of an unchanged fleet of twenty; the fewest are those of `kit/fewest_requests.py`. What counts
is the narrowest quota: an account's share of its minute. What a run sends once, such as the request for whose the token
is and the export of a source, is left out.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Final

from benchmarks.kit.fewest_requests import FEWEST, Fewest, main_job, narrowest
from benchmarks.kit.harness import Row, arguments, publish
from bulkops.client import session_of
from bulkops.events import AttemptEnded, Event
from bulkops.forecast import POLL, by_quota
from tests.acceptance.cases import CASES, Case, accounts
from tests.fleet import SECRETS
from tests.here import beside, main_job as the_main_job

ACCOUNTS: Final = 20
JOBS: Final[Mapping[str, tuple[Case, Fewest]]] = {
    "import, authorize, start": (
        Case(make=the_main_job, flags=(), kind="recipe.started"),
        main_job(connections=2, recipes=3),
    ),
    **{name: (case, FEWEST[name]) for name, case in CASES.items()},
}
ONCE: Final = 0.5
"""Requests an account, below which a call is one of the run, not of an account; but for shared rows of the partner."""


async def sent_by(case: Case) -> list[dict[str, float]]:
    """Requests an account by call, of a first run and of a second one. An import counts one poll."""
    rows = accounts(case, ACCOUNTS)
    sent: Counter[str] = Counter()

    def note(event: Event) -> None:
        if isinstance(event, AttemptEnded):
            sent[event.call] += 1

    found = []
    with tempfile.TemporaryDirectory() as home, chdir(home):
        async with beside(Path(home) / "journal", time_scale=2000, customers=ACCOUNTS) as it:
            before = case.before()
            if before is not None:
                await it.run(before, rows)
            session_of(it.workato).subscribe(note)
            for _ in range(2):
                sent.clear()
                await it.run(case.make(), rows)
                each = {call: count / ACCOUNTS for call, count in sent.items()}
                is_shared = all(count < ONCE for count in each.values())
                own = {call: count for call, count in each.items() if is_shared or count >= ONCE}
                found.append(own | ({POLL: 1.0} if POLL in own else {}))
    return found


def compared(sent: Mapping[str, float], fewest: Mapping[str, float]) -> tuple[float, str]:
    """What is sent of the narrowest quota by the least that the narrowest takes, and both in words."""
    (quota, share), (least_quota, least) = narrowest(by_quota(sent)), narrowest(by_quota(fewest))
    words = f"{sum(sent.values()):.3g} requests, {by_quota(sent).get(quota, 0.0):.3g} of {quota}"
    words += f"; fewest {sum(fewest.values()):.3g}, {by_quota(fewest).get(least_quota, 0.0):.3g} of {least_quota}"
    return (share / least if least else 1.0), words


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    jobs = dict(list(JOBS.items())[:3]) if smoke else JOBS
    os.environ.update(SECRETS)  # the credentials file names them; the sandbox takes any
    facts, ratios, lists = [], dict[str, dict[str, float]](first={}, again={}), dict[str, float]()
    for name, (case, fewest) in jobs.items():
        for run, sent, least in zip(ratios, asyncio.run(sent_by(case)), (fewest.first, fewest.again), strict=True):
            ratios[run][name], words = compared(sent, least)
            if sum(least.values()) < ONCE:
                del ratios[run][name]  # of the whole fleet, not of an account
            facts.append(f"{name}, {'first run' if run == 'first' else 're-run'}: {words}")
            if run == "again" and sum(least.values()) == 1:
                lists[name] = sum(sent.values())
    rows = []
    for run, words in {"first": "first run", "again": "re-run"}.items():
        worst = max(ratios[run], key=ratios[run].__getitem__)
        rows.append(
            Row(
                what=f"{words}: requests of the narrowest quota / the fewest that the API allows, worst of "
                f"{len(ratios[run])} operations ({worst})",
                measured=ratios[run][worst],
                bar=1.0,
                better="below",
            )
        )
    rows.append(
        Row(
            what=f"re-run of an unchanged fleet: requests an account, worst of the {len(lists)} that one list answers",
            measured=max(lists.values()),
            bar=1.0,
            better="below",
        )
    )
    publish("requests_sent", rows, smoke=smoke, details={"facts": facts, "ratios": ratios})


if __name__ == "__main__":
    main()
