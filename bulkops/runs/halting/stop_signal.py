"""`StopSignal`: stops a run from outside: `drain` halts it, `abort` ends it now."""

from __future__ import annotations

from collections.abc import Callable


class StopSignal:
    """Stops the run that it is given to. Call it in the event loop's thread."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.aborting = False
        self._on_abort: list[Callable[[], object]] = []
        self._on_drain: list[Callable[[str], object]] = []

    @property
    def draining(self) -> bool:
        return self.reason is not None

    def drain(self, reason: str = "interrupted") -> None:
        """Start nothing new and release accounts without an effect; the others finish."""
        if self.reason is None:
            self.reason = reason
            for call in self._on_drain:
                call(reason)

    def abort(self) -> None:
        """Stop now: accounts in progress end as cancelled, or unknown where an effect is under way."""
        self.drain()
        self.aborting = True
        for call in self._on_abort:
            call()

    def on_drain(self, call: Callable[[str], object]) -> None:
        self._on_drain.append(call)

    def on_abort(self, call: Callable[[], object]) -> None:
        self._on_abort.append(call)
