"""The report on the summary page of a GitHub Actions job."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from bulkops.cli.terminal import say

if TYPE_CHECKING:
    from bulkops.report import Report

SUMMARY_VARIABLE: Final = "GITHUB_STEP_SUMMARY"
"""The file that a step appends Markdown to. Source: GitHub Docs, "Workflow commands", adding a job summary."""


def add_step_summary(report: Report) -> None:
    """Append the report as Markdown to the file in the variable, if it is set. A failure to write is printed, not
    raised, because the run is over and its exit code matters more.
    """
    path = os.environ.get(SUMMARY_VARIABLE)
    if not path:
        return
    from bulkops.report import render

    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(render(report, "markdown") + "\n")
    except OSError as error:
        say(f"cannot append the summary to {path} ({SUMMARY_VARIABLE}): {error.strerror}")
