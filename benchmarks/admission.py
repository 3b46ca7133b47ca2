"""Admission (accounts with open effects) against none: the time of a rollout, and how many accounts are open.

Virtual time: the real pacer, admission and polling, at the documented quotas. The import of an account takes the same
time in both runs.
"""

from __future__ import annotations

from typing import Final

from benchmarks.how_far import CONCURRENCY, main_job
from benchmarks.kit.harness import Row, arguments, publish
from tests.halting.virtual_runs import Played, VirtualRun

BAR: Final = 1.005
SEEDS: Final = range(1, 6)


def played(accounts: int, *, admits: bool, knows: bool, seed: int) -> Played:
    """`knows`: whether the operation says what an account costs."""
    return VirtualRun(main_job(), admits=admits, knows=knows, seed=seed).play(accounts, concurrency=CONCURRENCY)


def main() -> None:
    smoke = arguments(__doc__ or "").smoke
    accounts, seeds = (40, [1]) if smoke else (500, list(SEEDS))
    none = {seed: played(accounts, admits=False, knows=True, seed=seed) for seed in seeds}
    rows, facts = [], []
    for words, knows in {"": True, ", cost of an account unknown": False}.items():
        admitted = {seed: played(accounts, admits=True, knows=knows, seed=seed) for seed in seeds}
        ratios = [admitted[seed].seconds / none[seed].seconds for seed in seeds]
        rows.append(
            Row(
                what=f"admission against none{words}: time of a rollout of {accounts}, worst of {len(seeds)}",
                measured=max(ratios),
                bar=BAR,
                better="below",
            )
        )
        most = max(one.most_open for one in admitted.values())
        facts.append(
            f"with admission{words}: {min(ratios):.4f} to {max(ratios):.4f} of the time without, at most {most} "
            f"accounts in progress instead of {CONCURRENCY}"
        )
    facts.append("virtual seconds without admission: " + ", ".join(f"{one.seconds:,.0f}" for one in none.values()))
    publish("admission", rows, smoke=smoke, details={"facts": facts})


if __name__ == "__main__":
    main()
