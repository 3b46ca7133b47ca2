"""Gates between two waves: pass, fail, or inconclusive, which pauses the run (contract C7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

import anyio
import attrs

from bulkops.journal import EventRow
from bulkops.journal.event_kinds import GATE
from bulkops.outcome import NONE_SUCCEEDED, OVER_LIMIT, TROUBLED, Outcome
from bulkops.runs.policy import Policy
from bulkops.runs.waves import Wave


class GateVerdict(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


Judgement: TypeAlias = tuple[GateVerdict, str]
"""A verdict and its reason."""


@attrs.frozen(kw_only=True)
class WaveResult:
    """A finished wave, for the decision about the next one.

    `outcomes`: of the wave's accounts, all seven; `next_wave`: the wave behind the gate; `starting`: how many of its
    accounts are left to do; `run_id`: for the report.
    """

    run_id: str
    wave: Wave
    outcomes: Mapping[Outcome, int]
    next_wave: Wave
    starting: int

    @property
    def troubled(self) -> int:
        return sum(self.outcomes[outcome] for outcome in TROUBLED)


Check: TypeAlias = Callable[[WaveResult], Awaitable[bool | None]]
"""True: continue; False: halt; None: undecided, so the run pauses."""


@attrs.frozen(kw_only=True)
class Gate:
    """The rules between two waves, cheapest first: failures, soak time, the caller's check, the operator's approval.

    `approve`: asks the operator; None without a terminal: the run pauses, and `resume --approve` continues.
    `approved`: the wave that ends at this place has its yes already (`waiting_gate`), so its gate passes unasked.
    """

    policy: Policy
    check: Check | None = None
    approve: Check | None = None
    approved: int | None = None

    async def judge(self, result: WaveResult, *, soaked_s: float = 0.0) -> Judgement:
        """The verdict and why, in words. `soaked_s`: seconds of the soak that have passed already."""
        wave = result.wave
        named = f"wave {wave.number} of {wave.of}"
        if self.approved == wave.end:
            return GateVerdict.PASS, f"wave {result.next_wave.number} was approved"
        if result.troubled == wave.size:
            return GateVerdict.FAIL, f"{NONE_SUCCEEDED} {named} succeeded"
        allowed = self.policy.allowed_failures(wave.size) if self.policy.counts_by_wave else None
        if allowed is not None and result.troubled > allowed:
            return GateVerdict.FAIL, f"{result.troubled} accounts of {named} failed{OVER_LIMIT} {allowed} allowed"
        await anyio.sleep(max(0.0, self.policy.soak_s - soaked_s))
        return await self._ask_check(result, named) or await self._ask_person(result, named)

    async def _ask_check(self, result: WaveResult, named: str) -> Judgement | None:
        answer = await self.check(result) if self.check is not None else True
        if answer is None:
            return GateVerdict.INCONCLUSIVE, f"the check after {named} cannot tell"
        return None if answer else (GateVerdict.FAIL, f"the check after {named} failed")

    async def _ask_person(self, result: WaveResult, named: str) -> Judgement:
        answer: bool | None = True
        if self.policy.approve:
            answer = await self.approve(result) if self.approve is not None else None
        if answer is None:
            return GateVerdict.INCONCLUSIVE, f"wave {result.next_wave.number} waits for approval after {named}"
        if not answer:
            return GateVerdict.FAIL, f"the answer after {named} was no: wave {result.next_wave.number} did not start"
        return GateVerdict.PASS, f"the gate after {named} is passed"


def waiting_gate(events: Iterable[EventRow], waves: Sequence[Wave], unfinished: Collection[int]) -> int | None:
    """Where the gate stands at which a run stopped, as the end of the wave before it; None: it stopped elsewhere.

    Args:
        events: of the run, oldest first.
        waves: how the inventory is cut.
        unfinished: places of the accounts that a resume would take.
    """
    judged = _judged(events)
    if judged and judged[-1]["verdict"] != GateVerdict.PASS:
        return int(judged[-1]["end"])
    first = min(unfinished, default=0)
    start = next((wave.start for wave in waves if wave.start <= first < wave.end), 0)
    return start if start > 0 and start not in _passed(judged) else None


def passed_gates(events: Iterable[EventRow]) -> set[int]:
    """Gates that need no second decision, each as the end of the wave before it.

    A resume of selected accounts may pass a gate while accounts of the wave before it are left; that pass is for this
    resume alone.
    """
    return _passed(_judged(events))


def _judged(events: Iterable[EventRow]) -> list[Mapping[str, Any]]:
    return [event.data for event in events if event.kind == GATE]


def _passed(judged: Iterable[Mapping[str, Any]]) -> set[int]:
    return {data["end"] for data in judged if data["verdict"] == GateVerdict.PASS and not data.get("left")}
