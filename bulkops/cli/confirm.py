"""Confirmation on the terminal, before a run and before its next wave."""

from __future__ import annotations

import sys
import termios
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

import attrs

from bulkops.cli.stdin import readable
from bulkops.cli.terminal import can_ask, counted, say
from bulkops.errors import PlanError
from bulkops.outcome import in_words

if TYPE_CHECKING:
    from bulkops.operations import Danger
    from bulkops.runs.halting.gates import Check, WaveResult


@attrs.frozen(kw_only=True)
class Question:
    """What needs confirmation, in lines. `yes_does`: such as "Start this run"; `count`: accounts or runs."""

    lines: Sequence[str]
    yes_does: str
    count: int = 1


class Consent:
    """Confirmation on the terminal, or --yes. Raises: PlanError without both."""

    def __init__(
        self,
        *,
        yes: bool,
        quiet: bool,
        danger: Danger | None = None,
        before: str = "check the selection",
    ) -> None:
        """`danger`: an irreversible effect, which needs a second confirmation beside --yes. `before`: what to do before
        adding --yes, without a terminal.
        """
        self._yes = yes
        self._quiet = quiet
        self._danger = danger
        self._before = before

    def require_askable(self) -> None:
        """Refuse before the first request if the later confirmation cannot be answered."""
        if not (self._yes or can_ask()):
            raise PlanError(
                "cannot ask for confirmation: stdin or stderr is not a terminal",
                remedy=f"{self._before}, then add --yes",
            )
        danger = self._danger
        if danger is not None and self._yes and not danger.is_meant:
            raise PlanError(
                f"--yes alone does not confirm this: {danger.words}",
                remedy=f"add --{danger.flag.replace('_', '-')} (in a job file: {danger.flag} = true) to confirm",
            )

    async def ask(self, question: Question) -> None:
        """Show it, then ask. Raises: PlanError when the answer is not yes."""
        self.require_askable()
        if not (self._yes and self._quiet):
            for line in question.lines:
                say(line)
            if self._danger is not None:
                say(f"THIS CANNOT BE UNDONE: {self._danger.words}")
        if self._yes:
            return
        if await _answer(f"{question.yes_does}? [y]es, [N]o ") not in _YES:
            raise PlanError("not started: the answer was not yes; nothing was changed", remedy="answer y, or add --yes")
        if self._danger is None:
            return
        if await _answer(f"Type the number of accounts ({question.count}) to confirm: ") != str(question.count):
            raise PlanError(
                "not started: the answer was not the number of accounts; nothing was changed",
                remedy=f"check the selection: it has {question.count}",
            )


def approver(silence: Callable[[], AbstractContextManager[None]]) -> Check:
    """A check that asks on the terminal whether the next wave may start. Without a terminal it returns None. `silence`:
    suspends the live view during the question.
    """

    async def approve(result: WaveResult) -> bool | None:
        if not can_ask():
            return None
        wave = result.wave
        begin = f"Start wave {result.next_wave.number} ({counted(result.starting, 'account')})"
        with silence():
            say(f"wave {wave.number} of {wave.of} ended: {in_words(result.outcomes)}")
            while True:
                answer = await _answer(f"{begin}? [y]es, [N]o: halt, [p]ause ")
                if answer is None or answer in _PAUSE:
                    return None
                if answer in _YES or answer in _NO:
                    return answer in _YES

    return approve


_YES: Final = frozenset({"y", "yes"})
_NO: Final = frozenset({"", "n", "no"})
_PAUSE: Final = frozenset({"p", "pause"})


async def _answer(question: str) -> str | None:
    """The line typed behind the question, in lower case; None when the terminal is closed.

    Input typed before the question is discarded: an early Enter or `y` must not answer a question not yet read.
    """
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    sys.stderr.write(question)
    sys.stderr.flush()
    await readable(sys.stdin.fileno())
    line = sys.stdin.readline()
    return line.strip().lower() if line else None
