"""What `explore = true` brings and costs: accepted requests a minute during the first ten, in virtual time.

Thirty clients send as fast as the real pacer lets them; a request takes 0.2 s. The vendor publishes no limit, so 60 a
minute are assumed. Its true limit is 600 or 60 a minute, in windows of each kind.

    python -m benchmarks.exploring           the bars
    python -m benchmarks.exploring --page    the table of docs/concepts/quotas.md too
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Final

import attrs

from benchmarks.kit.harness import Row, publish
from tests.unit.pacing.explorers import ASSUMED, KINDS, Work, exploring, worked

PAGE: Final = Path(__file__).parents[1] / "docs" / "concepts" / "quotas.md"
MINUTES: Final = 10
WINDOWS: Final = {"sliding": "sliding", "fixed": "fixed", "bucket": "token bucket"}
"""Kinds of windows, by their names in the tests."""
TRUE_LIMITS: Final = (600, 60)
WIDE: Final = 600
FROM_MINUTE: Final = 2
"""From the third minute on, a wide limit is used at least `FASTER` times as fast as the assumed one."""
FASTER: Final = 5
MOST_REFUSED: Final = 3
_TABLE: Final = re.compile(r"^\| true limit \|.*?(?=^$)", re.DOTALL | re.MULTILINE)


@attrs.frozen(kw_only=True)
class Trial:
    """`minutes`: accepted requests of each."""

    limit: int
    windows: str
    explores: bool
    minutes: list[int]
    refused: int

    def __str__(self) -> str:
        how = self.windows if self.explores else f"{self.windows}, without `explore`"
        return f"| {self.limit} | {how} | {' | '.join(map(str, self.minutes))} | {self.refused} |"


def explored(limit: int, kind: str, *, minutes: int, explores: bool = True) -> Trial:
    pacer = exploring() if explores else exploring(explore=frozenset())
    work, _ = worked(Work(KINDS[kind](limit), 60.0 * minutes), pacer)
    return Trial(
        limit=limit,
        windows=WINDOWS[kind],
        explores=explores,
        minutes=[work.between(60.0 * minute, 60.0 * (minute + 1)) for minute in range(minutes)],
        refused=len(work.refused),
    )


def measured(minutes: int) -> list[Trial]:
    return [
        explored(WIDE, "sliding", minutes=minutes, explores=False),
        *(explored(limit, kind, minutes=minutes) for limit in TRUE_LIMITS for kind in WINDOWS),
    ]


def table(found: list[Trial]) -> str:
    columns = ["true limit", "windows", *(str(minute + 1) for minute in range(len(found[0].minutes))), "429s"]
    rule = ["---:", "---", *(["---:"] * (len(columns) - 2))]
    return "\n".join([f"| {' | '.join(columns)} |", f"| {' | '.join(rule)} |", *map(str, found)]) + "\n"


def write_table(found: list[Trial]) -> None:
    """Replace the table of the documentation."""
    page, count = _TABLE.subn(lambda _: table(found), PAGE.read_text(encoding="utf-8"))
    if count != 1:
        raise RuntimeError(f"{PAGE} has {count} tables of true limits")
    PAGE.write_text(page, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="three minutes instead of ten")
    parser.add_argument("--page", action="store_true", help="write the table of the documentation, too")
    chosen = parser.parse_args()
    found = measured(3 if chosen.smoke else MINUTES)
    exploring_ones = [each for each in found if each.explores]
    slowest = min(min(each.minutes[FROM_MINUTE:]) for each in exploring_ones if each.limit == WIDE)
    rows = [
        Row(
            what=f"explore, true limit {WIDE} a minute: slowest minute from the third on / assumed limit",
            measured=slowest / ASSUMED.requests,
            bar=FASTER,
            better="above",
        ),
        *(
            Row(
                what=f"explore, true limit {limit} a minute: 429s in {MINUTES} minutes, worst kind of window",
                measured=max(each.refused for each in exploring_ones if each.limit == limit),
                bar=MOST_REFUSED,
                better="below",
            )
            for limit in TRUE_LIMITS
        ),
    ]
    publish("exploring", rows, smoke=chosen.smoke, details={"minutes": [attrs.asdict(each) for each in found]})
    if chosen.page:
        write_table(found)


if __name__ == "__main__":
    main()
