"""Confirmation before a run: accounts, host, operation, and how far a halt can overshoot."""

from __future__ import annotations

import asyncio
import sys
import termios
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from bulkops.cli.terminal import can_ask, one_line, say
from bulkops.errors import PlanError

if TYPE_CHECKING:
    from bulkops.operations import Danger
    from bulkops.runs.halting.gates import Check, WaveResult


@attrs.frozen(kw_only=True)
class Scope:
    """The run that needs confirmation. `overshoot`: accounts that may fail beyond `max_failures` (None: no limit).
    `notes`: from the operation; `ahead`: expected cost, in lines; `begin`: what a yes starts.
    """

    count: int
    host: str
    title: str
    max_failures: int | str | None
    overshoot: int | None
    notes: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()
    begin: str = "Start this run"

    @property
    def yes_does(self) -> str:
        return f"{self.begin} ({_accounts(self.count)})"

    def lines(self) -> list[str]:
        lines = [f"{_accounts(self.count)} at {one_line(self.host)}: {one_line(self.title)}"]
        lines += [f"  {line}" for line in self.ahead]
        if self.overshoot is not None:
            worst = f"in the worst case {self.overshoot} more fail, because they are in progress by then"
            lines.append(
                f"  halts when more than {self.max_failures} failed; "
                + (worst if self.overshoot else "no further account can fail then")
            )
        return lines + [f"  note: {one_line(note)}" for note in self.notes]


class Question(Protocol):
    """Contents of a confirmation: lines, number of accounts, and what a yes does, such as "Start this run"."""

    @property
    def count(self) -> int: ...

    @property
    def yes_does(self) -> str: ...

    def lines(self) -> list[str]: ...


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

    async def ask(self, scope: Question) -> None:
        """Show the scope, then ask. Raises: PlanError when the answer is not yes."""
        self.require_askable()
        if not (self._yes and self._quiet):
            for line in scope.lines():
                say(line)
            if self._danger is not None:
                say(f"THIS CANNOT BE UNDONE: {self._danger.words}")
        if self._yes:
            return
        if await _answer(f"{scope.yes_does}? [y]es, [N]o ") not in _YES:
            raise PlanError("not started: the answer was not yes; nothing was changed", remedy="answer y, or add --yes")
        if self._danger is None:
            return
        if await _answer(f"Type the number of accounts ({scope.count}) to confirm: ") != str(scope.count):
            raise PlanError(
                "not started: the answer was not the number of accounts; nothing was changed",
                remedy=f"check the selection: it has {scope.count}",
            )


def approver(silence: Callable[[], AbstractContextManager[None]]) -> Check:
    """A check that asks on the terminal whether the next wave may start. Without a terminal it returns None. `silence`:
    suspends the live view during the question.
    """

    async def approve(result: WaveResult) -> bool | None:
        if not can_ask():
            return None
        wave = result.wave
        counts = ", ".join(f"{n} {outcome.value.replace('_', ' ')}" for outcome, n in result.outcomes.items() if n)
        begin = f"Start wave {result.next_wave.number} ({_accounts(result.starting)})"
        with silence():
            say(f"wave {wave.number} of {wave.of} ended: {counts}")
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


def _accounts(count: int) -> str:
    return f"{count} {'account' if count == 1 else 'accounts'}"


async def _answer(question: str) -> str | None:
    """The line typed behind the question, in lower case; None when the terminal is closed.

    Input typed before the question is discarded: an early Enter or `y` must not answer a question not yet read.
    """
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    sys.stderr.write(question)
    sys.stderr.flush()
    line = await _read_line()
    return line.strip().lower() if line else None


async def _read_line() -> str:
    """Read a line from the terminal without blocking the event loop, so that Ctrl-C ends the wait."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    descriptor = sys.stdin.fileno()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    return sys.stdin.readline()
