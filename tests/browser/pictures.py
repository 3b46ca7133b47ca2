"""Pictures of the report for the documentation: `python -m tests.browser.pictures [DIRECTORY]`.

Of a real rollout to a sandbox with waves and failures, and of 1,000 and 10,000 made-up accounts; a minute in all.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

import attrs

from tests.browser.chromium import chromium, missing, picture, show
from tests.browser.pages import FINISHED, large, write
from tests.fleet import fleet

DIRECTORY: Final = Path(__file__).parents[2] / "docs" / "screenshots"


@attrs.frozen
class Shot:
    """`top`: what the picture begins with; `height`: its most, in pixels."""

    name: str
    page: str
    width: int
    height: int
    dark: bool = False
    top: str | None = None


SHOTS: Final = (
    Shot("report-light", "rollout", 1280, 1500),
    Shot("report-dark", "rollout", 1280, 1500, dark=True),
    Shot("report-tablet", "rollout", 820, 1500),
    Shot("report-narrow", "rollout", 390, 1700),
    Shot("report-requests", "rollout", 1280, 1000, top="#quotas"),
    Shot("report-1000", "1000", 1280, 1100),
    Shot("report-1000-dark", "1000", 1280, 1100, dark=True),
    Shot("report-1000-narrow", "1000", 390, 1400),
    Shot("report-10000", "10000", 1280, 1300),
    Shot("report-10000-dark", "10000", 1280, 1300, dark=True),
    Shot("report-10000-narrow", "10000", 390, 1400),
    Shot("report-10000-accounts", "10000", 1280, 900, top="#accounts"),
)


def main(directory: Path) -> None:
    """Take all pictures, telling the size of each."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        home = Path(scratch)
        pages = {"rollout": _rollout(home)}
        pages |= {str(count): write(large(count, FINISHED), home / f"{count}.html") for count in (1_000, 10_000)}
        with chromium(home / "profile") as driver:
            for shot in SHOTS:
                show(driver, pages[shot.page], width=shot.width, dark=shot.dark)
                path = directory / f"{shot.name}.png"
                picture(driver, path, most=shot.height, top=shot.top)
                print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")


def _rollout(home: Path) -> Path:
    """A package to 300 customers in waves; some credentials are refused, some imports fail, a few 429s."""
    faults = "unauthorizable=0.04,import_failed=0.02,throttle=0.004"
    with fleet(home, customers=300, time_scale=60, faults=faults) as vendor:
        vendor.rollout("--waves", "5,20%,rest", "--max-failures", "30%", "--quiet")
        page = home / "rollout.html"
        vendor.cli("report", "-o", str(page), "--journal", "journal")
    return page


if __name__ == "__main__":
    reason = missing()
    if reason:
        sys.exit(f"error: the pictures need a browser: {reason}")
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY)
