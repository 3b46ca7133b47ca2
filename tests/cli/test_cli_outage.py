"""A vendor that does not answer is told while it lasts, and not for each hiccup."""

from __future__ import annotations

from typing import Any

from bulkops.cli.outage import AGAIN_AFTER_S, FIRST_AFTER_S, REFUSED_AFTER_S, Outage
from bulkops.events import AccountStarted, AttemptEnded, HostClosed


def attempt(status: Any = None, error: str = "cannot connect to https://vendor.example: Connection refused") -> Any:
    return AttemptEnded(
        request_id="r-1",
        call="managed_users.list",
        account=None,
        quota="embedded.customers.other",
        attempt=1,
        waited_s=0.0,
        latency_s=0.1,
        status=status,
        error=None if status == 200 else error,
    )


class Told:
    """An outage on a clock of its own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.lines: list[str] = []
        self._outage = Outage(self.lines.append, lambda: self.now)

    def after(self, seconds: Any, event: Any) -> Any:
        self.now += seconds
        self._outage.observe(event)
        said, self.lines[:] = list(self.lines), []
        return said


def test_silence_is_told_after_a_while_with_its_reason_and_again_each_minute() -> None:
    told = Told()
    assert told.after(0, attempt()) == []
    assert told.after(FIRST_AFTER_S - 0.5, attempt()) == []
    (line,) = told.after(0.5, attempt())
    assert line == (
        "the vendor has not answered for 3.0 s: cannot connect to https://vendor.example: Connection refused; "
        "still trying (Ctrl-C stops)"
    )
    assert told.after(AGAIN_AFTER_S - 1, attempt(503, "503 Service unavailable")) == []
    assert told.after(1, AccountStarted(account="1", seq=0)) == []
    (again,) = told.after(0, attempt(503, "503 Service unavailable"))
    assert "63 s: 503 Service unavailable" in again
    assert told.after(2, attempt(200)) == ["the vendor answers again after 65 s"]
    assert told.after(0, attempt(200)) == []


def test_any_answer_ends_it_also_a_refusal() -> None:
    told = Told()
    told.after(0, attempt())
    assert told.after(10, attempt(429, "429 Too many requests")) == []
    assert told.after(1, attempt()) == []  # counted from here
    assert told.after(2, attempt(500, "500 Server error")) == []


def test_nothing_but_refusals_is_told_once_after_a_while() -> None:
    told, refusal = Told(), attempt(429, "429 Too many requests")
    assert told.after(0, refusal) == []
    assert told.after(REFUSED_AFTER_S - 1, refusal) == []
    assert told.after(1, refusal) == [
        "the vendor has refused every request for 30 s, now managed_users.list: 429 Too many requests; "
        "still trying (Ctrl-C stops)"
    ]
    assert told.after(AGAIN_AFTER_S, refusal) == []
    assert told.after(1, attempt(200)) == []
    assert told.after(1, refusal) == []
    assert told.after(REFUSED_AFTER_S - 1, refusal) == []  # counted from the first one after the answer
    assert len(told.after(1, refusal)) == 1


def test_an_announced_outage_is_told_at_once_and_so_is_its_end() -> None:
    told = Told()
    assert told.after(0, HostClosed(seconds=900, said="503 Maintenance")) == [
        "the vendor has announced an outage of 15 min (503 Maintenance); waiting (Ctrl-C stops)"
    ]
    assert told.after(0, attempt(503, "503 Maintenance")) == []
    assert told.after(900, attempt(200)) == ["the vendor answers again after 15 min"]
