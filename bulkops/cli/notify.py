"""Notifications at the end of a run: --on-finish, webhook, GitHub's job summary. None changes the exit code."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
from typing import TYPE_CHECKING, Final, Self

import attrs

from bulkops.cli.click_ext import WEBHOOK_VARIABLE, known_secrets
from bulkops.cli.options.values import Output
from bulkops.cli.terminal import one_line, say
from bulkops.errors import ConfigError
from bulkops.hosts import TOKEN_VARIABLE
from bulkops.masking import masked
from bulkops.secret import Secret

if TYPE_CHECKING:
    from bulkops.journal import Location
    from bulkops.report import Report

COMMAND_S: Final = 300.0
WEBHOOK_S: Final = 30.0
"""Time limit of each in seconds, so that a finished run does not hang."""

SUMMARY_VARIABLE: Final = "GITHUB_STEP_SUMMARY"
"""The file that a step appends Markdown to. Source: GitHub Docs, "Workflow commands", adding a job summary."""

_STDERR: Final = 2


@attrs.frozen(kw_only=True)
class Afterwards:
    """`command`: program and arguments, no shell in between; `webhook`: a checked address."""

    command: tuple[str, ...]
    webhook: Secret | None
    journal: Location

    @classmethod
    def of(cls, output: Output) -> Self:
        """Check both before the run begins. Raises: ConfigError."""
        webhook = None
        if output.webhook:
            from bulkops.session import webhook_address

            webhook = webhook_address(output.webhook.reveal())
        return cls(command=_words(output.on_finish), webhook=webhook, journal=output.journal)

    async def tell(self, report: Report) -> None:
        """Call the webhook, then the command. A failure is only printed: the run is over."""
        if self.webhook is None and not self.command:
            return
        from bulkops.report import render
        from bulkops.report.next_steps import report_command

        text = masked(render(report, "summary"), known_secrets())
        if self.webhook is not None:
            from bulkops.session import post_json

            why = await post_json(self.webhook, text.encode(), within_s=WEBHOOK_S)
            if why is not None:
                say(f"webhook call failed: {one_line(why)}; the report is in the journal: {report_command(report)}")
        if self.command:
            why = await self._run(text.encode(), report)
            if why is not None:
                say(f"--on-finish: {one_line(self.command[0])} {why}; the exit code stays that of the run")

    async def _run(self, text: bytes, report: Report) -> str | None:
        """The reason of a failure; None on success. Its output goes to stderr, because stdout has the report."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=_STDERR,
                env=self._environment(report),
                start_new_session=True,  # so that what it started can be ended with it
            )
        except OSError as error:
            return f"cannot be started: {error.strerror}"
        try:
            async with asyncio.timeout(COMMAND_S):
                await process.communicate(text)
        except TimeoutError:
            return f"did not end within {COMMAND_S:g} s and was stopped"
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return f"ended with exit code {process.returncode}" if process.returncode else None

    def _environment(self, report: Report) -> dict[str, str]:
        """Our environment without secrets: the command needs no token."""
        own = {name: value for name, value in os.environ.items() if name not in {TOKEN_VARIABLE, WEBHOOK_VARIABLE}}
        return own | {
            "BULKOPS_RUN": report.run_id,
            "BULKOPS_STATE": report.state.value,
            "BULKOPS_JOURNAL": self.journal.absolute,
        }


def _words(command: str | None) -> tuple[str, ...]:
    """Split the command as a shell does, without other shell syntax. Raises: ConfigError."""
    if command is None:
        return ()
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise ConfigError(
            f"--on-finish is not a valid command line: {error}", remedy="close every quotation mark"
        ) from error
    if not words:
        raise ConfigError("--on-finish is empty", remedy="give a command, or leave it out")
    if shutil.which(words[0]) is None:
        raise ConfigError(
            f"--on-finish: program {words[0]!r} not found",
            remedy="give its path; for shell syntax write --on-finish \"sh -c '...'\"",
        )
    return words


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
