"""The question before a run: how many accounts, where, what will be done, and how far a halt can overshoot."""

from __future__ import annotations

import asyncio
import sys

import attrs

from bulkops.cli.terminal import can_ask, one_line, say
from bulkops.errors import PlanError


@attrs.frozen(kw_only=True)
class Scope:
    """What is about to happen. `overshoot`: accounts that may fail beyond `max_failures` (None: no such limit)."""

    count: int
    host: str
    title: str
    concurrency: int
    max_failures: int | str | None
    overshoot: int | None

    def lines(self) -> list[str]:
        noun = "account" if self.count == 1 else "accounts"
        lines = [f"{self.count} {noun} at {one_line(self.host)}: {one_line(self.title)}"]
        if self.overshoot is not None:
            lines.append(
                f"  halts when more than {self.max_failures} failed; in the worst case {self.overshoot} more fail, "
                f"which are then in flight (--concurrency {self.concurrency})"
            )
        return lines


class Consent:
    """A person's yes, or --yes. Raises: PlanError where there is neither nor anybody to ask."""

    def __init__(self, *, yes: bool, quiet: bool) -> None:
        self._yes = yes
        self._quiet = quiet

    def require_askable(self) -> None:
        """Refuse before the first request when nobody could answer the question that follows."""
        if not (self._yes or can_ask()):
            raise PlanError(
                "without a terminal nobody can be asked whether to go on",
                remedy="look at the selection once more, then add --yes",
            )

    async def ask(self, scope: Scope) -> None:
        """Tell the scope, then ask. Raises: PlanError when the answer is not yes."""
        self.require_askable()
        if not (self._yes and self._quiet):
            for line in scope.lines():
                say(line)
        if self._yes:
            return
        sys.stderr.write("go on? [y/N] ")
        sys.stderr.flush()
        answer = await _read_line()
        if answer.strip().lower() not in {"y", "yes"}:
            raise PlanError("not started: the answer was not yes; nothing was changed")


async def _read_line() -> str:
    """A line from the terminal. The event loop goes on meanwhile, so that Ctrl-C ends the wait."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    descriptor = sys.stdin.fileno()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    return sys.stdin.readline()
