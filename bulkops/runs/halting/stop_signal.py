"""How a person stops a run: once to finish what is in flight, twice to stop now."""

from __future__ import annotations

from collections.abc import Callable


class Control:
    """Handed to a run and kept by whoever may stop it. Call it from the event loop's thread."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.aborting = False
        self._on_abort: list[Callable[[], object]] = []
        self._on_drain: list[Callable[[str], object]] = []

    @property
    def draining(self) -> bool:
        return self.reason is not None

    def drain(self, reason: str = "interrupted") -> None:
        """Start nothing new; what is in flight ends as usual."""
        if self.reason is None:
            self.reason = reason
            for call in self._on_drain:
                call(reason)

    def abort(self) -> None:
        """Stop at once: accounts in flight end as cancelled, or unknown where an effect is under way."""
        self.drain()
        self.aborting = True
        for call in self._on_abort:
            call()

    def on_drain(self, call: Callable[[str], object]) -> None:
        self._on_drain.append(call)

    def on_abort(self, call: Callable[[], object]) -> None:
        self._on_abort.append(call)
