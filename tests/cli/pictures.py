"""Pictures of the live view for the documentation: `python -m tests.cli.pictures [DIRECTORY]`.

Of one real rollout to a sandbox, in waves, with failures and a server that throttles; taken at one moment at 80 and at
160 columns. Twenty seconds.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

import attrs
from rich.console import Console
from rich.text import Text

import bulkops
from bulkops.cli.confirm import Question
from bulkops.cli.eta import ForecastEta
from bulkops.cli.live import Screen
from bulkops.cli.progress import ProgressDisplay, RunProgress, View, words_for
from bulkops.cli.run_frame import scope
from bulkops.events import Event, RunChanged
from bulkops.operations import AuthorizeConnections, ImportPackage, StartRecipes
from bulkops.settings import Tuning
from tests.fleet import CREDENTIALS, PACKAGE, SECRETS, SandboxProcess, fleet

DIRECTORY: Final = Path(__file__).parents[2] / "docs" / "screenshots"
WIDTHS: Final = (80, 160)
CUSTOMERS: Final = 300
WAVES: Final = "1,5%,rest"
FAULTS: Final = "unauthorizable=0.03,import_failed=0.02,throttle=0.004"
COMMAND: Final = f"bulkops run rollout.toml --waves {WAVES} --yes"
MOMENT: Final = 0.45
"""Of the accounts, how many have ended when the picture is taken."""

_FONTS: Final = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)
"""The picture must not ask another host for a font."""


@attrs.define
class Photographer(ProgressDisplay):
    """A display that says nothing and takes the picture when its moment has come."""

    question: Question
    interval_s: float = 0.02
    pictures: dict[int, str] = attrs.field(factory=dict)
    _said: list[str] = attrs.field(factory=list)

    def begin(self, view: View) -> None: ...

    def tell(self, view: View) -> None:
        if not self.pictures and view.tally.done >= MOMENT * view.tally.total:
            self.pictures = {width: self._taken(view, width) for width in WIDTHS}

    def end(self, view: View) -> None:
        self.tell(view)

    def note(self, event: Event, view: View) -> None:
        if isinstance(event, RunChanged):
            self._said += filter(None, [words_for(event)])

    def _taken(self, view: View, width: int) -> str:
        """What would stand on a terminal: the command, what was said, and the view."""
        console = Console(
            file=io.StringIO(), record=True, width=width, height=40, force_terminal=True, color_system="truecolor"
        )
        for line in (f"$ {COMMAND}", *self.question.lines, *self._said):
            console.print(Text(line), overflow="fold")
        console.print(Screen(view))
        svg = console.export_svg(title="bulkops", unique_id=f"bulkops-{width}")
        return _FONTS.sub("", svg)


async def rollout(vendor: SandboxProcess) -> dict[int, str]:
    """One run; the pictures of it by width."""
    job = (
        ImportPackage(str(PACKAGE), folder="CRM")
        >> AuthorizeConnections(str(CREDENTIALS))
        >> StartRecipes(folder="CRM")
    )
    policy = bulkops.Policy(waves=WAVES)
    photographer = Photographer(scope(policy, count=CUSTOMERS, host=vendor.url, title=job.title))
    progress = RunProgress(photographer)
    tuning = Tuning.from_file(vendor.client_file)
    async with bulkops.Workato(token=vendor.token, host=vendor.url, tuning=tuning, observe=progress.observe) as workato:
        inventory = await bulkops.select(workato, accounts="all")
        eta_source = ForecastEta(workato, job, policy, total=len(inventory))
        async with progress.shown(len(inventory), eta_source=eta_source):
            await bulkops.run(
                job,
                accounts=inventory,
                workato=workato,
                policy=policy,
                journal=vendor.journal,
                observe=progress.observe,
            )
    return photographer.pictures


def main(directory: Path) -> None:
    """Take all pictures, telling the size of each."""
    os.environ.update(SECRETS)
    directory.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        fleet(Path(home), customers=CUSTOMERS, time_scale=20, faults=FAULTS) as vendor,
    ):
        pictures = asyncio.run(rollout(vendor))
    for width, svg in pictures.items():
        path = directory / f"terminal-{width}.svg"
        path.write_text(svg, encoding="utf-8")
        print(f"{path.name}: {len(svg) / 1024:.0f} KiB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY)
